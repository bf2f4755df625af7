"""One attempt to do what a rule wants for a trigger: evaluate it, carry out, look what is too much.

Follows Kyverno pkg/background/{generate,gpol,mutate,mpol} @ v1.19.1.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

import msgspec

from propolis.cluster.discovery import Served
from propolis.core import clock
from propolis.core.action import Action
from propolis.core.errors import SourceError
from propolis.core.evaluation import Answer, LookupKey, Lookups, complete_live
from propolis.core.finding import Finding, Outcome
from propolis.core.resource import Document, Origin, Resource, ResourceRef, reference_of
from propolis.policy.controllers.acting_policies import WITHOUT_REQUEST, ActingRule, Owner
from propolis.policy.controllers.carrying_out import Writer, carry_out, delete_only
from propolis.policy.controllers.judging import Guard, unguarded
from propolis.policy.controllers.made import Made, Place, place_of
from propolis.policy.engine.evaluate import Decision, evaluate
from propolis.policy.engine.evidence import ExceptionEvidence, GoneSourceEvidence
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.lookups import RESOURCES
from propolis.policy.model.action import Create, Delete, Patch, PolicyAction, Update

ANSWER_SECONDS = 30.0
_ORIGIN = Origin("cluster")
_OF_REQUEST = frozenset({"DELETE", "CONNECT"})
"""Operations after which the trigger is what the request says, not what is there."""

Ask = Callable[[frozenset[LookupKey]], Awaitable[Mapping[LookupKey, Answer]]]


class World(Writer, Protocol):
    """The cluster as rules that act need it. All methods raise `SourceError`."""

    @property
    def served(self) -> Sequence[Served]:
        """All kinds."""
        ...

    async def objects(self, kind: Served, namespace: str) -> Sequence[Resource]:
        """All objects of a kind; in one namespace where one is named."""
        ...

    async def labelled(self, kind: Served, label: str) -> Sequence[Resource]:
        """Objects of a kind that have a label."""
        ...


class Deed(msgspec.Struct, frozen=True):
    """What came of a rule: something done to a resource, or why it could not be.

    Attributes:
        what: ``Create``, ``Update``, ``Patch``, ``Delete``; empty for a failure before anything was done.
    """

    rule: ActingRule
    trigger: ResourceRef
    what: str = ""
    resource: ResourceRef | None = None
    error: str = ""


class Attempted(msgspec.Struct, frozen=True):
    """What came of an attempt.

    Attributes:
        is_there: Whether there was a trigger.
        is_for: Whether the rule is for it.
        has_changed: Whether anything was other than it was to be.
        used: Look-ups that this depends on.
        problem: What the rule could not do; empty for nothing.
    """

    is_there: bool
    is_for: bool = False
    has_changed: bool = False
    used: frozenset[LookupKey] = frozenset()
    problem: str = ""


NOT_THERE = Attempted(is_there=False)


class Attempts:
    """Attempts on one cluster.

    Attributes:
        guard: Stops evaluations that take too long.
    """

    def __init__(self, world: World, ask: Ask, made: Made, told: Callable[[Deed], None]) -> None:
        self.guard: Guard = unguarded
        self.ask = ask
        self._world = world
        self._made = made
        self._told = told

    async def attempt(
        self,
        rule: ActingRule,
        trigger: ResourceRef,
        request: PolicySubject | None,
        *,
        is_changed: bool = False,
    ) -> Attempted:
        """Does what a rule wants for a trigger.

        Args:
            rule: The rule.
            trigger: With the uid of the one that is meant; empty for any.
            request: What brought it; None where nobody asked.
            is_changed: Whether the rule is another than before: what it no longer makes is left alone then.

        Raises:
            SourceError: The cluster does not answer, or an action could not be carried out.
        """
        if _is_of_request(rule, request):
            subject = request
        else:
            found = await self._live(trigger)
            if found is None:
                return NOT_THERE
            subject = msgspec.structs.replace(request or PolicySubject(found), resource=found)
        assert subject is not None  # noqa: S101  # one of the two
        decision = await self._decided(rule, subject, has_request=request is not None)
        return await self._done(rule, subject, decision, has_request=request is not None, leaves=is_changed)

    async def _live(self, trigger: ResourceRef) -> Resource | None:
        """The trigger as it is; None where it goes, is gone, or another has its name."""
        found = await self._world.get(trigger)
        if found is None:
            return None
        document = {"apiVersion": trigger.api_version, "kind": trigger.kind, **found}
        ref = reference_of(document)
        is_other = trigger.uid and ref.uid != trigger.uid
        return None if is_other or is_going(document) else Resource(ref, document, _ORIGIN)

    async def _decided(self, rule: ActingRule, subject: PolicySubject, *, has_request: bool) -> Decision:
        """What the rule says; where nobody asked, by the first operation that it is for."""
        decision = await self._evaluated(rule, subject)
        if has_request or _findings(rule, decision):
            return decision
        other = msgspec.structs.replace(subject, operation=WITHOUT_REQUEST[1])
        return await self._evaluated(rule, other)

    async def _evaluated(self, rule: ActingRule, subject: PolicySubject) -> Decision:
        now = clock.now()

        def decide(known: Lookups) -> Decision:
            return self.guard(lambda: evaluate(rule.rules, subject, known, now))

        async def answers(keys: frozenset[LookupKey]) -> Mapping[LookupKey, Answer]:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await self.ask(keys)
            except TimeoutError:
                return dict.fromkeys(keys, Answer(error=f"no answer within {ANSWER_SECONDS:.0f} seconds"))

        return await complete_live(decide, {}, answers)

    async def _done(
        self,
        rule: ActingRule,
        subject: PolicySubject,
        decision: Decision,
        *,
        has_request: bool,
        leaves: bool,
    ) -> Attempted:
        """Carries out what was decided. Raises `SourceError`."""
        trigger, findings = subject.resource.ref, _findings(rule, decision)
        has_changed = False
        for action in decision.actions:
            if _is_of(rule, action, has_request=has_request):
                has_changed |= await self._carry_out(rule, trigger, action)
        problem = "; ".join(one.message for one in findings if one.outcome is Outcome.ERROR)
        is_for = any(one.outcome in (Outcome.PASS, Outcome.ERROR) for one in findings)
        is_exempt = any(isinstance(one.evidence, ExceptionEvidence) for one in findings)
        is_source_gone = any(isinstance(one.evidence, GoneSourceEvidence) for one in findings)
        is_known = is_source_gone or not problem
        if rule.generates and rule.synchronizes and is_known and not is_exempt:
            may_tell = has_request or not rule.needs_request
            keep = _asked_about(decision.used) if is_for else frozenset()
            if is_for and leaves and rule.owner.rule:
                await self._release(rule, trigger, keep)
            elif is_for or may_tell:
                has_changed |= await self.delete_made(rule, trigger, keep)
        return Attempted(
            is_there=True,
            is_for=is_for or is_exempt,
            has_changed=has_changed,
            used=decision.used,
            problem=problem,
        )

    async def _carry_out(self, rule: ActingRule, trigger: ResourceRef, action: Action) -> bool:
        if isinstance(action, Delete):
            return await self._delete(rule, trigger, action.resource)
        what = type(action).__name__
        try:
            has_changed = await carry_out(self._world, action)
        except SourceError as error:
            self._told(Deed(rule, trigger, what, action.resource, str(error)))
            raise
        if isinstance(action, Create | Update):
            metadata = action.document.get("metadata") or {}
            self._made.put(action.resource, metadata.get("labels") or {})
        if has_changed:
            self._told(Deed(rule, trigger, what, action.resource))
        return has_changed

    async def _release(self, rule: ActingRule, trigger: ResourceRef, keep: AbstractSet[Place]) -> None:
        """Takes the rule's labels off what it no longer makes, as Kyverno does when a rule is changed.

        Raises:
            SourceError: That could not be written.
        """
        wanted = _owner_labels(rule.owner)
        for ref, _ in self._made.of(rule.owner, trigger.uid) if trigger.uid else ():
            if place_of(ref) in keep:
                continue
            found = await self._world.get(ref)
            metadata = (found or {}).get("metadata") or {}
            labels = metadata.get("labels") or {}
            names = [name for name in wanted if labels.get(name) == wanted[name]]
            if len(names) == len(wanted):
                paths = [f"/metadata/labels/{name.replace('/', '~1')}" for name in names]
                operations = [{"op": "remove", "path": path} for path in paths]
                await self._world.patch(ref, operations, metadata.get("resourceVersion", ""))
            self._made.drop(place_of(ref))

    async def delete_made(
        self, rule: ActingRule, trigger: ResourceRef | None, keep: AbstractSet[Place] = frozenset()
    ) -> bool:
        """Deletes what a rule made, for one trigger or for all; whether anything was deleted.

        Args:
            rule: The rule.
            trigger: With its uid; None for all of them.
            keep: Places that stay as they are.

        Raises:
            SourceError: Something could not be deleted.
        """
        has_changed = False
        if trigger is not None and not trigger.uid:
            return False
        for ref, origin in self._made.of(rule.owner, trigger.uid if trigger else None):
            if place_of(ref) not in keep:
                has_changed |= await self._delete(rule, trigger or origin.trigger, ref)
        return has_changed

    async def _delete(self, rule: ActingRule, trigger: ResourceRef, ref: ResourceRef) -> bool:
        """Deletes one object that the rule made, and nothing else of its name."""
        try:
            has_changed = await delete_only(self._world, ref, _owner_labels(rule.owner))
        except SourceError as error:
            self._told(Deed(rule, trigger, "Delete", ref, str(error)))
            raise
        self._made.drop(place_of(ref))
        if has_changed:
            self._told(Deed(rule, trigger, "Delete", ref))
        return has_changed


def is_going(document: Document) -> bool:
    """Whether an object is being deleted."""
    metadata = document.get("metadata")
    return isinstance(metadata, dict) and metadata.get("deletionTimestamp") is not None


def _is_of_request(rule: ActingRule, request: PolicySubject | None) -> bool:
    """Whether the trigger is what the request says: for deletions that are waited for, and subresources."""
    if request is None:
        return False
    if request.operation == "DELETE" and rule.generates and not rule.on_delete:
        return False
    return request.operation in _OF_REQUEST or bool(request.subresource)


def _findings(rule: ActingRule, decision: Decision) -> list[Finding]:
    return [one for one in decision.findings if one.rule.name == rule.owner.rule]


def _is_of(rule: ActingRule, action: Action, *, has_request: bool) -> bool:
    """Whether an action is the rule's own. Requests were changed when they were let in."""
    if not isinstance(action, PolicyAction) or rule.owner.label not in action.rules:
        return False
    return not (isinstance(action, Patch) and not action.is_existing and has_request)


def _asked_about(used: frozenset[LookupKey]) -> frozenset[Place]:
    """Objects whose being there was asked: what is to be made is among them."""
    found = set()
    for key in used:
        if key.kind == RESOURCES:
            api_version, kind, namespace, name, _ = key.arguments
            found.add(place_of(ResourceRef(api_version, kind, name, namespace)))
    return frozenset(found)


def _owner_labels(owner: Owner) -> dict[str, str]:
    names = ("policy-namespace", "policy-name", "rule-name")
    return {f"generate.kyverno.io/{name}": text for name, text in zip(names, owner.labels, strict=True)}
