"""Deletes objects whose label says how long they live.

Follows Kyverno pkg/controllers/ttl @ v1.19.1: ``cleanup.kyverno.io/ttl`` holds a duration from the object's
creation, or a date. The annotation ``cleanup.kyverno.io/propagation-policy`` says what becomes of dependents.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from propolis.cluster.api_client import RefusedError
from propolis.cluster.discovery import Served
from propolis.core import clock
from propolis.core.errors import Error
from propolis.core.resource import Resource, ResourceRef
from propolis.lang.duration import SECOND, parse_duration

LABEL = "cleanup.kyverno.io/ttl"
PROPAGATION = "cleanup.kyverno.io/propagation-policy"
LOOK_SECONDS = 30.0
"""Between two looks for objects with the label. Those that are known go when their time comes."""

_PART = re.compile(r"([0-9]{1,12})\s*([A-Za-z\u00b5]+)", re.ASCII)
_UNITS = (
    (("ns", "nano"), 1e-9),
    (("us", "\u00b5s", "micro"), 1e-6),
    (("ms", "milli"), 1e-3),
    (("s", "sec"), 1.0),
    (("m", "min"), 60.0),
    (("h", "hr", "hour"), 3600.0),
    (("d", "day"), 86400.0),
    (("w", "wk", "week"), 604800.0),
)
"""Names of units; the last one of each may go on (``days``)."""


_FORBIDDEN = 403
_CANNOT_BE_LISTED = frozenset({404, 405})


class World(Protocol):
    """The cluster as this needs it. All raise `SourceError`."""

    @property
    def deletable(self) -> Sequence[Served]:
        """Kinds that can be listed and deleted."""
        ...

    async def labelled(self, kind: Served, label: str) -> Sequence[Resource]:
        """Objects of a kind that have a label."""
        ...

    async def delete(self, ref: ResourceRef, propagation: str) -> None:
        """Deletes an object; one that is gone is deleted already."""
        ...


def end_of(resource: Resource) -> datetime | None:
    """When an object is to go; None where its label says nothing that can be read."""
    text = resource.labels.get(LABEL, "")
    seconds = _seconds(text)
    try:
        if seconds is not None:
            return _created(resource) + timedelta(seconds=seconds)
        return datetime.strptime(text, _layout(text)).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _layout(text: str) -> str:
    return "%Y-%m-%dT%H%M%SZ" if "T" in text else "%Y-%m-%d"


def _seconds(text: str) -> float | None:
    """A duration as Go writes it, or numbers with units as k8s.io/kube-openapi's strfmt takes them."""
    nanoseconds = parse_duration(text)
    if nanoseconds is not None:
        return nanoseconds / SECOND
    parts = [(float(number), _unit(unit.lower())) for number, unit in _PART.findall(text)]
    known = [number * seconds for number, seconds in parts if seconds is not None]
    return sum(known) if known else None


def _unit(name: str) -> float | None:
    for names, seconds in _UNITS:
        if name in names or name.startswith(names[-1]):
            return seconds
    return None


def _created(resource: Resource) -> datetime:
    """When it was made. Raises `ValueError`."""
    metadata = resource.document.get("metadata")
    text = metadata.get("creationTimestamp") if isinstance(metadata, dict) else None
    return datetime.fromisoformat(str(text))


class Expiry:
    """All objects with the label.

    Attributes:
        deleted: How many were deleted, by kind and namespace.
        failed: How many could not be.
        problems: Labels that cannot be read, kinds that cannot be listed, objects that cannot be deleted.
    """

    def __init__(
        self,
        world: World,
        told: Callable[[str], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.deleted: dict[tuple[str, str], int] = {}
        self.failed: dict[tuple[str, str], int] = {}
        self.problems: set[str] = set()
        self._world = world
        self._told = told
        self._sleep = sleep
        self._ends: dict[ResourceRef, tuple[datetime, str]] = {}

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        while True:
            await self.look()
            end = clock.monotonic() + LOOK_SECONDS
            while True:
                await self.delete_due()
                left = end - clock.monotonic()
                if left <= 0:
                    break
                await self._sleep(min(left, max(self._next_seconds(), 0.05)))

    async def look(self) -> None:
        """Finds all objects with the label."""
        found: dict[ResourceRef, tuple[datetime, str]] = {}
        forbidden: list[str] = []
        for kind in self._world.deletable:
            try:
                found.update(self._read(await self._world.labelled(kind, LABEL)))
            except RefusedError as error:
                if error.status == _FORBIDDEN:
                    forbidden.append(kind.name)
                elif error.status not in _CANNOT_BE_LISTED:
                    self._tell(str(error))
            except Error as error:
                self._tell(str(error))
        self._ends = found
        if forbidden:
            kinds = ", ".join(forbidden)
            self._tell(f"the label {LABEL} is not seen on kinds that may not be listed: {kinds}")

    def _read(self, resources: Iterable[Resource]) -> Iterable[tuple[ResourceRef, tuple[datetime, str]]]:
        for resource in resources:
            metadata = resource.document.get("metadata")
            if isinstance(metadata, dict) and metadata.get("deletionTimestamp") is not None:
                continue
            end = end_of(resource)
            if end is None:
                text = resource.labels.get(LABEL)
                self._tell(f"{resource.ref}: the label {LABEL} {text!r} is neither a duration nor a date")
                continue
            yield resource.ref, (end, resource.annotations.get(PROPAGATION, ""))

    async def delete_due(self) -> None:
        """Deletes those whose time has come."""
        now = clock.now()
        for ref, (end, propagation) in list(self._ends.items()):
            if end > now:
                continue
            counted = self.deleted
            try:
                await self._world.delete(ref, propagation)
            except Error as error:
                counted = self.failed
                self._tell(str(error))
            del self._ends[ref]
            place = ref.kind, ref.namespace
            counted[place] = counted.get(place, 0) + 1

    def _next_seconds(self) -> float:
        """Until the next one goes."""
        first = min((end for end, _ in self._ends.values()), default=None)
        return (first - clock.now()).total_seconds() if first else LOOK_SECONDS

    def _tell(self, text: str) -> None:
        if text not in self.problems:
            self.problems.add(text)
            self._told(text)
