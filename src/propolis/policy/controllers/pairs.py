"""Rules and what they act for: what each such pair depends on, and which of them are due.

A pair is evaluated when it comes and whenever an object changes that its evaluation asked about: its
trigger, what it is to make, what it copies. So one that finds all as it is to be does nothing, and is not
looked at again.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from propolis.core.resource import ResourceRef
from propolis.policy.controllers.acting_policies import Owner
from propolis.policy.controllers.concerns import Concern, GroupPlural

if TYPE_CHECKING:
    from propolis.policy.engine.subject import PolicySubject

PairKey = tuple[Owner, str, str, str, str, str]
"""The rule; group, kind, namespace and name of the trigger; the request, where each is done by itself."""


class Pair:
    """One rule and one trigger.

    Attributes:
        trigger: With the uid of the one that is meant; empty for any.
        alone: The UpdateRequest for which alone it stands; empty where all are one.
        request: What brought it: the subject of the request; None where nobody asked.
        concerns: Objects that its last evaluation was about.
        waiting: Names of the UpdateRequests that end with it.
        tries: How often it has failed, one after the other.
        writes: How often it had something to do, one after the other.
        rests_until: By the monotonic clock, before which it is not evaluated.
        gone: Uids of objects that had the trigger's name before.
        is_due: Whether it waits to be evaluated.
        is_busy: Whether it is being evaluated.
        is_changed: Whether its rule was changed since.
        deletes: Whether what was made for the trigger is to be deleted, whatever the rule says of it.
    """

    __slots__ = (
        "alone", "concerns", "deletes", "gone", "is_busy", "is_changed", "is_due", "owner", "request",
        "rests_until", "tries", "trigger", "waiting", "writes",
    )  # fmt: skip

    def __init__(self, owner: Owner, trigger: ResourceRef, alone: str = "") -> None:
        self.owner = owner
        self.alone = alone
        self.trigger = trigger
        self.request: PolicySubject | None = None
        self.concerns: frozenset[Concern] = frozenset()
        self.waiting: set[str] = set()
        self.tries = 0
        self.writes = 0
        self.rests_until = 0.0
        self.gone: set[str] = set()
        self.is_due = False
        self.is_busy = False
        self.is_changed = False
        self.deletes = False

    @property
    def key(self) -> PairKey:
        """Which it is."""
        ref = self.trigger
        return self.owner, ref.group, ref.kind, ref.namespace, ref.name, self.alone


class Pairs:
    """All pairs that are followed or due."""

    def __init__(self) -> None:
        self._pairs: dict[PairKey, Pair] = {}
        self._about: defaultdict[GroupPlural, defaultdict[tuple[str, str], set[PairKey]]] = defaultdict(
            lambda: defaultdict(set)
        )
        self._due: deque[Pair] = deque()
        self._busy = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._pairs)

    @property
    def waiting(self) -> int:
        """How many are due, at most."""
        return len(self._due)

    @property
    def kinds(self) -> set[GroupPlural]:
        """Kinds of which changes must be told."""
        return {kind for kind, places in self._about.items() if places}

    def pair(self, owner: Owner, trigger: ResourceRef, alone: str = "") -> Pair:
        """The pair; what it knows of a request goes where the trigger is another object by now."""
        made = Pair(owner, msgspec.structs.replace(trigger, cluster=""), alone)
        found = self._pairs.get(made.key)
        if found is None:
            found = self._pairs[made.key] = made
        if trigger.uid and found.trigger.uid != trigger.uid:
            found.gone |= {found.trigger.uid} - {""}
            found.trigger, found.tries, found.request = made.trigger, 0, None
        return found

    def of(self, owner: Owner) -> list[Pair]:
        """All pairs of a rule."""
        return [pair for pair in self._pairs.values() if pair.owner == owner]

    def waiting_for(self, name: str) -> list[Pair]:
        """The pairs that an UpdateRequest waits for."""
        return [pair for pair in self._pairs.values() if name in pair.waiting]

    @property
    def busy(self) -> int:
        """How many are being evaluated."""
        return self._busy

    def is_there(self, pair: Pair) -> bool:
        """Whether it has not ended."""
        return self._pairs.get(pair.key) is pair

    def put(self, pair: Pair) -> None:
        """Has a pair evaluated."""
        if not pair.is_due:
            pair.is_due = True
            self._due.append(pair)

    def next(self) -> Pair | None:
        """The next one to evaluate, which is busy from now on; None for none."""
        for _ in range(len(self._due)):
            pair = self._due.popleft()
            if pair.is_busy:
                self._due.append(pair)
                continue
            pair.is_due = False
            if self.is_there(pair):
                pair.is_busy = True
                self._busy += 1
                return pair
        return None

    def done(self, pair: Pair) -> None:
        """It is no longer being evaluated."""
        pair.is_busy = False
        self._busy -= 1

    def depend(self, pair: Pair, concerns: Iterable[Concern]) -> None:
        """These are what a pair depends on from now on."""
        self._forget(pair)
        if not self.is_there(pair):
            return
        pair.concerns = frozenset(concerns)
        for one in pair.concerns:
            self._about[one.kind][one.namespace, one.name].add(pair.key)

    def _forget(self, pair: Pair) -> None:
        for one in pair.concerns:
            places = self._about[one.kind]
            places[one.namespace, one.name].discard(pair.key)
            if not places[one.namespace, one.name]:
                del places[one.namespace, one.name]
        pair.concerns = frozenset()

    def end(self, pair: Pair) -> None:
        """Follows a pair no more."""
        self._forget(pair)
        self._pairs.pop(pair.key, None)

    def touched(self, kind: GroupPlural, namespace: str, name: str) -> bool:
        """An object is new, another, or gone: who depends on it is due; whether anybody does."""
        places = self._about.get(kind)
        if not places:
            return False
        found = {
            key
            for place in {(namespace, name), (namespace, ""), ("", name), ("", "")}
            for key in places.get(place, ())
        }
        for key in found:
            self.put(self._pairs[key])
        return bool(found)

    def listed(self, kind: GroupPlural) -> None:
        """A kind is known whole from now on: what went before was not told, so all who depend are due."""
        for key in {key for keys in self._about.get(kind, {}).values() for key in keys}:
            self.put(self._pairs[key])
