"""Judges reviews: from the body that an API server sends to the body that it is answered."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

from propolis.app.admission_metrics import AdmissionMetrics
from propolis.app.admission_recorder import Decided, Recorder
from propolis.app.admission_rules import AdmissionRules, Chosen, failure_of
from propolis.core import clock
from propolis.core.evaluation import Answer, LookupKey, Lookups, MissingLookups, complete_live
from propolis.core.resource import ResourceRef
from propolis.policy.engine.admission import FAILED, ParentKind, Roles, answer_of, refusal, request_subject
from propolis.policy.engine.evaluate import Decision, evaluate
from propolis.policy.engine.policy_set import PolicySet
from propolis.policy.engine.request_filter import is_unseen
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.lookups import namespace_key
from propolis.policy.model.admission_review import (
    AdmissionRequest,
    AdmissionResponse,
    ReviewError,
    parse_review,
    write_response,
)

if TYPE_CHECKING:
    from propolis.app.admission_actions import AdmissionActions
    from propolis.app.admission_events import AdmissionEvents
    from propolis.app.evaluation_guard import EvaluationGuard

Webhook = Literal["mutate", "validate"]
RESERVED_SECONDS = 0.5
"""Of a webhook's time-out, for the decision and its way back once all answers are there."""
SHARE = 0.8
"""Of a short time-out that look-ups may take."""
_BAD_REQUEST = 400


class World(msgspec.Struct, frozen=True):
    """What decisions need of the world.

    Attributes:
        answer: Answers one look-up.
        parent: Kinds by their names in paths.
        roles: What is bound to a user's name and groups.
        namespace: The answer to a look-up of a namespace, where it is known without asking.
    """

    answer: Callable[[LookupKey], Awaitable[Answer]]
    parent: ParentKind
    roles: Callable[[str, tuple[str, ...]], Roles]
    namespace: Callable[[str], Answer | None] = lambda _name: None


async def _nobody(key: LookupKey) -> Answer:
    return Answer(error=f"there is no cluster that could answer the look-up {key.kind}")


def _no_parent(_group: str, _plural: str) -> str:
    return ""


