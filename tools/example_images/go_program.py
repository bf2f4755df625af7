"""The smallest ELF file that says of itself what a program built by Go says."""

import struct

from tools.example_images.recipe import GoProgram

MAGIC = b"\xff Go buildinf:"
FRAME = bytes.fromhex("3077af0c9274080241e1c107e6d618e6"), bytes.fromhex("f932433186182072008242104116d8f2")
"""The markers that Go puts around the list of modules."""

HEADER_BYTES = 64
CODE_BYTES = 8192
_NO_BITS, _PROGBITS, _STRINGS = 0, 1, 3


def go_program(program: GoProgram) -> bytes:
    """An executable with three sections: empty code, build information, names of sections."""
    names = b"\0.text\0.go.buildinfo\0.shstrtab\0"
    contents = [
        (1, _PROGBITS, bytes(CODE_BYTES)),
        (7, _PROGBITS, build_information(program)),
        (21, _STRINGS, names),
    ]
    body = b""
    headers = struct.pack("<IIQQQQIIQQ", 0, _NO_BITS, *[0] * 8)
    for name, kind, content in contents:
        offset = HEADER_BYTES + len(body)
        headers += struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, offset, len(content), 0, 0, 16, 0)
        body += content + bytes(-len(content) % 16)
    return _elf_header(HEADER_BYTES + len(body), len(contents) + 1) + body + headers


def _elf_header(sections_offset: int, sections: int) -> bytes:
    """64 bits, little endian, an executable for x86-64; the last section holds the names."""
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    numbers = (2, 62, 1, 0, 0, sections_offset, 0, HEADER_BYTES, 56, 0, HEADER_BYTES, sections, sections - 1)
    return identity + struct.pack("<HHIQQQIHHHHHH", *numbers)


def build_information(program: GoProgram) -> bytes:
    """As `debug/buildinfo` writes it since Go 1.18: two strings with their lengths, inline."""
    lines = [f"path\t{program.main.split()[0]}", _module("mod", program.main)]
    lines += [_module("dep", module) for module in program.modules]
    lines += ["build\tCGO_ENABLED=0", "build\tGOARCH=amd64", "build\tGOOS=linux"]
    modules = FRAME[0] + "".join(f"{line}\n" for line in lines).encode() + FRAME[1]
    start = (MAGIC + b"\x08\x02").ljust(32, b"\0")
    return start + _string(program.version.encode()) + _string(modules)


def _module(word: str, line: str) -> str:
    path, version = line.split()
    return f"{word}\t{path}\t{version}\t"


def _string(content: bytes) -> bytes:
    left, length = len(content), bytearray()
    while left > 0x7F:  # noqa: PLR2004  # seven bits a byte
        length.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*length, left]) + content
