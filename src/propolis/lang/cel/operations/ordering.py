"""Order of values: numbers across their types, texts by code points, nothing else across types.

Follows cel-spec doc/langdef.md §Ordering @ 508bd98. NaN is neither less nor greater than anything.
"""

from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import Any

from propolis.lang.cel import operators
from propolis.lang.cel.operations.faults import no_overload
from propolis.lang.cel.values import Duration, Timestamp, UInt

_NUMBERS = frozenset({int, UInt, float})
_ORDERED = frozenset({str, bytes, bool, Timestamp, Duration})

Compare = Callable[[Any, Any], bool]


def _ordered(function: str, compare: Compare) -> Compare:
    def ordered(one: Any, other: Any) -> bool:
        kind, its_kind = type(one), type(other)
        if kind is its_kind and (kind in _ORDERED or kind in _NUMBERS):
            return compare(one, other)
        if kind in _NUMBERS and its_kind in _NUMBERS:
            is_double = kind is float or its_kind is float
            return compare(float(one), float(other)) if is_double else compare(one, other)
        return no_overload(function, one, other)

    return ordered


less = _ordered(operators.LESS, lt)
less_or_equal = _ordered(operators.LESS_OR_EQUAL, le)
greater = _ordered(operators.GREATER, gt)
greater_or_equal = _ordered(operators.GREATER_OR_EQUAL, ge)
