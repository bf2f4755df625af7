"""Deletes what cleanup policies and deleting policies say, when their time comes.

Follows Kyverno pkg/controllers/{cleanup,deleting} @ v1.19.1: a policy runs at the first time of its schedule
after it ran last (or was made), at once where that time is past; what it is for is listed and judged then.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from propolis.cluster.discovery import Served
from propolis.core import clock
from propolis.core.errors import Error
from propolis.core.evaluation import Answer, Evaluation, LookupKey, complete_live
from propolis.core.finding import Outcome
from propolis.core.resource import Resource, ResourceRef
from propolis.lang.cron import Schedule, parse_schedule
from propolis.policy.engine.cleanup import CompiledCleanup, compile_cleanups, evaluate_cleanup
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.kinds import parse_kind
from propolis.policy.engine.policy_set import Phase, PolicySet
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.action import Delete
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.cleanup import CleanupPolicy

LONGEST_WAIT_SECONDS = 30.0
AGAIN = timedelta(minutes=1)
"""After which a policy that could not be run is tried again."""
MOST_DELETED = 10_000
"""Objects that one run of one policy deletes; the next run deletes more."""

Ask = Callable[[frozenset[LookupKey]], Awaitable[Mapping[LookupKey, Answer]]]
AnyCleanup = CleanupPolicy | CelPolicy


class World(Protocol):
    """The cluster as a cleanup needs it. All raise `SourceError`."""

    @property
    def served(self) -> Sequence[Served]:
        """All kinds."""
        ...

    async def objects(self, kind: Served, namespace: str) -> Sequence[Resource]:
        """All objects of a kind; in one namespace where one is named."""
        ...

    async def delete(self, ref: ResourceRef, propagation: str) -> None:
        """Deletes an object; one that is gone is deleted already."""
        ...


class Deletion(msgspec.Struct, frozen=True):
    """What came of one object: deleted, or why it could not be."""

    policy: AnyCleanup
    resource: ResourceRef
    propagation: str
    error: str = ""


class _Planned:
    """One policy, compiled, and when it runs next."""

    def __init__(self, policy: AnyCleanup, last: datetime) -> None:
        self.policy = policy
        self._compiled: tuple[CompiledCleanup, ...] = ()
        self._rules: PolicySet | None = None
        if isinstance(policy, CleanupPolicy):
            self._compiled = compile_cleanups([policy])
        else:
            self._rules = compile_policies([policy]).of_phases(Phase.DELETE)
        self._schedule: Schedule = parse_schedule(str(getattr(policy.spec, "schedule", "") or ""))
        self.at = self._schedule.after(last)

    def ran(self, now: datetime) -> None:
        self.at = self._schedule.after(now)

    def is_for(self, kind: Served) -> bool:
        """Whether it may be for objects of a kind."""
        if self.policy.namespace and not kind.is_namespaced:
            return False
        if self._rules is not None:
            return self._rules.may_be_for(kind.group, kind.version, kind.kind)
        texts = _kinds(self.policy) if isinstance(self.policy, CleanupPolicy) else set()
        return any(parse_kind(one).selects(kind.group, kind.version, kind.kind, "") for one in texts)

    def evaluate(self, resource: Resource, known: Mapping[LookupKey, Answer], now: datetime) -> Evaluation:
        if self._rules is not None:
            return evaluate(self._rules, PolicySubject(resource), known, now)
        return evaluate_cleanup(self._compiled, resource, known, now)


def _kinds(policy: CleanupPolicy) -> set[str]:
    match = policy.spec.match
    filters = (*(match.any or ()), *(match.all or ()), match)
    return {kind for one in filters if one.resources is not None for kind in one.resources.kinds or ()}


class Cleaning:
    """All policies that delete on a schedule.

    Attributes:
        problems: Why a policy could not be run whole, by its name; until it can.
    """

    def __init__(
        self,
        world: World,
        ask: Ask,
        told: Callable[[Deletion], None],
        ran: Callable[[AnyCleanup, datetime], Awaitable[None]],
        is_filtered: Callable[[ResourceRef], bool] = lambda _ref: False,
    ) -> None:
        """Makes one without policies.

        Args:
            world: The cluster.
            ask: Answers look-ups.
            told: Is told of every deletion.
            ran: Is told that a policy was run, and when.
            is_filtered: Objects that no policy may touch.
        """
        self.problems: dict[str, str] = {}
        self._world = world
        self._ask = ask
        self._told = told
        self._ran = ran
        self._is_filtered = is_filtered
        self._planned: dict[str, _Planned] = {}
        self._changed = asyncio.Event()

    def take(self, policies: Iterable[tuple[AnyCleanup, datetime]]) -> None:
        """These are the policies, each with when it ran last or was made; those that stay keep their time."""
        found: dict[str, _Planned] = {}
        for policy, last in policies:
            key = _key(policy)
            known = self._planned.get(key)
            try:
                found[key] = known if known and known.policy == policy else _Planned(policy, last)
            except Error as error:
                self.problems[key] = str(error)
        self._planned = found
        self.problems = {key: text for key, text in self.problems.items() if key in found}
        self._changed.set()

    @property
    def next_time(self) -> datetime | None:
        """When the next policy runs."""
        return min((one.at for one in self._planned.values() if one.at), default=None)

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        while True:
            self._changed.clear()
            await self.run_due()
            at = self.next_time
            left = (at - clock.now()).total_seconds() if at else LONGEST_WAIT_SECONDS
            try:
                async with asyncio.timeout(min(max(left, 0.0), LONGEST_WAIT_SECONDS)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def run_due(self) -> None:
        """Runs the policies whose time has come."""
        now = clock.now()
        for key, one in list(self._planned.items()):
            if one.at is None or one.at > now:
                continue
            problems = await self._clean(one, now)
            if problems:
                self.problems[key] = problems[0]
            else:
                self.problems.pop(key, None)
            one.ran(now)
            try:
                await self._ran(one.policy, now)
            except Error as error:
                self.problems[key] = str(error)

    async def _clean(self, planned: _Planned, now: datetime) -> list[str]:
        """Deletes what a policy is for; what could not be done."""
        problems: list[str] = []
        deleted = 0
        for kind in self._world.served:
            if not planned.is_for(kind):
                continue
            try:
                found = await self._world.objects(kind, planned.policy.namespace)
            except Error as error:
                problems.append(str(error))
                continue
            for resource in found:
                if deleted >= MOST_DELETED:
                    return [*problems, f"more than {MOST_DELETED:,} objects are left for the next run"]
                deleted += await self._one(planned, resource, now, problems)
        return problems

    async def _one(self, planned: _Planned, resource: Resource, now: datetime, problems: list[str]) -> int:
        """Deletes one object where the policy says so; how many were."""
        if self._is_filtered(resource.ref) or _goes(resource):
            return 0
        answers: dict[LookupKey, Answer] = {}
        found = await complete_live(lambda known: planned.evaluate(resource, known, now), answers, self._ask)
        problems += [one.message for one in found.findings if one.outcome is Outcome.ERROR]
        count = 0
        for action in found.actions:
            if isinstance(action, Delete):
                count += await self._delete(planned.policy, resource.ref, action.propagation, problems)
        return count

    async def _delete(
        self, policy: AnyCleanup, ref: ResourceRef, propagation: str, problems: list[str]
    ) -> int:
        try:
            await self._world.delete(ref, propagation)
        except Error as error:
            problems.append(str(error))
            self._told(Deletion(policy, ref, propagation, str(error)))
            return 0
        self._told(Deletion(policy, ref, propagation))
        return 1


def _goes(resource: Resource) -> bool:
    """Whether it is being deleted already."""
    metadata = resource.document.get("metadata")
    return isinstance(metadata, dict) and metadata.get("deletionTimestamp") is not None


def _key(policy: AnyCleanup) -> str:
    kind = "" if isinstance(policy, CleanupPolicy) else policy.kind
    return f"{kind}|{policy.namespace}|{policy.name}"
