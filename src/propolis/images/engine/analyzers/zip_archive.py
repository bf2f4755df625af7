"""Zip files of strangers: opened only when their directory is of a reasonable size, read within a budget."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from propolis.core.limits import MEBIBYTE

MOST_ENTRIES = 100_000
MOST_DIRECTORY_BYTES = 32 * MEBIBYTE
MOST_SMALL_BYTES = MEBIBYTE

DAMAGED = (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error)
"""What reading a damaged or encrypted archive may raise."""

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64_BYTES = 20
_LONGEST_COMMENT = 65535
_IN_64 = 0xFFFFFFFF


class Budget:
    """What the entries of one archive, and of those within it, may still unpack to."""

    def __init__(self, most_bytes: int) -> None:
        self.left = most_bytes

    def take(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes | None:
        """The start of an entry; None where the budget is spent."""
        if self.left <= 0:
            return None
        with archive.open(entry) as opened:
            content = opened.read(min(most, self.left + 1))
        self.left -= len(content)
        return content if self.left >= 0 else None


@contextmanager
def open_archive(file: io.RawIOBase | io.BytesIO) -> Iterator[zipfile.ZipFile]:
    """An archive, once its directory proved small enough. Raises what `DAMAGED` lists."""
    if _directory_bytes(file) > MOST_DIRECTORY_BYTES:
        raise zipfile.BadZipFile(f"a directory of more than {MOST_DIRECTORY_BYTES:,} bytes")
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        if len(archive.filelist) > MOST_ENTRIES:
            raise zipfile.BadZipFile(f"more than {MOST_ENTRIES:,} entries")
        yield archive


def _directory_bytes(file: io.RawIOBase | io.BytesIO) -> int:
    """Size of the central directory as the end of the archive tells it; 0 without an end."""
    size = file.seek(0, 2)
    start = max(0, size - _END.size - _LONGEST_COMMENT)
    file.seek(start)
    tail = file.read(size - start) or b""
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or found + _END.size > len(tail):
        return 0
    told = int(_END.unpack_from(tail, found)[5])
    end_64 = start + found - _LOCATOR_64_BYTES - _END_64.size
    if end_64 >= 0:
        file.seek(end_64)
        record = file.read(_END_64.size) or b""
        if len(record) == _END_64.size and record.startswith(b"PK\x06\x06"):
            return max(told if told != _IN_64 else 0, int(_END_64.unpack(record)[8]))
    return told
