"""``validate.cel`` of a rule: expressions as in a ValidatingAdmissionPolicy, within a ClusterPolicy.

Follows Kyverno pkg/engine/handlers/validation/validate_cel.go @ v1.19.1. An expression without a value fails
the rule, and so does a CEL precondition.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from propolis.core.finding import Outcome
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.program import Program
from propolis.policy.engine.cel.activation import PARAMS, VARIABLES, Variables
from propolis.policy.engine.cel.admission import compile_admission
from propolis.policy.engine.cel.budget import Bound, Spending
from propolis.policy.engine.cel.conditions import truth
from propolis.policy.engine.cel.parameters import parameters
from propolis.policy.engine.cel.programs import Expressions, bound_of
from propolis.policy.engine.cel.run import Judge
from propolis.policy.engine.cel.seen import Seen, seen_of
from propolis.policy.engine.context import Context
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.cel.match import Validation
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.validation import Cel

UNMET = RuleResult(Outcome.SKIP, "cel preconditions not met")


class _Form(msgspec.Struct, frozen=True):
    """The expressions of a rule as functions."""

    preconditions: tuple[tuple[str, Program], ...]
    variables: Mapping[str, Program]
    judge: Judge
    bound: Bound


class CelValidation:
    """The check of a rule, which needs the request and not the rule's variables.

    Raises:
        PolicyError: An expression cannot be used.
    """

    def __init__(self, rule: PolicyRule) -> None:
        cel = rule.validation.cel if rule.validation else None
        if cel is None:
            raise ValueError("the rule has no validate.cel")
        self._rule, self._cel = rule, cel
        self._form = _compile(rule, cel, is_metered=False)
        self._metered: _Form | None = None

    def __call__(self, request: Request, context: Context) -> RuleResult | None:
        """The result of the rule for a request."""
        seen = seen_of(request, lambda: context)
        found: list[Any] = [None]
        kind, ref = self._cel.param_kind, self._cel.param_ref
        if kind is not None and ref is not None:
            try:
                found = [*parameters(kind, ref, request)]
            except EvaluationError as error:
                return RuleResult(Outcome.ERROR, f"error in parameterized resource: {error.message}")
        result = None
        for one in found:
            result = self._judged(seen, one)
            if result is None or result.outcome is not Outcome.PASS:
                return result
        return result

    def _judged(self, seen: Seen, params: Any) -> RuleResult | None:
        is_cheap = params is None and (
            self._form.bound.covers(seen.coarse) or self._form.bound.covers(seen.fine)
        )
        form, runtime = (self._form, seen.runtime) if is_cheap else (self._counting(), seen.spending())
        activation = seen.copied()
        activation[PARAMS] = params
        activation[VARIABLES] = Variables(form.variables, activation, runtime, is_composited=True)
        for text, program in form.preconditions:
            try:
                if not truth(program, activation, runtime):
                    return UNMET
            except EvaluationError as error:
                told = f"expression '{text.strip()}' resulted in error: {error.message}"
                return RuleResult(Outcome.FAIL, told)
        if isinstance(runtime, Spending):
            runtime.renewed()
        return form.judge(activation, runtime)

    def _counting(self) -> _Form:
        if self._metered is None:
            self._metered = _compile(self._rule, self._cel, is_metered=True)
        return self._metered


def _compile(rule: PolicyRule, cel: Cel, *, is_metered: bool) -> _Form:
    """Raises `PolicyError`."""
    expressions = Expressions("ClusterPolicy", is_metered=is_metered)
    message = (rule.validation.message if rule.validation else None) or ""
    preconditions = tuple(
        (one.expression, expressions.program(one.expression, "celPreconditions", index, "expression"))
        for index, one in enumerate(rule.cel_preconditions or ())
    )
    expressions.base = ("validate", "cel")
    expressions.add_variables(cel.variables)
    checks = expressions.checks((_with_message(one, message) for one in cel.expressions or ()), "expressions")
    annotations = expressions.annotations(cel.audit_annotations)
    passed = f"Validation rule '{rule.name}' passed."
    judge = compile_admission(checks, annotations, passed, faulty=Outcome.FAIL)
    bound = bound_of(expressions, [program for _, program in preconditions])
    return _Form(preconditions, expressions.variables, judge, bound)


def _with_message(validation: Validation, message: str) -> Validation:
    return validation if validation.message else msgspec.structs.replace(validation, message=message)
