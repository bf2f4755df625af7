"""Patterns as CEL: what must hold, and when a pattern is not for a resource at all.

Follows `propolis.policy.engine.pattern_emitter`: keys are taken in its order, the first departure decides,
and a departure of a condition skips instead of failing.
"""

from typing import Any

import msgspec

from propolis.lang.wildcard import has_wildcard
from propolis.policy.engine import anchors
from propolis.policy.engine.anchors import parse_anchor
from propolis.policy.engine.convert.leaves import SCALAR_LISTS, Path, leaf
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.terms import FALSE, TRUE, Call, Compare, Term, and_, not_, or_, written
from propolis.policy.engine.convert.texts import field, has, wildcard
from propolis.policy.engine.pattern_tree import forgiven_keys, ordered_keys
from propolis.policy.engine.scalars import compile_scalar

MOST_LEVELS = 40
_VARIABLES = ("container", "item", "element", "entry", "part")


class Asked(msgspec.Struct, frozen=True):
    """What a pattern asks of a value.

    Attributes:
        meets: It is met.
        skips: It is not for the value; never true together with ``meets``.
        holds: It is met or not for the value.
    """

    meets: Term
    skips: Term = FALSE
    holds: Term = TRUE


def met(term: Term) -> Asked:
    """A pattern that never skips."""
    return Asked(term, FALSE, term)


