"""What is to be made or changed after a request: left as UpdateRequests, behind the answer.

The answer does not wait. What cannot be written is tried again; what does not fit into the queue is lost and
counted, as is what the API server refuses for good.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from propolis.cluster.api_client import ApiClient, RefusedError
from propolis.cluster.reflector import Backoff
from propolis.core.errors import Error
from propolis.core.evaluation import Answer, Evaluation, LookupKey, Lookups, complete_live
from propolis.policy.engine.asked import Asked
from propolis.policy.engine.policy_set import CompiledRule, Phase, PolicySet
from propolis.policy.engine.request import Request
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.admission_review import AdmissionRequest
from propolis.policy.model.update_request import (
    API_VERSION,
    PLURAL,
    AdmissionInfo,
    RequestContext,
    RequestType,
    RequestUser,
    RuleContext,
    Trigger,
    UpdateSpec,
    update_request_document,
)

MOST_WAITING = 2_000
MOST_ATTEMPTS = 8
WORKERS = 4
ANSWER_SECONDS = 10.0
_CEL = frozenset(
    {"GeneratingPolicy", "NamespacedGeneratingPolicy", "MutatingPolicy", "NamespacedMutatingPolicy"}
)
_NOT_FOUND = 404

Ask = Callable[[LookupKey], Awaitable[Answer]]


class _Matching(Evaluation, frozen=True):
    """The rules that are for a request."""

    rules: tuple[CompiledRule, ...] = ()


class _Let(msgspec.Struct, frozen=True):
    """A request that was let in."""

    rules: PolicySet
    subject: PolicySubject
    request: AdmissionRequest


class AdmissionActions(Collector):
    """Leaves UpdateRequests in one namespace.

    Attributes:
        counts: Requests by what became of them: written, lost, nothing (no rule was for them).
    """

    def __init__(
        self,
        client: ApiClient,
        namespace: str,
        ask: Callable[[], Ask],
        tell: Callable[[str], None],
        account: str = "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Makes one that has nothing to do.

        Args:
            client: Of the API server.
            namespace: Where UpdateRequests are left.
            ask: Gives who answers look-ups now.
            tell: Is told what cannot be written.
            account: A user whose requests cause nothing, unless a rule says otherwise: the operator's own.
            sleep: Waits.
        """
        self.counts: Counter[str] = Counter()
        self._client = client
        self._namespace = namespace
        self._ask = ask
        self._tell = tell
        self._account = account
        self._sleep = sleep
        self._waiting: deque[_Let] = deque()
        self._work = asyncio.Semaphore(0)
        self._told: set[str] = set()

    def take(self, rules: PolicySet, subject: PolicySubject, request: AdmissionRequest) -> None:
        """Takes a request that was let in; returns at once."""
        if self._account and subject.user.username == self._account:
            return
        if len(self._waiting) >= MOST_WAITING:
            self.counts["lost"] += 1
            return
        self._waiting.append(_Let(rules, subject, request))
        self._work.release()

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(WORKERS):
                tasks.create_task(self._one_after_the_other())

    async def _one_after_the_other(self) -> None:
        while True:
            await self._work.acquire()
            await self.leave(self._waiting.popleft())

    async def leave(self, let: _Let) -> None:
        """Leaves what a request causes."""
        matching = await self._matching(let)
        if not matching:
            self.counts["nothing"] += 1
        for spec in update_specs(matching, let.subject, let.request):
            written = await self._write(spec)
            self.counts["written" if written else "lost"] += 1

    async def _matching(self, let: _Let) -> tuple[CompiledRule, ...]:
        def match(known: Lookups) -> _Matching:
            request = Request(let.subject, Asked(known).ask)
            found = let.rules.rules_for(request)
            return _Matching(
                rules=tuple(rule for rule in found if rule.matches is None or rule.matches(request))
            )

        return (await complete_live(match, {}, self._answers)).rules

    async def _answers(self, keys: frozenset[LookupKey]) -> Mapping[LookupKey, Answer]:
        wanted, ask = list(keys), self._ask()
        found = await asyncio.gather(*(_in_time(ask(key)) for key in wanted))
        return dict(zip(wanted, found, strict=True))

    async def _write(self, spec: UpdateSpec) -> bool:
        path = f"/apis/{API_VERSION}/namespaces/{self._namespace}/{PLURAL}"
        body = msgspec.json.encode(update_request_document(spec, self._namespace))
        backoff = Backoff()
        for _ in range(MOST_ATTEMPTS):
            try:
                await self._client.post(path, f"leave an UpdateRequest for {spec.policy}", body)
            except Error as error:
                self._tell_once(error)
                if isinstance(error, RefusedError) and not error.try_again and error.status != _NOT_FOUND:
                    return False
                await self._sleep(backoff.seconds())
            else:
                self._told.clear()
                return True
        return False

    def _tell_once(self, error: Error) -> None:
        kind = f"{getattr(error, 'status', type(error).__name__)}"
        if kind not in self._told:
            self._told.add(kind)
            self._tell(f"what policies make after requests waits: {error}")

    def collect(self) -> list[Metric]:
        """The counts, for the client library."""
        family = CounterMetricFamily(
            "propolis_admission_update_requests", "requests that cause something", labels=("state",)
        )
        for state in ("written", "lost", "nothing"):
            family.add_metric((state,), self.counts[state])
        waiting = GaugeMetricFamily(
            "propolis_admission_update_requests_waiting",
            "requests of which nothing is left yet",
            len(self._waiting),
        )
        return [family, waiting]


async def _in_time(answer: Awaitable[Answer]) -> Answer:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await answer
    except TimeoutError:
        return Answer(error=f"no answer within {ANSWER_SECONDS:.0f} seconds")


def update_specs(
    rules: Sequence[CompiledRule], subject: PolicySubject, request: AdmissionRequest
) -> list[UpdateSpec]:
    """What a request causes: one for each policy and way, with all of its rules that are for it."""
    found: dict[tuple[str, RequestType], list[str]] = {}
    for rule in rules:
        found.setdefault((rule.rule.policy, _type(rule)), []).append(rule.rule.name)
    ref, user = subject.resource.ref, subject.user
    metadata = subject.resource.document.get("metadata") or {}
    trigger = Trigger(ref.api_version, ref.kind, ref.namespace, ref.name, str(metadata.get("uid") or ""))
    context = RequestContext(
        RequestUser(user.roles, user.cluster_roles, request.user_info),
        AdmissionInfo(_slim(request), request.operation),
    )
    return [
        UpdateSpec(
            policy,
            type_,
            "",
            tuple(RuleContext(name, trigger, delete_downstream=False) for name in names),
            context,
        )
        for (policy, type_), names in found.items()
    ]


def _type(rule: CompiledRule) -> RequestType:
    reported = rule.rule.reported
    is_cel = reported is not None and reported.kind in _CEL
    if rule.phase is Phase.GENERATE:
        return "cel-generate" if is_cel else "generate"
    return "cel-mutate" if is_cel else "mutate"


def _slim(request: AdmissionRequest) -> AdmissionRequest:
    """The request without the fields that tell who manages which."""
    return msgspec.structs.replace(
        request, object=_without(request.object), old_object=_without(request.old_object)
    )


def _without(document: dict[str, object] | None) -> dict[str, object] | None:
    metadata = document.get("metadata") if document else None
    if not document or not isinstance(metadata, dict) or "managedFields" not in metadata:
        return document
    rest = {name: item for name, item in metadata.items() if name != "managedFields"}
    return {**document, "metadata": rest}
