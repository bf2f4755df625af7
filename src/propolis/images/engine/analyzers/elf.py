"""Sections of ELF executables (System V ABI): just enough to find one by name."""

import struct

from propolis.images.engine.analyzer import Content

MOST_SECTIONS = 2000
MOST_SECTION_BYTES = 4 * 1024 * 1024
"""Build information of the largest programs is a tenth of it."""


def section(content: Content, names: tuple[bytes, ...]) -> bytes | None:
    """The content of the first section of one of these names; None without it or for damaged files."""
    try:
        return _section(memoryview(content), names)
    except (struct.error, IndexError, ValueError, OverflowError):
        return None


def _section(data: memoryview, names: tuple[bytes, ...]) -> bytes | None:
    is_64, order = data[4] == 2, "<" if data[5] == 1 else ">"  # noqa: PLR2004  # ELFCLASS64
    table, entry_size, count, names_index = _table(data, order, is_64=is_64)
    if not 0 < count <= MOST_SECTIONS or names_index >= count:
        return None
    form = order + ("IIQQQQ" if is_64 else "IIIIII")
    headers = [struct.unpack_from(form, data, table + index * entry_size) for index in range(count)]
    _, _, _, _, names_offset, names_size = headers[names_index]
    strings = bytes(data[names_offset : names_offset + min(names_size, MOST_SECTION_BYTES)])
    for name_offset, _, _, _, offset, size in headers:
        if any(strings.startswith(name + b"\0", name_offset) for name in names):
            return bytes(data[offset : offset + min(size, MOST_SECTION_BYTES)])
    return None


def _table(data: memoryview, order: str, *, is_64: bool) -> tuple[int, int, int, int]:
    """Offset of the section headers, size of one, their number, the number of the one with names."""
    (offset,) = struct.unpack_from(order + ("Q" if is_64 else "I"), data, 0x28 if is_64 else 0x20)
    entry_size, count, names_index = struct.unpack_from(order + "HHH", data, 0x3A if is_64 else 0x2E)
    return offset, entry_size, count, names_index
