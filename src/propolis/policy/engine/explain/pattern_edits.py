"""Ways to change a value so that it meets a pattern: cheapest first, not yet verified."""

from typing import Any

from propolis.policy.engine import anchors
from propolis.policy.engine.anchors import parse_anchor, plain_key
from propolis.policy.engine.explain.edits import (
    UNCHANGED,
    Candidate,
    cheapest,
    removing,
    setting,
    together,
)
from propolis.policy.engine.explain.near_values import EXAMPLES, PLACEHOLDER, meeting
from propolis.policy.engine.explain.pattern_trace import PatternWalk, expanded_key
from propolis.policy.engine.explain.trace import Budget, Path
from propolis.policy.engine.mismatch import SKIP
from propolis.policy.engine.scalars import compile_scalar

MOST_ITEMS = 200
"""Items of a list that are mended; a longer list is left alone."""
_MET = [UNCHANGED]
_OPTIONAL = (anchors.EQUALITY, anchors.EXISTENCE, anchors.NEGATION, anchors.GLOBAL)


def pattern_edits(pattern: Any, value: Any, path: Path) -> list[Candidate]:
    """Ways to make the value at a path meet a pattern; empty when none is known."""
    if _is_met(pattern, value):
        return _MET
    if isinstance(pattern, dict):
        if not isinstance(value, dict):
            return _building(pattern, value, path, is_there=value is not None)
        return _map(pattern, value, path)
    if isinstance(pattern, list):
        return _list(pattern, value, path)
    return _leaf(pattern, value, path, is_there=True)


def _is_met(pattern: Any, value: Any) -> bool:
    """Whether nothing is to be done: the pattern is met, or a condition leaves the value out."""
    verdict, _ = PatternWalk(Budget(0)).walk(pattern, value, (), None, {}, wild=isinstance(pattern, dict))
    return verdict in ("", SKIP)


def _map(pattern: dict[str, Any], value: dict[str, Any], path: Path) -> list[Candidate]:
    parts = [_key(key, inner, value, path) for key, inner in pattern.items()]
    return together([part for part in parts if part is not _MET])


def _key(key: str, pattern: Any, value: dict[str, Any], path: Path) -> list[Candidate]:
    if _is_met({key: pattern}, value):
        return _MET
    expanded = expanded_key(key, value)
    anchor = parse_anchor(expanded)
    name = anchor.key if anchor and anchor.modifier != anchors.ADD else expanded
    is_there, found, at = name in value, value.get(name), (*path, name)
    if anchor and anchor.modifier == anchors.NEGATION:
        return [removing(at, found)]
    if not is_there:
        return _building(pattern, found, (*path, _named(name)), is_there=False)
    if pattern == "*":
        return [setting(at, PLACEHOLDER, found, is_there=True)]
    ways = _existing(pattern, found, at) if _is_existence(key) else pattern_edits(pattern, found, at)
    is_optional = anchor is not None and anchor.modifier in _OPTIONAL
    return cheapest([*ways, *([removing(at, found)] if is_optional else [])])


def _named(name: str) -> str:
    return name.replace("?*", "*").replace("*", PLACEHOLDER).replace("?", "x")


def _is_existence(key: str) -> bool:
    anchor = parse_anchor(key)
    return anchor is not None and anchor.modifier == anchors.EXISTENCE


def _existing(pattern: Any, items: Any, path: Path) -> list[Candidate]:
    """Each map of the pattern is met by one element: one is mended or a new one is added."""
    if not (isinstance(items, list) and isinstance(pattern, list)):
        return []
    parts = []
    for number, wanted in enumerate(pattern):
        ways = [
            way
            for index, item in enumerate(items[:MOST_ITEMS])
            for way in pattern_edits(wanted, item, (*path, index))
        ]
        least = built(wanted)
        ways += [setting((*path, len(items) + number), least, None, is_there=False)]
        parts.append(cheapest(ways))
    return together(parts)


def _list(pattern: list[Any], value: Any, path: Path) -> list[Candidate]:
    if not isinstance(value, list):
        return _building(pattern, value, path, is_there=value is not None)
    if not pattern or len(value) > MOST_ITEMS:
        return []
    first = pattern[0]
    parts = []
    for index, item in enumerate(value):
        wanted = pattern[index] if isinstance(first, list) and index < len(pattern) else first
        ways = (
            pattern_edits(wanted, item, (*path, index))
            if isinstance(wanted, dict | list)
            else (_leaf(wanted, item, (*path, index), is_there=True))
        )
        if ways != _MET:
            parts.append(cheapest([*ways, removing((*path, index), item)]))
    return together(parts)


def _leaf(pattern: Any, value: Any, path: Path, *, is_there: bool) -> list[Candidate]:
    test = compile_scalar(pattern)
    if isinstance(value, list):
        parts = [
            [*_leaf(pattern, item, (*path, index), is_there=True), removing((*path, index), item)]
            for index, item in enumerate(value[:MOST_ITEMS])
            if not test(item)
        ]
        return together(list(map(cheapest, parts)))
    if is_there and test(value):
        return _MET
    ways = [setting(path, item, value, is_there=is_there) for item in _meeting(pattern, value, path[-1:])]
    if is_there and test(None):
        ways.append(removing(path, value))
    return cheapest(ways)


def _building(pattern: Any, value: Any, path: Path, *, is_there: bool) -> list[Candidate]:
    """Puts the least that meets a pattern where it is not."""
    if not isinstance(pattern, dict | list):
        return _leaf(pattern, value, path, is_there=is_there)
    return [setting(path, built(pattern), value, is_there=is_there)]


def built(pattern: Any, key: str = "") -> Any:
    """The least value that meets a pattern, as far as it can be told."""
    if isinstance(pattern, dict):
        return {
            _named(plain_key(key)): PLACEHOLDER if inner == "*" else built(inner, key)
            for key, inner in pattern.items()
            if _is_needed(key, inner)
        }
    if isinstance(pattern, list):
        return [built(pattern[0])] if pattern else []
    found = _meeting(pattern, None, (key,))
    return found[0] if found else pattern


def _meeting(pattern: Any, value: Any, name: Path) -> list[Any]:
    """Values that meet a scalar; quantities where the field takes nothing else."""
    example = EXAMPLES.get(str(name[0])) if name else None
    found = meeting(pattern, value)
    is_fitting = example is not None and compile_scalar(pattern)(example)
    return [example if item == PLACEHOLDER and is_fitting else item for item in found]


def _is_needed(key: str, pattern: Any) -> bool:
    anchor = parse_anchor(key)
    if anchor and anchor.modifier in _OPTIONAL:
        return False
    if isinstance(pattern, dict | list) or pattern == "*":
        return True
    return not compile_scalar(pattern)(None)
