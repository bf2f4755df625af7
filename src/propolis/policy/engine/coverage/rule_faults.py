"""All faults of a rule: of its filters, conditions and checks, and of what it puts in place."""

from collections.abc import Iterator, Sequence
from typing import Any

from propolis.policy.engine.coverage.faults import DROP, Fault, renamed_key
from propolis.policy.engine.coverage.pattern_faults import pattern_faults, scalar_faults
from propolis.policy.engine.explain.trace import Path
from propolis.policy.engine.formatting import shown

_NEGATED = {
    "equals": "NotEquals", "equal": "NotEquals", "notequals": "Equals", "notequal": "Equals",
    "in": "NotIn", "notin": "In",
    "anyin": "AnyNotIn", "anynotin": "AnyIn", "allin": "AllNotIn", "allnotin": "AllIn",
    "greaterthan": "LessThanOrEquals", "greaterthanorequals": "LessThan",
    "lessthan": "GreaterThanOrEquals", "lessthanorequals": "GreaterThan",
    "durationgreaterthan": "DurationLessThanOrEquals", "durationgreaterthanorequals": "DurationLessThan",
    "durationlessthan": "DurationGreaterThanOrEquals", "durationlessthanorequals": "DurationGreaterThan",
}  # fmt: skip
_NEAR = {
    "anyin": "AllIn", "allin": "AnyIn", "anynotin": "AllNotIn", "allnotin": "AnyNotIn",
    "greaterthan": "GreaterThanOrEquals", "greaterthanorequals": "GreaterThan",
    "lessthan": "LessThanOrEquals", "lessthanorequals": "LessThan",
    "durationgreaterthan": "DurationGreaterThanOrEquals",
    "durationgreaterthanorequals": "DurationGreaterThan",
    "durationlessthan": "DurationLessThanOrEquals", "durationlessthanorequals": "DurationLessThan",
}  # fmt: skip
_CHECKS = ("pattern", "anyPattern", "deny", "foreach", "podSecurity")


def rule_faults(rule: dict[str, Any]) -> Iterator[Fault]:
    """Every fault of a rule's document."""
    yield from _match_faults(rule.get("match") or {}, ("match",))
    if rule.get("exclude"):
        yield Fault(("exclude",), "drop exclude", DROP)
        yield from _match_faults(rule["exclude"], ("exclude",))
    yield from _preconditions(rule, ())
    yield from _expressions_faults(rule.get("celPreconditions") or (), ("celPreconditions",), least=1)
    validation = rule.get("validate")
    if validation:
        expressions = (validation.get("cel") or {}).get("expressions") or ()
        yield from _expressions_faults(expressions, ("validate", "cel", "expressions"), least=2)
        yield from _check_faults(validation, ("validate",))
    yield from _making_faults(rule)


def _match_faults(match: dict[str, Any], path: Path) -> Iterator[Fault]:
    for word, other in (("any", "all"), ("all", "any")):
        filters = match.get(word) or []
        if len(filters) > 1:
            yield Fault(path, f"{word} becomes {other}", renamed_key(match, word, other), (*path, word))
        for index, item in enumerate(filters):
            at = (*path, word, index)
            if len(filters) > 1:
                yield Fault(at, f"drop a filter of {path[0]}", DROP)
            yield from _filter_faults(item, at)
    if not (match.get("any") or match.get("all")):
        yield from _filter_faults(match, path)


def _filter_faults(item: dict[str, Any], path: Path) -> Iterator[Fault]:
    resources = item.get("resources") or {}
    has_more = len(resources) + sum(name in item for name in ("subjects", "roles", "clusterRoles")) > 1
    for name, value in resources.items():
        at = (*path, "resources", name)
        if name != "kinds" and has_more:
            yield Fault(at, f"drop {name}", DROP)
        if isinstance(value, list | tuple) and len(value) > 1:
            for index, one in enumerate(value):
                yield Fault((*at, index), f"drop {one} of {name}", DROP)
    for name in ("subjects", "roles", "clusterRoles"):
        if name in item and has_more:
            yield Fault((*path, name), f"drop {name}", DROP)


def _preconditions(holder: dict[str, Any], path: Path) -> Iterator[Fault]:
    conditions = holder.get("preconditions")
    if conditions:
        at = (*path, "preconditions")
        yield Fault(at, "drop preconditions", DROP)
        yield from _conditions_faults(conditions, at)


def _conditions_faults(conditions: Any, path: Path) -> Iterator[Fault]:
    if not isinstance(conditions, dict):
        yield from _group_faults(list(conditions), path)
        return
    total = sum(len(conditions.get(word) or ()) for word in ("any", "all"))
    for word, other in (("any", "all"), ("all", "any")):
        group = conditions.get(word) or []
        if len(group) > 1 and not conditions.get(other):
            swapped = renamed_key({key: one for key, one in conditions.items() if key != other}, word, other)
            yield Fault(path, f"{word} becomes {other}", swapped, (*path, word))
        elif len(group) == 1 and total > 1:
            yield Fault((*path, word), f"drop {word}", DROP)
        yield from _group_faults(list(group), (*path, word))


