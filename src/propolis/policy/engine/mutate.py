"""Mutate rules: strategic merge patches, JSON patches, and both for every element of a list.

Follows Kyverno pkg/engine/mutate and pkg/engine/handlers/mutation @ 111e07b.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from propolis.core.errors import DocumentError
from propolis.core.finding import Outcome
from propolis.core.resource import Document, reference_of
from propolis.lang.jmespath import ExpressionError
from propolis.lang.json_patch import PatchError, apply_patch, is_same
from propolis.lang.yaml import load_documents
from propolis.policy.engine.conditions import compile_conditions
from propolis.policy.engine.context import Context
from propolis.policy.engine.entries import compile_entries
from propolis.policy.engine.foreach import element_values, list_elements
from propolis.policy.engine.patch_anchors import has_anchors, prepare_patch, unknown_anchor
from propolis.policy.engine.questions import Questions
from propolis.policy.engine.result import RuleResult
from propolis.policy.engine.strategic_merge import merge_patch
from propolis.policy.engine.validate import Validate
from propolis.policy.engine.variables import Constant, compile_document, compile_text
from propolis.policy.model.mutation import ForEachMutation, Mutation

Change = Callable[[Context, Document], Document]
"""Gives the document as a rule has it; raises `MutationError`."""


class MutationError(DocumentError):
    """A resource cannot be changed as a rule wants it."""


def compile_mutation(mutation: Mutation, policy_namespace: str) -> Validate:
    """A mutate rule without targets as a function; its results carry the changed document."""
    change = compile_change(mutation, policy_namespace)
    unchanged = "no patches applied" if mutation.foreach is None else "0 elements processed"

    def mutate(context: Context, document: Document) -> RuleResult:
        try:
            changed = change(context, document)
        except MutationError as error:
            return RuleResult(Outcome.ERROR, error.message)
        if is_same(document, changed):
            return RuleResult(Outcome.SKIP, unchanged)
        return RuleResult(Outcome.PASS, f"mutated {described(changed)}", patched=changed)

    return mutate


def described(document: Document) -> str:
    """``Kind/name in namespace NAMESPACE``."""
    ref = reference_of(document)
    where = f" in namespace {ref.namespace}" if ref.namespace else ""
    return f"{ref.kind}/{ref.name}{where}"


def compile_change(mutation: Mutation, policy_namespace: str) -> Change:
    """What a rule does to a document."""
    if mutation.foreach is not None:
        return _compile_loops(mutation.foreach, policy_namespace, 0)
    return _compile_patch(mutation.patch_strategic_merge, mutation.patches_json6902)


def _compile_patch(strategic: Any, json_patch: str | None) -> Change:
    if strategic is not None:
        return _compile_strategic(strategic)
    return _compile_json(json_patch) if json_patch else _failing("empty mutate rule")


def _failing(message: str) -> Change:
    def change(context: Context, document: Document) -> Document:
        del context, document
        raise MutationError(message)

    return change


def _compile_strategic(patch: Any) -> Change:
    if not isinstance(patch, dict):
        return _failing("patchStrategicMerge is no object")
    if key := unknown_anchor(patch):
        return _failing(f"the anchor {key} has no meaning in patchStrategicMerge")
    resolve = compile_document(patch)
    anchored = has_anchors(patch) or not isinstance(resolve, Constant)

    def apply(document: Document, found: Document) -> Document:
        return merge_patch(document, prepare_patch(found, document) if anchored else found)

    return _applying(resolve, apply)


def _compile_json(text: str) -> Change:
    return _applying(
        compile_text(text), lambda document, found: _only_object(apply_patch(document, _operations(found)))
    )


def _applying(resolve: Callable[[Context], Any], apply: Callable[[Document, Any], Document]) -> Change:
    def change(context: Context, document: Document) -> Document:
        try:
            patch = resolve(context)
        except ExpressionError as error:
            raise MutationError(f"variable substitution failed: {error.message}") from error
        try:
            return apply(document, patch)
        except DocumentError as error:
            raise MutationError(f"failed to patch resource: {error.message}") from error

    return change


def _only_object(document: Any) -> Document:
    if not isinstance(document, dict):
        raise PatchError("a JSON patch leaves no object")
    return document


def _operations(found: Any) -> Any:
    return _parsed(found) if isinstance(found, str) else found


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Any:
    """Operations that are written as YAML or JSON."""
    parsed = next(iter(load_documents(text.encode(), "patchesJson6902")), None)
    if parsed is None:
        raise PatchError("the JSON patch is empty")
    if parsed.error is not None:
        raise parsed.error
    return parsed.document


def _compile_loops(items: tuple[ForEachMutation, ...], policy_namespace: str, level: int) -> Change:
    """All lists in order; each sees the document as those before left it."""
    loops = [_Loop(item, policy_namespace, level) for item in items]

    def change(context: Context, document: Document) -> Document:
        for loop in loops:
            document = loop.run(context, document)
            context = context.with_object(document)
        return document

    return change


class _Loop:
    """One list and what is changed for each of its elements."""

    def __init__(self, item: ForEachMutation, policy_namespace: str, level: int) -> None:
        self._list = item.list or ""
        self._level = level
        self._entries = compile_entries(item.context, policy_namespace)
        self._preconditions = compile_conditions(item.preconditions) if item.preconditions else None
        is_strategic = item.patch_strategic_merge is not None
        self._is_reverse = item.order == "Descending" if item.order else is_strategic
        self._change = (
            _compile_loops(item.foreach, policy_namespace, level + 1)
            if item.foreach is not None
            else _compile_patch(item.patch_strategic_merge, item.patches_json6902)
        )

    def run(self, context: Context, document: Document) -> Document:
        """The document after all elements; strategic patches begin with the last, as each goes to the front.

        Raises:
            MutationError: A list, a condition or a patch fails.
        """
        try:
            elements = list(enumerate(list_elements(self._list, context)))
        except ExpressionError as error:
            raise MutationError(f"failed to evaluate list {self._list}: {error.message}") from error
        questions = Questions()
        for index, element in reversed(elements) if self._is_reverse else elements:
            if element is not None:
                with questions:
                    document = self._changed(context, element, index, document)
        questions.ask()
        return document

    def _changed(self, context: Context, element: Any, index: int, document: Document) -> Document:
        inner = context.child(element_values(element, index, self._level), self._entries)
        try:
            if self._preconditions and not self._preconditions(inner).holds:
                return document
        except ExpressionError as error:
            where = f"mutate.foreach[{index}].preconditions"
            raise MutationError(f"failed to evaluate {where}: {error.message}") from error
        return self._change(inner, document)
