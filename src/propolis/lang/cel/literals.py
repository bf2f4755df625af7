"""Literals: what their text means.

Follows cel-spec doc/langdef.md §String and Bytes Values and cel-go parser/unescape.go @ v0.30.0.
"""

import re
from collections.abc import Callable

from propolis.lang.cel.values import MAX_INT, MAX_UINT, MIN_INT, UInt

_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\"'\\?`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]|$))"
)
_SIMPLE = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "?": "?",
    "`": "`",
}
_LARGEST_CODE = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_MOST_DIGITS = 64


def int_value(text: str, *, is_negative: bool = False) -> int:
    """A signed number, decimal or hexadecimal.

    Raises:
        ValueError: It has more than 64 bits.
    """
    number = _digits(text)
    number = -number if is_negative else number
    if not MIN_INT <= number <= MAX_INT:
        raise ValueError("invalid int literal")
    return number


def uint_value(text: str) -> UInt:
    """An unsigned number, with its ``u``.

    Raises:
        ValueError: It has more than 64 bits.
    """
    number = _digits(text[:-1])
    if number > MAX_UINT:
        raise ValueError("invalid uint literal")
    return UInt(number)


def float_value(text: str, *, is_negative: bool = False) -> float:
    """A double.

    Raises:
        ValueError: It is too large for one.
    """
    number = float(text)
    if number == float("inf"):
        raise ValueError("invalid double literal")
    return -number if is_negative else number


def _digits(text: str) -> int:
    is_hex = text.startswith("0x")
    digits = (text[2:] if is_hex else text).lstrip("0")
    if len(digits) > _MOST_DIGITS:
        raise ValueError("invalid int literal")
    return int(digits or "0", 16 if is_hex else 10)


def string_value(text: str) -> str:
    """The text that a quoted literal means.

    Raises:
        ValueError: A wrong escape.
    """
    is_raw, body = _body(text)
    return body if is_raw or "\\" not in body else _ESCAPE.sub(_character, body)


def bytes_value(text: str) -> bytes:
    """The bytes that a quoted literal with ``b`` means: characters as UTF-8, escapes as bytes.

    Raises:
        ValueError: A wrong escape.
    """
    is_raw, body = _body(text[1:])
    if is_raw or "\\" not in body:
        return body.encode()
    parts: list[bytes] = []
    position = 0
    for found in _ESCAPE.finditer(body):
        parts += [body[position : found.start()].encode(), _byte(found)]
        position = found.end()
    return b"".join([*parts, body[position:].encode()])


def _body(text: str) -> tuple[bool, str]:
    """Whether it is raw, and what stands between the quotes; line ends become newlines."""
    is_raw = text[0] in "rR"
    quoted = text[1:] if is_raw else text
    width = 3 if quoted[:3] in ('"""', "'''") and len(quoted) >= 6 else 1  # noqa: PLR2004  # two of them
    body = quoted[width:-width]
    return is_raw, body.replace("\r\n", "\n").replace("\r", "\n") if "\r" in body else body


def _character(found: re.Match[str]) -> str:
    simple, byte, short, long, octal, wrong = found.groups()
    if simple:
        return _SIMPLE[simple]
    if wrong is not None:
        raise ValueError(f"unable to unescape string: \\{wrong}")
    code = int(octal, 8) if octal else int(byte or short or long, 16)
    if code > _LARGEST_CODE or code in _SURROGATES:
        raise ValueError("invalid unicode code point")
    return chr(code)


def _byte(found: re.Match[str]) -> bytes:
    simple, byte, short, long, octal, wrong = found.groups()
    if simple:
        return _SIMPLE[simple].encode()
    if wrong is not None or short or long:
        raise ValueError(f"unable to unescape bytes: {found[0]}")
    return bytes([int(octal, 8) if octal else int(byte, 16)])


LITERALS: dict[str, Callable[[str], object]] = {
    "int": int_value,
    "uint": uint_value,
    "float": float_value,
    "string": string_value,
    "bytes": bytes_value,
}
