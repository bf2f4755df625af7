"""Header of an installed RPM package: the blob that every kind of rpm database keeps.

Follows rpm's header format (lib/header.c): counts of entries and bytes in network order, sixteen bytes
an entry (tag, type, offset, count), then the data.
"""

import enum
import struct
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from propolis.core.errors import DocumentError, Place

T = TypeVar("T")

MOST_ENTRIES = 0xFFFF
MOST_BYTES = 256 * 1024 * 1024
MOST_VALUES = 2_000_000
ENTRY_BYTES = 16


class Tag(enum.IntEnum):
    """Tags that are used, by their number."""

    SIGMD5 = 261
    NAME = 1000
    VERSION = 1001
    RELEASE = 1002
    EPOCH = 1003
    SUMMARY = 1004
    INSTALLTIME = 1008
    SIZE = 1009
    VENDOR = 1011
    LICENSE = 1014
    FILESIZES = 1028
    FILEMODES = 1030
    FILEDIGESTS = 1035
    FILEFLAGS = 1037
    FILEUSERNAME = 1039
    FILEGROUPNAME = 1040
    SOURCERPM = 1044
    ARCH = 1022
    PROVIDENAME = 1047
    REQUIRENAME = 1049
    DIRINDEXES = 1116
    BASENAMES = 1117
    DIRNAMES = 1118
    FILEDIGESTALGO = 5011
    MODULARITYLABEL = 5096


class _Type(enum.IntEnum):
    CHAR = 1
    INT8 = 2
    INT16 = 3
    INT32 = 4
    INT64 = 5
    STRING = 6
    BIN = 7
    STRING_ARRAY = 8
    I18NSTRING = 9


_INTEGERS = {_Type.INT8: "B", _Type.INT16: "H", _Type.INT32: "I", _Type.INT64: "Q", _Type.CHAR: "B"}
_TEXTS = frozenset({_Type.STRING, _Type.STRING_ARRAY, _Type.I18NSTRING})


class RpmFile(msgspec.Struct, frozen=True):
    """A file that a package put there."""

    path: str
    mode: int
    digest: str
    size_bytes: int
    user: str
    group: str
    flags: int


class RpmHeader:
    """Entries of a header, read when asked for.

    Raises:
        DocumentError: The blob is no header, or its counts do not fit.
    """

    def __init__(self, blob: bytes | memoryview, place: Place) -> None:
        self._place = place
        data = memoryview(blob)
        if len(data) < 8:  # noqa: PLR2004  # the two counts
            raise self._wrong("a header of less than eight bytes")
        entries, size = struct.unpack_from(">II", data)
        start = 8 + entries * ENTRY_BYTES
        if not 0 < entries <= MOST_ENTRIES or size > MOST_BYTES or start + size > len(data):
            raise self._wrong(f"a header of {entries} entries and {size} bytes in a blob of {len(data)}")
        self._data = data[start : start + size]
        self._entries: dict[int, tuple[int, int, int]] = {}
        for index in range(entries):
            tag, kind, offset, count = struct.unpack_from(">IIiI", data, 8 + index * ENTRY_BYTES)
            self._entries.setdefault(tag, (kind, offset, count))

    def _wrong(self, message: str) -> DocumentError:
        return DocumentError(message, self._place, "a header of an rpm database")

    def _entry(self, tag: Tag) -> tuple[int, int, int] | None:
        found = self._entries.get(tag)
        if found is not None and not (0 <= found[1] <= len(self._data) and found[2] <= MOST_VALUES):
            raise self._wrong(f"{tag.name.lower()} lies outside of the header")
        return found

    def texts(self, tag: Tag) -> list[str]:
        """All texts of a tag; empty where it is absent."""
        found = self._entry(tag)
        if found is None:
            return []
        kind, offset, count = found
        if kind not in _TEXTS:
            raise self._wrong(f"{tag.name.lower()} is no text")
        parts = (
            bytes(self._data[offset:]).split(b"\0", count)[:count] if count > 1 else [self._string(offset)]
        )
        return [part.decode("utf-8", "replace") for part in parts]

    def _string(self, offset: int) -> bytes:
        return bytes(self._data[offset : offset + 65536]).partition(b"\0")[0]

    def text(self, tag: Tag) -> str:
        """The first text of a tag; empty where it is absent."""
        found = self.texts(tag)
        return found[0] if found else ""

    def integers(self, tag: Tag) -> list[int]:
        """All integers of a tag; empty where it is absent."""
        found = self._entry(tag)
        if found is None:
            return []
        kind, offset, count = found
        form = _INTEGERS.get(kind)  # type: ignore[call-overload]  # any number of a stranger
        if form is None:
            raise self._wrong(f"{tag.name.lower()} is no number")
        try:
            return list(struct.unpack_from(f">{count}{form}", self._data, offset))
        except struct.error:
            raise self._wrong(f"{tag.name.lower()} lies outside of the header") from None

    def integer(self, tag: Tag) -> int | None:
        """The first integer of a tag; None where it is absent."""
        found = self.integers(tag)
        return found[0] if found else None

    def binary(self, tag: Tag) -> bytes:
        """Bytes of a tag; empty where it is absent."""
        found = self._entry(tag)
        return b"" if found is None else bytes(self._data[found[1] : found[1] + found[2]])

    def paths(self) -> list[str]:
        """Paths of all files, from the root.

        Raises:
            DocumentError: The three lists that name them do not fit each other.
        """
        folders, indexes, names = (
            self.texts(Tag.DIRNAMES),
            self.integers(Tag.DIRINDEXES),
            self.texts(Tag.BASENAMES),
        )
        if len(indexes) != len(names) or any(index >= len(folders) for index in indexes):
            raise self._wrong("the lists of its files do not fit each other")
        return [folders[index] + name for index, name in zip(indexes, names, strict=True)]

    def paths_within(self, most_characters: int) -> list[str]:
        """`paths`, when all together are no longer. Raises `DocumentError`."""
        folders, indexes = self.texts(Tag.DIRNAMES), self.integers(Tag.DIRINDEXES)
        lengths = [len(folder) for folder in folders]
        if sum(lengths[index] for index in indexes if index < len(lengths)) > most_characters:
            raise self._wrong("the paths of its files are too long")
        return self.paths()

    def files(self) -> Iterator[RpmFile]:
        """All files with what is known of them. Raises `DocumentError`."""
        modes, sizes = self.integers(Tag.FILEMODES), self.integers(Tag.FILESIZES)
        digests, flags = self.texts(Tag.FILEDIGESTS), self.integers(Tag.FILEFLAGS)
        users, groups = self.texts(Tag.FILEUSERNAME), self.texts(Tag.FILEGROUPNAME)
        for index, path in enumerate(self.paths()):
            yield RpmFile(
                path,
                _at(modes, index, 0),
                _at(digests, index, ""),
                _at(sizes, index, 0),
                _at(users, index, ""),
                _at(groups, index, ""),
                _at(flags, index, 0),
            )


def _at(items: list[T], index: int, default: T) -> T:
    return items[index] if index < len(items) else default
