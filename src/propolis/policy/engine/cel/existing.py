"""Mutating policies that change what exists: a request of a trigger changes targets, found by look-ups.

Follows Kyverno pkg/background/mpol/processor.go @ v1.19.1: the policy is evaluated for every target as if it
were updated, its conditions included. Targets are what an expression gives, or what rules name; lists are
asked for by the paths of the API.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.core.finding import Outcome
from propolis.core.resource import Document, Resource, reference_of
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.program import Program
from propolis.lang.json_patch import find_patch
from propolis.policy.engine.cel.constraints import Test, compile_constraints, of_any_operation
from propolis.policy.engine.cel.run import CelRun
from propolis.policy.engine.cel.seen import seen_of
from propolis.policy.engine.policy_set import ContextOf
from propolis.policy.engine.questions import Questions
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.lookups import api_call_key
from propolis.policy.model.action import Patch
from propolis.policy.model.cel.match import MatchConstraints, ResourceRule

MOST_TARGETS = 10_000
"""Resources that one policy may change for one trigger."""


class ExistingRun:
    """A mutating policy and its targets, as the engine calls a rule.

    Args:
        run: The policy.
        constraints: Which resources are targets.
        expression: What gives them instead; None for none.
        namespace: Of a namespaced policy, which changes nothing elsewhere; empty for others.
        label: ``policy/rule``.
    """

    def __init__(
        self,
        run: CelRun,
        constraints: MatchConstraints,
        expression: Program | None,
        namespace: str,
        label: str,
    ) -> None:
        self._run = run
        self._rules = constraints.resource_rules or ()
        self._is_meant: Test | None = compile_constraints(of_any_operation(constraints), namespace)
        self._expression = expression
        self._namespace = namespace
        self._label = label

    def __call__(self, request: Request, context_of: ContextOf) -> RuleResult | None:
        """The result for the trigger, with an action for each target that changes."""
        result = self._run(request, context_of)
        if result is None or result.outcome is not Outcome.PASS:
            return result
        actions: list[Patch] = []
        errors: list[str] = []
        questions = Questions()
        targets: list[Document] = []
        with questions:
            try:
                targets = list(self._targets(request, context_of))
            except EvaluationError as error:
                errors.append(error.message)
        for target in targets:
            with questions:
                self._change(target, request, context_of, actions, errors)
        questions.ask()
        if errors:
            text = f"failed to evaluate policy: {'; '.join(errors)}"
            return RuleResult(Outcome.ERROR, text, actions=tuple(actions))
        return msgspec.structs.replace(result, actions=(*result.actions, *actions))

    def _targets(self, request: Request, context_of: ContextOf) -> Iterator[Document]:
        """Raises `EvaluationError`, `MissingLookups`."""
        if self._expression is not None:
            found = self._run.value(self._expression, seen_of(request, context_of))
            yield from _items(found)
            return
        for rule in self._rules:
            for path in _paths(rule, self._namespace):
                answer = request.ask(api_call_key("GET", path))
                if answer.error:
                    raise EvaluationError(f"failed to fetch targets {path}: {answer.error}")
                yield from _items(answer.value)

    def _change(
        self,
        target: Document,
        trigger: Request,
        context_of: ContextOf,
        actions: list[Patch],
        errors: list[str],
    ) -> None:
        """Adds what becomes of one target. Raises `MissingLookups`."""
        ref = reference_of(target)
        subject = msgspec.structs.replace(
            trigger.subject,
            resource=Resource(ref, target, trigger.subject.resource.origin),
            old=None,
            operation="UPDATE",
            subresource="",
        )
        request = Request(subject, trigger.ask)
        if len(actions) >= MOST_TARGETS:
            errors.append(f"there are more than {MOST_TARGETS} targets")
            return
        if self._expression is None and self._is_meant is not None and not self._is_meant(request):
            return
        if self._namespace and ref.namespace != self._namespace:
            errors.append(f"a target is not in the policy's namespace {self._namespace}")
            return
        result = self._run(request, context_of)
        if result is not None and result.outcome is Outcome.ERROR:
            errors.append(result.message)
        if result is not None and result.patched is not None:
            operations = tuple(find_patch(target, result.patched))
            reason = f"{self._label} changes it"
            patched = result.patched
            actions.append(Patch(ref, reason, (self._label,), operations, patched, is_existing=True))


def _paths(rule: ResourceRule, namespace: str) -> Iterator[str]:
    """Paths of the lists that a rule names.

    Raises:
        EvaluationError: It names any group, version or resource, which nobody can list.
    """
    for group in rule.api_groups or ():
        for version in rule.api_versions or ():
            for resource in rule.resources or ():
                plural = resource.partition("/")[0]
                if "*" in (group, version, plural):
                    raise EvaluationError("targets of any group, version or resource cannot be listed")
                base = f"/apis/{group}/{version}" if group else f"/api/{version}"
                within = f"/namespaces/{namespace}" if namespace else ""
                yield f"{base}{within}/{plural}"


def _items(value: Any) -> Iterator[Document]:
    """The objects of a list, each with its kind; or the one object. Null gives none.

    Raises:
        EvaluationError: It is something else.
    """
    if value is None:
        return
    if not isinstance(value, dict):
        raise EvaluationError("the output of the target expression must be an object")
    items = value.get("items")
    if not isinstance(items, list):
        yield value
        return
    kind = str(value.get("kind", "")).removesuffix("List")
    for item in items:
        if not isinstance(item, dict):
            raise EvaluationError("an item is not a valid Kubernetes object")
        yield item if "kind" in item else {"apiVersion": value.get("apiVersion", ""), "kind": kind, **item}
