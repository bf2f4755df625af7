"""The smallest ELF file that says of itself what a program built by Go says."""

from tools.example_images.elf import elf_of
from tools.example_images.recipe import GoProgram

MAGIC = b"\xff Go buildinf:"
FRAME = bytes.fromhex("3077af0c9274080241e1c107e6d618e6"), bytes.fromhex("f932433186182072008242104116d8f2")
"""The markers that Go puts around the list of modules."""

CODE_BYTES = 8192
"""Smaller executables are not looked at: no compiler makes such."""


def go_program(program: GoProgram) -> bytes:
    """An executable with empty code and build information."""
    return elf_of([(".text", bytes(CODE_BYTES)), (".go.buildinfo", build_information(program))])


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
