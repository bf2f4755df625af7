"""``webhookConfiguration.matchConditions`` of a policy: which requests its rules are for.

Follows Kyverno pkg/engine/internal/match.go @ v1.19.1: the engine looks at them as well, so files and what is
there already are judged as requests are. One without a value is for nothing; an API server has refused such a
request already, where the policy fails closed.
"""

from collections.abc import Callable

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.program import Program
from propolis.policy.engine.cel.conditions import all_hold
from propolis.policy.engine.cel.programs import Expressions
from propolis.policy.engine.cel.seen import seen_of
from propolis.policy.engine.policy_set import ContextOf
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.policy import Policy

Run = Callable[[Request, ContextOf], RuleResult | None]
_FIELD = "matchConditions"


class ConditionedRun:
    """A rule that has nothing to say where a condition does not hold."""

    def __init__(self, conditions: tuple[Program, ...], run: Run) -> None:
        self._conditions = conditions
        self._run = run

    def __call__(self, request: Request, context_of: ContextOf) -> RuleResult | None:
        """The result of the rule for a request."""
        seen = seen_of(request, context_of)
        try:
            holds = all_hold(self._conditions, seen.activation, seen.spending())
        except EvaluationError:
            return None
        return self._run(request, context_of) if holds else None


def compile_conditions(policy: Policy) -> tuple[Program, ...]:
    """The conditions of a policy.

    Raises:
        PolicyError: One cannot be used.
    """
    webhook = policy.spec.webhook_configuration
    stated = webhook.match_conditions if webhook else None
    if not stated:
        return ()
    expressions = Expressions("ClusterPolicy", base=("webhookConfiguration",), is_metered=True)
    return expressions.conditions(stated, _FIELD)