class PatternWriter:
    """Writes patterns.

    Args:
        leaf_of: Gives CEL for a leaf with variables: the pattern, the value, its path. It may refuse.
        needs_no_guard: Expressions of objects that are always there, such as ``object.spec`` of pods.
    """

    def __init__(self, leaf_of: Any, needs_no_guard: frozenset[str]) -> None:
        self._leaf_of = leaf_of
        self._always = needs_no_guard

    def write(self, pattern: Any, value: str, path: Path = (), level: int = 0) -> Asked:
        """What a pattern asks of a value that is there.

        Raises:
            Refused: The pattern has no sure translation.
        """
        if len(path) > MOST_LEVELS:
            raise Refused(f"the pattern is nested deeper than {MOST_LEVELS} levels")
        if isinstance(pattern, dict):
            return self._map(pattern, value, path, level)
        if isinstance(pattern, list):
            return self._list(pattern, value, path, level)
        return met(self._scalar(pattern, value, path, level))

    def _scalar(self, pattern: Any, value: str, path: Path, level: int) -> Term:
        if path and path[-1] in SCALAR_LISTS and len(path) > 1 and path[-2] not in ("limits", "requests"):
            name = _variable(value, level)
            return Call(f"{value}.all({name}, {written(self._leaf(pattern, name, path))})")
        return self._leaf(pattern, value, path)

    def _leaf(self, pattern: Any, value: str, path: Path) -> Term:
        if isinstance(pattern, str) and "{{" in pattern:
            found: Term = self._leaf_of(pattern, value)
            return found
        return leaf(pattern, value, path)

    def _map(self, pattern: dict[str, Any], value: str, path: Path, level: int) -> Asked:
        anchored = [key for key in pattern if parse_anchor(key) is not None]
        if len(anchored) > 1 and forgiven_keys(pattern):
            raise Refused("conditions below one of several anchors, of which only all together leave out")
        steps = [self._key(key, pattern[key], value, path, level) for key in ordered_keys(pattern)]
        meets = and_(step.meets for step in steps)
        before: Term = TRUE
        skips: list[Term] = []
        for step in steps:
            if step.skips != FALSE:
                skips.append(and_([before, step.skips]))
            before = and_([before, step.meets])
        holds: Term = TRUE
        for step in reversed(steps):
            inner = and_([step.meets, holds])
            holds = and_([step.holds, holds]) if step.skips == FALSE else or_([step.skips, inner])
        return Asked(meets, _joined_skips(skips, steps), holds)

    def _key(self, key: str, pattern: Any, value: str, path: Path, level: int) -> Asked:
        anchor = parse_anchor(key)
        if has_wildcard(key):
            return self._wild(
                anchor.modifier if anchor else None, anchor.key if anchor else key, pattern, value, path
            )
        if anchor is None or anchor.modifier == anchors.ADD:
            return self._plain(key, pattern, value, path, level)
        name = anchor.key
        there = self._has(value, name)
        if anchor.modifier == anchors.NEGATION:
            return met(not_(there))
        below = (*path, name)
        if anchor.modifier == anchors.EXISTENCE:
            return met(or_([not_(there), self._existence(pattern, field(value, name), below, level)]))
        inner = self.write(pattern, field(value, name), below, level)
        if anchor.modifier == anchors.CONDITION:
            found = and_([there, inner.meets])
            return Asked(found, not_(found), TRUE)
        if anchor.modifier == anchors.GLOBAL:
            found = or_([not_(there), inner.meets])
            return Asked(found, not_(found), TRUE)
        return Asked(
            or_([not_(there), inner.meets]), and_([there, inner.skips]), or_([not_(there), inner.holds])
        )

    def _plain(self, key: str, pattern: Any, value: str, path: Path, level: int) -> Asked:
        there = self._has(value, key)
        if pattern == "*":
            return met(there)
        if isinstance(pattern, dict | list):
            inner = self.write(pattern, field(value, key), (*path, key), level)
            return Asked(and_([there, inner.meets]), and_([there, inner.skips]), and_([there, inner.holds]))
        found = self._scalar(pattern, field(value, key), (*path, key), level)
        if not (isinstance(pattern, str) and "{{" in pattern) and compile_scalar(pattern)(None):
            return met(or_([not_(there), found]))
        return met(and_([there, found]))

    def _has(self, value: str, key: str) -> Term:
        return TRUE if field(value, key) in self._always else has(value, key)

    def _wild(self, modifier: str | None, key: str, pattern: Any, value: str, path: Path) -> Asked:
        """Labels whose keys have wildcards: each stands for the first that it matches."""
        if path[-1:] not in (("labels",), ("annotations",)):
            raise Refused(f"the key {key!r} has a wildcard")
        found = written(wildcard("key", key))
        if modifier == anchors.NEGATION:
            return met(not_(Call(f"{value}.exists(key, {found})")))
        if modifier in (None, anchors.EQUALITY) and pattern in ("*", "?*"):
            some = Call(f"{value}.exists(key, {found})")
            empty = "" if pattern == "*" else f" && {value}[key] != ''"
            some = Call(f"{value}.exists(key, {found}{empty})") if empty else some
            return met(some if modifier is None else TRUE)
        raise Refused(f"the key {key!r} has a wildcard, and labels that it matches have no order in CEL")

    def _existence(self, pattern: Any, value: str, path: Path, level: int) -> Term:
        if not isinstance(pattern, list) or not all(isinstance(item, dict) for item in pattern):
            raise Refused("an existence anchor without a list of objects")
        name = _variable(value, level)
        return and_(
            Call(f"{value}.exists({name}, {written(self.write(item, name, path, level + 1).meets)})")
            for item in pattern
        )

    def _list(self, pattern: list[Any], value: str, path: Path, level: int) -> Asked:
        if not pattern:
            raise Refused("a pattern of an empty list")
        if isinstance(pattern[0], list):
            raise Refused("a pattern of lists within a list")
        name = _variable(value, level)
        if not isinstance(pattern[0], dict):
            return met(_all(value, name, self._leaf(pattern[0], name, (*path, ""))))
        inner = self.write(pattern[0], name, path, level + 1)
        if inner.skips == FALSE:
            return met(_all(value, name, inner.meets))
        none = and_([Compare(f"{value}.size()", ">", "0"), _all(value, name, inner.skips)])
        holds = _all(value, name, inner.holds)
        return Asked(and_([holds, not_(none)]), none, holds)


def _joined_skips(skips: list[Term], steps: list[Asked]) -> Term:
    """Conditions that follow one another skip where not all of them are met."""
    first = [step for step in steps if step.holds == TRUE and step.skips != FALSE]
    count = len(first)
    if steps[:count] == first and len(skips) == count:
        return not_(and_(step.meets for step in first))
    if count and steps[:count] == first:
        return or_([not_(and_(step.meets for step in first)), *skips[count:]])
    return or_(skips)


def _all(value: str, name: str, term: Term) -> Term:
    return TRUE if term == TRUE else Call(f"{value}.all({name}, {written(term)})")


_NAMES = {
    "containers": "container", "initContainers": "container", "ephemeralContainers": "container",
    "volumes": "volume", "volumeMounts": "mount", "ports": "port", "rules": "rule", "subjects": "subject",
    "volumeClaimTemplates": "claim", "sysctls": "sysctl",
}  # fmt: skip


def _variable(value: str, level: int) -> str:
    """A name for the elements of a list, which no list around it uses."""
    name = _NAMES.get(value.rpartition(".")[2]) or _VARIABLES[min(level, len(_VARIABLES) - 1)]
    return f"{name}{level}" if level and value.partition(".")[0] == name else name
