"""The smallest ELF executable that holds sections of given names."""

import struct
from collections.abc import Sequence

HEADER_BYTES = 64
_PROGBITS, _STRINGS = 1, 3


def elf_of(sections: Sequence[tuple[str, bytes]]) -> bytes:
    """An executable for x86-64, 64 bits, little endian; the names of its sections lie in one more."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name, _ in sections) + b".shstrtab\0"
    contents = [(name, _PROGBITS, content) for name, content in sections]
    contents.append((".shstrtab", _STRINGS, names))
    body = b""
    headers = struct.pack("<IIQQQQIIQQ", *[0] * 10)
    for name, kind, content in contents:
        offset, name_offset = HEADER_BYTES + len(body), names.index(f"\0{name}\0".encode()) + 1
        headers += struct.pack("<IIQQQQIIQQ", name_offset, kind, 0, 0, offset, len(content), 0, 0, 16, 0)
        body += content + bytes(-len(content) % 16)
    return _header(HEADER_BYTES + len(body), len(contents) + 1) + body + headers


def _header(sections_offset: int, sections: int) -> bytes:
    """The last section holds the names."""
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    numbers = (2, 62, 1, 0, 0, sections_offset, 0, HEADER_BYTES, 56, 0, HEADER_BYTES, sections, sections - 1)
    return identity + struct.pack("<HHIQQQIHHHHHH", *numbers)
