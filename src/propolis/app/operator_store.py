"""Keeps the store of findings in step with what a scan says, behind its back.

A store that is down is written once it is back: what waits is the last word on each resource, so it grows no
further than the cluster.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

import msgspec

from propolis.core import clock
from propolis.core.errors import Error
from propolis.core.finding import Finding
from propolis.core.resource import ResourceRef
from propolis.store.database import open_database
from propolis.store.live_writer import LiveWriter

POLICY = "policy"
"""The engine whose findings a scan has."""
PAUSE_SECONDS = 1.0
"""Between two transactions, so that each has many resources."""
LONGEST_PAUSE_SECONDS = 30.0
"""Between two trials while the store is down."""
SUMMARY_SECONDS = 10.0
"""Between two counts of everything, or longer:"""
SUMMARY_SHARE = 30
"""so many times as long as one takes, which is as long as the cluster is large."""
AT_ONCE = 5_000
"""Resources of one transaction: the fewer there are, the fewer times the same pages are written."""

Write = Callable[[dict[ResourceRef, Sequence[Finding]], datetime], object]


class StoreSink:
    """A sink of findings that writes into a store.

    Attributes:
        written: Resources that were written, each as often as it was.
        problem: Why the store was not written last; empty when it was.
    """

    def __init__(self, path: Path, cluster: str, tell: Callable[[str], None]) -> None:
        self.written = 0
        self.problem = ""
        self._path = path
        self._cluster = cluster
        self._tell = tell
        self._waiting: dict[ResourceRef, Sequence[Finding]] = {}
        self._seen: set[ResourceRef] | None = set()
        self._is_settled = False
        self._writer: LiveWriter | None = None
        self._is_counted = True
        self._next_count = 0.0

    @property
    def backlog(self) -> int:
        """Resources that are not written yet."""
        return len(self._waiting)

    def put(self, resource: ResourceRef, findings: Sequence[Finding]) -> None:
        """These are all findings of a resource."""
        ref = self._owned(resource)
        self._waiting[ref] = findings
        if self._seen is not None:
            self._seen.add(ref)

    def drop(self, resource: ResourceRef) -> None:
        """The resource is gone."""
        self.put(resource, ())

    def settled(self) -> None:
        """Everything that is there was put: what the store has beside is of resources that are gone."""
        self._is_settled = True

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Writes until it is cancelled."""
        pause = PAUSE_SECONDS
        while True:
            await sleep(pause)
            pause = PAUSE_SECONDS if await self.write() else min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def write(self) -> bool:
        """Writes what waits; whether it could."""
        try:
            while self._waiting:
                batch = dict(islice(self._waiting.items(), AT_ONCE))
                await asyncio.to_thread(self._write, batch)
                self._done(batch)
                self._is_counted = False
            if self._is_settled and self._seen is not None:
                await asyncio.to_thread(self._opened().keep, self._seen, clock.now())
                self._seen = None
                self._next_count = 0.0
            if not self._is_counted and clock.monotonic() >= self._next_count:
                await self._count()
        except Error as error:
            self._broke(str(error))
            return False
        if self.problem:
            self._tell("findings are stored again")
        self.problem = ""
        return True

    async def leave(self) -> bool:
        """Writes what waits, and counts; whether it could."""
        self._next_count = 0.0
        return await self.write()

    async def _count(self) -> None:
        begin = clock.monotonic()
        await asyncio.to_thread(self._opened().summarise, clock.now())
        end = clock.monotonic()
        self._is_counted = True
        self._next_count = end + max(SUMMARY_SECONDS, SUMMARY_SHARE * (end - begin))

    def _write(self, batch: dict[ResourceRef, Sequence[Finding]]) -> None:
        self._opened().write(batch, clock.now())

    def _done(self, batch: dict[ResourceRef, Sequence[Finding]]) -> None:
        """Forgets what was written, unless another word came meanwhile."""
        for ref, findings in batch.items():
            if self._waiting.get(ref) is findings:
                del self._waiting[ref]
        self.written += len(batch)

    def _opened(self) -> LiveWriter:
        if self._writer is None:
            self._writer = LiveWriter(open_database(self._path), self._cluster, {POLICY})
        return self._writer

    def _broke(self, told: str) -> None:
        if not self.problem:
            self._tell(f"findings wait to be stored: {told}")
        self.problem = told
        self._writer = None

    def _owned(self, resource: ResourceRef) -> ResourceRef:
        return msgspec.structs.replace(resource, cluster=self._cluster)
