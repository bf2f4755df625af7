"""Exceptions compiled: which of them let a resource off from a rule.

Follows Kyverno pkg/engine/utils/exceptions.go @ 111e07b. Conditions that cannot be evaluated let
nothing off.
"""

from collections.abc import Sequence

import msgspec

from propolis.lang.jmespath import ExpressionError
from propolis.lang.wildcard import matches
from propolis.policy.engine.conditions import Judge, compile_conditions
from propolis.policy.engine.context import Context
from propolis.policy.engine.matching import Test, compile_exception_match
from propolis.policy.engine.request import Request
from propolis.policy.model.exception import PolicyException
from propolis.policy.model.policy import Policy
from propolis.policy.model.validation import PodSecurityExclusion


class CompiledException(msgspec.Struct, frozen=True):
    """An exception as functions."""

    key: str
    matches: Test
    judge: Judge | None
    pod_security: tuple[PodSecurityExclusion, ...]
    in_background: bool

    def lets_off(self, request: Request, context: Context) -> bool:
        """Whether the resource is one of those that are let off."""
        if request.subject.is_background and not self.in_background:
            return False
        if not self.matches(request):
            return False
        try:
            return self.judge is None or self.judge(context).holds
        except ExpressionError:
            return False


def compile_exceptions(
    exceptions: Sequence[PolicyException], policy: Policy, rule: str
) -> tuple[CompiledException, ...]:
    """The exceptions of one rule."""
    name = f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name
    return tuple(_compile(item) for item in exceptions if _is_about(item, name, rule))


def _is_about(item: PolicyException, policy: str, rule: str) -> bool:
    return any(
        entry.policy_name == policy and any(matches(pattern, rule) for pattern in entry.rule_names)
        for entry in item.spec.exceptions
    )


def _compile(item: PolicyException) -> CompiledException:
    spec = item.spec
    return CompiledException(
        key=item.key,
        matches=compile_exception_match(spec.match),
        judge=compile_conditions(spec.conditions) if spec.conditions else None,
        pod_security=spec.pod_security or (),
        in_background=spec.background is not False,
    )
