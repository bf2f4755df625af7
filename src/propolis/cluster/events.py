"""Writes events of events.k8s.io/v1: what `kubectl describe` and `kubectl events` show.

Telling never waits: events stand in a queue that has an end, and what does not fit is counted as lost. What
is told again within six minutes makes a series of the event that is there, as client-go's recorder does.
Events are written by server-side apply, so that one whose answer was lost is not there twice.
"""

import asyncio
import random
import re
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from propolis.cluster.api_client import ApiClient
from propolis.cluster.pace import Pace
from propolis.core import clock
from propolis.core.errors import Error
from propolis.core.resource import ResourceRef, object_reference

API_VERSION = "events.k8s.io/v1"
FIELD_MANAGER = "propolis-events"
MOST_QUEUED = 1000
MOST_SERIES = 5000
"""Events whose repetition is noticed."""
SERIES_SECONDS = 360.0
"""After which what is told again is a new event."""
REFRESH_SECONDS = 60.0
"""Between two writes of a series, whose count grows meanwhile."""
MOST_NOTE_BYTES, MOST_NAME_BYTES, _MOST_INSTANCE_BYTES = 1024, 253, 128
_WORKERS = 3
_NORMAL = frozenset({"PolicyApplied", "PolicySkipped"})
_NO_NAME = re.compile(r"[^a-z0-9.-]+")
_NO_LABEL = re.compile(r"[.-]*\.[.-]*")


class EventPace(msgspec.Struct, frozen=True):
    """How fast events are written, and where time comes from.

    Attributes:
        a_second: Events in the long run.
        burst: How many may come at once after a rest.
    """

    a_second: int = 20
    burst: int = 100
    now: Callable[[], datetime] = clock.now
    monotonic: Callable[[], float] = clock.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class _Told(msgspec.Struct, frozen=True):
    """What is told; the same again is part of a series."""

    reason: str
    action: str
    note: str
    type: str
    regarding: ResourceRef
    related: ResourceRef | None


class _Event(msgspec.Struct):
    """An event that is there or waits: how often it was told, and what of that is written."""

    name: str
    first: datetime
    last: datetime
    seen: float
    count: int = 1
    written: int = 0
    is_queued: bool = False
    write_again_at: float = 0.0


