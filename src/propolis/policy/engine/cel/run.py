"""What every CEL policy does before its own work: variables, exceptions, match conditions, limits of cost.

Follows Kyverno pkg/cel/policies/vpol/compiler/policy.go and mpol/compiler/policy.go @ v1.19.1.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from propolis.core.finding import Outcome
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.policy.engine.cel.activation import (
    EXCEPTIONS,
    PARAMS,
    VARIABLES,
    Activation,
    Variables,
    document_activation,
    request_activation,
)
from propolis.policy.engine.cel.budget import CALL_COST, Bound, Spending
from propolis.policy.engine.cel.conditions import all_hold
from propolis.policy.engine.cel.exceptions import CompiledCelException, let_off
from propolis.policy.engine.cel.parameters import parameters
from propolis.policy.engine.cel.seen import NOTHING_EXEMPT, Seen, seen_of
from propolis.policy.engine.policy_set import ContextOf
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.cel.binding import ParamRef
from propolis.policy.model.cel.settings import ParamKind

if TYPE_CHECKING:
    from propolis.core.resource import Document

SKIPPED = RuleResult(Outcome.SKIP, "skip")

Judge = Callable[[Activation, Runtime], RuleResult | None]
"""What a kind of policy does once it is known to be for a request."""

__all__ = ["CALL_COST", "CelRun", "Form", "Guards", "Judge", "Parameters"]


class Guards(msgspec.Struct, frozen=True):
    """What stands before the work of a policy.

    Attributes:
        environment: In which its variables are defined.
        ignores_errors: Whether a condition without a value means that the policy is not for the request.
        failed: How an error of the conditions is told.
        is_composited: Whether an error of a variable names it.
    """

    environment: Environment
    variables: Mapping[str, Program]
    conditions: Sequence[Program]
    exceptions: Sequence[CompiledCelException]
    ignores_errors: bool = False
    failed: str = "failed to load context"
    is_composited: bool = False


class Form(msgspec.Struct, frozen=True):
    """A policy as functions.

    Attributes:
        adds: Whether it changes what expressions see, so that it needs an activation of its own.
        sees_document: Whether expressions see the document alone, without any request.
    """

    guards: Guards
    judge: Judge
    adds: bool
    sees_document: bool = False


class Parameters(msgspec.Struct, frozen=True):
    """Objects by which a policy is evaluated: each in turn, or all as the items of one list."""

    kind: ParamKind
    ref: ParamRef
    as_list: bool = False


class CelRun:
    """A CEL policy at run time, as the engine calls a rule.

    Args:
        form: The policy.
        bound: Tells requests for which no limit of cost can be met.
        metered: Makes the form whose costs are counted, for the others.
        parametrized: By what it is evaluated.
    """

    def __init__(
        self, form: Form, bound: Bound, metered: Callable[[], Form], parametrized: Parameters | None = None
    ) -> None:
        self._form = form
        self._bound = bound
        self._make_metered = metered
        self._metered: Form | None = None
        self._parametrized = parametrized

    def __call__(self, request: Request, context_of: ContextOf) -> RuleResult | None:
        """The result of the policy for a request."""
        seen, form = seen_of(request, context_of), self._form
        if self._parametrized is not None:
            return self._with_parameters(self._parametrized, seen)
        if not (self._bound.covers(seen.coarse) or self._bound.covers(seen.fine)):
            return _judged(self._counting(), _activation(form, seen), seen.spending())
        if form.adds or form.sees_document:
            return _judged(form, _activation(form, seen), seen.runtime)
        return self._shared(seen)

    def surroundings(self, seen: Seen) -> dict[str, Any]:
        """What expressions see beside the request, for people: the first parameter, what exceptions allow.

        Raises:
            MissingLookups: The world has to be asked first.
        """
        found: dict[str, Any] = {}
        activation, runtime = seen.copied(), seen.runtime
        try:
            if self._parametrized is not None:
                wanted = self._parametrized
                found[PARAMS] = next(iter(parameters(wanted.kind, wanted.ref, seen.request)), None)
            activation[VARIABLES] = _variables(self._form.guards, activation, runtime)
            exempt = let_off(self._form.guards.exceptions, activation, runtime)
        except EvaluationError:
            return found
        images, values = list(exempt.images), list(exempt.values)
        return found | {EXCEPTIONS: {"allowedImages": images, "allowedValues": values}}

    def value(self, program: Program, seen: Seen) -> Any:
        """What another expression of the policy gives, within its limits. Raises `EvaluationError`."""
        activation, runtime = seen.copied(), seen.spending()
        activation[VARIABLES] = _variables(self._counting().guards, activation, runtime)
        return program.evaluate(activation, runtime)

    def _shared(self, seen: Seen) -> RuleResult | None:
        """The result of a policy that only reads: it shares values with others like it."""
        guards, activation = self._form.guards, seen.activation
        if guards.variables:
            variables = seen.variables.get(guards.environment)
            if variables is None:
                variables = _variables(guards, activation, seen.runtime)
                seen.variables[guards.environment] = variables
            activation[VARIABLES] = variables
        if not guards.conditions:
            return self._form.judge(activation, seen.runtime)
        return _guarded(self._form, activation, seen.runtime)

    def _counting(self) -> Form:
        if self._metered is None:
            self._metered = self._make_metered()
        return self._metered

    def _with_parameters(self, wanted: Parameters, seen: Seen) -> RuleResult | None:
        """The result over all parameters: the first that is no pass, else one that holds all changes."""
        try:
            found = parameters(wanted.kind, wanted.ref, seen.request)
        except EvaluationError as error:
            return RuleResult(Outcome.ERROR, error.message)
        if wanted.as_list and found:
            found = [{"items": found}]
        result: RuleResult | None = None
        document: Document = seen.request.document
        for one in found:
            activation = request_activation(seen.request, document)
            activation[PARAMS] = one
            last = _judged(self._counting(), activation, seen.spending())
            if last is None or last.outcome is not Outcome.PASS:
                return last
            document = last.patched or document
            patched = document if document is not seen.request.document else None
            result = msgspec.structs.replace(last, patched=patched)
        return result


def _activation(form: Form, seen: Seen) -> Activation:
    """What the expressions of a policy see, for them alone."""
    return document_activation(seen.request.document) if form.sees_document else seen.copied()


def _variables(guards: Guards, activation: Activation, runtime: Runtime) -> Variables:
    return Variables(guards.variables, activation, runtime, is_composited=guards.is_composited)


def _judged(form: Form, activation: Activation, runtime: Runtime) -> RuleResult | None:
    """The result of a policy with an activation of its own."""
    activation[VARIABLES] = _variables(form.guards, activation, runtime)
    return _guarded(form, activation, runtime)


def _guarded(form: Form, activation: Activation, runtime: Runtime) -> RuleResult | None:
    try:
        settled = _settled(form.guards, activation, runtime)
    except EvaluationError as error:
        return RuleResult(Outcome.ERROR, f"{form.guards.failed}: {error.message}")
    if isinstance(runtime, Spending):
        runtime.renewed()
    return settled or form.judge(activation, runtime)


def _settled(guards: Guards, activation: Activation, runtime: Runtime) -> RuleResult | None:
    """The result where exceptions or conditions decide it. Raises `EvaluationError`."""
    activation[EXCEPTIONS] = NOTHING_EXEMPT
    if guards.exceptions:
        found = let_off(guards.exceptions, activation, runtime)
        if found.result is not None:
            return found.result
        activation[EXCEPTIONS] = {"allowedImages": list(found.images), "allowedValues": list(found.values)}
    try:
        holds = all_hold(guards.conditions, activation, runtime)
    except EvaluationError:
        if not guards.ignores_errors:
            raise
        return SKIPPED
    return None if holds else SKIPPED
