"""The cluster that an operator keeps judged: its policies, its kinds, and the scan over both."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from propolis.app.admission_objects import KINDS, NATIVE, PolicyObjects
from propolis.app.admission_settings import SettingsSource
from propolis.app.live_lookups import LiveLookups
from propolis.app.operator_metrics import OperatorMetrics
from propolis.app.operator_policies import ScanPolicies
from propolis.app.operator_telling import Telling
from propolis.app.service_calls import ServiceCalls
from propolis.cluster.definitions import Definitions
from propolis.cluster.reader import ClusterReader
from propolis.cluster.reflector import Reflector
from propolis.core import clock
from propolis.core.evaluation import LookupKey
from propolis.policy.controllers.background import Background
from propolis.policy.controllers.concerns import Concern, concern_of
from propolis.policy.controllers.scan import Scan
from propolis.policy.controllers.subjects import Statement, Subject
from propolis.policy.engine.request_filter import RequestFilter
from propolis.policy.lookups import GLOBAL_CONTEXT
from propolis.policy.model.kyverno_settings import KyvernoSettings

if TYPE_CHECKING:
    from propolis.app.operator_actions import OperatorActions

POLICY_SECONDS = 10.0
"""After which a scan begins though a kind of policies cannot be listed."""
FIRST_SECONDS = 0.01


class OperatorCluster:
    """What is followed of a cluster, and what holds of it.

    Attributes:
        background: The scan.
        metrics: What it has done.
        is_known: Whether the policies that are there are in force.
        actions: What policies want done; None where nothing is carried out.
    """

    def __init__(
        self,
        reader: ClusterReader,
        policies: ScanPolicies,
        settings: SettingsSource,
        telling: Telling,
        tasks: asyncio.TaskGroup,
        services: ServiceCalls | None = None,
    ) -> None:
        self.is_known = False
        self.actions: OperatorActions | None = None
        self._from_cluster = False
        self._reader = reader
        self._services = services
        self._definitions = Definitions()
        self._policies = policies
        self._settings = settings
        self._tasks = tasks
        self._reflectors: list[Reflector] = []
        self._entries = {entry.name: entry for entry in policies.entries}
        scan = Scan(telling.sinks, clock.now, self._concern, reader.client.server)
        self.background = Background(
            reader.client, scan, LiveLookups(reader, policies.entries, services).answer
        )
        self.metrics = OperatorMetrics(self.background, telling.backlog)
        self._observers = (self.metrics.observe, *telling.observers)
        scan.observe = self._observe
        self._filter()

    def _concern(self, key: LookupKey) -> Concern | None:
        return concern_of(key, self._reader.served, self._entries)

    def _observe(self, subject: Subject, said: Sequence[Statement], before: Sequence[Statement]) -> None:
        for observe in self._observers:
            observe(subject, said, before)

    async def open(self, *, from_cluster: bool, has_native: bool) -> None:
        """Knows the policies that are there before anything is judged."""
        self._from_cluster = from_cluster
        self._begin(self._definitions.reflector(self._reader.client))
        if from_cluster:
            kinds = KINDS | NATIVE if has_native else KINDS
            self._policies.objects = PolicyObjects(self._reader.client, kinds)
            await _synced(self._follow_policies())
            await self._policies.look()
        reflector = self._settings.reflector(self._reader.client)
        if reflector is not None:
            self._begin(reflector)
            await _synced([reflector])
            self._settings.look()
        self._filter()
        self.background.take_served(self._reader.served)
        self._take()
        if self.actions is not None:
            self.actions.take_served(from_cluster=from_cluster)
        self.is_known = True

    async def look(self) -> bool:
        """Takes policies over that have changed; whether any have.

        Raises:
            DocumentError: A file cannot be used.
            SourceError: A file cannot be read.
        """
        if self._settings.look():
            self._filter()
            self.background.scan.judge_all()
        if self.actions is not None:
            self.actions.look()
        is_new = await self._policies.look()
        if is_new:
            self._take()
        return is_new

    def _filter(self) -> None:
        """Leaves out what Kyverno's settings name."""
        chosen = RequestFilter(self._settings.settings)

        def is_filtered(subject: Subject) -> bool:
            served = subject.of.served
            kind = served.group, served.version, served.kind
            return chosen.is_filtered(*kind, "", subject.namespace, subject.name)

        self.background.scan.is_filtered = is_filtered
        if self.actions is not None:
            self.actions.take_settings(self._settings.settings)

    async def discover(self) -> None:
        """Looks again at what is served when it is time: new kinds are followed. Raises `SourceError`."""
        if not self._definitions.is_due():
            return
        await self._reader.discover()
        self._follow_policies()
        self.background.take_served(self._reader.served)
        if self.actions is not None:
            self.actions.take_served(from_cluster=self._from_cluster)

    def uid_of(self, kind: str, namespace: str, name: str) -> str:
        """The uid of a policy or an exception; empty for one that is no object of the cluster."""
        objects = self._policies.objects
        return objects.uid_of(kind, namespace, name) if objects else ""

    @property
    def kyverno_settings(self) -> KyvernoSettings:
        """Kyverno's settings, as they are now."""
        return self._settings.settings

    @property
    def policy_objects(self) -> PolicyObjects | None:
        """Policies that are objects of the cluster; None where they do not count."""
        return self._policies.objects

    def problems(self) -> Iterable[str]:
        """What is broken now."""
        yield from self._policies.problems
        yield from (one.problem for one in self._reflectors if one.problem)
        yield from self.background.following.problems()
        if self.actions is not None:
            yield from self.actions.problems()
        for kind in self.background.scan.kinds.values():
            for (namespace, name), why in kind.broken.items():
                yield f"{kind.served.name} {namespace}/{name} cannot be read: {why}"

    def _take(self) -> None:
        """Judges from now on by the policies as they are now."""
        entries = {entry.name: entry for entry in self._policies.entries}
        is_other, self._entries = entries != self._entries, entries
        live = LiveLookups(self._reader, self._policies.entries, self._services)
        self.background.ask = live.answer
        if is_other:
            self.background.scan.answers.regard_again(GLOBAL_CONTEXT)
        self.background.take_rules(self._policies.rules)
        if self.actions is not None:
            self.actions.take(self._policies.loaded, self._policies.of_files, live)

    def _follow_policies(self) -> list[Reflector]:
        objects = self._policies.objects
        found = objects.reflectors_of(self._reader.served) if objects else []
        for reflector in found:
            self._begin(reflector)
        return found

    def _begin(self, reflector: Reflector) -> None:
        self._reflectors.append(reflector)
        self._tasks.create_task(reflector.run())


async def _synced(reflectors: Sequence[Reflector]) -> None:
    """Waits until all are in step; for what is broken not for ever."""
    end = clock.monotonic() + POLICY_SECONDS
    while not all(one.is_synced.is_set() for one in reflectors):
        is_late = clock.monotonic() > end
        if is_late and all(one.is_synced.is_set() or one.problem for one in reflectors):
            return
        await asyncio.sleep(FIRST_SECONDS)
