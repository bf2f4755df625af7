"""Who is told by an operator, for one term in which it leads."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from propolis.cluster.reader import ClusterReader
from propolis.policy.controllers.sink import FindingSink
from propolis.policy.controllers.subjects import Statement, Subject
from propolis.policy.model.kyverno_settings import KyvernoSettings

Observe = Callable[[Subject, Sequence[Statement], Sequence[Statement]], None]
"""Is told of a judgement that differs: the resource, what rules say, what they said before."""


class Known(Protocol):
    """What those who are told may ask about the cluster."""

    def uid_of(self, kind: str, namespace: str, name: str) -> str:
        """The uid of a policy or an exception; empty for one that is not known."""
        ...

    @property
    def kyverno_settings(self) -> KyvernoSettings:
        """Kyverno's settings, as they are now."""
        ...


class Telling(msgspec.Struct, frozen=True):
    """Who is told.

    Attributes:
        sinks: Of what holds of every resource.
        observers: Of what is new.
        opened: Are told of the cluster once its policies are known.
        before: What has to be known before the first is told, as what was written by another.
        beside: What writes behind, as long as the term lasts.
        settled: Are told once that all that is there was told of.
        backlog: How many resources or reports each has still to write.
        after: What is done when the term ends, each for a few seconds at most.
    """

    sinks: Sequence[FindingSink] = ()
    observers: Sequence[Observe] = ()
    opened: Sequence[Callable[[Known], None]] = ()
    before: Sequence[Callable[[], Awaitable[object]]] = ()
    beside: Sequence[Callable[[], Awaitable[object]]] = ()
    settled: Sequence[Callable[[], None]] = ()
    after: Sequence[Callable[[], Awaitable[object]]] = ()
    backlog: Sequence[Callable[[], int]] = ()

    @classmethod
    def all(cls, tellings: "Iterable[Telling]") -> "Telling":
        """All of them as one."""
        found = list(tellings)
        fields = cls.__struct_fields__
        return cls(**{field: [item for one in found for item in getattr(one, field)] for field in fields})


MakeTelling = Callable[[ClusterReader], Telling]


def to_nobody(_reader: ClusterReader) -> Telling:
    """Nobody but metrics."""
    return Telling()
