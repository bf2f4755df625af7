"""Blobs of an rpm database in the hash format of Berkeley DB (``Packages``); dbinc/db_page.h.

Only hash pages and their overflow pages are read; pages are visited in order, so damaged links
cannot lead in circles.
"""

import struct
from collections.abc import Iterator

from propolis.core.errors import DocumentError, Place
from propolis.images.engine.analyzer import Content

HASH_MAGIC = 0x061561
PAGE_HEADER_BYTES = 26
META_BYTES = 512
OVERFLOW_PAGE = 7
HASH_PAGES = frozenset({2, 13})
OFF_PAGE_ENTRY = 3
OFF_PAGE_BYTES = 12
MOST_BLOB_BYTES = 64 * 1024 * 1024


def bdb_blobs(content: Content, place: Place) -> Iterator[bytes]:
    """The header blob of every package, in the order of pages. Raises `DocumentError`."""
    database = _Database(memoryview(content), place)
    left = len(content)
    for page in database.pages():
        for blob in database.blobs_of(page):
            left -= len(blob) + PAGE_HEADER_BYTES
            if left < 0:
                raise DocumentError("packages lie upon each other", place, "a whole Berkeley DB hash")
            yield blob


class _Database:
    def __init__(self, data: memoryview, place: Place) -> None:
        self._data = data
        self._place = place
        if len(data) < META_BYTES:
            raise self._wrong("shorter than one page")
        self._order = next(
            (order for order in "<>" if struct.unpack_from(order + "I", data, 12)[0] == HASH_MAGIC), ""
        )
        if not self._order:
            raise self._wrong("not in the hash format")
        _, self._page_bytes = struct.unpack_from(self._order + "II", data, 16)
        (self._last_page,) = struct.unpack_from(self._order + "I", data, 32)
        if not META_BYTES <= self._page_bytes <= 65536 or self._page_bytes & (self._page_bytes - 1):  # noqa: PLR2004  # sizes of pages
            raise self._wrong(f"pages of {self._page_bytes} bytes")
        if self._last_page * self._page_bytes > len(data):
            raise self._wrong("cut short")

    def _wrong(self, message: str) -> DocumentError:
        return DocumentError(f"the rpm database is {message}", self._place, "a whole Berkeley DB hash")

    def pages(self) -> Iterator[memoryview]:
        """All pages but the first, in order."""
        for number in range(1, self._last_page + 1):
            yield self._page(number)

    def _page(self, number: int) -> memoryview:
        start = number * self._page_bytes
        page = self._data[start : start + self._page_bytes]
        if len(page) < self._page_bytes:
            raise self._wrong("cut short")
        return page

    def blobs_of(self, page: memoryview) -> Iterator[bytes]:
        """Values of a hash page; those of packages are all large, so they lie on pages of their own."""
        if page[25] not in HASH_PAGES:
            return
        (entries,) = struct.unpack_from(self._order + "H", page, 20)
        if PAGE_HEADER_BYTES + 2 * entries > len(page):
            raise self._wrong("damaged: more entries than a page holds")
        offsets = struct.unpack_from(f"{self._order}{entries}H", page, PAGE_HEADER_BYTES)
        for offset in offsets[1::2]:
            if offset + OFF_PAGE_BYTES <= len(page) and page[offset] == OFF_PAGE_ENTRY:
                number, size = struct.unpack_from(self._order + "II", page, offset + 4)
                yield self._overflow(number, size)

    def _overflow(self, number: int, size: int) -> bytes:
        if size > MOST_BLOB_BYTES:
            raise self._wrong(f"damaged: a package of {size:,} bytes")
        parts: list[bytes] = []
        left = size
        while number and left > 0:
            page = self._page(number)
            if page[25] != OVERFLOW_PAGE:
                raise self._wrong("damaged: a value on a page of another kind")
            following, _, used = struct.unpack_from(self._order + "IHH", page, 16)
            if not 0 < used <= len(page) - PAGE_HEADER_BYTES:
                raise self._wrong("damaged: an empty page within a value")
            part = bytes(page[PAGE_HEADER_BYTES : PAGE_HEADER_BYTES + min(used, left)])
            parts.append(part)
            left -= len(part)
            number = following
        if left:
            raise self._wrong("damaged: a value is cut short")
        return b"".join(parts)
