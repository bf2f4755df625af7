"""What can be said of a pattern before any resource is there: the order of keys, anchors, wild labels."""

from typing import Any

from propolis.core.errors import LimitError
from propolis.lang.wildcard import has_wildcard
from propolis.policy.engine import anchors
from propolis.policy.engine.anchors import parse_anchor, plain_key

MOST_LEVELS = 100

_FIRST = (anchors.CONDITION, anchors.NEGATION, anchors.EQUALITY, anchors.EXISTENCE)
"""Anchors that are checked before plain keys; a condition before all, since it may end the check."""
_TRACKED = (anchors.CONDITION, anchors.EXISTENCE)
_SKIPPING = (anchors.CONDITION, anchors.GLOBAL)
_WILD_FIELDS = ("labels", "annotations")


class PatternTooDeepError(LimitError):
    """The pattern is nested deeper than `MOST_LEVELS`."""


class Hole:
    """A text with variables in a pattern: what it says is known when a resource comes.

    Attributes:
        index: Of its value among those of all holes.
    """

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index


def check_levels(pattern: Any, level: int = 0) -> None:
    """Raises `PatternTooDeepError` for a pattern that is nested too deep."""
    if level > MOST_LEVELS:
        raise PatternTooDeepError(f"the pattern is nested deeper than {MOST_LEVELS} levels")
    if isinstance(pattern, dict | list):
        for inner in pattern.values() if isinstance(pattern, dict) else pattern:
            check_levels(inner, level + 1)


def ordered_keys(pattern: dict[str, Any]) -> list[str]:
    """Anchors, then keys with anchors below them, then the others, each by name."""

    def rank(key: str) -> tuple[int, str]:
        anchor = parse_anchor(key)
        if anchor and anchor.modifier in _FIRST:
            return _FIRST.index(anchor.modifier), key
        if anchor and anchor.modifier == anchors.GLOBAL:
            return len(_FIRST), key
        return len(_FIRST) + (1 if has_anchors(pattern[key]) else 2), key

    return sorted(pattern, key=rank)


def has_anchors(pattern: Any) -> bool:
    """Whether an anchor that checks something stands anywhere below."""
    if isinstance(pattern, dict):
        return any(
            ((anchor := parse_anchor(key)) is not None and anchor.modifier != anchors.ADD)
            or has_anchors(value)
            for key, value in pattern.items()
        )
    return isinstance(pattern, list) and any(map(has_anchors, pattern))


def may_skip(pattern: Any) -> bool:
    """Whether a condition or global anchor stands anywhere below."""
    if isinstance(pattern, dict):
        return any(
            ((anchor := parse_anchor(key)) is not None and anchor.modifier in _SKIPPING) or may_skip(value)
            for key, value in pattern.items()
        )
    return isinstance(pattern, list) and any(map(may_skip, pattern))


def tracked_keys(pattern: dict[str, Any]) -> list[tuple[str, str]]:
    """Conditions and existence anchors of a map, with their plain keys."""
    found = ((key, parse_anchor(key)) for key in pattern)
    return [(key, anchor.key) for key, anchor in found if anchor and anchor.modifier in _TRACKED]


def is_wild(key: str, value: Any) -> bool:
    """Whether it is a map of labels or annotations in whose keys wildcards stand."""
    return plain_key(key) in _WILD_FIELDS and isinstance(value, dict) and any(map(has_wildcard, value))
