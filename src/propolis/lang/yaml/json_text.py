"""JSON documents and streams of them: orjson, and a check of what it lets pass.

A number keeps the type that JSON gives it: ``1.0`` stays a float, as in kubectl.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import orjson

from propolis.core.errors import DocumentError, LimitError, Place
from propolis.core.limits import Limits
from propolis.lang.yaml.encoding import text_of
from propolis.lang.yaml.json_checks import check

_BLANK = " \t\n"
_TOP_LEVEL = re.compile(r"^[{\[]", re.MULTILINE)


class Value(msgspec.Struct, frozen=True):
    """One JSON value of a text: its line within it, from 1, and its document or error."""

    document: Any
    line: int = 1
    error: DocumentError | None = None


def may_be_json(data: bytes) -> bool:
    """Whether the text begins as a JSON object or array does; so do flow collections of YAML."""
    return data.lstrip(b" \t\n")[:1] in (b"{", b"[")


def load(data: bytes, limits: Limits) -> list[Value] | None:
    """The values of a JSON text; None when it is no JSON, though it may still be YAML.

    Raises:
        DocumentError: The text is one JSON value but has a key twice, or is beyond a limit.
    """
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _load_stream(data, limits)
    check(data, document, limits)
    return [Value(document, data[: -len(data.lstrip(b" \t\n"))].count(b"\n") + 1)]


def _load_stream(data: bytes, limits: Limits) -> list[Value] | None:
    """Several values one after the other; None unless the first one is whole and a second begins."""
    text = text_of(data)
    start = _skip_blank(text, 0)
    try:
        end = _skip_blank(text, _value_end(text, start))
    except (json.JSONDecodeError, RecursionError):
        return None
    return list(_values(text, start, limits)) if text[end : end + 1] in ("{", "[") else None


def _values(text: str, start: int, limits: Limits) -> Iterator[Value]:
    while start < len(text):
        line = text.count("\n", 0, start) + 1
        try:
            end = _value_end(text, start)
            yield _one(text[start:end].encode(), line, limits)
        except (json.JSONDecodeError, RecursionError) as error:
            yield Value(None, line, _refused(error, line))
            found = _TOP_LEVEL.search(text, start + 1)
            end = found.start() if found else len(text)
        start = _skip_blank(text, end)


def _one(data: bytes, line: int, limits: Limits) -> Value:
    """One value of a stream; an error's place is moved to where the value stands."""
    try:
        document = orjson.loads(data)
        check(data, document, limits)
    except orjson.JSONDecodeError as error:
        return Value(None, line, DocumentError(str(error), Place("", line), "JSON"))
    except DocumentError as error:
        place = Place("", error.place.line + line - 1, error.place.column)
        return Value(None, line, error.at(place))
    return Value(document, line)


def _refused(error: json.JSONDecodeError | RecursionError, line: int) -> DocumentError:
    if isinstance(error, json.JSONDecodeError):
        return DocumentError(error.msg, Place("", error.lineno, error.colno), "JSON")
    return LimitError("lists and maps nest too deep to be read", Place("", line), "a flatter document")


def _value_end(text: str, start: int) -> int:
    return _DECODER.raw_decode(text, start)[1]


def _skip_blank(text: str, start: int) -> int:
    while start < len(text) and text[start] in _BLANK:
        start += 1
    return start


_DECODER = json.JSONDecoder()
