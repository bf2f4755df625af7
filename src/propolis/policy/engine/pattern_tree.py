"""What can be said of a pattern before any resource is there: the order of keys, anchors, wild labels."""

from typing import Any

from propolis.core.errors import LimitError
from propolis.lang.wildcard import has_wildcard
from propolis.policy.engine import anchors
from propolis.policy.engine.anchors import parse_anchor, plain_key

MOST_LEVELS = 100

_FIRST = (anchors.CONDITION, anchors.EQUALITY, anchors.NEGATION, anchors.EXISTENCE)
"""Anchors that are checked before plain keys."""
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
    """Anchors as they are written, then globals and keys with anchors below them backwards, then the others.

    The order of Kyverno pkg/engine/validate/{validate,utils}.go @ v1.19.1.
    """
    first = sorted(filter(is_first, pattern))
    rest = sorted(key for key in pattern if not is_first(key))
    deep = [key for key in rest if _is_global(key) or has_anchors(pattern[key])]
    return [*first, *reversed(deep), *(key for key in rest if key not in deep)]


def is_first(key: str) -> bool:
    """Whether an anchor stands here that is checked before plain keys."""
    anchor = parse_anchor(key)
    return anchor is not None and anchor.modifier in _FIRST


def _is_global(key: str) -> bool:
    anchor = parse_anchor(key)
    return anchor is not None and anchor.modifier == anchors.GLOBAL


def forgiven_keys(pattern: dict[str, Any]) -> list[str]:
    """Equality anchors below which a condition may not hold.

    That one of them is left out for it ends nothing as long as another anchor of the same map holds.
    """
    found = ((key, parse_anchor(key)) for key in pattern)
    return [
        key
        for key, anchor in found
        if anchor and anchor.modifier == anchors.EQUALITY and may_skip(pattern[key])
    ]


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
