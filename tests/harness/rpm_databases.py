"""Builds rpm databases in the formats that are rare today: NDB and the hash of Berkeley DB."""

import struct
from collections.abc import Sequence

PAGE = 4096


def ndb_of(blobs: Sequence[bytes]) -> bytes:
    """One page of slots, then the packages, each at a multiple of 16 bytes."""
    slots = struct.pack("<4s3I", b"RpmP", 0, 1, 1).ljust(32, b"\0")
    body = b""
    for number, blob in enumerate(blobs, 1):
        slots += struct.pack("<4s3I", b"Slot", number, (PAGE + len(body)) // 16, len(blob) // 16 + 1)
        content = struct.pack("<4s3I", b"BlbS", number, 0, len(blob)) + blob
        body += content + bytes(-len(content) % 16)
    empty = struct.pack("<4s3I", b"Slot", 0, 0, 0)
    return slots + empty * ((PAGE - len(slots)) // 16) + body


def bdb_of(blobs: Sequence[bytes]) -> bytes:
    """A page about the database, one page of entries, overflow pages with the packages."""
    room = PAGE - 26
    entries, overflow = b"", b""
    offsets: list[int] = []
    for number, blob in enumerate(blobs):
        first = 2 + len(overflow) // PAGE
        pieces = [blob[start : start + room] for start in range(0, len(blob), room)]
        for at, piece in enumerate(pieces, 1):
            following = first + at if at < len(pieces) else 0
            overflow += _page(7, following, len(piece), piece)
        key = struct.pack("<BI", 1, number)
        value = struct.pack("<B3xII", 3, first, len(blob))
        offsets += [PAGE - len(entries) - 5, PAGE - len(entries) - 17]
        entries = value + key + entries
    index = b"".join(struct.pack("<H", offset) for offset in offsets)
    hash_page = (_header(13, 0, len(offsets), 0) + index).ljust(PAGE - len(entries), b"\0") + entries
    meta = bytearray(PAGE)
    struct.pack_into("<I", meta, 12, 0x061561)
    struct.pack_into("<II", meta, 16, 9, PAGE)
    struct.pack_into("<I", meta, 32, 1 + len(overflow) // PAGE)
    return bytes(meta) + hash_page + overflow


def _header(kind: int, following: int, entries: int, used: int) -> bytes:
    return struct.pack("<8xIIIHHBB", 0, 0, following, entries, used, 0, kind)


def _page(kind: int, following: int, used: int, content: bytes) -> bytes:
    return (_header(kind, following, 0, used) + content).ljust(PAGE, b"\0")
