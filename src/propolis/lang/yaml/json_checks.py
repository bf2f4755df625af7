"""What orjson lets pass: keys that are there twice, deep nesting, more values than a reader takes.

All three are decided by counting bytes; only a text that looks suspicious is read again slowly.
"""

import json
import re
from collections import Counter
from typing import Any

import orjson

from propolis.core.errors import DocumentError, LimitError, Place
from propolis.core.limits import Limits
from propolis.lang.yaml.budget import MOST_DEPTH, most_nodes, too_deep
from propolis.lang.yaml.byte_patterns import compile_bytes

_UNCOUNTABLE = compile_bytes(r'"[ \t\n]+:|\\u00(?:22|3[aA])')
_TO_BRACES = bytes.maketrans(b"[]", b"{}")
_NOT_BRACES = bytes(set(range(256)) - set(b"{}"))
_NOT_MARKS = bytes(set(range(256)) - set(b'{}[],:"'))


def check(data: bytes, document: Any, limits: Limits) -> None:
    """Checks a text that orjson has read as ``document``.

    Raises:
        LimitError: It nests too deep or holds too many values.
        DocumentError: A key is there twice in one object.
    """
    most_depth = min(limits.document_depth, MOST_DEPTH)
    try:
        written = orjson.dumps(document)
    except orjson.JSONEncodeError:  # it does not write what nests deeper than 254
        raise too_deep(most_depth).at(Place("", 1, 1)) from None
    if len(data) > limits.document_nodes or data.count(b"{") + data.count(b"[") > most_depth:
        marks = _marks(written)
        _check_nodes(marks, most_nodes(limits, len(data)))
        _check_depth(marks, most_depth)
    if _has_every_key(data, written):
        return
    try:
        json.loads(data, object_pairs_hook=_DuplicateFinder(data))
    except RecursionError:  # deep within a value that a second one of its key replaced
        raise too_deep(most_depth).at(Place("", 1, 1)) from None


def _marks(written: bytes) -> bytes:
    """The brackets, commas and colons of a JSON text, without those within strings."""
    unescaped = written.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(unescaped.translate(None, _NOT_MARKS).split(b'"')[::2])


def _check_nodes(marks: bytes, most: int) -> None:
    nodes = 1 + sum(marks.count(mark) for mark in (b",", b":", b"{", b"["))
    if nodes > most:
        raise LimitError(f"more than {most:,} values", Place("", 1, 1), "several documents")


def _check_depth(marks: bytes, most: int) -> None:
    """Takes off the innermost level until nothing is left."""
    braces = marks.translate(_TO_BRACES).translate(None, _NOT_BRACES)
    for _ in range(most):
        if not braces:
            return
        braces = braces.replace(b"{}", b"")
    if braces:
        raise too_deep(most).at(Place("", 1, 1))


def _has_every_key(data: bytes, written: bytes) -> bool:
    """Whether writing the document gives as many keys as were read.

    A lost key lowers the count of ``":`` and nothing raises it but escapes of these two
    characters, or blanks between them; such texts are not judged here.
    """
    return data.count(b'":') == written.count(b'":') and not _UNCOUNTABLE.search(data)


class _DuplicateFinder:
    """Refuses the first object with a key twice; its place is that of the key's second use in it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        key = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise DocumentError(
            f"the key {key!r} is there twice in one object", self._place(key), "each key once"
        )

    def _place(self, key: str) -> Place:
        """The second place where the key is written, or the text's start where it hides in escapes."""
        written = re.escape(json.dumps(key, ensure_ascii=False).encode())
        uses = [found.start() for found in re.finditer(written + rb"[ \t\n]*:", self._data)]
        if len(uses) != 2:  # noqa: PLR2004  # with more uses the text does not tell which ones clash
            return Place("", 1, 1)
        line = self._data.count(b"\n", 0, uses[1]) + 1
        return Place("", line, uses[1] - self._data.rfind(b"\n", 0, uses[1]))
