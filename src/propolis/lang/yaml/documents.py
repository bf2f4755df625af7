"""The door: bytes in, documents out, each with its line and its own error.

A file is cut at its document markers first, so a broken document leaves the others readable.
"""

from typing import Any

import msgspec

from propolis.core.errors import DocumentError, LimitError, Place
from propolis.core.limits import DEFAULT, Limits
from propolis.lang.yaml import json_text, plain, reference
from propolis.lang.yaml.encoding import EncodingProblem, to_utf8
from propolis.lang.yaml.split import Piece, split


class Parsed(msgspec.Struct, frozen=True):
    """One document of a file: its value, or the error that it gave instead.

    ``line`` is that of its first word, from 1. Values are null, bool, int, float, str, list and
    dict with text keys. Two places of a document never share one list or map, aliases or not.
    """

    document: Any
    line: int
    error: DocumentError | None = None


def load_documents(data: bytes, path: str = "", limits: Limits = DEFAULT) -> list[Parsed]:
    """All documents of a YAML or JSON file or stream, in order; never raises for any data.

    A document that cannot be read is there with its error. Empty documents are left out, as
    kubectl does.
    """
    if len(data) > limits.file_bytes:
        return [_failed(_too_large(len(data), limits), path, 1)]
    try:
        text = to_utf8(data)
    except EncodingProblem as problem:
        return [_failed(problem.error, path, problem.error.place.line)]
    found: list[Parsed] = []
    for piece in split(text):
        found += _load(piece, path, limits)
    return found


def _load(piece: Piece, path: str, limits: Limits) -> list[Parsed]:
    """The documents of one piece: one, or several when it is a stream of JSON."""
    try:
        document = plain.load(piece.text, limits)
        if document is not plain.NOT_PLAIN:
            return [Parsed(document, piece.line)]
        if json_text.may_be_json(piece.text):
            values = json_text.load(piece.text, limits)
            if values is not None:
                return [_json_parsed(value, piece, path) for value in values]
        return [Parsed(reference.load(piece.text, limits), piece.line)]
    except DocumentError as error:
        return [_failed(error, path, piece.line, piece.first_line - 1)]


def _json_parsed(value: json_text.Value, piece: Piece, path: str) -> Parsed:
    line = piece.first_line + value.line - 1
    if value.error is None:
        return Parsed(value.document, line)
    return _failed(value.error, path, line, piece.first_line - 1)


def _failed(error: DocumentError, path: str, line: int, shift: int = 0) -> Parsed:
    """An error whose place counts within its piece, moved to its place in the file."""
    place = error.place
    at = Place(path, place.line + shift, place.column) if place.line else Place(path, line)
    return Parsed(None, line, error.at(at))


def _too_large(size_bytes: int, limits: Limits) -> LimitError:
    return LimitError(
        f"{size_bytes:,} bytes are more than a file may have",
        expected=f"at most {limits.file_bytes:,} bytes: split it into several files",
    )
