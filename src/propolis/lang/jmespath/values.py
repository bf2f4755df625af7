"""JSON values as JMESPath sees them: types, truth, equality, text.

A boolean is never a number; 1 and 1.0 are equal.
"""

import re
from typing import Any

import msgspec

from propolis.core.limits import DEFAULT
from propolis.lang.jmespath.errors import ExpressionError

_encode = msgspec.json.Encoder(order="deterministic").encode
_HTML = re.compile("[<>&\u2028\u2029]")


def type_name(value: Any) -> str:
    """The JMESPath type: null, boolean, number, string, array or object."""
    if value is None:
        return "null"
    return _TYPES.get(type(value), "expref")


_TYPES = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}


def is_number(value: Any) -> bool:
    """Whether it is a number and no boolean."""
    return type(value) is int or type(value) is float


def is_false(value: Any) -> bool:
    """Whether a value counts as false: null, false, empty text, list or object."""
    return value is None or value is False or value == "" or (isinstance(value, list | dict) and not value)


def equal(left: Any, right: Any) -> bool:
    """Whether two JSON values are the same.

    Raises:
        ExpressionError: They have more parts than a document may have.
    """
    return _equal(left, right, [DEFAULT.document_nodes])


def _equal(left: Any, right: Any, budget: list[int]) -> bool:
    if left is right:
        return True
    if type(left) is not type(right):
        return is_number(left) and is_number(right) and bool(left == right)
    if type(left) is dict:
        return len(left) == len(right) and all(
            key in right and _equal(value, right[key], _spend(budget)) for key, value in left.items()
        )
    if type(left) is list:
        return len(left) == len(right) and all(
            _equal(one, other, _spend(budget)) for one, other in zip(left, right, strict=True)
        )
    return bool(left == right)


def _spend(budget: list[int]) -> list[int]:
    budget[0] -= 1
    if budget[0] < 0:
        raise ExpressionError(f"the values have more than {DEFAULT.document_nodes} parts")
    return budget


def to_json(value: Any) -> str:
    """A value as compact JSON with sorted keys, HTML characters escaped, as Go's encoder writes it.

    Raises:
        ExpressionError: The text would be longer than `Limits.text_bytes`.
    """
    _measure(value, [DEFAULT.text_bytes])
    text = _encode(value).decode()
    return _HTML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _measure(value: Any, budget: list[int]) -> None:
    """Ends before a value that shares its parts many times is written out."""
    budget[0] -= len(value) + 2 if isinstance(value, str) else 1
    if budget[0] < 0:
        raise ExpressionError(f"the text is longer than {DEFAULT.text_bytes} bytes")
    if isinstance(value, list):
        for item in value:
            _measure(item, budget)
    elif isinstance(value, dict):
        for key, item in value.items():
            budget[0] -= len(key) + 3
            _measure(item, budget)


def check_text(text: str) -> str:
    """The text itself.

    Raises:
        ExpressionError: It is longer than `Limits.text_bytes`.
    """
    if len(text) > DEFAULT.text_bytes:
        raise ExpressionError(f"the expression builds a text of more than {DEFAULT.text_bytes} characters")
    return text
