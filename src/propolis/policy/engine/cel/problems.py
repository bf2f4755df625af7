"""What is wrong with the expressions of a policy, for those who check it without evaluating it."""

from collections.abc import Iterator

from propolis.policy.engine.cel.compiler import compile_any
from propolis.policy.engine.cel.programs import PolicyError
from propolis.policy.engine.cel.rule_validation import CelValidation
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.policy import CelPolicy


def wrong_expressions(policy: AnyPolicy) -> Iterator[PolicyError]:
    """The first expression of a policy, or of each of its rules, that cannot be compiled."""
    if isinstance(policy, CelPolicy):
        try:
            compile_any(policy)
        except PolicyError as error:
            yield error
        return
    for index, rule in enumerate(policy.spec.rules):
        if rule.validation is None or rule.validation.cel is None:
            continue
        try:
            CelValidation(rule)
        except PolicyError as error:
            yield PolicyError(("rules", index, *error.path), error.error)
