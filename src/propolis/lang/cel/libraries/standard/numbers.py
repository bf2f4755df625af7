"""Numbers from texts and texts from numbers, as Go reads and writes them.

Follows Go package strconv: ParseInt, ParseUint, ParseFloat and FormatFloat with ``%g``.
"""

import math
import re
from decimal import Decimal

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.values import MAX_INT, MAX_UINT, MIN_INT, UInt

_LONGEST = 400
_INT = re.compile(r"[+-]?[0-9]+", re.ASCII)
_UINT = re.compile(r"[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_HEX_FLOAT = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+", re.ASCII)
_SPECIAL = re.compile(r"[+-]?(?:inf|infinity)|nan", re.ASCII | re.IGNORECASE)
_SMALLEST_PLAIN, _LARGEST_PLAIN = -4, 6


def int_of_text(text: str) -> int:
    """A decimal number of 64 bits.

    Raises:
        EvaluationError: The text is none.
    """
    if len(text) <= _LONGEST and _INT.fullmatch(text):
        number = int(text)
        if MIN_INT <= number <= MAX_INT:
            return number
    raise EvaluationError(f"cannot convert string to int: {text[:80]!r}")


def uint_of_text(text: str) -> UInt:
    """A decimal number of 64 bits without sign.

    Raises:
        EvaluationError: The text is none.
    """
    if len(text) <= _LONGEST and _UINT.fullmatch(text):
        number = int(text)
        if number <= MAX_UINT:
            return UInt(number)
    raise EvaluationError(f"cannot convert string to uint: {text[:80]!r}")


def float_of_text(text: str) -> float:
    """A double.

    Raises:
        EvaluationError: The text is none, or too large for one.
    """
    if len(text) <= _LONGEST:
        if _SPECIAL.fullmatch(text):
            return float(text)
        if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
            return number
        if _HEX_FLOAT.fullmatch(text):
            return _hexadecimal(text)
    raise EvaluationError(f"cannot convert string to double: {text[:80]!r}")


def _hexadecimal(text: str) -> float:
    try:
        return float.fromhex(text)
    except (OverflowError, ValueError) as error:
        raise EvaluationError(f"cannot convert string to double: {text[:80]!r}") from error


def text_of_float(number: float) -> str:
    """The shortest text that reads as the same number, with an exponent from a million on."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "+Inf" if number > 0 else "-Inf"
    if number == 0:
        return "-0" if math.copysign(1, number) < 0 else "0"
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    places = len(digits) + int(exponent) - 1
    if not _SMALLEST_PLAIN <= places < _LARGEST_PLAIN:
        text = "".join(map(str, digits))
        body = f"{text[0]}.{text[1:]}" if len(text) > 1 else text
        return f"{'-' if sign else ''}{body}e{'-' if places < 0 else '+'}{abs(places):02d}"
    return plain_text_of_float(number)


def plain_text_of_float(number: float) -> str:
    """The shortest text without an exponent."""
    if not math.isfinite(number):
        return text_of_float(number)
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def int_of_float(number: float) -> int:
    """Without what stands after the point.

    Raises:
        EvaluationError: It has more than 64 bits.
    """
    if math.isfinite(number) and MIN_INT < number < MAX_INT:
        return int(number)
    raise EvaluationError("integer overflow")


def uint_of_float(number: float) -> UInt:
    """Without what stands after the point.

    Raises:
        EvaluationError: It is negative or has more than 64 bits.
    """
    if math.isfinite(number) and 0 <= number < MAX_UINT:
        return UInt(int(number))
    raise EvaluationError("unsigned integer overflow")
