"""What is wrong with the rules of a definition: what cannot be compiled, what may cost too much.

Follows apiextensions-apiserver pkg/apis/apiextensions/validation/{validation,cel_validation}.go @ v0.36.3.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from propolis.lang.cel.cost.ranges import ENDLESS
from propolis.lang.cel.cost.schema_sizes import LARGEST_REQUEST_BYTES, least_bytes
from propolis.policy.engine.cel.budget import CALL_COST, POLICY_COST
from propolis.policy.engine.crd.field_paths import normalized_path
from propolis.policy.engine.crd.rules import VALIDATIONS, CompiledRule, RuleNode
from propolis.policy.model.crd import REASONS

RULE_COST = 10_000_000
"""The most that a rule may cost by its schema, for all values that it is evaluated for."""
DEFINITION_COST = 100_000_000
"""The most that all rules of a version may cost."""
_ADVICE = (
    "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, "
    "and strings are declared)"
)

Path = tuple[str | int, ...]


class RuleCost(msgspec.Struct, frozen=True):
    """What a rule may cost, for all values that one object may have of it."""

    path: Path
    cost: int


class DefinitionProblem(msgspec.Struct, frozen=True):
    """What is wrong, its path below ``openAPIV3Schema``."""

    path: Path
    message: str


def definition_problems(node: RuleNode) -> Iterator[DefinitionProblem]:
    """All that an API server would refuse of the rules of a version."""
    total = 0
    for level, count in levels(node):
        for index, rule in enumerate(level.rules):
            path = (*level.path, VALIDATIONS, index)
            yield from _of_rule(rule, path, level.schema)
            cost = min(ENDLESS, rule.cost * count)
            total += cost + rule.message_cost
            if cost > RULE_COST:
                yield DefinitionProblem((*path, "rule"), _too_much("estimated rule cost", cost, RULE_COST))
            if rule.message_cost > RULE_COST:
                text = _too_much("estimated messageExpression cost", rule.message_cost, RULE_COST)
                yield DefinitionProblem((*path, "messageExpression"), text)
        if level.error:
            yield DefinitionProblem((*level.path, VALIDATIONS), level.error)
    if total > DEFINITION_COST:
        what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
        yield DefinitionProblem((), _too_much(what, total, DEFINITION_COST))


def rule_costs(node: RuleNode) -> list[RuleCost]:
    """What every rule may cost, the dearest first."""
    found = [
        RuleCost((*level.path, VALIDATIONS, index, "rule"), min(ENDLESS, rule.cost * count))
        for level, count in levels(node)
        for index, rule in enumerate(level.rules)
    ]
    return sorted(found, key=lambda one: -one.cost)


def is_cheap(node: RuleNode) -> bool:
    """Whether no object can make its rules meet a limit of cost, by the schema."""
    costs = [(rule.cost, rule.cost * count) for level, count in levels(node) for rule in level.rules]
    return (
        max((one for one, _ in costs), default=0) <= CALL_COST
        and sum(all_ for _, all_ in costs) <= POLICY_COST
    )


def levels(node: RuleNode, count: int | None = 1) -> Iterator[tuple[RuleNode, int]]:
    """Every level with rules below, and how many values of it one object may have."""
    bound = count if count is not None else LARGEST_REQUEST_BYTES // (least_bytes(node.schema) + 1)
    yield node, bound
    most = _most_elements(node.schema)
    inner = None if count is None or most is None else count * most
    below = (
        *node.properties.values(),
        *([node.values] if node.values else ()),
        *([node.items] if node.items else ()),
    )
    for one in below:
        yield from levels(one, inner)
    for one in node.all_of:
        yield from levels(one, count)


def _most_elements(schema: Mapping[str, Any]) -> int | None:
    """Values below one value; None without limit."""
    if schema.get("type") == "array":
        return _limit(schema.get("maxItems"))
    if schema.get("type") == "object" and schema.get("additionalProperties"):
        return _limit(schema.get("maxProperties"))
    return 1


def _limit(value: Any) -> int | None:
    return max(0, value) if isinstance(value, int) else None


def _of_rule(rule: CompiledRule, path: Path, schema: Mapping[str, Any]) -> Iterator[DefinitionProblem]:
    stated = rule.rule
    if not stated.rule.strip():
        yield DefinitionProblem((*path, "rule"), "rule is not specified")
    if rule.error:
        yield DefinitionProblem((*path, "rule"), f"compilation failed: {rule.error}")
    if rule.message_error:
        text = f"messageExpression compilation failed: {rule.message_error}"
        yield DefinitionProblem((*path, "messageExpression"), text)
    if stated.message is not None and not stated.message.strip():
        yield DefinitionProblem((*path, "message"), "must be non-empty if specified")
    if "\n" in (stated.message or "").strip():
        yield DefinitionProblem((*path, "message"), "must not contain line breaks")
    if "\n" in stated.rule.strip() and not (stated.message or "").strip():
        yield DefinitionProblem((*path, "message"), "message must be specified if rule contains line breaks")
    if stated.reason is not None and stated.reason not in REASONS:
        yield DefinitionProblem((*path, "reason"), f"supported values: {', '.join(REASONS)}")
    if stated.field_path and normalized_path(stated.field_path, schema) is None:
        yield DefinitionProblem((*path, "fieldPath"), "must be a valid path")
    if stated.optional_old_self is not None and not rule.uses_old and rule.program is not None:
        yield DefinitionProblem((*path, "optionalOldSelf"), "may not be set if oldSelf is not used in rule")


def _too_much(what: str, cost: int, limit: int) -> str:
    times = cost / limit
    factor = "more than 100x" if times > 100 else f"{times:f}x" if times < 1.5 else f"{times:.1f}x"  # noqa: PLR2004  # as upstream rounds
    return f"{what} exceeds budget by factor of {factor} {_ADVICE}"