def _group_faults(group: list[dict[str, Any]], path: Path) -> Iterator[Fault]:
    for index, condition in enumerate(group):
        at = (*path, index)
        if len(group) > 1:
            yield Fault(at, f"drop the condition on {shown(condition.get('key'))}", DROP)
        operator = str(condition.get("operator", ""))
        for table in (_NEGATED, _NEAR):
            other = table.get(operator.lower())
            if other:
                yield Fault((*at, "operator"), f"{operator} becomes {other}", other)
        yield from _value_faults(condition.get("value"), (*at, "value"))


def _value_faults(value: Any, path: Path) -> Iterator[Fault]:
    if isinstance(value, list | tuple) and len(value) > 1:
        for index, one in enumerate(value):
            yield Fault((*path, index), f"drop {shown(one)} of the values", DROP)
    elif isinstance(value, bool | int):
        yield from scalar_faults(value, path)


def _check_faults(check: dict[str, Any], path: Path) -> Iterator[Fault]:
    """Faults of a validate block or of an element of its foreach."""
    yield from _preconditions(check, path) if path[-1] != "validate" else ()
    if check.get("pattern") is not None:
        yield from pattern_faults(check["pattern"], (*path, "pattern"))
    patterns = check.get("anyPattern")
    if isinstance(patterns, list):
        for index, one in enumerate(patterns):
            at = (*path, "anyPattern", index)
            if len(patterns) > 1:
                yield Fault(at, "drop an alternative", DROP)
            yield from pattern_faults(one, at)
    conditions = (check.get("deny") or {}).get("conditions")
    if conditions:
        yield from _conditions_faults(conditions, (*path, "deny", "conditions"))
    loops = check.get("foreach") or ()
    for index, item in enumerate(loops):
        at = (*path, "foreach", index)
        if len(loops) > 1:
            yield Fault(at, "drop a list of foreach", DROP)
        yield from _check_faults(item, at)
    if check.get("podSecurity"):
        yield from _pod_security_faults(check["podSecurity"], (*path, "podSecurity"))
    if check.get("assert") is not None:
        yield from _assertion_faults(check["assert"], (*path, "assert"))


def _expressions_faults(entries: Sequence[dict[str, Any]], path: Path, *, least: int) -> Iterator[Fault]:
    """Expressions in CEL: one is dropped where that leaves enough, one says the opposite."""
    for index, entry in enumerate(entries):
        text = str(entry.get("expression", ""))
        if len(entries) >= least:
            yield Fault((*path, index), f"drop {shown(text)[:60]}", DROP)
        yield Fault((*path, index, "expression"), f"negate {shown(text)[:60]}", f"!({text})")


def _pod_security_faults(rule: dict[str, Any], path: Path) -> Iterator[Fault]:
    other = {"baseline": "privileged", "restricted": "baseline"}.get(str(rule.get("level")))
    if other:
        yield Fault((*path, "level"), f"{rule['level']} becomes {other}", other)
    exclusions = rule.get("exclude") or ()
    for index, item in enumerate(exclusions):
        at = (*path, "exclude", index)
        yield Fault(at, f"drop the exclusion of {item.get('controlName')}", DROP)
        for name in ("images", "values"):
            if item.get(name):
                yield Fault((*at, name), f"drop {name}", DROP)


def _assertion_faults(tree: Any, path: Path) -> Iterator[Fault]:
    if isinstance(tree, dict):
        for key, inner in tree.items():
            if len(tree) > 1:
                yield Fault((*path, key), f"drop {key}", DROP)
            yield from _assertion_faults(inner, (*path, key))
    elif isinstance(tree, list | tuple):
        for index, item in enumerate(tree):
            yield from _assertion_faults(item, (*path, index))
    elif isinstance(tree, bool | int):
        yield from scalar_faults(tree, path)
    elif isinstance(tree, str) and not tree.startswith("("):
        yield Fault(path, f"{tree!r} becomes {tree + '-changed'!r}", f"{tree}-changed")


def _making_faults(rule: dict[str, Any]) -> Iterator[Fault]:
    """Faults of what mutate and generate rules put in place."""
    mutate = rule.get("mutate") or {}
    if mutate.get("patchStrategicMerge") is not None:
        path: Path = ("mutate", "patchStrategicMerge")
        yield from pattern_faults(mutate["patchStrategicMerge"], path, patches=True)
    for index, item in enumerate(mutate.get("foreach") or ()):
        at: Path = ("mutate", "foreach", index)
        yield from _preconditions(item, at)
        if item.get("patchStrategicMerge") is not None:
            yield from pattern_faults(item["patchStrategicMerge"], (*at, "patchStrategicMerge"), patches=True)
    for index, item in enumerate(mutate.get("targets") or ()):
        yield from _preconditions(item, ("mutate", "targets", index))
    data = (rule.get("generate") or {}).get("data")
    if data is not None:
        yield from pattern_faults(data, ("generate", "data"), patches=True)
