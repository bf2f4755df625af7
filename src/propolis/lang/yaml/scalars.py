"""What a scalar means: the table and the number forms of go-yaml v2, then of JSON.

Follows go.yaml.in/yaml/v2 resolve.go and sigs.k8s.io/yaml yaml.go (v1.6.0): YAML 1.1 booleans,
octal as 0777 and 0o777, no base 60, timestamps stay text, whole floats become integers because
JSON writes them so.
"""

import base64
import binascii
import re
from decimal import Decimal
from typing import Any, Self

from propolis.lang.yaml.float_keys import float_key

_TAG_PREFIX = "tag:yaml.org,2002:"
MERGE_TAG = _TAG_PREFIX + "merge"

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NOT_JSON = {
    **dict.fromkeys((".nan", ".NaN", ".NAN"), ".nan"),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), ".inf"),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), "-.inf"),
}
_NUMBER_START = frozenset("0123456789+-.")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DOT_FLOAT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")

_INT64_MIN, _INT64_MAX, _UINT64_MAX = -(2**63), 2**63 - 1, 2**64 - 1
_MOST_DIGITS = 4000
"""Longer runs of digits stay text: Python converts no longer ones, and nobody means them as numbers."""


class ScalarError(ValueError):
    """A scalar that has no value; the message says why, and ``expected`` what would do."""

    def __init__(self, message: str, expected: str) -> None:
        self.expected = expected
        super().__init__(message)


class NotJson(float):
    """Infinity or not-a-number: a value is refused, a map's key is its text."""

    def __new__(cls, text: str) -> Self:
        """Made from its canonical text."""
        made = super().__new__(cls, text.replace(".", ""))
        made.text = text
        return made

    text: str


def resolve_plain(text: str) -> Any:
    """The value of an unquoted scalar without a tag. Floats are not yet made JSON numbers."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START:
        return text
    if text in _NOT_JSON:
        return NotJson(_NOT_JSON[text])
    if text[0] == ".":
        return _float(text.replace("_", ""), text) if _DOT_FLOAT.fullmatch(text) else text
    digits = text.replace("_", "")
    return _number(digits, text) if len(digits) <= _MOST_DIGITS else text


def _number(digits: str, text: str) -> int | float | str:
    if found := _INTEGER.fullmatch(digits):
        sign, *bases = found.groups()
        value = next(
            int(part, base) for part, base in zip(bases, (16, 2, 8, 10), strict=True) if part is not None
        )
        value = -value if sign == "-" else value
        if _INT64_MIN <= value <= (_INT64_MAX if sign else _UINT64_MAX):
            return value
    return _float(digits, text) if _FLOAT.fullmatch(digits) else text


def _float(digits: str, text: str) -> float | str:
    """A float; out of its range it stays text."""
    value = float(digits)
    return text if value in (float("inf"), float("-inf")) else value


def resolve_tagged(tag: str, text: str) -> Any:
    """The value of a scalar with a tag; a tag that is not YAML's own means text.

    Raises:
        ScalarError: The text is not of that type.
    """
    name = tag.removeprefix(_TAG_PREFIX)
    if name == tag or name not in _TYPES:
        return _binary(text) if name == "binary" and name != tag else text
    if name == "str":
        return text
    value = resolve_plain(text) if text else None
    if name == "float" and type(value) is int:
        return float(value)
    if not isinstance(value, _TYPES[name]) or (name == "int" and isinstance(value, bool)):
        raise ScalarError(
            f"{_brief(text)} is not of the type !!{name}", f"a value of type !!{name}, or no tag"
        )
    return value


_TYPES: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "bool": bool,
    "int": int,
    "float": float,
    "null": type(None),
    "timestamp": str,
}


def _binary(text: str) -> str:
    """Base64 to text; bytes that are no UTF-8 become U+FFFD one by one, as Go's JSON encoder writes them."""
    try:
        raw = base64.b64decode(text.replace("\n", "").encode(), validate=True)
    except (binascii.Error, UnicodeError) as error:
        raise ScalarError("the !!binary value is not base64", "base64 text") from error
    return raw.decode(errors="replace")


def json_number(value: float) -> int | float:
    """A float as JSON reads back what Go writes: whole ones within 64 bits are integers.

    Raises:
        ScalarError: Infinity and not-a-number, which JSON cannot hold.
    """
    if isinstance(value, NotJson):
        raise ScalarError(
            f"{value.text} is no number that JSON can hold", "a finite number, or quotes for text"
        )
    if not value.is_integer():
        return value
    whole = int(Decimal(repr(value)))  # the shortest digits, as Go writes them
    return whole if _INT64_MIN <= whole <= _UINT64_MAX else value


def json_key(value: Any) -> str:
    """A map's key as text, as JSON needs it.

    Raises:
        ScalarError: Null, and integers beyond 64 bits with sign.
    """
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() if value <= _INT64_MAX:
            return str(value)
        case NotJson():
            return value.text
        case float():
            return float_key(value)
    raise ScalarError(f"{_brief(str(value))} cannot be a key", "text; quote it")


def _brief(text: str) -> str:
    """The text in quotes, cut to what a line of a message bears."""
    most = 40
    return repr(text if len(text) <= most else text[: most - 3] + "...")
