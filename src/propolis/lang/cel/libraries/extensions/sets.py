"""Lists as sets.

Follows cel-go ext/sets.go @ v0.30.0, in linear time.
"""

from collections.abc import Callable
from typing import Any

from propolis.lang.cel.library import Function, Library, Overload
from propolis.lang.cel.operations.equality import identity_of
from propolis.lang.cel.operations.size import limited
from propolis.lang.cel.types import BOOL, list_of, param

_LIST = list_of(param("T"))


def _set(values: list[Any]) -> set[Any]:
    limited(values)
    return set(map(identity_of, values))


def _contains(values: list[Any], part: list[Any]) -> bool:
    return _set(part) <= _set(values)


def _equivalent(one: list[Any], other: list[Any]) -> bool:
    return _contains(one, other) and _contains(other, one)


def _intersects(one: list[Any], other: list[Any]) -> bool:
    return not _set(one).isdisjoint(_set(other))


def _function(word: str, call: Callable[..., Any]) -> Function:
    return Function(f"sets.{word}", (Overload(f"list_sets_{word}_list", (_LIST, _LIST), BOOL, call),))


def sets() -> Library:
    """``sets.contains``, ``sets.equivalent``, ``sets.intersects``."""
    return Library(
        "sets",
        functions=(
            _function("contains", _contains),
            _function("equivalent", _equivalent),
            _function("intersects", _intersects),
        ),
    )
