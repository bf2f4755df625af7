"""Everything that can be said of a policy, an exception or a cleanup policy before any resource is there."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from propolis.policy.engine.cel.problems import wrong_expressions
from propolis.policy.engine.compiler import unsupported_feature
from propolis.policy.engine.wrong_settings import wrong_settings
from propolis.policy.engine.wrong_texts import wrong_texts
from propolis.policy.model.any import AnyException, AnyPolicy
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.cleanup import CleanupPolicy
from propolis.policy.model.exception import PolicyException
from propolis.policy.model.policy import Policy
from propolis.policy.model.problem import Problem

Judged = AnyPolicy | CleanupPolicy | AnyException
Level = Literal["error", "warning"]

_FIELDS: dict[str, tuple[str, ...]] = {
    "celPreconditions without validate.cel": ("celPreconditions",),
}
"""Where below a rule a feature stands that is not evaluated."""


class PolicyRemark(msgspec.Struct, frozen=True):
    """What is wrong, or not evaluated.

    Attributes:
        path: In the document.
        expected: What would be right; empty when the message says it.
    """

    level: Level
    path: tuple[str | int, ...]
    message: str
    expected: str = ""


def remarks_on(found: Judged) -> Iterator[PolicyRemark]:
    """All remarks on one document; expressions are compiled for it."""
    if isinstance(found, Policy):
        yield from _gaps(found)
    if isinstance(found, Policy | CelPolicy):
        for wrong in wrong_expressions(found):
            yield PolicyRemark("error", ("spec", *wrong.path), wrong.error.message, wrong.error.expected)
    if isinstance(found, Policy | CleanupPolicy):
        yield from _errors(wrong_texts(found))
    if isinstance(found, Policy | CleanupPolicy | PolicyException):
        yield from _errors(wrong_settings(found))


def _errors(problems: Iterable[Problem]) -> Iterator[PolicyRemark]:
    for one in problems:
        yield PolicyRemark("error", ("spec", *one.path), one.message, one.expected)


def _gaps(policy: Policy) -> Iterator[PolicyRemark]:
    """Rules that give an error on every resource, for they ask for what this engine does not do."""
    for index, rule in enumerate(policy.spec.rules):
        feature = unsupported_feature(rule)
        if feature:
            path: tuple[str | int, ...] = ("spec", "rules", index, *_FIELDS.get(feature, ()))
            yield PolicyRemark(
                "warning", path, f"{feature} is not supported: rule {rule.name} is not evaluated"
            )
