"""The contract of every engine: ``evaluate(rules, subject, lookups, now)``.

An engine is a function of values. What it cannot know from its arguments it asks for by raising
`MissingLookups`; `complete` hands such questions to app, which fetches and evaluates again.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

from propolis.core.action import Action
from propolis.core.finding import Finding


class LookupKey(msgspec.Struct, frozen=True):
    """One question to the world: its kind ("configmap", "namespace") and its arguments.

    Each room lists its kinds in ``lookups.py``.
    """

    kind: str
    arguments: tuple[str, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """What the world said. ``value`` None means: it does not exist.

    ``version`` changes whenever the value does (a resourceVersion, a digest); it is a part of the
    key under which results are cached. ``error`` tells why there is no value; the engine turns it
    into an outcome ``error`` of the rule that asked.
    """

    value: Any = None
    version: str = ""
    error: str = ""


Lookups = Mapping[LookupKey, Answer]


class MissingLookups(Exception):  # noqa: N818  # a question, not an error
    """The engine needs these answers before it can go on."""

    def __init__(self, keys: Iterable[LookupKey]) -> None:
        self.keys = frozenset(keys)
        super().__init__(", ".join(sorted(str(key) for key in self.keys)))


class StoppedError(Exception):
    """Raised from outside into an evaluation; nothing in it takes it for an error of its own."""


class OverrunError(StoppedError):
    """The rule that runs has taken too long; others go on."""


class OutOfTimeError(StoppedError):
    """All of it has taken too long."""


class Evaluation(msgspec.Struct, frozen=True):
    """What one evaluation gives.

    Attributes:
        findings: In the order of rules, then subjects.
        actions: In the order in which to carry them out.
        used: Look-ups that the result depends on; with their versions they key the cache.
        expires: When the result must be computed again though nothing changed; None for never.
    """

    findings: tuple[Finding, ...] = ()
    actions: tuple[Action, ...] = ()
    used: frozenset[LookupKey] = frozenset()
    expires: datetime | None = None


Rules_contra = TypeVar("Rules_contra", contravariant=True)
Subject_contra = TypeVar("Subject_contra", contravariant=True)
Evaluated = TypeVar("Evaluated", bound=Evaluation)


class Evaluate(Protocol[Rules_contra, Subject_contra]):
    """The door of an engine. Raises `MissingLookups` and nothing else for any subject."""

    def __call__(
        self, rules: Rules_contra, subject: Subject_contra, lookups: Lookups, now: datetime
    ) -> Evaluation:
        """Judges one subject by a compiled rule set."""
        ...


MAX_ROUNDS = 16
"""Rounds of questions after which a rule set that asks ever new ones is refused."""


def complete(
    evaluate: Callable[[Lookups], Evaluated],
    lookups: dict[LookupKey, Answer],
    fetch: Callable[[frozenset[LookupKey]], Mapping[LookupKey, Answer]],
) -> Evaluated:
    """Evaluates, fetching what is missing until nothing is; ``lookups`` keeps the answers.

    A fetch that leaves a key out, or a rule set that still asks after `MAX_ROUNDS`, gets answers
    that carry an error, so the evaluation ends.
    """
    for _ in range(MAX_ROUNDS):
        try:
            return evaluate(lookups)
        except MissingLookups as missing:
            found = fetch(missing.keys)
            for key in missing.keys:
                lookups[key] = found.get(key, Answer(error="no source answers this look-up"))
    return evaluate(_RefusingLookups(lookups))


async def complete_live(
    evaluate: Callable[[Lookups], Evaluated],
    lookups: dict[LookupKey, Answer],
    fetch: Callable[[frozenset[LookupKey]], Awaitable[Mapping[LookupKey, Answer]]],
) -> Evaluated:
    """As `complete`, for a caller who waits for answers while others go on."""
    for _ in range(MAX_ROUNDS):
        try:
            return evaluate(lookups)
        except MissingLookups as missing:
            found = await fetch(missing.keys)
            for key in missing.keys:
                lookups[key] = found.get(key, Answer(error="no source answers this look-up"))
    return evaluate(_RefusingLookups(lookups))


class _RefusingLookups(dict[LookupKey, Answer]):
    """Known answers; any other question is refused."""

    def __missing__(self, key: LookupKey) -> Answer:
        return Answer(error=f"more than {MAX_ROUNDS} rounds of look-ups")

    def __contains__(self, key: object) -> bool:
        return True

    def get(self, key: LookupKey, default: Any = None) -> Any:  # noqa: ARG002
        return self[key]
