"""Headers of tar archives: ustar, pax and GNU long names. Follows POSIX.1-2017 pax and GNU tar's format.

Only the fields that a scan needs are read; the caller walks the content.
"""

import enum
from collections.abc import Mapping

import msgspec

from propolis.core.errors import DocumentError, Place

BLOCK = 512
EXTENSION_BYTES = 1024 * 1024
"""Largest pax header or long name."""


class EntryType(enum.Enum):
    """What an entry is; the others do not matter to a scan."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    OTHER = "other"


class RawType(enum.Enum):
    """Headers that speak of the next one."""

    PAX = b"x"
    PAX_GLOBAL = b"g"
    LONG_NAME = b"L"
    LONG_LINK = b"K"


_TYPES = {
    b"0": EntryType.FILE,
    b"\0": EntryType.FILE,
    b"7": EntryType.FILE,
    b"5": EntryType.FOLDER,
    b"2": EntryType.SYMLINK,
    b"1": EntryType.HARDLINK,
}
EXTENSIONS = {kind.value: kind for kind in RawType}
_WITH_CONTENT = frozenset({EntryType.FILE, EntryType.OTHER})
_DEVICES = frozenset({b"3", b"4", b"6"})
"""Devices and pipes. No content follows them whatever size they claim, just as for folders and links."""

_OLD_FILE = b"\0"
"""Before POSIX a folder was a file whose name ends with a slash; of a file of today that says nothing."""


class TarEntry(msgspec.Struct, frozen=True):
    """One entry.

    Attributes:
        path: As written, in the surrogate-escape form of what is no UTF-8.
        link: Target of a link, as written.
        mode: Permission bits.
        size_bytes: Of the content that follows; 0 for folders and links.
    """

    path: str
    type: EntryType
    size_bytes: int
    mode: int = 0
    link: str = ""


def parse_entry(block: bytes, extensions: Mapping[str, str], place: Place) -> TarEntry:
    """An entry from its header and what the headers before it said (``path``, ``linkpath``, ``size``).

    Raises:
        DocumentError: The block is no header.
    """
    flag = block[156:157]
    kind = _TYPES.get(flag, EntryType.OTHER)
    size = _size(block, extensions, place)
    path = extensions.get("path") or _name(block)
    if flag == _OLD_FILE and path.endswith("/"):
        kind = EntryType.FOLDER
    link = extensions.get("linkpath") or _text(block[157:257])
    mode = _number(block[100:108], place)
    has_content = kind in _WITH_CONTENT and flag not in _DEVICES
    return TarEntry(path, kind, size if has_content else 0, mode, link)


def extension_size(block: bytes, place: Place) -> int:
    """Size of a header that speaks of the next one. Raises `DocumentError`."""
    size = _number(block[124:136], place)
    if size > EXTENSION_BYTES:
        raise DocumentError(f"a tar header of {size:,} bytes", place, f"at most {EXTENSION_BYTES:,}")
    return size


def check_header(block: bytes, place: Place) -> None:
    """Raises `DocumentError` when a block is no header: no magic word and a wrong sum."""
    if block[257:262] == b"ustar":
        return
    told = _number(block[148:156], place)
    if sum(block) - sum(block[148:156]) + 8 * 32 != told:
        raise DocumentError("not a tar header", place, "a tar archive")


def parse_pax(content: bytes, place: Place) -> dict[str, str]:
    """The records of a pax header: ``LENGTH KEY=VALUE`` lines. Raises `DocumentError`."""
    found = {}
    position = 0
    while position < len(content):
        space = content.find(b" ", position, position + 20)
        digits = content[position:space] if space > 0 else b""
        if not digits.isdigit() or not space - position < int(digits) <= len(content) - position:
            raise DocumentError("a damaged pax header in the tar", place, "LENGTH KEY=VALUE records")
        end = position + int(digits)
        key, _, value = content[space + 1 : end - 1].partition(b"=")
        found[_text(key)] = _text(value)
        position = end
    return found


def _size(block: bytes, extensions: Mapping[str, str], place: Place) -> int:
    told = extensions.get("size")
    if told is None:
        return _number(block[124:136], place)
    if not (told.isascii() and told.isdigit() and len(told) < 20):  # noqa: PLR2004  # digits of 64 bits
        raise DocumentError(f"a size of {told[:30]!r} in the tar", place, "a number")
    return int(told)


def _name(block: bytes) -> str:
    name = _text(block[:100])
    if block[257:263] == b"ustar\0":
        prefix = _text(block[345:500])
        if prefix:
            return f"{prefix}/{name}"
    return name


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _number(field: bytes, place: Place) -> int:
    """An octal number, or one in base 256 as GNU writes large ones."""
    if field[:1] and field[0] & 0x80:
        if field[0] & 0x40:
            raise DocumentError("a negative number in the tar", place, "sizes from 0")
        return int.from_bytes(bytes([field[0] & 0x3F]) + field[1:])
    digits = field.strip(b" \0")
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        raise DocumentError(f"a number {digits!r} in the tar", place, "octal digits") from None
