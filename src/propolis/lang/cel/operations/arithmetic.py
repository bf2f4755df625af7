"""Arithmetic: 64 bits with checks for overflow, texts and lists joined, times and spans of time.

Follows cel-spec doc/langdef.md §Arithmetic Operators @ 508bd98 and cel-go common/types @ v0.30.0: a duration
has 64 bits of nanoseconds.
"""

import math
from collections.abc import Callable
from typing import Any

from propolis.lang.cel import operators
from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.operations.faults import no_overload
from propolis.lang.cel.values import (
    EARLIEST,
    LATEST,
    MAX_INT,
    MAX_UINT,
    MIN_INT,
    Duration,
    MergingList,
    Timestamp,
    UInt,
)

MOST_JOINED = 4 * 1024 * 1024
"""Most characters, bytes or elements of what is joined."""


def int_of(number: int) -> int:
    """A signed number of 64 bits.

    Raises:
        EvaluationError: It has more.
    """
    if MIN_INT <= number <= MAX_INT:
        return number
    raise EvaluationError("integer overflow")


def uint_of(number: int) -> UInt:
    """An unsigned number of 64 bits.

    Raises:
        EvaluationError: It has more, or is negative.
    """
    if 0 <= number <= MAX_UINT:
        return UInt(number)
    raise EvaluationError("unsigned integer overflow")


def duration_of(nanoseconds: int) -> Duration:
    """A span of time.

    Raises:
        EvaluationError: It has more than 64 bits.
    """
    if MIN_INT <= nanoseconds <= MAX_INT:
        return Duration(nanoseconds)
    raise EvaluationError("duration out of range")


def timestamp_of(nanoseconds: int) -> Timestamp:
    """A moment.

    Raises:
        EvaluationError: It is not in the years 1 to 9999.
    """
    if EARLIEST <= nanoseconds <= LATEST:
        return Timestamp(nanoseconds)
    raise EvaluationError("timestamp out of range")


def _joined(one: Any, other: Any) -> Any:
    if len(one) + len(other) > MOST_JOINED:
        raise CostError(f"what is joined has more than {MOST_JOINED} elements")
    return one + other


def _quotient(one: int, other: int) -> int:
    if other == 0:
        raise EvaluationError("division by zero")
    found = abs(one) // abs(other)
    return found if (one < 0) == (other < 0) else -found


def _remainder(one: int, other: int) -> int:
    if other == 0:
        raise EvaluationError("modulus by zero")
    return int_of(one - other * int_of(_quotient(one, other)))


def _float_quotient(one: float, other: float) -> float:
    if other:
        return one / other
    if one == 0 or math.isnan(one) or math.isnan(other):
        return math.nan
    return math.copysign(math.inf, one) * math.copysign(1.0, other)


Pairs = dict[tuple[type, type], Callable[[Any, Any], Any]]

_ADD: Pairs = {
    (int, int): lambda one, other: int_of(one + other),
    (UInt, UInt): lambda one, other: uint_of(int(one) + int(other)),
    (float, float): lambda one, other: one + other,
    (str, str): _joined,
    (bytes, bytes): _joined,
    (list, list): _joined,
    (Duration, Duration): lambda one, other: duration_of(one.nanoseconds + other.nanoseconds),
    (Timestamp, Duration): lambda one, other: timestamp_of(one.nanoseconds + other.nanoseconds),
    (Duration, Timestamp): lambda one, other: timestamp_of(one.nanoseconds + other.nanoseconds),
}
_SUBTRACT: Pairs = {
    (int, int): lambda one, other: int_of(one - other),
    (UInt, UInt): lambda one, other: uint_of(int(one) - int(other)),
    (float, float): lambda one, other: one - other,
    (Duration, Duration): lambda one, other: duration_of(one.nanoseconds - other.nanoseconds),
    (Timestamp, Duration): lambda one, other: timestamp_of(one.nanoseconds - other.nanoseconds),
    (Timestamp, Timestamp): lambda one, other: duration_of(one.nanoseconds - other.nanoseconds),
}
_MULTIPLY: Pairs = {
    (int, int): lambda one, other: int_of(one * other),
    (UInt, UInt): lambda one, other: uint_of(int(one) * int(other)),
    (float, float): lambda one, other: one * other,
}
_DIVIDE: Pairs = {
    (int, int): lambda one, other: int_of(_quotient(one, other)),
    (UInt, UInt): lambda one, other: uint_of(_quotient(int(one), int(other))),
    (float, float): _float_quotient,
}
_MODULO: Pairs = {
    (int, int): _remainder,
    (UInt, UInt): lambda one, other: uint_of(_remainder(int(one), int(other))),
}


def _by_types(function: str, pairs: Pairs) -> Callable[[Any, Any], Any]:
    def by_types(one: Any, other: Any) -> Any:
        found = pairs.get((type(one), type(other)))
        return no_overload(function, one, other) if found is None else found(one, other)

    return by_types


def add(one: Any, other: Any) -> Any:
    """``+``: a sum, or what is joined."""
    found = _ADD.get((type(one), type(other)))
    if found is not None:
        return found(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return one.joined(other) if isinstance(one, MergingList) else _joined(list(one), list(other))
    return no_overload(operators.ADD, one, other)


subtract = _by_types(operators.SUBTRACT, _SUBTRACT)
multiply = _by_types(operators.MULTIPLY, _MULTIPLY)
divide = _by_types(operators.DIVIDE, _DIVIDE)
modulo = _by_types(operators.MODULO, _MODULO)


def negate(value: Any) -> Any:
    """The number with the other sign."""
    if type(value) is int:
        return int_of(-value)
    return -value if type(value) is float else no_overload(operators.NEGATE, value)


def logical_not(value: Any) -> bool:
    """The other bool."""
    if value is True:
        return False
    return True if value is False else no_overload(operators.NOT, value)
