"""Conditions of policies that an API server can look at by itself, before it asks.

Follows Kyverno pkg/controllers/webhook (validating.go, match_conditions.go) @ v1.19.1: those of a policy
that it could not compile stay with the engine, and so does each that names ``namespaceObject``, which it
does not know there. The engine looks at all of them again. One difference: conditions of a policy that
stands for controllers of pods tell the resources apart by the request, since a deletion has no object.
"""

import re
from collections.abc import Iterator, Sequence

from propolis.lang.cel.ast import Expr, Ident
from propolis.lang.cel.children import children
from propolis.policy.engine.cel.autogen import for_controllers
from propolis.policy.engine.cel.programs import Expressions, PolicyError
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.match import MatchConstraints, NamedExpression
from propolis.policy.model.cel.policy import CelPolicy

MOST_CONDITIONS = 64
"""Of a webhook, as the API server has it."""
MOST_NAME = 63

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?", re.ASCII)
_NAMESPACE = "namespaceObject"
_NOT_THERE = frozenset({"params", "variables", "exceptions"})
"""What policies see and conditions of webhooks do not."""

Conditions = tuple[NamedExpression, ...]


def offloaded(policy: AnyPolicy) -> Conditions:
    """The conditions of a policy for its webhook; empty for none."""
    if not isinstance(policy, CelPolicy):
        webhook = policy.spec.webhook_configuration
        return usable((webhook.match_conditions if webhook else None) or ())
    own = usable(getattr(policy.spec, "match_conditions", None) or ())
    moved = list(for_controllers(policy))
    if not (own and moved):
        return own
    return _within(tuple(_told_apart(policy, moved)))


def usable(conditions: Sequence[NamedExpression]) -> Conditions:
    """Those that an API server takes; none of a list in which one is wrong."""
    expressions = Expressions("ValidatingAdmissionPolicy")
    found: list[NamedExpression] = []
    for one in conditions:
        try:
            tree = expressions.program(one.expression).tree
        except PolicyError:
            return ()
        names = set(_names(tree.root))
        if names & _NOT_THERE:
            return ()
        if _NAMESPACE not in names:
            found.append(one)
    return _within(tuple(found))


def _within(conditions: Conditions) -> Conditions:
    names = {one.name for one in conditions}
    are_names = all(len(name) <= MOST_NAME and _NAME.fullmatch(name) for name in names)
    return conditions if are_names and len(names) == len(conditions) <= MOST_CONDITIONS else ()


def _names(node: Expr) -> Iterator[str]:
    if isinstance(node, Ident):
        yield node.name.removeprefix(".")
    for child in children(node):
        yield from _names(child)


def _told_apart(policy: CelPolicy, moved: Sequence[CelPolicy]) -> Iterator[NamedExpression]:
    """Each condition for what it is written for: pods, controllers with a template, CronJobs."""
    for prefix, one in zip(
        ("autogen", "autogen-defaults", "autogen-cronjobs"), (policy, *moved), strict=False
    ):
        guard = _guard(one.spec.match_constraints)
        for condition in usable(getattr(one.spec, "match_conditions", None) or ()):
            text = f"!({guard}) || ({condition.expression}\n)"  # it may end with a comment
            yield NamedExpression(f"{prefix}-{condition.name}", text)


def _guard(constraints: MatchConstraints | None) -> str:
    """Whether a request is for the resources of constraints that autogen made, whose names are known."""
    rules = (constraints.resource_rules if constraints else None) or ()
    return " || ".join(
        f"request.resource.group == '{group}' && request.resource.resource == '{resource}'"
        for rule in rules
        for group in rule.api_groups or ()
        for resource in rule.resources or ()
    )
