"""ValidatingAdmissionPolicy: the words of the API server, and the failure of expressions as a violation.

Follows kubernetes/apiserver plugin/policy/validating/validator.go @ 24a394e and Kyverno
pkg/admissionpolicy/validate.go @ v1.19.1.
"""

from collections.abc import Mapping, Sequence

import msgspec

from propolis.core.finding import Outcome
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.policy.engine.cel.activation import Activation
from propolis.policy.engine.cel.conditions import truth
from propolis.policy.engine.cel.evidence import CelEvidence
from propolis.policy.engine.cel.programs import Check
from propolis.policy.engine.cel.run import Judge
from propolis.policy.engine.cel.validating import annotations_of
from propolis.policy.engine.result import RuleResult

LONGEST_MESSAGE = 5 * 1024
"""Bytes of what a message expression may give, as the API server has it."""


def compile_admission(
    checks: Sequence[Check],
    annotations: Mapping[str, Program],
    passed: str = "success",
    faulty: Outcome = Outcome.ERROR,
) -> Judge:
    """Validations as a function.

    Args:
        checks: In the order in which they decide.
        annotations: Audit annotations by key.
        passed: What a request is told that meets all.
        faulty: The outcome of an expression that has no value.
    """
    met = RuleResult(Outcome.PASS, passed)

    def judge(activation: Activation, runtime: Runtime) -> RuleResult:
        for index, check in enumerate(checks):
            result = _refusal(check, activation, runtime, faulty)
            if result is not None:
                evidence = CelEvidence(index, check.program.tree.text)
                return msgspec.structs.replace(result, evidence=evidence)
        try:
            found = annotations_of(annotations, activation, runtime)
        except EvaluationError as error:
            return RuleResult(Outcome.ERROR, error.message)
        return RuleResult(Outcome.PASS, passed, CelEvidence(annotations=found)) if found else met

    return judge


def _refusal(check: Check, activation: Activation, runtime: Runtime, faulty: Outcome) -> RuleResult | None:
    """What a validation refuses with; None where it holds."""
    text = check.program.tree.text.strip()
    try:
        if truth(check.program, activation, runtime):
            return None
    except EvaluationError as error:
        return RuleResult(faulty, f"expression '{text}' resulted in error: {error.message}")
    told = _spoken(check, activation, runtime) or check.message.strip() or f"failed expression: {text}"
    return RuleResult(Outcome.FAIL, told)


def _spoken(check: Check, activation: Activation, runtime: Runtime) -> str:
    """What the message expression gives; empty where that is no message of one line."""
    if check.message_program is None:
        return ""
    try:
        found = check.message_program.evaluate(activation, runtime)
    except EvaluationError:
        return ""
    if not isinstance(found, str) or "\n" in found.strip() or len(found.encode()) > LONGEST_MESSAGE:
        return ""
    return found.strip()
