"""``"%s has %d".format([name, count])``.

Follows cel-go ext/formatting_v2.go @ v0.30.0.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.libraries.standard.moments import text_of_duration, text_of_timestamp
from propolis.lang.cel.libraries.standard.numbers import plain_text_of_float
from propolis.lang.cel.operations.arithmetic import MOST_JOINED
from propolis.lang.cel.operations.size import limited
from propolis.lang.cel.types import Type
from propolis.lang.cel.values import Duration, Timestamp, UInt, type_of

_CLAUSE = re.compile(r"%(?:%|(?:\.([0-9]*))?([\s\S]?))")
_DEFAULT_PRECISION = 6
MOST_PRECISION = 1000
"""Most digits after the point."""


class Clauses(msgspec.Struct, frozen=True):
    """How values are written.

    Attributes:
        plain: By the letter of a clause.
        precise: Of ``%f`` and ``%e``; gets the letter and the digits after the point.
    """

    plain: Mapping[str, Callable[[Any], str]]
    precise: Callable[[str, int, Any], str]


def formatted(text: str, values: list[Any]) -> str:
    """A text with its clauses replaced by values, as from version 4 of the library."""
    return formatted_by(_CLAUSES, text, values)


def formatted_by(clauses: Clauses, text: str, values: list[Any]) -> str:
    """A text with its clauses replaced by values.

    Raises:
        EvaluationError: A clause that there is not, a value that does not fit it, too few values.
    """
    limited(values)
    made: list[str] = []
    position = length = used = 0
    for found in _CLAUSE.finditer(text):
        made.append(text[position : found.start()])
        position = found.end()
        if found[0] == "%%":
            made.append("%")
            continue
        if not found[2]:
            raise EvaluationError("unexpected end of string")
        if used >= len(values):
            raise EvaluationError(f"index {used} out of range")
        made.append(_formatted(clauses, found[2], _precision(found[1]), values[used]))
        used += 1
        length += len(made[-1])
        if length > MOST_JOINED:
            raise CostError(f"the text has more than {MOST_JOINED} characters")
    return "".join([*made, text[position:]])


def _precision(digits: str | None) -> int:
    if digits is None:
        return _DEFAULT_PRECISION
    if not digits or len(digits) > 4 or int(digits) > MOST_PRECISION:  # noqa: PLR2004  # digits of the limit
        raise EvaluationError(f"could not parse formatting clause: precision {digits[:20]!r}")
    return int(digits)


def _formatted(clauses: Clauses, clause: str, precision: int, value: Any) -> str:
    if clause in clauses.plain:
        return clauses.plain[clause](value)
    if clause in "fe":
        return clauses.precise(clause, precision, value)
    raise EvaluationError(f'could not parse formatting clause: unrecognized formatting clause "{clause}"')


def misfit(rule: str, value: Any) -> EvaluationError:
    """A value that does not fit a clause."""
    return EvaluationError(f"error during formatting: {rule}, was given {type_of(value)}")


def text_of(value: Any) -> str:
    """A value of any type as ``%s`` shows it.

    Raises:
        EvaluationError: A value of a library.
    """
    found = _TEXTS.get(type(value))
    if found is not None:
        return found(value)
    if isinstance(value, list):
        return f"[{', '.join(map(text_of, value))}]"
    if isinstance(value, Mapping):
        entries = sorted((text_of(key), text_of(its)) for key, its in value.items())
        return "{" + ", ".join(f"{key}: {its}" for key, its in entries) + "}"
    raise misfit(
        "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, "
        "durations, and timestamps",
        value,
    )


def _text_of_float(number: float) -> str:
    if math.isfinite(number):
        return plain_text_of_float(number)
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


_TEXTS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    UInt: lambda value: str(int(value)),
    float: _text_of_float,
    str: lambda value: value,
    bytes: lambda value: value.decode(errors="replace"),
    type(None): lambda _: "null",
    Duration: text_of_duration,
    Timestamp: text_of_timestamp,
    Type: str,
}


def _decimal(value: Any) -> str:
    if type(value) in (int, UInt, float):
        return _TEXTS[type(value)](value)
    raise misfit("decimal clause can only be used on ints, uints, and doubles", value)


def _binary(value: Any) -> str:
    if type(value) in (bool, int, UInt):
        return format(int(value), "b")
    raise misfit("only ints, uints, and bools can be formatted as binary", value)


def _octal(value: Any) -> str:
    if type(value) in (int, UInt):
        return format(int(value), "o")
    raise misfit("octal clause can only be used on ints and uints", value)


def _hexadecimal(value: Any) -> str:
    if type(value) in (int, UInt):
        return format(int(value), "x")
    if type(value) is str:
        return value.encode(errors="replace").hex()
    if type(value) is bytes:
        return value.hex()
    raise misfit("only ints, uints, bytes, and strings can be formatted as hex", value)


def _with_precision(clause: str, precision: int, value: Any) -> str:
    if type(value) not in (int, UInt, float):
        name = "fixed-point" if clause == "f" else "scientific"
        raise misfit(f"{name} clause can only be used on ints, uints, and doubles", value)
    number = float(value)
    return format(number, f".{precision}{clause}") if math.isfinite(number) else _text_of_float(number)


BITS: dict[str, Callable[[Any], str]] = {
    "b": _binary,
    "o": _octal,
    "x": _hexadecimal,
    "X": lambda value: _hexadecimal(value).upper(),
}
"""Clauses that every version has."""
_CLAUSES = Clauses({"s": text_of, "d": _decimal, **BITS}, _with_precision)
