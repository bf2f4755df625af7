"""The branches of a policy: every decision of its rules, with the sides that a test can take."""

from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.policy.engine import anchors
from propolis.policy.engine.anchors import parse_anchor
from propolis.policy.engine.explain.trace import MET, SKIPPED, UNMET, Path
from propolis.policy.engine.formatting import shown
from propolis.policy.model.conditions import AnyAllConditions, Conditions
from propolis.policy.model.match import MatchResources
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.validation import Deny, ForEachValidation, Validation

APPLIES = "applies"
THERE = "there"
ABSENT = "absent"
SOME = "with elements"
NONE = "without elements"

_SIDES = {
    anchors.CONDITION: (MET, SKIPPED),
    anchors.GLOBAL: (MET, SKIPPED),
    anchors.EQUALITY: (THERE, ABSENT),
    anchors.NEGATION: (THERE, ABSENT),
    anchors.EXISTENCE: (MET, UNMET),
}
MOST_BRANCHES = 5_000


class Branch(msgspec.Struct, frozen=True):
    """One side of one decision.

    Attributes:
        what: The kind of the decision, as the nodes of traces have it; ``rule`` for the rule itself.
        text: As the policy has it.
        side: Which way it goes.
        source: Way to it in the policy's document.
    """

    rule: str
    what: str
    text: str
    side: str
    source: Path


def branches_of(policy: Policy) -> list[Branch]:
    """All branches of a policy's own rules; what autogen makes of them runs through the same."""
    found: list[Branch] = []
    for number, rule in enumerate(policy.spec.rules):
        base: Path = ("spec", "rules", number)
        found.append(Branch(rule.name, "rule", rule.name, APPLIES, base))
        for what, text, sides, source in _decisions(rule):
            found += [Branch(rule.name, what, text, side, (*base, *source)) for side in sides]
    return found[:MOST_BRANCHES]


Decision = tuple[str, str, tuple[str, ...], Path]


def _decisions(rule: PolicyRule) -> Iterator[Decision]:
    yield from _filters(rule.match, ("match",), least=2)
    if rule.exclude is not None:
        yield from _filters(rule.exclude, ("exclude",), least=1)
    yield from _conditions(rule.preconditions, ("preconditions",))
    for index, item in enumerate(rule.cel_preconditions or ()):
        yield "condition", item.name, (MET, SKIPPED), ("celPreconditions", index, "expression")
    if rule.validation is not None:
        yield from _validation(rule.validation, ("validate",))


def _filters(match: MatchResources, source: Path, *, least: int) -> Iterator[Decision]:
    """Each filter is met once; a match of one filter is met whenever the rule applies."""
    word = "any" if match.any else "all" if match.all else ""
    filters = match.filters()
    for index, item in enumerate(filters if len(filters) >= least else ()):
        text = shown(msgspec.to_builtins(item))
        yield "filter", f"{source[0]} {text}", (MET,), (*source, word, index) if word else source


def _conditions(conditions: Conditions | None, source: Path) -> Iterator[Decision]:
    if isinstance(conditions, AnyAllConditions):
        groups = (("any", conditions.any), ("all", conditions.all))
        pairs = [((*source, word), group) for word, group in groups if group]
    else:
        pairs = [(source, conditions)] if conditions else []
    for base, group in pairs:
        for index, item in enumerate(group):
            text = f"{shown(item.key)} {item.operator} {shown(item.value)}"
            yield "condition", text, (MET, UNMET), (*base, index)


def _validation(validation: Validation, source: Path) -> Iterator[Decision]:
    if validation.foreach is not None:
        for index, item in enumerate(validation.foreach):
            yield from _foreach(item, (*source, "foreach", index))
    elif validation.cel is not None:
        for index, one in enumerate(validation.cel.expressions or ()):
            at = (*source, "cel", "expressions", index, "expression")
            yield "expression", one.expression, (MET, UNMET), at
    elif validation.pod_security is not None:
        yield "podSecurity", str(validation.pod_security.level), (MET, UNMET), (*source, "podSecurity")
    elif validation.assertion is not None:
        yield "assert", "", (MET, UNMET), (*source, "assert")
    else:
        yield from _check(validation.pattern, validation.any_pattern, validation.deny, source)


def _foreach(item: ForEachValidation, source: Path) -> Iterator[Decision]:
    yield "foreach", item.list or "", (SOME, NONE), source
    yield from _conditions(item.preconditions, (*source, "preconditions"))
    if item.foreach is not None:
        for index, inner in enumerate(item.foreach):
            yield from _foreach(inner, (*source, "foreach", index))
        return
    patterns = item.any_pattern
    listed = patterns if patterns is None or isinstance(patterns, list) else [patterns]
    yield from _check(item.pattern, listed, item.deny, source)


def _check(pattern: Any, patterns: list[Any] | None, deny: Deny | None, source: Path) -> Iterator[Decision]:
    if pattern is not None:
        yield "pattern", "", (MET, UNMET), (*source, "pattern")
        yield from _anchors(pattern, (*source, "pattern"))
    elif patterns is not None:
        yield "anyPattern", "", (UNMET,), (*source, "anyPattern")
        for index, one in enumerate(patterns):
            at = (*source, "anyPattern", index)
            yield "alternative", f"[{index}]", (MET,), at
            yield from _anchors(one, at)
    elif deny is not None:
        sides = (MET, UNMET) if deny.conditions else (UNMET,)  # without conditions it refuses always
        yield "deny", "", sides, (*source, "deny")
        yield from _conditions(deny.conditions, (*source, "deny", "conditions"))


def _anchors(pattern: Any, source: Path) -> Iterator[Decision]:
    if isinstance(pattern, dict):
        for key, inner in pattern.items():
            anchor = parse_anchor(key)
            if anchor and anchor.modifier in _SIDES:
                yield "anchor", key, _SIDES[anchor.modifier], (*source, key)
            yield from _anchors(inner, (*source, key))
    elif isinstance(pattern, list):
        for index, item in enumerate(pattern):
            yield from _anchors(item, (*source, index))
