"""The cluster at whose door admission stands: what is followed of it, and its webhook configurations."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from propolis.app.admission_cluster import AdmissionCluster
from propolis.app.admission_objects import PolicyObjects
from propolis.app.admission_policies import AdmissionPolicies
from propolis.app.admission_webhooks import Target, configurations, remove, write
from propolis.cluster.reader import ClusterReader
from propolis.cluster.reflector import Reflector

if TYPE_CHECKING:
    from propolis.core.resource import Document


class Door:
    """The cluster that is asked and served: what is followed of it, and the configurations in it.

    Attributes:
        cluster: What is kept of it in memory.
        reflectors: Everything that is followed.
    """

    def __init__(
        self, reader: ClusterReader, policies: AdmissionPolicies, target: Target, tasks: asyncio.TaskGroup
    ) -> None:
        self.cluster = AdmissionCluster(reader)
        self.reflectors: list[Reflector] = []
        self._reader = reader
        self._policies = policies
        self._target = target
        self._tasks = tasks
        self._running: list[asyncio.Task[None]] = []
        self._written: tuple[Document, ...] = ()

    async def open(self, *, from_cluster: bool) -> None:
        """Follows what decisions need; no webhook is written before all policies that are there are known."""
        self._follow(self.cluster.reflectors)
        if from_cluster:
            self._policies.objects = PolicyObjects(self._reader.client)
            for reflector in self._follow_policies():
                await reflector.is_synced.wait()
            await self._policies.look()

    async def discover(self) -> None:
        """Looks again at what is served: new kinds of policies are followed. Raises `SourceError`."""
        await self._reader.discover()
        self._follow_policies()

    def _follow_policies(self) -> list[Reflector]:
        objects = self._policies.objects
        return self._follow(objects.reflectors_of(self._reader.served)) if objects else []

    def _follow(self, reflectors: Iterable[Reflector]) -> list[Reflector]:
        found = list(reflectors)
        self.reflectors += found
        self._running += [self._tasks.create_task(one.run()) for one in found]
        return found

    async def write(self, *, again: bool) -> None:
        """Writes the webhook configurations where they are not as they should be. Raises `SourceError`."""
        wanted = configurations(self._policies.rules, self._reader.served, self._target)
        if again or wanted != self._written:
            await write(self._reader.client, wanted)
            self._written = wanted

    async def close(self) -> bool:
        """Removes the configurations; whether there were any. Raises `SourceError`."""
        for task in self._running:
            task.cancel()
        if self._written:
            await remove(self._reader.client, self._target.name)
        return bool(self._written)
