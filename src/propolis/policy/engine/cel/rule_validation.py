"""``validate.cel`` of a rule: expressions as in a ValidatingAdmissionPolicy, within a ClusterPolicy.

Follows Kyverno pkg/engine/handlers/validation/validate_cel.go @ v1.19.1. An expression without a value fails
the rule, and so does a CEL precondition.
"""

from typing import Any

import msgspec

from propolis.core.finding import Outcome
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Runtime
from propolis.policy.engine.cel.activation import PARAMS, VARIABLES, Variables, request_activation
from propolis.policy.engine.cel.admission import compile_admission
from propolis.policy.engine.cel.conditions import truth
from propolis.policy.engine.cel.parameters import parameters
from propolis.policy.engine.cel.programs import Expressions
from propolis.policy.engine.cel.run import CALL_COST
from propolis.policy.engine.context import Context
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.cel.match import Validation
from propolis.policy.model.rule import PolicyRule

UNMET = RuleResult(Outcome.SKIP, "cel preconditions not met")


class CelValidation:
    """The check of a rule, which needs the request and not the rule's variables.

    Raises:
        PolicyError: An expression cannot be used.
    """

    def __init__(self, rule: PolicyRule) -> None:
        cel = rule.validation.cel if rule.validation else None
        if cel is None:
            raise ValueError("the rule has no validate.cel")
        expressions = Expressions("ClusterPolicy")
        message = (rule.validation.message if rule.validation else None) or ""
        self._kind, self._ref = cel.param_kind, cel.param_ref
        self._preconditions = [
            (one.expression, expressions.program(one.expression, "celPreconditions", index, "expression"))
            for index, one in enumerate(rule.cel_preconditions or ())
        ]
        expressions.base = ("validate", "cel")
        expressions.add_variables(cel.variables)
        self._variables = expressions.variables
        checks = expressions.checks(
            (_with_message(one, message) for one in cel.expressions or ()), "expressions"
        )
        annotations = expressions.annotations(cel.audit_annotations)
        passed = f"Validation rule '{rule.name}' passed."
        self._judge = compile_admission(checks, annotations, passed, faulty=Outcome.FAIL)

    def __call__(self, request: Request, context: Context) -> RuleResult | None:
        """The result of the rule for a request."""
        found: list[Any] = [None]
        if self._kind is not None and self._ref is not None:
            try:
                found = [*parameters(self._kind, self._ref, request)]
            except EvaluationError as error:
                return RuleResult(Outcome.ERROR, f"error in parameterized resource: {error.message}")
        result = None
        for one in found:
            result = self._judged(request, context, one)
            if result is None or result.outcome is not Outcome.PASS:
                return result
        return result

    def _judged(self, request: Request, context: Context, params: Any) -> RuleResult | None:
        runtime = Runtime(context.environment.now, request.ask, CALL_COST)
        activation = request_activation(request)
        activation[PARAMS] = params
        activation[VARIABLES] = Variables(self._variables, activation, runtime, is_composited=True)
        for text, program in self._preconditions:
            try:
                if not truth(program, activation, runtime):
                    return UNMET
            except EvaluationError as error:
                told = f"expression '{text.strip()}' resulted in error: {error.message}"
                return RuleResult(Outcome.FAIL, told)
        return self._judge(activation, runtime)


def _with_message(validation: Validation, message: str) -> Validation:
    return validation if validation.message else msgspec.structs.replace(validation, message=message)