class EventWriter:
    """Tells of what one component did.

    Attributes:
        counts: Of events: told, written, lost (the queue was full), failed (the server did not take them).
        problem: Why the last one failed; empty once one was written.
    """

    def __init__(
        self,
        client: ApiClient,
        component: str,
        instance: str = "",
        pace: EventPace = EventPace(),  # noqa: B008  # frozen
    ) -> None:
        """Makes one that has nothing to tell.

        Args:
            client: Of the API server.
            component: Who tells, as people select events by it.
            instance: Which of several replicas.
            pace: How fast it writes.
        """
        self.counts: Counter[str] = Counter()
        self.problem = ""
        self._client = client
        self._component = component
        self._instance = _cut(f"{component}-{instance}" if instance else component, _MOST_INSTANCE_BYTES)
        self._time = pace
        self._pace = Pace(pace.a_second, pace.burst)
        self._events: OrderedDict[_Told, _Event] = OrderedDict()
        self._queue: OrderedDict[_Told, _Event] = OrderedDict()
        self._busy = 0
        self._number = random.getrandbits(32)  # keeps names of replicas apart
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def tell(
        self,
        reason: str,
        regarding: ResourceRef,
        related: ResourceRef | None,
        action: str,
        note: str,
        type_: str = "",
    ) -> None:
        """Tells something; returns at once.

        Args:
            reason: One word for machines.
            regarding: What it is about; what has no name yet has no events.
            related: What it has to do with.
            action: What was done.
            note: For people; at most 1,024 bytes are told.
            type_: ``Normal`` or ``Warning``; by the reason where it is empty.
        """
        if not regarding.name:
            return
        self.counts["told"] += 1
        type_ = type_ or ("Normal" if reason in _NORMAL else "Warning")
        told = _Told(reason, action, _cut(note, MOST_NOTE_BYTES), type_, regarding, related)
        now = self._time.monotonic()
        event = self._events.get(told)
        if event is not None and (event.is_queued or now - event.seen <= SERIES_SECONDS):
            event.count += 1
            event.last, event.seen = self._time.now(), now
            self._events.move_to_end(told)
            if not event.is_queued and now >= event.write_again_at:
                self._enqueue(told, event)
            return
        moment = self._time.now()
        event = _Event(self._name(regarding, moment), moment, moment, now)
        if self._enqueue(told, event):
            self._events[told] = event
            self._events.move_to_end(told)
            self._forget_some()

    async def run(self) -> None:
        """Writes until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_WORKERS):
                group.create_task(self._write_what_comes())
            group.create_task(self._finish_series())

    async def drained(self) -> None:
        """Waits until nothing waits to be written."""
        await self._idle.wait()

    @property
    def backlog(self) -> int:
        """Events that wait, or are written at this moment."""
        return len(self._queue) + self._busy

    def _enqueue(self, told: _Told, event: _Event) -> bool:
        if len(self._queue) >= MOST_QUEUED:
            self.counts["lost"] += 1
            return False
        event.is_queued = True
        self._queue[told] = event
        self._idle.clear()
        self._work.set()
        return True

    def _forget_some(self) -> None:
        while len(self._events) > MOST_SERIES:
            self._events.popitem(last=False)

    def _name(self, regarding: ResourceRef, moment: datetime) -> str:
        """A name that no other event has: the object's, the time and a number."""
        self._number = (self._number + 1) % (1 << 32)
        end = f".{int(moment.timestamp() * 1e6):x}{self._number:08x}"
        start = _NO_LABEL.sub(".", _NO_NAME.sub("-", regarding.name.lower())).strip(".-")
        start = start[: MOST_NAME_BYTES - len(end)].rstrip(".-")
        return f"{start or 'event'}{end}"

    async def _write_what_comes(self) -> None:
        while True:
            if not self._queue:
                self._work.clear()
                await self._work.wait()
                continue
            told, event = self._queue.popitem(last=False)
            self._busy += 1
            try:
                await self._write(told, event)
            finally:
                self._busy -= 1
                event.is_queued = False
            if event.count > event.written and self._time.monotonic() >= event.write_again_at:
                self._enqueue(told, event)
            if not self.backlog:
                self._idle.set()

    async def _write(self, told: _Told, event: _Event) -> None:
        wait = self._pace.wait_seconds(self._time.monotonic())
        if wait:
            await self._time.sleep(wait)
        count = event.count
        namespace = told.regarding.namespace or "default"
        path = f"/apis/{API_VERSION}/namespaces/{quote(namespace, safe='')}/events/{event.name}"
        body = msgspec.json.encode(self._document(told, event, namespace))
        try:
            await self._client.apply(
                path, f"write an event about {told.regarding}", body, manager=FIELD_MANAGER
            )
        except Error as error:
            self.counts["failed"] += 1
            self.problem = str(error)
            event.written = event.count
            self._events.pop(told, None)
        else:
            self.counts["written"] += 1
            self.problem = ""
            event.written = count
            event.write_again_at = self._time.monotonic() + (REFRESH_SECONDS if count > 1 else 0.0)

    async def _finish_series(self) -> None:
        """Writes what series grew by since, and forgets those that ended."""
        while True:
            await self._time.sleep(REFRESH_SECONDS)
            now = self._time.monotonic()
            for told, event in list(self._events.items()):
                if event.count > event.written and not event.is_queued:
                    self._enqueue(told, event)
                elif now - event.seen > SERIES_SECONDS and not event.is_queued:
                    del self._events[told]

    def _document(self, told: _Told, event: _Event, namespace: str) -> dict[str, Any]:
        document: dict[str, Any] = {
            "apiVersion": API_VERSION,
            "kind": "Event",
            "metadata": {"name": event.name, "namespace": namespace},
            "eventTime": _micro_time(event.first),
            "reportingController": self._component,
            "reportingInstance": self._instance,
            "type": told.type,
            "reason": told.reason,
            "action": told.action,
            "note": told.note,
            "regarding": object_reference(told.regarding),
        }
        if told.related is not None:
            document["related"] = object_reference(told.related)
        if event.count > 1:
            document["series"] = {"count": event.count, "lastObservedTime": _micro_time(event.last)}
        return document


def _micro_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def _cut(text: str, most_bytes: int) -> str:
    """A text of at most so many bytes, marked where it was cut."""
    data = text.encode(errors="replace")
    if len(data) <= most_bytes:
        return data.decode()
    return data[: most_bytes - 3].decode(errors="ignore") + "..."
