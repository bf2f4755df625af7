"""Cuts a file into its documents at the markers ``---`` and ``...``.

A marker counts only in the first column and before a blank or the line's end (YAML 1.1 section
7.2); there it ends every scalar, so no document can hide one.
"""

import re
from collections.abc import Iterator

import msgspec

_MARKER = re.compile(rb"^(?:---|\.\.\.)(?=[ \t\n]|\Z)", re.MULTILINE)
_BLANK_LINE = rb"[ \t]*(?:#[^\n]*)?\n"
_DIRECTIVES = re.compile(rb"(?:%b)*%%[^\n]*\n(?:%b|%%[^\n]*\n)*\Z" % (_BLANK_LINE, _BLANK_LINE))
_EMPTY_LINES = re.compile(
    rb"(?:(?:---|\.\.\.)?[ \t]*(?:\n|\Z(?<!\n))|(?:(?:---|\.\.\.)[ \t])?[ \t]*#[^\n]*(?:\n|\Z))*"
)


class Piece(msgspec.Struct, frozen=True):
    """The text of one document.

    Attributes:
        first_line: Line of the file, from 1, at which the text begins.
        line: Line of its first word.
    """

    text: bytes
    first_line: int
    line: int


def split(data: bytes) -> Iterator[Piece]:
    """The pieces of a file that hold something; a piece may begin with its ``---``."""
    line = 1
    for text in _cut(data):
        blank = _blank_start(text)
        if blank < len(text):
            yield Piece(text, line, line + text.count(b"\n", 0, blank))
        line += text.count(b"\n")


def _cut(data: bytes) -> Iterator[bytes]:
    """The text between markers. ``---`` begins a piece, ``...`` ends one; directives stay with theirs."""
    start = 0
    has_markers = b"\n---" in data or b"\n..." in data or data.startswith((b"---", b"..."))
    for marker in _MARKER.finditer(data) if has_markers else ():
        cut = marker.start()
        if data.startswith(b".", cut):
            cut = _next_line(data, cut)
        elif _DIRECTIVES.match(data, start, cut):
            continue
        if cut > start:
            yield data[start:cut]
            start = cut
    if start < len(data):
        yield data[start:]


def _blank_start(text: bytes) -> int:
    """Length of the lines at the start that hold only blanks, comments and markers."""
    found = _EMPTY_LINES.match(text)
    return found.end() if found else 0


def _next_line(data: bytes, offset: int) -> int:
    end = data.find(b"\n", offset)
    return len(data) if end < 0 else end + 1