def _no_roles(_user: str, _groups: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (), ()


NOBODYS_WORLD = World(_nobody, _no_parent, _no_roles)
"""Without a cluster: look-ups are errors, nobody has roles."""


class AdmissionService:
    """Decides by the policies of the moment; they may change between two reviews.

    Attributes:
        rules: The policies.
        world: What they may ask.
        metrics: What was done.
        recorder: Keeps every decision; None where none is kept.
        guard: Stops rules that take too long; None where nothing does.
        events: Tells the cluster of decisions; None where nobody is told.
        actions: Leaves what policies make or change after requests; None where nobody carries it out.
    """

    def __init__(
        self,
        rules: AdmissionRules,
        world: World,
        metrics: AdmissionMetrics,
        recorder: Recorder | None = None,
    ) -> None:
        self.rules = rules
        self.world = world
        self.metrics = metrics
        metrics.take(rules)
        self.recorder = recorder
        self.guard: EvaluationGuard | None = None
        self.actions: AdmissionActions | None = None
        self.events: AdmissionEvents | None = None

    async def review(self, webhook: Webhook, chosen: Chosen, body: bytes, timeout_seconds: float) -> bytes:
        """The answer to a review.

        Args:
            webhook: Whether it may change the object.
            chosen: The policies to decide by.
            body: An AdmissionReview.
            timeout_seconds: After which the API server does not wait for the answer.

        Raises:
            ReviewError: It has no uid that could be answered.
        """
        begin = clock.monotonic()
        try:
            request = parse_review(body)
        except ReviewError as error:
            self.metrics.failed(webhook, "malformed")
            if not error.uid:
                raise
            return write_response(refusal(error.uid, str(error), code=_BAD_REQUEST))
        labels = (request.kind.get("kind", ""), request.namespace, request.operation.lower())
        response = await self._decided(webhook, chosen, request, body, labels, timeout_seconds)
        taken = clock.monotonic() - begin
        self.metrics.reviewed(webhook, labels, allowed=response.allowed, seconds=taken)
        return write_response(response)

    async def _decided(
        self,
        webhook: Webhook,
        chosen: Chosen,
        request: AdmissionRequest,
        body: bytes,
        labels: tuple[str, ...],
        timeout_seconds: float,
    ) -> AdmissionResponse:
        """The decision; a fault of this program counts as the failure policy says."""
        try:
            return await self._judged(webhook, chosen, request, body, labels, timeout_seconds)
        except Exception as error:  # noqa: BLE001  # whatever fails, the API server is told what to do
            self.metrics.failed(webhook, "fault")
            allowed = failure_of(chosen) == "ignore"
            if self.recorder is not None:
                self.recorder.take(_undecided(webhook, chosen, request, body, self.rules, allowed=allowed))
            told = f"the policies could not be evaluated: {type(error).__name__}"
            if allowed:
                return AdmissionResponse(request.uid, allowed=True, warnings=(told,))
            return refusal(request.uid, told, code=FAILED)

    async def _judged(
        self,
        webhook: Webhook,
        chosen: Chosen,
        request: AdmissionRequest,
        body: bytes,
        labels: tuple[str, ...],
        timeout_seconds: float,
    ) -> AdmissionResponse:
        rules, world = self.rules, self.world
        user = request.user_info
        asks_roles = rules.asks_roles or rules.filter.asks_roles
        roles = world.roles(user.username, user.groups or ()) if asks_roles else ((), ())
        subject = request_subject(request, world.parent, roles)
        if is_unseen(rules.filter, subject):
            return AdmissionResponse(request.uid, allowed=True)
        own = rules.set_of(chosen)
        if own.acting is not None:
            if self.actions is not None and not request.dry_run:
                self.actions.take(own.acting, subject, request)
            return AdmissionResponse(request.uid, allowed=True)
        deadline = clock.monotonic() + max(timeout_seconds - RESERVED_SECONDS, timeout_seconds * SHARE)
        answers: dict[LookupKey, Answer] = {}
        begin = clock.monotonic()
        decision = await self._decision(getattr(own, webhook), subject, answers, deadline)
        taken = clock.monotonic() - begin
        self.metrics.judged(labels, decision.findings, taken, dry_run=bool(request.dry_run))
        response = answer_of(request.uid, subject, decision, rules.warning, may_change=webhook == "mutate")
        if self.events is not None and not request.dry_run:
            self.events.take(subject, decision, rules.settings)
        if self.recorder is not None:
            self.recorder.take(
                Decided(
                    at=clock.now(),
                    webhook=webhook,
                    chosen=chosen,
                    uid=request.uid,
                    operation=request.operation,
                    subresource=request.sub_resource,
                    body=body,
                    ref=subject.resource.ref,
                    allowed=response.allowed,
                    rules=rules,
                    roles=roles,
                    answers=self._with_namespace(answers, request.namespace),
                    findings=decision.findings,
                    refusing=decision.refusing,
                )
            )
        return response

    def _with_namespace(self, answers: dict[LookupKey, Answer], namespace: str) -> Mapping[LookupKey, Answer]:
        """Answers, and what is known of the namespace: a policy that is replayed may ask for its labels."""
        key = namespace_key(namespace)
        known = self.world.namespace(namespace) if namespace and key not in answers else None
        return answers if known is None else {**answers, key: known}

    async def _decision(
        self,
        rules: PolicySet,
        subject: PolicySubject,
        answers: dict[LookupKey, Answer],
        deadline: float,
    ) -> Decision:
        """The decision; ``answers`` keeps what was asked."""
        now = clock.now()

        def decided(known: Lookups) -> Decision:
            if self.guard is None:
                return evaluate(rules, subject, known, now)
            left = deadline - clock.monotonic()
            return self.guard.run(lambda: evaluate(rules, subject, known, now), left)

        try:
            return decided({})
        except MissingLookups:
            return await complete_live(
                decided,
                answers,
                lambda keys: self._answers(keys, deadline),
            )

    async def _answers(self, keys: frozenset[LookupKey], deadline: float) -> Mapping[LookupKey, Answer]:
        """Answers, all asked at once; what is not there in time is an error of the rule that asked."""
        wanted = list(keys)
        left = max(deadline - clock.monotonic(), 0.0)
        found = await asyncio.gather(*(self._answer(key, left) for key in wanted))
        return dict(zip(wanted, found, strict=True))

    async def _answer(self, key: LookupKey, seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                return await self.world.answer(key)
        except TimeoutError:
            return Answer(error="no answer within the time-out of the webhook")


def _undecided(
    webhook: Webhook,
    chosen: Chosen,
    request: AdmissionRequest,
    body: bytes,
    rules: AdmissionRules,
    *,
    allowed: bool,
) -> Decided:
    """What is kept of a request that could not be judged."""
    group, version, kind = (request.kind.get(part, "") for part in ("group", "version", "kind"))
    ref = ResourceRef(f"{group}/{version}" if group else version, kind, request.name, request.namespace)
    return Decided(
        at=clock.now(),
        webhook=webhook,
        chosen=chosen,
        uid=request.uid,
        operation=request.operation,
        subresource="",
        body=body,
        ref=ref,
        allowed=allowed,
        rules=rules,
        roles=((), ()),
        answers={},
    )
