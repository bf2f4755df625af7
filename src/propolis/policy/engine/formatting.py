"""Values as Kyverno's messages print them (Go's ``%v``) and as evidence shows them."""

from typing import Any

import msgspec

LONGEST = 240
LONGEST_TEXT = 10_000
_encode = msgspec.json.Encoder().encode


def go_text(value: Any) -> str:
    """The text that Go prints for a JSON value: ``<nil>``, ``true``, ``[a b]``, ``map[a:1]``."""
    text = value if type(value) is str else _go_text(value, 0)
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT]


def _go_text(value: Any, level: int) -> str:
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return go_float(value)
    if level > MOST_LEVELS:
        return "..."
    if isinstance(value, list):
        return f"[{' '.join(_go_text(item, level + 1) for item in value)}]"
    if isinstance(value, dict):
        parts = (f"{key}:{_go_text(value[key], level + 1)}" for key in sorted(value))
        return f"map[{' '.join(parts)}]"
    return str(value)


MOST_LEVELS = 20


def go_float(value: float) -> str:
    """A float as Go's ``%v``: shortest text, an exponent from 1e+21 on and below 1e-4."""
    if value.is_integer() and abs(value) < _FIRST_EXPONENT:
        return str(int(value))
    text = repr(value)
    if "e" in text:
        mantissa, _, exponent = text.partition("e")
        return f"{mantissa.removesuffix('.0')}e{exponent[0]}{exponent[1:].rjust(2, '0')}"
    return text


_FIRST_EXPONENT = 1e21


def go_type(value: Any) -> str:
    """The name of a value's type in Go."""
    if value is None:
        return "<nil>"
    return _TYPES.get(type(value), type(value).__name__)


_TYPES = {
    bool: "bool",
    int: "int64",
    float: "float64",
    str: "string",
    list: "[]interface {}",
    dict: "map[string]interface {}",
}


def shown(value: Any) -> str:
    """A value as JSON, cut where it becomes long."""
    try:
        text = _encode(value).decode()
    except RecursionError:
        return "..."
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
