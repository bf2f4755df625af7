"""Policies that answer a server: Envoy's external authorization, or an HTTP server that asks.

Follows kyverno-authz pkg/engine/compiler @ 9101a3f and the messages of the Kyverno CLI (processor/authz.go)
@ v1.19.1. The first validation that gives a response decides; without one the policy is not for the request.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.finding import Outcome
from propolis.lang.cel.errors import CelTypeError, EvaluationError
from propolis.lang.cel.libraries.kyverno import authorization_envoy as envoy
from propolis.lang.cel.libraries.kyverno import authorization_http as http
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.lang.cel.types import Type
from propolis.policy.engine.cel.activation import OBJECT, VARIABLES, Activation, Variables
from propolis.policy.engine.cel.budget import Spending
from propolis.policy.engine.cel.conditions import all_hold
from propolis.policy.engine.cel.evidence import CelEvidence
from propolis.policy.engine.cel.exceptions import CompiledCelException, let_off
from propolis.policy.engine.cel.messages import read_message
from propolis.policy.engine.cel.programs import Expressions, PolicyError
from propolis.policy.engine.policy_set import ContextOf
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.cel.policy import ValidatingSpec

_RESPONSES = {"Envoy": envoy.RESPONSE_TYPE, "HTTP": http.RESPONSE_TYPE}
NO_MATCH = RuleResult(Outcome.SKIP, "request does not match")
ALLOWED = RuleResult(Outcome.PASS, "request allowed")


class AuthorizationRun(msgspec.Struct, frozen=True):
    """A policy that answers, as the engine calls a rule. Its costs are always counted: there are no schemas.

    Attributes:
        asked: The type of the request.
        answers: Validations, in order.
    """

    asked: Type
    conditions: Sequence[Program]
    exceptions: Sequence[CompiledCelException]
    variables: Mapping[str, Program]
    answers: Sequence[Program]
    ignores_errors: bool

    def __call__(self, request: Request, context_of: ContextOf) -> RuleResult:
        """The result of the policy for a request of a server."""
        runtime = Spending(context_of().environment.now, request.ask)
        try:
            message = read_message(self.asked, request.document)
            return self._answer(Activation({OBJECT: message}, {}), runtime)
        except DocumentError as error:
            return RuleResult(Outcome.ERROR, error.message)
        except EvaluationError as error:
            return NO_MATCH if self.ignores_errors else RuleResult(Outcome.ERROR, error.message)

    def _answer(self, activation: Activation, runtime: Spending) -> RuleResult:
        """Raises `EvaluationError`."""
        if not all_hold(self.conditions, activation, runtime):
            return NO_MATCH
        runtime.renewed()
        activation[VARIABLES] = Variables(self.variables, activation, runtime)
        if self.exceptions:
            found = let_off(self.exceptions, activation, runtime).result
            if found is not None:
                return found
        return _first(self.answers, activation, runtime)


def _first(answers: Sequence[Program], activation: Mapping[str, Any], runtime: Runtime) -> RuleResult:
    for index, program in enumerate(answers):
        response = program.evaluate(activation, runtime)
        if response is None:
            continue
        if not isinstance(response, envoy.Response | http.Response):
            raise EvaluationError(f"the expression gives {type(response).__name__}, no response")
        refusal = _refusal(response)
        evidence = CelEvidence(index, program.tree.text)
        return ALLOWED if refusal is None else RuleResult(Outcome.FAIL, refusal, evidence)
    return NO_MATCH


def _refusal(response: envoy.Response | http.Response) -> str | None:
    """What a response refuses with; None for one that allows."""
    match response.verdict:
        case envoy.Denied(code=code):
            return f"request denied with status code {code}"
        case http.Denied(reason=reason):
            return f"request denied, reason: {reason}"
    return None


def compile_answers(spec: ValidatingSpec, mode: str, expressions: Expressions) -> tuple[Program, ...]:
    """Validations that give a response or null.

    Raises:
        PolicyError: One cannot be used, or gives something else.
    """
    wanted = _RESPONSES[mode]
    found = []
    for index, one in enumerate(spec.validations or ()):
        program = expressions.program(one.expression, "validations", index, "expression")
        if program.type.kind != "null_type" and (program.type.kind, program.type.name) != (
            wanted.kind,
            wanted.name,
        ):
            text = f"rule response output is expected to be of type {wanted.name}, not {program.type}"
            raise PolicyError(("validations", index, "expression"), CelTypeError(text))
        found.append(program)
    return tuple(found)
