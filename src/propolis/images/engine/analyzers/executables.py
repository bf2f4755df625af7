"""What compilers leave in executables: the modules of a Go build, the crates of a Rust build.

Go: the build information of `debug/buildinfo`, in the section ``.go.buildinfo`` (Go 1.18 and later
write it inline). Rust: the section ``.dep-v0`` of cargo-auditable, JSON compressed by zlib.
"""

import zlib
from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.core.errors import DocumentError, Place
from propolis.core.limits import MEBIBYTE
from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.analyzers.elf import section
from propolis.images.engine.analyzers.text import short
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Package

MAGIC = b"\xff Go buildinf:"
HEADER_BYTES = 32
INLINE_FLAG = 2
MODULES_FRAME = 16
"""Bytes of the marker before and after the list of modules."""

MOST_AUDIT_BYTES = 8 * MEBIBYTE
LARGEST = 1024 * MEBIBYTE


def analyze(path: str, content: Content) -> Analysis:
    """Modules or crates of an executable; nothing for all others."""
    if (found := section(content, (b".go.buildinfo",))) is not None:
        return Analysis(packages=tuple(_go_packages(path, found)))
    if (found := section(content, (b".dep-v0",))) is not None:
        return Analysis(packages=tuple(_crates(path, found)))
    return Analysis()


def _go_packages(path: str, data: bytes) -> Iterator[Package]:
    start = data.find(MAGIC)
    if start < 0 or len(data) < start + HEADER_BYTES:
        return
    if not data[start + 15] & INLINE_FLAG:
        raise DocumentError(
            "built by a Go older than 1.18", Place(path), "build information in the section itself"
        )
    version, rest = _string(data, start + HEADER_BYTES)
    modules, _ = _string(data, rest)
    if version.startswith(b"go"):
        yield Package("golang", "stdlib", _text(version[2:].partition(b" ")[0]))
    if len(modules) > 2 * MODULES_FRAME:
        yield from _modules(_text_of(modules[MODULES_FRAME:-MODULES_FRAME]))


def _string(data: bytes, offset: int) -> tuple[bytes, int]:
    """A string with its length before it as a varint, and where it ends."""
    length = shift = 0
    while offset < len(data) and shift < 64:  # noqa: PLR2004  # bits of a length
        byte = data[offset]
        offset += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    return data[offset : offset + length], offset + length


def _modules(text: str) -> Iterator[Package]:
    """``mod`` is the program itself, ``dep`` a module, ``=>`` what stands in its place."""
    held: tuple[str, str] | None = None
    for line in text.splitlines():
        fields = line.split("\t")
        if fields[0] == "=>" and len(fields) > 2:  # noqa: PLR2004  # path and version
            held = (fields[1], fields[2])
            continue
        if held is not None:
            yield Package("golang", short(held[0]), short(held[1]))
            held = None
        if fields[0] in ("mod", "dep") and len(fields) > 2 and fields[2] not in ("", "(devel)"):  # noqa: PLR2004  # path, version
            held = (fields[1], fields[2])
    if held is not None:
        yield Package("golang", short(held[0]), short(held[1]))


def _crates(path: str, data: bytes) -> Iterator[Package]:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, MOST_AUDIT_BYTES)
        document: Any = msgspec.json.decode(text)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DocumentError(
            f"audit data cannot be read: {error}", Place(path), "JSON compressed by zlib"
        ) from None
    listed = document.get("packages") if isinstance(document, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and _is_shipped(one):
            yield Package("cargo", short(one["name"]), short(one["version"]))


def _is_shipped(crate: dict[str, Any]) -> bool:
    """Crates of the build alone are not in the program; the root is the program itself."""
    named = isinstance(crate.get("name"), str) and isinstance(crate.get("version"), str)
    return named and crate.get("kind", "runtime") == "runtime" and not crate.get("root", False)


def _text(value: bytes) -> str:
    return short(_text_of(value))


def _text_of(value: bytes) -> str:
    return value.decode("utf-8", "replace")


EXECUTABLES = Analyzer("executables", 1, analyze, wants_executables=True, max_bytes=LARGEST)
