"""Answers to look-ups, who used them, and which of them may have changed.

An answer stays until an object that it is about changes; then it is asked again, and only where it says
something else are the resources judged again that used it. So a status that is written each second costs one
question, not an evaluation of everything.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from propolis.core.evaluation import Answer, LookupKey
from propolis.policy.controllers.concerns import RANDOM, Concern, GroupPlural
from propolis.policy.controllers.subjects import Subject

_encode = msgspec.json.Encoder(order="deterministic").encode


class _Known:
    """One look-up: its answer once there is one, who used it, who waits for it."""

    __slots__ = ("answer", "concern", "digest", "is_asked", "is_stale", "users", "waiting")

    def __init__(self, concern: Concern | None) -> None:
        self.answer: Answer | None = None
        self.digest = b""
        self.concern = concern
        self.users: set[Subject] = set()
        self.waiting: set[Subject] = set()
        self.is_asked = False
        self.is_stale = False


class Answers(Mapping[LookupKey, Answer]):
    """All answers that are known, as an evaluation reads them."""

    def __init__(self, concern_of: Callable[[LookupKey], Concern | None]) -> None:
        self._concern_of = concern_of
        self._known: dict[LookupKey, _Known] = {}
        self._about: defaultdict[GroupPlural, defaultdict[tuple[str, str], set[LookupKey]]] = defaultdict(
            lambda: defaultdict(set)
        )
        self._to_ask: dict[LookupKey, None] = {}

    def __getitem__(self, key: LookupKey) -> Answer:
        """The answer; the last one where a new one is on its way."""
        found = self._known[key].answer
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        """Whether there is an answer."""
        found = self._known.get(key)  # type: ignore[call-overload]  # any object may be asked for
        return found is not None and found.answer is not None

    def __iter__(self) -> Iterator[LookupKey]:
        """The look-ups with an answer."""
        return (key for key, one in self._known.items() if one.answer is not None)

    def __len__(self) -> int:
        """How many there are."""
        return sum(1 for _ in self)

    @property
    def kinds(self) -> set[GroupPlural]:
        """Kinds that must be followed, for answers are about objects of them."""
        return {kind for kind, places in self._about.items() if places}

    def want(self, keys: Iterable[LookupKey], subject: Subject) -> None:
        """A resource waits for these answers."""
        for key in keys:
            known = self._known.get(key)
            if known is None:
                known = self._begin(key)
            known.waiting.add(subject)
            if not known.is_asked:
                self._to_ask[key] = None

    def use(self, subject: Subject, keys: Iterable[LookupKey]) -> None:
        """These are what a resource depends on from now on."""
        before, after = set(subject.used), set(keys)
        for key in after - before:
            known = self._known.get(key)
            if known is None:
                known = self._begin(key)
            known.users.add(subject)
        subject.used = tuple(after)
        for key in before - after:
            self._leave(key, subject)

    def forget(self, subject: Subject) -> None:
        """The resource is gone, or judged without look-ups."""
        self.use(subject, ())

    def _begin(self, key: LookupKey) -> _Known:
        known = self._known[key] = _Known(self._concern_of(key))
        self._regard(key, known)
        return known

    def _regard(self, key: LookupKey, known: _Known) -> None:
        concern = known.concern
        if concern is not None:
            self._about[concern.kind][concern.namespace, concern.name].add(key)

    def _disregard(self, key: LookupKey, known: _Known) -> None:
        concern = known.concern
        if concern is not None:
            places = self._about[concern.kind]
            place = concern.namespace, concern.name
            places[place].discard(key)
            if not places[place]:
                del places[place]

    def _leave(self, key: LookupKey, subject: Subject) -> None:
        known = self._known.get(key)
        if known is None:
            return
        known.users.discard(subject)
        if not (known.users or known.waiting):
            self._end(key, known)

    def _end(self, key: LookupKey, known: _Known) -> None:
        """Nobody needs it any more."""
        del self._known[key]
        self._to_ask.pop(key, None)
        self._disregard(key, known)

    def touched(self, kind: GroupPlural, namespace: str, name: str) -> None:
        """An object is new, another, or gone: what is about it is asked again."""
        places = self._about.get(kind)
        if not places:
            return
        for place in ((namespace, name), (namespace, ""), ("", name), ("", "")):
            for key in places.get(place, ()):
                self._ask_again(key)

    def ask_again(self, kinds_followed: set[GroupPlural]) -> None:
        """Has all answers asked again of which no change is told, because their kind is not followed."""
        for key, known in self._known.items():
            is_told = known.concern is not None and known.concern.kind in kinds_followed
            if not is_told and key.kind != RANDOM and known.answer is not None:
                self._ask_again(key)

    def listed(self, kind: GroupPlural) -> None:
        """A kind is followed from now on: what was answered before may have changed unseen."""
        for keys in self._about.get(kind, {}).values():
            for key in keys:
                self._ask_again(key)

    def regard_again(self, kind: str) -> None:
        """What look-ups of a kind are about has changed: it is found out again, and they are asked again."""
        for key, known in list(self._known.items()):
            if key.kind == kind:
                self._disregard(key, known)
                known.concern = self._concern_of(key)
                self._regard(key, known)
                self._ask_again(key)

    def _ask_again(self, key: LookupKey) -> None:
        known = self._known[key]
        if known.is_asked:
            known.is_stale = True
        else:
            self._to_ask[key] = None

    def to_ask(self, most: int) -> list[LookupKey]:
        """Questions to ask now; each is asked once at a time."""
        keys = list(self._to_ask)[:most]
        for key in keys:
            del self._to_ask[key]
            self._known[key].is_asked = True
        return keys

    def take(self, key: LookupKey, answer: Answer) -> tuple[set[Subject], set[Subject]]:
        """Takes an answer over: who waited for it, and who used another one before."""
        known = self._known.get(key)
        if known is None:
            return set(), set()
        known.is_asked = False
        digest = _digest(answer)
        is_other = known.answer is not None and digest != known.digest
        known.answer, known.digest = answer, digest
        if known.is_stale:
            known.is_stale = False
            self._to_ask[key] = None
        waited, known.waiting = known.waiting, set()
        return waited, (set(known.users) if is_other else set())

    def release(self, subject: Subject) -> None:
        """A resource that waited is gone."""
        for key, known in list(self._known.items()):
            known.waiting.discard(subject)
            if not (known.users or known.waiting):
                self._end(key, known)


def _digest(answer: Answer) -> bytes:
    """Tells answers apart, but for versions of what is in them and who manages which field."""
    try:
        text = _encode((_essence(answer.value), answer.error))
    except (TypeError, ValueError, RecursionError):
        text = repr((answer.value, answer.error)).encode(errors="replace")
    return hashlib.blake2b(text, digest_size=16).digest()


def _essence(value: Any) -> Any:
    if isinstance(value, list):
        return [_essence(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = dict(value)
    metadata = found.get("metadata")
    if isinstance(metadata, dict):
        found["metadata"] = {
            key: item for key, item in metadata.items() if key not in ("resourceVersion", "managedFields")
        }
    items = found.get("items")
    if isinstance(items, list):
        found["items"] = [_essence(item) for item in items]
    return found
