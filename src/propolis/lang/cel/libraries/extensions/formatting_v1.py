"""``format`` before version 4 of the library, as Kubernetes has it: numbers as American English writes them.

Follows cel-go ext/formatting.go @ v0.30.0 with its locale ``en_US``: in lists and maps texts are quoted,
doubles have six decimals, times tell their type.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.extensions.formatting import BITS, Clauses, formatted_by, misfit
from propolis.lang.cel.libraries.standard.moments import text_of_duration, text_of_timestamp
from propolis.lang.cel.libraries.standard.numbers import text_of_float
from propolis.lang.cel.types import Type
from propolis.lang.cel.values import Duration, Timestamp, UInt, type_of
from propolis.lang.go_quote import quote

_SUPERSCRIPTS = str.maketrans(
    "0123456789-", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b"
)
_TIMES = "\u202f\u00d7\u202f10"
_SPELLED = frozenset({"NaN", "Infinity", "-Infinity"})
_DECIMALS = 6


def formatted_in_english(text: str, values: list[Any]) -> str:
    """A text with its clauses replaced by values.

    Raises:
        EvaluationError: A clause that there is not, a value that does not fit it, too few values.
    """
    return formatted_by(_CLAUSES, text, values)


def _text(value: Any) -> str:
    """``%s``."""
    if isinstance(value, list):
        return f"[{', '.join(map(_element, value))}]"
    if isinstance(value, Mapping):
        return _map(value)
    written = _TEXTS.get(type(value))
    if written is None:
        raise misfit(
            "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, "
            "durations, and timestamps",
            value,
        )
    return written(value)


def _map(value: Mapping[Any, Any]) -> str:
    entries = sorted((_key(key), _element(its)) for key, its in value.items())
    return "{" + ", ".join(f"{key}:{its}" for key, its in entries) + "}"


def _key(key: Any) -> str:
    if type(key) not in (str, bool, int, UInt):
        raise EvaluationError(
            f"error during formatting: no formatting function for map key of type {type_of(key)}"
        )
    return _element(key)


def _element(value: Any) -> str:
    """A value within a list or map."""
    written = _ELEMENTS.get(type(value))
    return _text(value) if written is None else written(value)


def _double_element(number: float) -> str:
    if math.isfinite(number):
        return format(number, f".{_DECIMALS}f")
    return quote(text_of_float(number))


def _text_of_bytes(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise EvaluationError("error during formatting: could not convert argument to string") from error


_TEXTS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    UInt: lambda value: str(int(value)),
    float: text_of_float,
    str: lambda value: value,
    bytes: _text_of_bytes,
    type(None): lambda _: "null",
    Duration: text_of_duration,
    Timestamp: text_of_timestamp,
    Type: str,
}
_ELEMENTS: dict[type, Callable[[Any], str]] = {
    str: quote,
    bytes: lambda value: f"b{quote(_text_of_bytes(value))}",
    float: _double_element,
    Duration: lambda value: f'duration("{text_of_duration(value)}")',
    Timestamp: lambda value: f'timestamp("{text_of_timestamp(value)}")',
}


def _decimal(value: Any) -> str:
    if type(value) in (int, UInt):
        return str(int(value))
    raise misfit("decimal clause can only be used on integers", value)


def _precise(clause: str, precision: int, value: Any) -> str:
    """``%f`` with groups of three digits; ``%e`` with six decimals whatever is asked for."""
    if type(value) is not float and not (type(value) is str and value in _SPELLED):
        name = "fixed-point" if clause == "f" else "scientific"
        raise misfit(f"{name} clause can only be used on doubles", value)
    number = float(value)
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "\u221e" if number > 0 else "-\u221e"
    if clause == "f":
        return format(number, f",.{precision}f")
    mantissa, exponent = format(number, f".{_DECIMALS}e").split("e")
    power = f"{int(exponent):03d}" if exponent[0] == "-" else f"{int(exponent):02d}"
    return f"{mantissa}{_TIMES}{power.translate(_SUPERSCRIPTS)}"


_CLAUSES = Clauses({"s": _text, "d": _decimal, **BITS}, _precise)
