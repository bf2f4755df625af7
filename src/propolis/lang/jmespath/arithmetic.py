"""Arithmetic on numbers, quantities and durations (Kyverno pkg/engine/jmespath/arithmetic.go @ 111e07b).

A text is a quantity if it can be one, else a duration. Only operands that fit together count:
``add('1Gi', '1')`` does, ``add('1Gi', `1`)`` does not.
"""

import math
from typing import Any

import msgspec

from propolis.lang.duration import SECOND, format_duration, parse_duration
from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.signature import ANY, ARRAY, NUMBER, Function
from propolis.lang.jmespath.texts import plain
from propolis.lang.jmespath.values import is_number
from propolis.lang.quantity import NANO, Quantity, parse_quantity

_MOST_INTEGER = 2**53
_MOST_NANOSECONDS = 2**63 - 1
_FINEST = 9


class Duration(msgspec.Struct, frozen=True):
    """Nanoseconds."""

    nanoseconds: int


Operand = float | Quantity | Duration


def _operand(value: Any, name: str) -> Operand:
    if is_number(value):
        return float(value)
    if isinstance(value, str):
        quantity = parse_quantity(value)
        if quantity is not None:
            return quantity
        duration = parse_duration(value)
        if duration is not None:
            return Duration(duration)
    raise ExpressionError(f"{name}(): invalid operand")


def _mismatch(name: str) -> ExpressionError:
    return ExpressionError(f"{name}(): types mismatch")


def _number(value: float) -> int | float:
    """A number without a needless fraction."""
    if not math.isfinite(value):
        raise ExpressionError("the result is no finite number")
    return int(value) if float(value).is_integer() and abs(value) <= _MOST_INTEGER else value


def _duration(nanoseconds: float) -> str:
    if not abs(nanoseconds) <= _MOST_NANOSECONDS:
        raise ExpressionError("the duration is too long")
    return format_duration(int(nanoseconds))


def _add(left: Any, right: Any, name: str = "add", sign: int = 1) -> Any:
    match _operand(left, name), _operand(right, name):
        case Quantity() as one, Quantity() as other:
            notation = other.notation if one.nano == 0 else one.notation
            return str(Quantity(one.nano + sign * other.nano, notation))
        case Duration() as first, Duration() as second:
            return _duration(first.nanoseconds + sign * second.nanoseconds)
        case float() as number, float() as added:
            return _number(number + sign * added)
    raise _mismatch(name)


def _subtract(left: Any, right: Any) -> Any:
    return _add(left, right, "subtract", -1)


def _sum(items: list[Any]) -> Any:
    if not items:
        raise ExpressionError("sum(): at least one element in the array is required")
    total = items[0]
    for item in items[1:]:
        total = _add(total, item, "sum")
    return total


def _multiply(left: Any, right: Any) -> Any:
    match _operand(left, "multiply"), _operand(right, "multiply"):
        case (float() as factor, Quantity() as quantity) | (Quantity() as quantity, float() as factor):
            return str(Quantity(_scaled(quantity.nano, factor), quantity.notation))
        case (float() as factor, Duration() as duration) | (Duration() as duration, float() as factor):
            return _duration(duration.nanoseconds / SECOND * factor * SECOND)
        case float() as one, float() as other:
            return _number(one * other)
    raise _mismatch("multiply")


def _scaled(nano: int, factor: float) -> int:
    written = parse_quantity(_decimal(factor))
    if written is None:
        raise ExpressionError(f"multiply(): the factor {factor} is too large")
    return nano * written.nano // NANO


def _decimal(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < NANO**2 else repr(value)


def _divide(left: Any, right: Any) -> Any:
    match _operand(left, "divide"), _operand(right, "divide"):
        case Quantity() as one, Quantity() as other:
            return _number(one.nano / _divisor(other.nano, "divide"))
        case Quantity() as quantity, float() as number:
            return _divided(quantity, _divisor(number, "divide"))
        case Duration() as first, Duration() as second:
            seconds = _divisor(second.nanoseconds, "divide") / SECOND
            return _number(first.nanoseconds / SECOND / seconds)
        case Duration() as duration, float() as number:
            return _duration(duration.nanoseconds / SECOND / _divisor(number, "divide") * SECOND)
        case float() as dividend, float() as number:
            return _number(dividend / _divisor(number, "divide"))
    raise _mismatch("divide")


def _divisor(value: float, name: str) -> float:
    if value == 0:
        raise ExpressionError(f"{name}(): zero divisor passed")
    return value


def _divided(quantity: Quantity, number: float) -> str:
    """A quantity by a number, cut off at the finer of their decimal places."""
    divisor = parse_quantity(_decimal(number))
    if divisor is None:
        raise ExpressionError(f"divide(): the divisor {number} is too large")
    places = min(_FINEST, max(quantity.places, divisor.places))
    step = 10 ** (_FINEST - places)
    exact = abs(quantity.nano) * NANO // abs(divisor.nano) // step * step
    is_negative = (quantity.nano < 0) != (divisor.nano < 0)
    return str(Quantity(-exact if is_negative else exact, quantity.notation))


def _modulo(left: Any, right: Any) -> Any:
    match _operand(left, "modulo"), _operand(right, "modulo"):
        case Quantity() as one, Quantity() as other:
            if one.nano % NANO or other.nano % NANO:
                raise ExpressionError("modulo(): non-integer arguments")
            return str(Quantity(_remainder(one.nano, other.nano), one.notation))
        case Duration() as first, Duration() as second:
            return format_duration(_remainder(first.nanoseconds, second.nanoseconds))
        case float() as number, float() as divisor:
            if not (number.is_integer() and divisor.is_integer()):
                raise ExpressionError("modulo(): non-integer arguments")
            return _number(_remainder(int(number), int(divisor)))
    raise _mismatch("modulo")


def _remainder(value: int, divisor: int) -> int:
    """With the sign of the dividend, as Go has it."""
    found = abs(value) % abs(int(_divisor(divisor, "modulo")))
    return -found if value < 0 else found


def _round(value: float, length: float) -> float:
    """Halves go away from zero."""
    places = float(length)
    if not places.is_integer():
        raise ExpressionError("round(): the length is no whole number")
    if not 0 <= places <= _MOST_PLACES:
        raise ExpressionError(f"round(): the length is not one of 0 to {_MOST_PLACES}")
    shift = 10.0**places
    scaled = float(value) * shift
    if not math.isfinite(scaled):
        return value
    rounded = math.floor(abs(scaled) + 0.5)
    return _number(math.copysign(rounded, scaled) / shift)


_MOST_PLACES = 300

ARITHMETIC_FUNCTIONS = (
    Function("add", plain(_add), (ANY, ANY)),
    Function("sum", plain(_sum), (ARRAY,)),
    Function("subtract", plain(_subtract), (ANY, ANY)),
    Function("multiply", plain(_multiply), (ANY, ANY)),
    Function("divide", plain(_divide), (ANY, ANY)),
    Function("modulo", plain(_modulo), (ANY, ANY)),
    Function("round", plain(_round), (NUMBER, NUMBER)),
)
