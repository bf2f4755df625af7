"""An rpm database in SQLite, the same bytes on every machine."""

import sqlite3
import struct
from collections.abc import Sequence
from contextlib import closing

_REGION = 63
_INT32, _STRING, _BINARY, _I18N = 4, 6, 7, 9
_NAME, _VERSION, _RELEASE, _EPOCH, _SUMMARY = 1000, 1001, 1002, 1003, 1004
_VENDOR, _LICENCE, _ARCH, _SOURCE, _MODULE = 1011, 1014, 1022, 1044, 5096
_WRITER = 3_034_001
"""The version of SQLite that the file names as its last writer."""


def rpm_database(packages: Sequence[str]) -> bytes:
    """``rpmdb.sqlite`` with these packages; lines are ``name [epoch:]version-release [source] [module]``."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute(
            "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)"
        )
        rows = [(header(line),) for line in packages]
        connection.executemany("INSERT INTO Packages (blob) VALUES (?)", rows)
        connection.commit()
        content = bytearray(connection.serialize())
    counter = 1
    struct.pack_into(">I", content, 24, counter)
    struct.pack_into(">II", content, 92, counter, _WRITER)
    return bytes(content)


def header(line: str) -> bytes:
    """The header blob of one package, with the region that rpm itself asks for."""
    name, version, source, module = [*line.split(), "", ""][:4]
    epoch, colon, rest = version.rpartition(":")
    number, _, release = rest.partition("-")
    source_file = f"{source or name}-{number}-{release}.src.rpm"
    texts = {_NAME: name, _VERSION: number, _RELEASE: release, _SUMMARY: f"The package {name}",
             _VENDOR: "AlmaLinux", _LICENCE: "unknown", _ARCH: "x86_64", _SOURCE: source_file}  # fmt: skip
    if module:
        texts[_MODULE] = module
    entries = [(tag, _I18N if tag == _SUMMARY else _STRING, _text(text)) for tag, text in texts.items()]
    if colon:
        entries.append((_EPOCH, _INT32, struct.pack(">I", int(epoch))))
    return _blob(sorted(entries))


def _text(text: str) -> bytes:
    return text.encode() + b"\0"


def _blob(entries: Sequence[tuple[int, int, bytes]]) -> bytes:
    """Counts, index, data, and the trailer of the region at the end of the data."""
    data, index = b"", b""
    for tag, kind, content in entries:
        if kind == _INT32:
            data += bytes(-len(data) % 4)
        index += struct.pack(">IIiI", tag, kind, len(data), 1)
        data += content
    count = len(entries) + 1
    region = struct.pack(">IIiI", _REGION, _BINARY, len(data), 16)
    data += struct.pack(">IIiI", _REGION, _BINARY, -count * 16, 16)
    return struct.pack(">II", count, len(data)) + region + index + data
