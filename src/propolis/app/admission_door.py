"""The cluster at whose door admission stands: what is followed of it, and its webhook configurations."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from propolis.app.admission_beside import Beside, others_beside
from propolis.app.admission_cluster import AdmissionCluster
from propolis.app.admission_objects import PolicyObjects
from propolis.app.admission_policies import AdmissionPolicies
from propolis.app.admission_replicas import Replicas
from propolis.app.admission_rules import AdmissionRules
from propolis.app.admission_webhooks import Target, configurations, remove, write
from propolis.app.configured_webhooks import Configured, configured_webhooks
from propolis.app.policy_webhook import policy_configuration
from propolis.app.service_calls import ServiceCalls
from propolis.cluster.definitions import Definitions
from propolis.cluster.reader import ClusterReader
from propolis.cluster.reflector import Reflector
from propolis.core import clock

if TYPE_CHECKING:
    from propolis.core.resource import Document


class Door:
    """The cluster that is asked and served: what is followed of it, and the configurations in it.

    Attributes:
        cluster: What is kept of it in memory.
        reflectors: Everything that is followed.
        beside: Configurations of others that ask about the same.
    """

    def __init__(
        self,
        reader: ClusterReader,
        policies: AdmissionPolicies,
        target: Target,
        tasks: asyncio.TaskGroup,
        replicas: Replicas | None = None,
        services: ServiceCalls | None = None,
    ) -> None:
        self.cluster = AdmissionCluster(reader, services)
        self.reflectors: list[Reflector] = []
        self._reader = reader
        self._definitions = Definitions()
        self._policies = policies
        self._target = target
        self._replicas = replicas
        self._tasks = tasks
        self._running: list[asyncio.Task[None]] = []
        self._written: tuple[Document, ...] = ()
        self._writing = asyncio.Lock()
        self.beside: tuple[Beside, ...] = ()

    async def open(self, *, from_cluster: bool) -> None:
        """Follows what decisions need; no webhook is written before all policies that are there are known."""
        self._follow((*self.cluster.reflectors, self._definitions.reflector(self._reader.client)))
        settings = self._policies.source.reflector(self._reader.client)
        if settings is not None:
            self._follow([settings])
            await settings.is_synced.wait()
            await self._policies.look()
        if from_cluster:
            self._policies.objects = PolicyObjects(self._reader.client)
            for reflector in self._follow_policies():
                await reflector.is_synced.wait()
            await self._policies.look()

    def trust(self, bundle: bytes) -> None:
        """From the next writing on API servers know the server by these authorities."""
        self._target = msgspec.structs.replace(self._target, authority=bundle)

    def follow(self, reflector: Reflector) -> None:
        """Follows something more."""
        self._follow([reflector])

    async def renew(self) -> None:
        """Says that this replica is there. Raises `SourceError`."""
        if self._replicas is not None:
            await self._replicas.renew(clock.now())

    async def discover(self) -> bool:
        """Looks again at what is served when it is time; whether it did. New kinds of policies are followed.

        Raises:
            SourceError: The API server does not answer.
        """
        if not self._definitions.is_due():
            return False
        await self._reader.discover()
        self._follow_policies()
        return True

    def _follow_policies(self) -> list[Reflector]:
        objects = self._policies.objects
        return self._follow(objects.reflectors_of(self._reader.served)) if objects else []

    def _follow(self, reflectors: Iterable[Reflector]) -> list[Reflector]:
        found = list(reflectors)
        self.reflectors += found
        self._running += [self._tasks.create_task(one.run()) for one in found]
        return found

    async def write(self, *, again: bool) -> AdmissionRules | None:
        """Writes the webhook configurations where they are not as they should be; for which rules.

        Raises:
            SourceError: The API server refuses or does not answer.
        """
        async with self._writing:  # an older state is never written after a newer one
            rules = self._policies.rules
            wanted = configurations(rules, self._reader.served, self._target)
            if self._policies.objects is not None:
                wanted = (*wanted, policy_configuration(self._target))
            if not again and wanted == self._written:
                return None
            await self._write(wanted)
            return rules

    async def _write(self, wanted: tuple["Document", ...]) -> None:
        configured = await configured_webhooks(self._reader.client)
        await write(self._reader.client, (*wanted, *_leftovers(configured, wanted, self._target.name)))
        self._written = wanted
        self.beside = others_beside(configured, wanted, self._target.name)

    async def close(self) -> bool:
        """Removes the configurations, unless other replicas go on; whether it did. Raises `SourceError`."""
        for task in self._running:
            task.cancel()
        replicas, client = self._replicas, self._reader.client
        if replicas is not None and not await replicas.leave(clock.now()):
            return False
        if self._written:
            await remove(client, self._target.name, await configured_webhooks(client))
            if replicas is not None and await replicas.are_there(clock.now()):
                await write(client, self._written)  # one that came meanwhile believes them to be there
        return bool(self._written)


def _leftovers(
    configured: Iterable[Configured], wanted: Iterable["Document"], name: str
) -> Iterator["Document"]:
    """Configurations that this server wrote once and needs no more, without webhooks."""
    named = {(one["kind"], one["metadata"]["name"]) for one in wanted}
    for one in configured:
        if one.of == name and (one.kind, one.name) not in named:
            yield {"kind": one.kind, "metadata": {"name": one.name}, "webhooks": []}
