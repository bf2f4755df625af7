"""What an operator carries out as long as it leads: generated resources, changes, cleanups, ends of life."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any

from propolis.app.acting_cluster import ActingCluster, ActingLookups
from propolis.app.cleaning_policies import CleaningPolicies, scheduled
from propolis.app.live_lookups import LiveLookups
from propolis.app.operator_deeds import Deeds
from propolis.app.operator_options import OperatorOptions
from propolis.cluster.discovery import Served
from propolis.cluster.events import EventWriter
from propolis.cluster.reader import ClusterReader
from propolis.cluster.reflector import Reflector
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.resource import ResourceRef
from propolis.policy.controllers.acting import Acting
from propolis.policy.controllers.cleaning import Cleaning
from propolis.policy.controllers.concerns import concern_of
from propolis.policy.controllers.expiry import Expiry
from propolis.policy.controllers.following import Begin
from propolis.policy.controllers.judging import Guard
from propolis.policy.controllers.update_requests import UpdateRequests
from propolis.policy.controllers.watched import ActingWatches
from propolis.policy.engine.request_filter import RequestFilter
from propolis.policy.model.kyverno_settings import KyvernoSettings
from propolis.policy.model.update_request import KIND, PLURAL
from propolis.policy.sources.documents import LoadedPolicies

GROUP = "kyverno.io"
SOURCES = ("generate", "mutate", "cleanup")
"""Who tells events, after ``kyverno-``: the names that people filter by."""

Tell = Callable[[str], None]


class OperatorActions:
    """One term of it.

    Attributes:
        acting: Rules that make resources or change ones that are there.
        cleaning: Policies that delete on a schedule.
        expiry: Objects that have an end.
        deeds: What was done.
    """

    def __init__(
        self,
        reader: ClusterReader,
        options: OperatorOptions,
        tell: Tell,
        begin: Begin,
        guard: Guard | None = None,
    ) -> None:
        """Makes one that knows no policies.

        Args:
            reader: Of the cluster.
            options: Of the operator.
            tell: Is told what goes wrong with objects that have an end.
            begin: Begins what runs beside.
            guard: Stops evaluations that take too long.
        """
        self._reader = reader
        self._begin = begin
        self._namespace = options.namespace
        self._entries: Mapping[str, Any] = {}
        self._filter = RequestFilter(KyvernoSettings())
        self._lookups = ActingLookups(reader, LiveLookups(reader))
        self.deeds = Deeds(lambda: self.acting, lambda: self.expiry, lambda: reader.served)
        world = ActingCluster(reader)
        self.acting = Acting(world, self._ask, self._concern, self.deeds.did, self._is_filtered)
        if guard is not None:
            self.acting.attempts.guard = guard
        self._requests = UpdateRequests(reader.client, options.namespace, self.acting, self._parent)
        self._watches = ActingWatches(reader.client, self.acting, begin)
        self._cleaning_policies = CleaningPolicies(reader.client)
        self.cleaning = Cleaning(
            world, self._ask, self.deeds.deleted, self._cleaning_policies.ran, self._is_filtered
        )
        self.expiry = Expiry(world, tell)
        self._reflectors: list[Reflector] = []
        self._follows_requests = False
        if options.has_events:
            self.deeds.omitted = options.omitted_events
            self.deeds.writers = {one: EventWriter(reader.client, f"kyverno-{one}") for one in SOURCES}

    def _concern(self, key: LookupKey) -> Any:
        return concern_of(key, self._reader.served, self._entries)

    async def _ask(self, keys: frozenset[LookupKey]) -> Mapping[LookupKey, Answer]:
        return await self._lookups.answers(keys)

    def _is_filtered(self, ref: ResourceRef) -> bool:
        version = ref.api_version.rpartition("/")[2]
        return self._filter.is_filtered(ref.group, version, ref.kind, "", ref.namespace, ref.name)

    def _parent(self, group: str, plural: str) -> str:
        found = (one.kind for one in self._reader.served if (one.group, one.plural) == (group, plural))
        return next(found, "")

    def take(self, loaded: LoadedPolicies, of_files: LoadedPolicies, live: LiveLookups) -> None:
        """Acts by these policies from now on.

        Args:
            loaded: All that are in force.
            of_files: Those of files alone: policies that delete on a schedule are followed as objects here.
            live: Answers their look-ups.
        """
        self._entries = {entry.name: entry for entry in loaded.global_contexts}
        self._lookups = ActingLookups(self._reader, live)
        self.acting.take(loaded.policies, loaded.exceptions)
        self._cleaning_policies.take_files(scheduled(of_files))

    def take_settings(self, settings: KyvernoSettings) -> None:
        """Leaves alone what Kyverno's settings name."""
        self._filter = RequestFilter(settings)

    def take_served(self, *, from_cluster: bool) -> None:
        """Follows kinds that the server has begun to serve."""
        served = self._reader.served
        self._watches.take_served(served)
        if from_cluster:
            for reflector in self._cleaning_policies.reflectors_of(served):
                self._run(reflector)
        kind = next((one for one in served if (one.group, one.kind) == (GROUP, KIND)), None)
        if kind is not None and not self._follows_requests:
            self._follows_requests = True
            self._run(self._requests_reflector(kind))

    def _requests_reflector(self, kind: Served) -> Reflector:
        named = Served(GROUP, "v2", KIND, PLURAL)
        path = named.path_in(self._namespace)
        return Reflector(self._reader.client, kind, self._requests, path=path)

    def _run(self, reflector: Reflector) -> None:
        self._reflectors.append(reflector)
        self._begin(reflector.run())

    def look(self) -> None:
        """Takes over policies that delete on a schedule where they have changed."""
        if self._cleaning_policies.is_changed:
            self.cleaning.take(self._cleaning_policies.read())

    def problems(self) -> Iterator[str]:
        """What is broken now."""
        yield from (one.problem for one in self._reflectors if one.problem)
        yield from self._watches.following.problems()
        yield from self._cleaning_policies.problems()
        yield from self.cleaning.problems.values()
        for owner, problem in self.acting.problems.items():
            yield f"{owner.label}: {problem}" if owner.policy else problem
        yield from self._requests.broken.values()
        if self._requests.problem:
            yield self._requests.problem

    def work(self) -> Iterator[Callable[[], Awaitable[None]]]:
        """What runs as long as the term lasts."""
        yield self.acting.run
        yield self._requests.run
        yield self.cleaning.run
        yield self.expiry.run
        for writer in self.deeds.writers.values():
            yield partial(_ran, writer)


async def _ran(writer: EventWriter) -> None:
    await writer.run()
