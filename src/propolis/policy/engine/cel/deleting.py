"""DeletingPolicy: whether a resource is deleted when the policy's time comes.

Follows Kyverno pkg/cel/policies/dpol @ v1.19.1. A resource that the policy is for and whose conditions hold
passes, with a deletion at the next time of the schedule (UTC); one whose conditions do not hold fails.
"""

from collections.abc import Sequence

from propolis.core.finding import Outcome
from propolis.core.resource import ResourceRef, reference_of
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.lang.cron import Schedule
from propolis.policy.engine.cel.activation import OBJECT, Activation
from propolis.policy.engine.cel.conditions import all_hold
from propolis.policy.engine.cel.run import Judge
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.action import Delete

KEPT = RuleResult(Outcome.FAIL, "resource did not match")


def compile_deletion(
    conditions: Sequence[Program], schedule: Schedule, label: str, propagation: str
) -> Judge:
    """Conditions and a schedule as a function; ``label`` is the policy's name."""

    def judge(activation: Activation, runtime: Runtime) -> RuleResult:
        try:
            holds = all_hold(conditions, activation, runtime)
        except EvaluationError as error:
            return RuleResult(Outcome.ERROR, error.message)
        if not holds:
            return KEPT
        at = schedule.after(runtime.now)
        ref: ResourceRef = reference_of(activation[OBJECT] or {})
        deletion = Delete(ref, f"{label} deletes it", (label,), at, propagation)
        is_resource = bool(ref.kind and ref.name)  # other documents are judged, and deleted by nobody
        return RuleResult(Outcome.PASS, "resource matched", actions=(deletion,) if at and is_resource else ())

    return judge
