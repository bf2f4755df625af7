"""ValidatingPolicy: every validation must be true; the first that is not decides.

Follows Kyverno pkg/cel/policies/vpol/compiler/policy.go @ v1.19.1. ValidatingAdmissionPolicy has its own
words for failures (`admission.py`).
"""

from collections.abc import Mapping, Sequence

from propolis.core.finding import Outcome
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.policy.engine.cel.activation import Activation
from propolis.policy.engine.cel.conditions import truth
from propolis.policy.engine.cel.evidence import CelEvidence
from propolis.policy.engine.cel.programs import Check
from propolis.policy.engine.cel.run import Judge
from propolis.policy.engine.result import RuleResult

PASSED = RuleResult(Outcome.PASS, "success")


def compile_checks(checks: Sequence[Check], annotations: Mapping[str, Program]) -> Judge:
    """Validations as a function."""
    programs = [(index, check.program, check) for index, check in enumerate(checks)]

    def judge(activation: Activation, runtime: Runtime) -> RuleResult:
        index = 0
        try:
            for index, program, check in programs:
                if program.evaluate(activation, runtime) is True:
                    continue
                if not truth(program, activation, runtime):
                    return _failed(index, check, activation, runtime, annotations)
            if not annotations:
                return PASSED
            found = annotations_of(annotations, activation, runtime)
        except EvaluationError as error:
            return RuleResult(Outcome.ERROR, f"error: {error.message}", CelEvidence(index))
        return RuleResult(Outcome.PASS, "success", CelEvidence(annotations=found)) if found else PASSED

    return judge


def _failed(
    index: int,
    check: Check,
    activation: Activation,
    runtime: Runtime,
    annotations: Mapping[str, Program],
) -> RuleResult:
    """Raises `EvaluationError` where an annotation has no value."""
    text = message_of(check, activation, runtime) or f"CEL expression validation failed at index {index}"
    found = annotations_of(annotations, activation, runtime)
    return RuleResult(Outcome.FAIL, text, CelEvidence(index, check.program.tree.text, found))


def message_of(check: Check, activation: Activation, runtime: Runtime) -> str:
    """What a failure says: what the expression for it gives, else the text of the policy."""
    if check.message_program is None:
        return check.message
    try:
        found = check.message_program.evaluate(activation, runtime)
    except EvaluationError as error:
        return f"failed to evaluate message expression: {error.message}"
    if isinstance(found, str):
        return found
    return f"failed to convert message expression to string: it gives {type(found).__name__}"


def annotations_of(
    annotations: Mapping[str, Program], activation: Activation, runtime: Runtime
) -> dict[str, str]:
    """The texts of audit annotations; empty ones are left out.

    Raises:
        EvaluationError: One has no value, or no text.
    """
    found: dict[str, str] = {}
    for key, program in annotations.items():
        try:
            text = program.evaluate(activation, runtime)
        except EvaluationError as error:
            raise EvaluationError(f"failed to evaluate auditAnnotation '{key}': {error.message}") from error
        if text is not None and not isinstance(text, str):
            raise EvaluationError(f"failed to convert auditAnnotation '{key}' expression: it is no string")
        if text:
            found[key] = text
    return found
