"""Equality over types: numbers by value, a bool never equal to a number, containers by their elements.

Follows cel-spec doc/langdef.md §Equality @ 508bd98. A whole number is compared with a double as a double, as
cel-go does.
"""

from collections.abc import Mapping
from typing import Any

from propolis.lang.cel.operations.size import limited
from propolis.lang.cel.values import MergingList, OptionalValue, UInt

_NUMBERS = frozenset({int, UInt, float})
_PLAIN = frozenset({str, bytes, bool, type(None)})


def equal(one: Any, other: Any) -> bool:
    """Whether two values are equal; values of different types are not, numbers aside.

    Raises:
        CostError: They have too many parts.
    """
    kind = type(one)
    if kind not in _PLAIN and kind not in _NUMBERS:
        limited(one)
    return _equal(one, other)


def _equal(one: Any, other: Any) -> bool:
    kind, its_kind = type(one), type(other)
    if kind in _PLAIN:
        return kind is its_kind and bool(one == other)
    if kind in _NUMBERS:
        if kind is float or its_kind is float:
            return its_kind in _NUMBERS and float(one) == float(other)
        return its_kind in _NUMBERS and bool(one == other)
    if isinstance(one, MergingList):
        return isinstance(other, list) and one.is_same(other)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, Mapping):
        return isinstance(other, Mapping) and _same_entries(one, other)
    if kind is OptionalValue:
        return (
            its_kind is OptionalValue and one.has_value == other.has_value and _equal(one.value, other.value)
        )
    return kind is its_kind and bool(one == other)


def not_equal(one: Any, other: Any) -> bool:
    """The contrary of `equal`."""
    return not equal(one, other)


def _same_entries(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> bool:
    if len(one) != len(other):
        return False
    absent = _ABSENT
    for key, value in one.items():
        found = other.get(key, absent)
        if found is absent or not _equal(value, found):
            return False
    return True


_ABSENT: Any = object()


def identity_of(value: Any) -> Any:
    """Something that can be hashed and is the same for equal values, to find them in linear time.

    Raises:
        TypeError: The value has none.
    """
    kind = type(value)
    if kind in _NUMBERS:
        return value if value == value else object()  # noqa: PLR0124  # NaN equals nothing
    if kind is bool or kind is str or kind is bytes:
        return (kind, value)
    if isinstance(value, list):
        return (list, tuple(map(identity_of, value)))
    if isinstance(value, Mapping):
        pairs = (
            (key if type(key) is not bool else (bool, key), identity_of(its)) for key, its in value.items()
        )
        return (dict, frozenset(pairs))
    if kind is OptionalValue:
        return (kind, value.has_value, identity_of(value.value))
    hash(value)
    return (kind, value)
