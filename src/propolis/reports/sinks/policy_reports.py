"""Keeps PolicyReports and ClusterPolicyReports of the API server in step with what is found.

Writes behind: `put` and `drop` only note what a report is to say, workers write it by server-side apply, and
only where it says something else than what is there (times left out). Of a report that was written a digest
is kept and no document, so that many reports cost little memory. Methods are called on the loop that runs
`run`.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import msgspec

from propolis.cluster.api_client import ApiClient, RefusedError
from propolis.cluster.discovery import JSON
from propolis.cluster.pace import Pace
from propolis.cluster.reflector import Backoff
from propolis.core import clock
from propolis.core.errors import Error
from propolis.core.finding import Finding
from propolis.core.resource import ResourceRef
from propolis.reports.sinks.failures import Failure, failure_of
from propolis.reports.sinks.layouts import Layout, ReportChoice, ResourceReports
from propolis.reports.sinks.report import Key, Report, StoredReport, Waiting, kind_of, path_of, read_report
from propolis.reports.sinks.stored_reports import UNKNOWN, stored_digests

FIELD_MANAGER = "propolis-reports"
WORKERS = 8
_NOT_FOUND = 404
REFUSED_SECONDS = 300.0
"""Until a report that was refused is tried again: somebody may have granted what was missing."""


class WritingPace(msgspec.Struct, frozen=True):
    """How fast reports are written, and where time comes from.

    A report of 16 results costs an API server 8 ms of its processor, so 100 a second are most of a core of
    it. The workers take few of the seats that priority and fairness has for service accounts, so it is the
    pace alone that leaves room for others.

    Attributes:
        a_second: Reports in the long run; as many may come at once after a rest.
    """

    a_second: int = 100
    now: Callable[[], datetime] = clock.now
    monotonic: Callable[[], float] = clock.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class PolicyReports:
    """A sink of findings, for one term of leadership.

    Attributes:
        counts: What was done: written, deleted, unchanged, gone (with its namespace), refused, failed.
        problem: What went wrong last; empty once a write goes well.
    """

    def __init__(
        self,
        client: ApiClient,
        layout: Layout | None = None,
        *,
        tell: Callable[[str], None] = lambda _text: None,
        pace: WritingPace = WritingPace(),  # noqa: B008  # frozen
    ) -> None:
        """Makes one that knows nothing yet.

        Args:
            client: Of the API server.
            layout: Which reports there are; one a resource by default.
            tell: Is told each kind of problem once until all is written.
            pace: How fast it writes.
        """
        self.counts: Counter[str] = Counter()
        self.problem = ""
        self._client = client
        self._layout = layout or ResourceReports(ReportChoice())
        self._tell = tell
        self._time = pace
        self._pace = Pace(pace.a_second, pace.a_second)
        self._backoff = Backoff()
        self._known: dict[Key, bytes] = {}
        self._orphans: set[Key] = set()
        self._is_loaded = self._is_settled = False
        self._changes: dict[Key, None] = {}
        self._creations: dict[Key, None] = {}
        self._busy: set[Key] = set()
        self._refused: dict[Key, None] = {}
        self._told: set[str] = set()
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def backlog(self) -> int:
        """Reports that are to be looked at, or written at this moment."""
        return len(self._changes) + len(self._creations) + len(self._busy)

    def put(self, resource: ResourceRef, findings: Sequence[Finding]) -> None:
        """These are all findings of a resource; none: its report goes."""
        for key in self._layout.put(resource, findings):
            self._want(key)

    def drop(self, resource: ResourceRef) -> None:
        """A resource is gone, and so is its report."""
        for key in self._layout.drop(resource):
            self._want(key)

    def settled(self) -> None:
        """Everything there is was put once: reports of nothing go."""
        self._is_settled = True
        if self._is_loaded:
            for key in self._orphans:
                self._want(key, is_named=False)
            self._orphans.clear()

    async def load(self) -> None:
        """Looks at the reports that are there; what fails is told, and tried again by `run`.

        Done again later, before everything is put again and `settled`, it brings back what somebody changed
        or deleted by hand.
        """
        try:
            listed = await stored_digests(self._client)
        except Error as error:
            self._failed(error, "list")
            return
        if self._is_loaded:
            self._is_settled = False
        waiting = {*self._changes, *self._creations, *self._busy}
        self._known = listed | dict.fromkeys(self._busy, UNKNOWN)
        self._orphans = {key for key in listed if key not in waiting}
        self._is_loaded = True
        if self._is_settled:
            self.settled()

    async def run(self) -> None:
        """Writes until it is cancelled."""
        while not self._is_loaded:
            await self.load()
            if not self._is_loaded:
                await self._time.sleep(self._backoff.seconds())
        self._backoff.reset()
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._write_what_comes())
            group.create_task(self._try_refused_again())

    async def drained(self) -> None:
        """Waits until nothing is to be written."""
        await self._idle.wait()

    def _want(self, key: Key, *, is_named: bool = True) -> None:
        """Notes a report; changes of reports come before new ones, of which there may be very many."""
        if is_named:
            self._orphans.discard(key)
        self._refused.pop(key, None)
        if key in self._known or key in self._changes:
            self._creations.pop(key, None)
            self._changes[key] = None
        else:
            self._creations[key] = None
        self._idle.clear()
        self._work.set()

    def _next(self) -> Key | None:
        for waiting in (self._changes, self._creations):
            for key in waiting:
                if key not in self._busy:
                    del waiting[key]
                    return key
        return None

    async def _write_what_comes(self) -> None:
        while True:
            key = self._next()
            if key is None:
                self._work.clear()
                await self._work.wait()
                continue
            self._busy.add(key)
            try:
                await self._bring_up_to_date(key)
            finally:
                self._busy.discard(key)
                self._work.set()
            if not self.backlog:
                self._told.clear()
                self._idle.set()

    async def _bring_up_to_date(self, key: Key) -> None:
        waiting = self._layout.take(key)
        known = self._known.get(key)
        if (waiting.digest if waiting is not None else None) == known:
            self.counts["unchanged"] += 1
            return
        try:
            await self._await_turn()
            if waiting is None:
                await self._client.delete(path_of(key), f"delete {kind_of(key)} {key[1]}")
                self._known.pop(key, None)
                self.counts["deleted"] += 1
            else:
                await self._write(waiting.report, is_there=known is not None)
                self._known[key] = waiting.digest
                self.counts["written"] += 1
        except Error as error:
            self._known[key] = UNKNOWN
            await self._recover(key, waiting, error)
        except asyncio.CancelledError:
            self._known[key] = UNKNOWN
            self._put_back(key, waiting)
            raise
        else:
            self.problem = ""
            self._backoff.reset()

    async def _write(self, report: Report, *, is_there: bool) -> None:
        stored = await self._stored(report.key) if is_there else None
        since = stored.since if stored is not None else {}
        document = report.document(since, int(self._time.now().timestamp()))
        asked = f"write {document['kind']} {report.name}"
        body = msgspec.json.encode(document)
        await self._client.apply(path_of(report.key), asked, body, manager=FIELD_MANAGER)

    async def _stored(self, key: Key) -> StoredReport | None:
        """What is there; None for what is not there or cannot be read, whose times are lost."""
        asked = f"read {kind_of(key)} {key[1]}"
        try:
            return read_report(await self._client.get(path_of(key), asked, JSON, {}))
        except RefusedError as error:
            if error.status != _NOT_FOUND:
                raise
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pass
        return None

    async def _recover(self, key: Key, waiting: Waiting | None, error: Error) -> None:
        """Does what a failure asks for: forget the report, put it aside, or try it again after a while."""
        match failure_of(error):
            case Failure.GONE:
                self._known.pop(key, None)
                self.counts["gone"] += 1
                return
            case Failure.REFUSED:
                self._failed(error, kind_of(key))
                self.counts["refused"] += 1
                if not self._is_wanted(key):
                    self._give_back(key, waiting)
                    self._refused[key] = None
            case Failure.AGAIN:
                self._failed(error, kind_of(key))
                self.counts["failed"] += 1
                self._put_back(key, waiting)
                await self._time.sleep(self._backoff.seconds())

    def _put_back(self, key: Key, waiting: Waiting | None) -> None:
        if not self._is_wanted(key):
            self._give_back(key, waiting)
            self._want(key, is_named=False)

    def _is_wanted(self, key: Key) -> bool:
        """Whether something else was said of a report while it was written."""
        return key in self._changes or key in self._creations

    def _give_back(self, key: Key, waiting: Waiting | None) -> None:
        if waiting is not None:
            self._layout.give_back(key, waiting)

    def _failed(self, error: Error, about: str) -> None:
        self.problem = str(error)
        kind = f"{about} {getattr(error, 'status', type(error).__name__)}"
        if kind not in self._told:
            self._told.add(kind)
            self._tell(f"reports are not written: {error}")

    async def _await_turn(self) -> None:
        wait = self._pace.wait_seconds(self._time.monotonic())
        if wait:
            await self._time.sleep(wait)

    async def _try_refused_again(self) -> None:
        while True:
            await self._time.sleep(REFUSED_SECONDS)
            for key in list(self._refused):
                self._want(key, is_named=False)
