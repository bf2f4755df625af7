"""Blobs of an rpm database in the NDB format (``Packages.db``), as lib/backend/ndb/rpmpkg.c writes it."""

import struct
from collections.abc import Iterator

from propolis.core.errors import DocumentError, Place
from propolis.images.engine.analyzer import Content

MAGIC = b"RpmP"
SLOT_MAGIC = b"Slot"
BLOB_MAGIC = b"BlbS"
PAGE_BYTES = 4096
SLOT_BYTES = 16
BLOCK_BYTES = 16
HEADER_SLOTS = 2
MOST_SLOT_PAGES = 2048


def ndb_blobs(content: Content, place: Place) -> Iterator[memoryview]:
    """The header blob of every package, in the order of slots. Raises `DocumentError`."""
    data = memoryview(content)
    if len(data) < PAGE_BYTES or bytes(data[:4]) != MAGIC:
        raise DocumentError("no rpm database", place, "the NDB format")
    _, version, _, pages = struct.unpack_from("<4I", data)
    if version != 0 or not 0 < pages <= MOST_SLOT_PAGES or pages * PAGE_BYTES > len(data):
        raise DocumentError(
            f"{pages} pages of slots, format {version}", place, "a whole database of format 0"
        )
    left = len(data)
    for offset in range(HEADER_SLOTS * SLOT_BYTES, pages * PAGE_BYTES, SLOT_BYTES):
        magic, number, block, _ = struct.unpack_from("<4s3I", data, offset)
        if magic != SLOT_MAGIC:
            raise DocumentError("a damaged slot", place, "slots marked as such")
        if block:
            blob = _blob(data, number, block * BLOCK_BYTES, place)
            left -= len(blob) + SLOT_BYTES
            if left < 0:
                raise DocumentError("packages lie upon each other", place, "a whole database")
            yield blob


def _blob(data: memoryview, number: int, offset: int, place: Place) -> memoryview:
    if offset + SLOT_BYTES > len(data):
        raise DocumentError("a package beyond the end", place, "a whole database")
    magic, found, _, size = struct.unpack_from("<4s3I", data, offset)
    start = offset + SLOT_BYTES
    if magic != BLOB_MAGIC or found != number or start + size > len(data):
        raise DocumentError(f"package {number} is damaged", place, "a whole database")
    return data[start : start + size]
