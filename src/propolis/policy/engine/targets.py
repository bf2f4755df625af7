"""Mutate rules with targets: a trigger changes resources that exist. Asks for them by look-ups.

Follows Kyverno pkg/engine/handlers/mutation/mutate_existing.go @ 111e07b.
"""

from typing import Any

from propolis.core.finding import Outcome
from propolis.core.resource import Document, reference_of
from propolis.lang.jmespath import ExpressionError
from propolis.lang.jmespath.values import to_json
from propolis.lang.json_patch import find_patch, is_same
from propolis.policy.engine.conditions import compile_conditions
from propolis.policy.engine.context import Context, ContextError
from propolis.policy.engine.entries import compile_entries
from propolis.policy.engine.mutate import Change, MutationError, compile_change, described
from propolis.policy.engine.questions import Questions
from propolis.policy.engine.result import RuleResult
from propolis.policy.engine.validate import Validate
from propolis.policy.engine.variables import compile_document
from propolis.policy.lookups import resources_key
from propolis.policy.model.action import Patch
from propolis.policy.model.mutation import Mutation, MutationTarget

MOST_TARGETS = 10_000
"""Resources that one rule may change for one trigger."""


def compile_targets(label: str, mutation: Mutation, policy_namespace: str) -> Validate:
    """A mutate rule with targets as a function; its results carry an action for each changed target.

    ``label`` is ``policy/rule``.
    """
    targets = [_Target(item, policy_namespace) for item in mutation.targets or ()]
    change = compile_change(mutation, policy_namespace)

    def mutate(context: Context, document: Document) -> RuleResult:
        del document
        tally = _Tally(label)
        questions = Questions()
        for target in targets:
            found: list[Document] = []
            with questions:
                try:
                    found = target.documents(context)
                except ExpressionError as error:
                    tally.errors.append(error.message)
            for one in found:
                with questions:
                    tally.add(target, change, context, one)
        questions.ask()
        return tally.result()

    return mutate


class _Target:
    """Which resources, and under which conditions."""

    def __init__(self, item: MutationTarget, policy_namespace: str) -> None:
        self._policy_namespace = policy_namespace
        fields = (item.api_version, item.kind, item.namespace, item.name)
        self._fields = [compile_document(field or "") for field in fields]
        self._selector = compile_document(item.selector) if item.selector else None
        self._entries = compile_entries(item.context, policy_namespace)
        self._preconditions = compile_conditions(item.preconditions) if item.preconditions else None

    def documents(self, context: Context) -> list[Document]:
        """The resources.

        Raises:
            ExpressionError: A field cannot be resolved, or the world does not answer.
        """
        texts = [_text(field(context)) for field in self._fields]
        if self._policy_namespace and texts[2] != self._policy_namespace:
            raise ContextError(f"a target is not in the policy's namespace {self._policy_namespace}")
        selector = to_json(self._selector(context)) if self._selector else ""
        return ask_resources(context, (texts[0], texts[1], texts[2], texts[3], selector))

    def context(self, context: Context, document: Document) -> Context | None:
        """The context of one target; None when its preconditions are not met."""
        inner = context.child({"target": document}, self._entries)
        if self._preconditions and not self._preconditions(inner).holds:
            return None
        return inner


def ask_resources(context: Context, arguments: tuple[str, str, str, str, str]) -> list[Document]:
    """What the world has of a kind.

    Raises:
        ContextError: It does not answer, or has too many.
    """
    answer = context.environment.ask(resources_key(*arguments))
    if answer.error:
        raise ContextError(f"failed to list {arguments[1]}: {answer.error}")
    found = [item for item in answer.value or () if isinstance(item, dict)]
    if len(found) > MOST_TARGETS:
        raise ContextError(f"there are more than {MOST_TARGETS} {arguments[1]}")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ContextError("a field that names resources is no text")
    return value


class _Tally:
    """What came of the targets of one rule."""

    def __init__(self, label: str) -> None:
        self._label = label
        self.errors: list[str] = []
        self._actions: list[Patch] = []
        self._changed: list[str] = []

    def add(self, target: _Target, change: Change, context: Context, document: Document) -> None:
        """Changes one target."""
        try:
            inner = target.context(context, document)
            changed = document if inner is None else change(inner, document)
        except (ExpressionError, MutationError) as error:
            self.errors.append(error.message)
            return
        if not is_same(document, changed):
            operations = tuple(find_patch(document, changed))
            ref = reference_of(document)
            reason = f"{self._label} changes it"
            self._actions.append(Patch(ref, reason, (self._label,), operations, changed, is_existing=True))
            self._changed.append(described(changed))

    def result(self) -> RuleResult:
        """An error when anything failed, though what could be done is done."""
        actions = tuple(self._actions)
        if self.errors:
            return RuleResult(Outcome.ERROR, "; ".join(self.errors), actions=actions)
        if not actions:
            return RuleResult(Outcome.SKIP, "no patches applied")
        return RuleResult(Outcome.PASS, f"mutated {', '.join(self._changed)}", actions=actions)
