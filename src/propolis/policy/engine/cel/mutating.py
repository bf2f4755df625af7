"""MutatingPolicy and MutatingAdmissionPolicy: objects that are applied, and JSON patches, in order.

Follows Kyverno pkg/cel/policies/mpol/compiler @ v1.19.1 and kubernetes/apiserver plugin/policy/mutating/patch
@ 24a394e. What a policy changes is seen by the policies after it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.finding import Outcome
from propolis.core.resource import Document
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.json_values import to_json
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.lang.json_patch import PatchTestError, apply_patch, is_same
from propolis.policy.engine.cel.activation import OBJECT, Activation
from propolis.policy.engine.cel.apply import apply_object
from propolis.policy.engine.cel.evidence import CelEvidence
from propolis.policy.engine.cel.made import JsonPatchOperation, MadeObject
from propolis.policy.engine.cel.run import Judge
from propolis.policy.engine.cel.validating import annotations_of
from propolis.policy.engine.result import RuleResult


class Change(msgspec.Struct, frozen=True):
    """One mutation as a program; ``applies`` tells an object that is applied from a JSON patch."""

    program: Program
    applies: bool


def compile_changes(
    changes: Sequence[Change], annotations: Mapping[str, Program], *, may_replace: bool
) -> Judge:
    """Mutations as a function."""

    def judge(activation: Activation, runtime: Runtime) -> RuleResult | None:
        before = activation[OBJECT]
        if not isinstance(before, dict):
            return None
        try:
            after = changed(changes, activation, runtime, may_replace=may_replace)
            found = annotations_of(annotations, activation, runtime)
        except EvaluationError as error:
            return RuleResult(Outcome.ERROR, f"failed to evaluate policy: {error.message}")
        evidence = CelEvidence(annotations=found) if found else None
        patched = None if is_same(before, after) else after
        return RuleResult(Outcome.PASS, "success", evidence, patched)

    return judge


def changed(
    changes: Sequence[Change], activation: Activation, runtime: Runtime, *, may_replace: bool
) -> Document:
    """The object after all mutations; each sees what those before it did.

    Raises:
        EvaluationError: An expression has no value, or what it gives is no change of the object.
    """
    document: Document = activation[OBJECT]
    for change in changes:
        made = change.program.evaluate(activation, runtime)
        if change.applies:
            document = apply_object(document, _applied(made), may_replace=may_replace)
        else:
            document = _patched(document, made)
        activation[OBJECT] = document
    return document


def _applied(made: Any) -> Document:
    if not isinstance(made, MadeObject) or made.type_name != "Object":
        raise EvaluationError("the expression gives no Object")
    _check_names(made, made.type_name)
    found = plain(made)
    return found if isinstance(found, dict) else {}


def _check_names(value: Any, path: str) -> None:
    """The type of every part must name its place."""
    if isinstance(value, MadeObject):
        if value.type_name != path:
            raise EvaluationError(
                f"type mismatch: unexpected type name {value.type_name!r}, expected {path!r}"
            )
        for key, item in value.items():
            _check_names(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            _check_names(item, path)


def _patched(document: Document, made: Any) -> Document:
    if not isinstance(made, list):
        raise EvaluationError("the expression gives no list of JSONPatch")
    try:
        found = apply_patch(document, [_operation(one) for one in made], is_strict=True)
    except PatchTestError:
        return document
    except DocumentError as error:
        raise EvaluationError(f"JSON Patch: {error.message}") from error
    if not isinstance(found, dict):
        raise EvaluationError("JSON Patch: the object is gone")
    return found


def _operation(one: Any) -> dict[str, Any]:
    if not isinstance(one, JsonPatchOperation):
        raise EvaluationError("the expression gives a list of something else than JSONPatch")
    return {key: plain(item) for key, item in one.items()}


def plain(value: Any) -> Any:
    """A value of CEL as JSON, objects that were made as what they hold."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return to_json(value)
