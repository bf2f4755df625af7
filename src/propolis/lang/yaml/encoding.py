"""Bytes of a file to UTF-8 without a byte order mark, with one kind of line break.

YAML 1.1 section 5.2: UTF-16 is known by its mark, everything else is UTF-8. Section 5.4: CR LF and
CR mean the same as LF wherever a document may hold them.
"""

import codecs

from propolis.core.errors import DocumentError, Place

_UTF16_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class EncodingProblem(Exception):  # noqa: N818  # carries the error to the one caller
    """The file as a whole cannot be read as text."""

    def __init__(self, error: DocumentError) -> None:
        self.error = error
        super().__init__(str(error))


def to_utf8(data: bytes) -> bytes:
    """The file's text as UTF-8. UTF-8 itself is checked document by document, by `text_of`.

    Raises:
        EncodingProblem: A file in UTF-16 that ends in the middle of a character.
    """
    codec = _UTF16_MARKS.get(data[:2])
    if codec is None:
        return _plain_breaks(data.removeprefix(codecs.BOM_UTF8))
    try:
        return _plain_breaks(data[2:].decode(codec).encode())
    except UnicodeError as error:
        place = Place("", 1, 1)
        raise EncodingProblem(DocumentError(f"not valid UTF-16: {error}", place, "text in UTF-8")) from error


def _plain_breaks(data: bytes) -> bytes:
    if b"\r" not in data:
        return data
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def text_of(data: bytes) -> str:
    """A document as text.

    Raises:
        DocumentError: Invalid UTF-8, with the place of the first wrong byte.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"byte 0x{data[error.start]:02x} is not valid UTF-8",
            place_of_offset(data, error.start),
            "text in UTF-8; base64 for anything else",
        ) from error


def place_of_offset(data: bytes, offset: int) -> Place:
    """Line and column, from 1, of a byte; columns count characters."""
    line = data.count(b"\n", 0, offset) + 1
    start = data.rfind(b"\n", 0, offset) + 1
    column = len(data[start:offset].decode(errors="replace")) + 1
    return Place("", line, column)
