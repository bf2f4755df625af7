"""YAML, written at once: blocks for maps, lists and texts of several lines, quotes where a doubt is.

It writes what JSON can say and no more: no anchors, tags or comments. Everything that it writes is read
back as the same value by readers of YAML 1.1 and 1.2 alike.
"""

import math
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from propolis.core.resource import Document

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_/.-]*(?: [A-Za-z/(][A-Za-z0-9_/.()-]*)*", re.ASCII)
"""Texts that no reader takes for anything else, but for `_WORDS`."""
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_LINES = re.compile(r"[!-~][ -~]*(?:\n[ -~]*)*\n[ -~]*[!-~]\n?", re.ASCII)
"""Several lines that may stand as they are, below a line that says so."""
_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_LONGEST_KEY = 120
_LONGEST_REMEMBERED = 200

Add = Callable[[str], None]


def yaml_stream(documents: Iterable[Document]) -> bytes:
    """Documents as a YAML stream, keys in their order. A character that UTF-8 cannot write becomes ``?``."""
    parts: list[str] = []
    for document in documents:
        parts.append("---")
        _block(document, "\n", parts.append)
        parts.append("\n")
    return "".join(parts).encode()


def _block(value: Any, pad: str, add: Add) -> None:
    """What follows a dash, a key or the beginning; ``pad`` is a line break and the indentation."""
    if isinstance(value, dict) and value:
        _map(value, pad, add, pad)
    elif isinstance(value, list | tuple) and value:
        for item in value:
            add(f"{pad}-")
            _item(item, pad, add)
    else:
        add(" ")
        add(_scalar(value, f"{pad}  "))


def _item(value: Any, pad: str, add: Add) -> None:
    """An element: a map begins on the line of its dash."""
    if isinstance(value, dict) and value:
        _map(value, f"{pad}  ", add, " ")
    else:
        _block(value, f"{pad}  ", add)


def _map(value: dict[str, Any], pad: str, add: Add, first: str) -> None:
    for key, inner in value.items():
        add(first)
        add(_key(key, pad))
        if isinstance(inner, dict) and inner:
            _map(inner, f"{pad}  ", add, f"{pad}  ")
        else:
            _block(inner, pad, add)
        first = pad


def _key(key: str, pad: str) -> str:
    """A key; a long one must be told as such."""
    text = _short_text(key) if len(key) <= _LONGEST_REMEMBERED else _quoted(key)
    return f"{text}:" if len(text) <= _LONGEST_KEY else f"? {text}{pad}:"


def _scalar(value: Any, pad: str) -> str:
    if isinstance(value, str):
        if "\n" in value and _LINES.fullmatch(value):
            lines = value.removesuffix("\n").split("\n")
            mark = "|" if value.endswith("\n") else "|-"
            return mark + "".join(f"{pad}{line}" if line else "\n" for line in lines)
        return _short_text(value) if len(value) <= _LONGEST_REMEMBERED else _quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return _float(value)
    return "{}" if isinstance(value, dict) else "[]" if isinstance(value, list | tuple) else str(value)


@lru_cache(maxsize=16384)
def _short_text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if "\ud800" <= character <= "\udfff":
        return "?"
    return _SHORT.get(character) or f"\\u{ord(character):04x}"


def _float(value: float) -> str:
    """A float that YAML 1.1 reads as one: with a point, also before an exponent."""
    if not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    text = repr(value)
    return text.replace("e", ".0e", 1) if "." not in text else text
