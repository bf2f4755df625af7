"""Exceptions to CEL policies: who is let off whole, and which images and values are allowed.

Follows Kyverno pkg/cel/policies/vpol/compiler/policy.go @ v1.19.1. An exception whose time has passed lets
nothing off, here and in every other engine.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from propolis.core.finding import Outcome
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.policy.engine.cel.conditions import all_hold
from propolis.policy.engine.cel.programs import Expressions
from propolis.policy.engine.evidence import ExceptionEvidence
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.cel.exception import CelException
from propolis.policy.model.cel.policy import CelPolicy

PRIORITY = "polex.kyverno.io/priority"


class LetOff(msgspec.Struct, frozen=True):
    """What exceptions do for one request.

    Attributes:
        result: Of the policy where the request is let off whole.
        images: Patterns of images that are allowed.
        values: Values that are allowed.
    """

    result: RuleResult | None = None
    images: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


class CompiledCelException(msgspec.Struct, frozen=True):
    """An exception and its conditions as programs."""

    exception: CelException
    conditions: tuple[Program, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it lets resources off whole."""
        return not (self.exception.spec.images or self.exception.spec.allowed_values)

    def is_in_force(self, now: datetime) -> bool:
        """Whether its time has not passed."""
        end = self.exception.spec.expires_at
        if end is None:
            return True
        return now < (end if end.tzinfo else end.replace(tzinfo=UTC))


def compile_cel_exceptions(
    exceptions: Sequence[CelException], policy: CelPolicy, expressions: Expressions
) -> tuple[CompiledCelException, ...]:
    """Those that are about a policy. Raises `PolicyError`."""
    return tuple(
        CompiledCelException(one, expressions.conditions(one.spec.match_conditions, "matchConditions"))
        for one in exceptions
        if any(ref.kind == policy.kind and ref.name == policy.name for ref in one.spec.policy_refs)
    )


def let_off(
    exceptions: Sequence[CompiledCelException], activation: Mapping[str, Any], runtime: Runtime
) -> LetOff:
    """What exceptions do for a request.

    Raises:
        EvaluationError: The conditions of one have no value, and no other lets the request off whole.
    """
    matched: list[CompiledCelException] = []
    for one in exceptions:
        if not one.is_in_force(runtime.now):
            continue
        try:
            if all_hold(one.conditions, activation, runtime):
                matched.append(one)
        except EvaluationError:
            if not any(other.is_whole for other in matched):
                raise
    if any(one.is_whole for one in matched):
        return LetOff(_result([one.exception for one in matched]))
    specs = [one.exception.spec for one in matched]
    return LetOff(
        images=tuple(image for spec in specs for image in spec.images or ()),
        values=tuple(value for spec in specs for value in spec.allowed_values or ()),
    )


def _result(matched: list[CelException]) -> RuleResult:
    """The result that the exception of the highest priority asks for."""
    evidence = ExceptionEvidence(tuple(one.key for one in matched))
    keys = ", ".join(evidence.exceptions)
    chosen = max(matched, key=_priority)
    if chosen.spec.report_result == "pass":
        return RuleResult(Outcome.PASS, f"rule is passed due to policy exception: {keys}", evidence)
    return RuleResult(Outcome.SKIP, f"rule is skipped due to policy exception: {keys}", evidence)


def _priority(exception: CelException) -> int:
    text = exception.labels.get(PRIORITY, "")
    return int(text) if text.isdecimal() else 0
