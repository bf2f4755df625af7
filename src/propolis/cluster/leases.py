"""Leader election by a Lease of coordination.k8s.io/v1: who of several replicas may write.

`candidate.py` decides, this asks the server. What a holder of another make writes (client-go) is understood,
and the other way round.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import msgspec

from propolis.cluster.api_client import ApiClient, RefusedError
from propolis.cluster.candidate import Candidate, Lease, Terms, Write
from propolis.cluster.discovery import JSON
from propolis.core import clock
from propolis.core.errors import Error, SourceError

API_VERSION = "coordination.k8s.io/v1"
_NOT_FOUND = 404
_JITTER = 1.2
"""Candidates wait up to so many times as long, so that they do not come all at once."""


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""


class _Spec(msgspec.Struct, frozen=True, rename="camel"):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    lease_transitions: int | None = None
    acquire_time: str | None = None


class _Document(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()
    spec: _Spec = _Spec()


class Clocks(msgspec.Struct, frozen=True):
    """Where time comes from.

    Attributes:
        monotonic: Seconds of a clock that never goes back: decides.
        now: The time that people read on the object.
        sleep: Waits.
    """

    monotonic: Callable[[], float] = clock.monotonic
    now: Callable[[], datetime] = clock.now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


def _nothing() -> None:
    """Nobody is told."""


class Leadership:
    """A replica's part in one election. Within ``async with`` it stands, afterwards it has left.

    Attributes:
        problem: Why the last request failed; empty when it did not.
    """

    def __init__(
        self,
        client: ApiClient,
        namespace: str,
        name: str,
        identity: str,
        *,
        gained: Callable[[], None] = _nothing,
        lost: Callable[[], None] = _nothing,
        terms: Terms = Terms(),  # noqa: B008  # frozen
        clocks: Clocks = Clocks(),  # noqa: B008  # frozen
    ) -> None:
        """Makes one that does not stand yet.

        Args:
            client: Of the API server that keeps the lease.
            namespace: Of the lease.
            name: Of the lease.
            identity: Of this process, and of no other that ever ran: a name and something random.
            gained: Is called when it begins to lead.
            lost: Is called when it leads no more, before anybody else may: ends what only a leader does.
            terms: How long things last.
            clocks: Where time comes from.
        """
        self.problem = ""
        self._client = client
        self._namespace = namespace
        self._name = name
        self._gained = gained
        self._lost = lost
        self._terms = terms
        self._clocks = clocks
        self._candidate = Candidate(identity, terms)
        self._was_told = False
        self._task: asyncio.Task[None] | None = None

    @property
    def is_leader(self) -> bool:
        """Whether it leads at this moment, by the clock: a process that was stopped for long does not."""
        return self._candidate.leads(self._clocks.monotonic())

    @property
    def holder(self) -> str:
        """Who led when it was last looked; empty for nobody."""
        return self._candidate.holder

    async def __aenter__(self) -> Self:
        """Stands, in a task beside."""
        self._task = asyncio.create_task(self.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves: the lease is given up, so that another may lead at once."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def run(self) -> None:
        """Stands until it is cancelled; then gives the lease up."""
        try:
            while True:
                await self._attempt()
                self._tell()
                await self._pause()
                self._tell()
        finally:
            await self._leave()

    async def _attempt(self) -> None:
        """Renews the lease, or looks whether it can be had; what fails is a problem and not an error."""
        candidate, now = self._candidate, self._clocks.monotonic()
        patience = candidate.leads_until - now if candidate.leads(now) else self._terms.renewal_seconds
        try:
            async with asyncio.timeout(patience):
                renewal = candidate.renewal(now)
                write = renewal if renewal is not None else await self._looked()
                if write is not None:
                    await self._write(write)
            self.problem = ""
        except (Error, TimeoutError) as error:
            candidate.failed()
            self.problem = str(error) or "no answer in time"

    async def _looked(self) -> Write | None:
        try:
            lease = await self._get()
        except RefusedError as error:
            if error.status != _NOT_FOUND:
                raise
            lease = None
        return self._candidate.looked(lease, self._clocks.monotonic())

    async def _get(self) -> Lease:
        asked = f"read the lease {self._name}"
        return self._lease(await self._client.get(self._path, asked, JSON, {}))

    async def _write(self, write: Write) -> None:
        sent = self._clocks.monotonic()
        body = msgspec.json.encode(self._document(write))
        asked = f"write the lease {self._name}"
        if write.version:
            answer = await self._client.replace(self._path, asked, body)
        else:
            answer = await self._client.post(self._folder, asked, body)
        self._candidate.wrote(self._lease(answer), sent, self._clocks.monotonic())

    async def _pause(self) -> None:
        """Waits for the next attempt; a leader not longer than it leads."""
        now, wait = self._clocks.monotonic(), self._terms.retry_seconds
        if self._candidate.leads(now):
            wait = min(wait, self._candidate.leads_until - now)
        else:
            wait *= random.uniform(1.0, _JITTER)  # noqa: S311  # spreads candidates, keeps no secret
        await self._clocks.sleep(wait)

    def _tell(self) -> None:
        leads = self.is_leader
        if leads != self._was_told:
            self._was_told = leads
            (self._gained if leads else self._lost)()

    async def _leave(self) -> None:
        """Tells the loss, then gives up what is its own; a server that does not answer is not waited for."""
        self._candidate.resign()
        self._tell()
        with suppress(Error, TimeoutError):
            async with asyncio.timeout(self._terms.retry_seconds):
                write = self._candidate.release(await self._get())
                if write is not None:
                    await self._write(write)

    def _document(self, write: Write) -> dict[str, Any]:
        metadata = {"name": self._name, "namespace": self._namespace}
        if write.version:
            metadata["resourceVersion"] = write.version
        now = f"{self._clocks.now():%Y-%m-%dT%H:%M:%S.%f}Z"
        spec = {
            "holderIdentity": write.holder,
            "leaseDurationSeconds": write.seconds,
            "acquireTime": write.acquired or now,
            "renewTime": now,
            "leaseTransitions": write.transitions,
        }
        return {"apiVersion": API_VERSION, "kind": "Lease", "metadata": metadata, "spec": spec}

    def _lease(self, body: bytes) -> Lease:
        try:
            found = msgspec.json.decode(body, type=_Document)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            told = f"the answer cannot be read: {error}"
            raise SourceError(f"read the lease {self._name}", self._client.server, told) from error
        spec = found.spec
        return Lease(
            found.metadata.resource_version,
            spec.holder_identity or "",
            spec.lease_duration_seconds or 0,
            spec.lease_transitions or 0,
            spec.acquire_time or "",
        )

    @property
    def _folder(self) -> str:
        return f"/apis/{API_VERSION}/namespaces/{quote(self._namespace, safe='')}/leases"

    @property
    def _path(self) -> str:
        return f"{self._folder}/{quote(self._name, safe='')}"
