"""What every CEL policy does before its own work: variables, exceptions, match conditions.

Follows Kyverno pkg/cel/policies/vpol/compiler/policy.go and mpol/compiler/policy.go @ v1.19.1.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from propolis.core.finding import Outcome
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.policy.engine.cel.activation import (
    EXCEPTIONS,
    PARAMS,
    VARIABLES,
    Activation,
    Variables,
    request_activation,
)
from propolis.policy.engine.cel.conditions import all_hold
from propolis.policy.engine.cel.exceptions import CompiledCelException, let_off
from propolis.policy.engine.cel.parameters import parameters
from propolis.policy.engine.policy_set import ContextOf
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.cel.binding import ParamRef
from propolis.policy.model.cel.settings import ParamKind

SKIPPED = RuleResult(Outcome.SKIP, "skip")
CALL_COST = 1_000_000
"""Cost units of one expression at most, as Kubernetes counts them."""


Judge = Callable[[Activation, Runtime], RuleResult | None]
"""What a kind of policy does once it is known to be for a request."""


class Guards(msgspec.Struct, frozen=True):
    """What stands before the work of a policy.

    Attributes:
        ignores_errors: Whether a condition without a value means that the policy is not for the request.
        failed: How an error of the conditions is told.
        is_composited: Whether an error of a variable names it.
    """

    variables: Mapping[str, Program]
    conditions: Sequence[Program]
    exceptions: Sequence[CompiledCelException]
    ignores_errors: bool = False
    failed: str = "failed to load context"
    is_composited: bool = False


class Parameters(msgspec.Struct, frozen=True):
    """Objects by which a policy is evaluated: each in turn, or all as the items of one list."""

    kind: ParamKind
    ref: ParamRef
    as_list: bool = False


class CelRun:
    """A CEL policy at run time, as the engine calls a rule."""

    def __init__(self, guards: Guards, judge: Judge, parametrized: Parameters | None = None) -> None:
        self._guards = guards
        self._judge = judge
        self._parametrized = parametrized

    def __call__(self, request: Request, context_of: ContextOf) -> RuleResult | None:
        """The result of the policy for a request."""
        now = context_of().environment.now
        if self._parametrized is not None:
            return self._with_parameters(self._parametrized, request, now)
        return self.judged(request_activation(request), Runtime(now, request.ask, CALL_COST))

    def _with_parameters(self, wanted: Parameters, request: Request, now: datetime) -> RuleResult | None:
        """The result over all parameters: the first that is no pass, else one that holds all changes."""
        try:
            found = parameters(wanted.kind, wanted.ref, request)
        except EvaluationError as error:
            return RuleResult(Outcome.ERROR, error.message)
        if wanted.as_list and found:
            found = [{"items": found}]
        result: RuleResult | None = None
        document = request.document
        for one in found:
            activation = request_activation(request, document)
            activation[PARAMS] = one
            last = self.judged(activation, Runtime(now, request.ask, CALL_COST))
            if last is None or last.outcome is not Outcome.PASS:
                return last
            document = last.patched or document
            patched = document if document is not request.document else None
            result = msgspec.structs.replace(last, patched=patched)
        return result

    def judged(self, activation: Activation, runtime: Runtime) -> RuleResult | None:
        """The result for what expressions see."""
        guards = self._guards
        activation[VARIABLES] = Variables(
            guards.variables, activation, runtime, is_composited=guards.is_composited
        )
        try:
            settled = self._settled(activation, runtime)
        except EvaluationError as error:
            return RuleResult(Outcome.ERROR, f"{guards.failed}: {error.message}")
        return settled or self._judge(activation, runtime)

    def _settled(self, activation: Activation, runtime: Runtime) -> RuleResult | None:
        """The result where exceptions or conditions decide it. Raises `EvaluationError`."""
        guards = self._guards
        exempt: dict[str, Any] = {"allowedImages": [], "allowedValues": []}
        if guards.exceptions:
            found = let_off(guards.exceptions, activation, runtime)
            if found.result is not None:
                return found.result
            exempt = {"allowedImages": list(found.images), "allowedValues": list(found.values)}
        activation[EXCEPTIONS] = exempt
        try:
            holds = all_hold(guards.conditions, activation, runtime)
        except EvaluationError:
            if not guards.ignores_errors:
                raise
            return SKIPPED
        return None if holds else SKIPPED
