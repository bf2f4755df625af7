"""Blobs of an rpm database in SQLite (``rpmdb.sqlite``), after sqlite.org/fileformat2.html.

The file is a stranger's: SQLite itself would run the views and expressions of its schema. Here only the
pages of the table ``Packages`` are read, each at most once, so that damaged links cannot lead in circles
and nothing takes longer than the file is large. A write-ahead log beside the file is not read.
"""

import struct
from collections.abc import Iterator

from propolis.core.errors import DocumentError, Place
from propolis.images.engine.analyzer import Content

MAGIC = b"SQLite format 3\0"
TABLE = b"Packages"
FILE_HEADER_BYTES = 100
INTERIOR, LEAF = 5, 13
LONGEST_VARINT = 9
FIRST_BLOB_TYPE = 12
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8}
"""Size of a number by its serial type."""

Value = tuple[int, bytes]
"""Serial type and bytes of a column."""


def sqlite_blobs(content: Content, place: Place) -> Iterator[bytes]:
    """The header blob of every package, in the order of their numbers. Raises `DocumentError`."""
    database = _Database(memoryview(content), place)
    for payload in database.rows(database.root_of(TABLE)):
        for kind, value in database.columns(payload):
            if kind >= FIRST_BLOB_TYPE and kind % 2 == 0:
                yield value
                break


class _Database:
    def __init__(self, data: memoryview, place: Place) -> None:
        self._data = data
        self._place = place
        if len(data) < FILE_HEADER_BYTES or bytes(data[: len(MAGIC)]) != MAGIC:
            raise self._wrong("not in SQLite's format")
        (told,) = struct.unpack_from(">H", data, 16)
        self._page_bytes = 65536 if told == 1 else told
        self._usable = self._page_bytes - data[20]
        if self._page_bytes < 512 or self._page_bytes & (self._page_bytes - 1) or self._usable < 480:  # noqa: PLR2004  # bounds of the format
            raise self._wrong(f"pages of {self._page_bytes} bytes")
        self._seen: set[int] = set()

    def _wrong(self, message: str) -> DocumentError:
        return DocumentError(f"the rpm database is {message}", self._place, "a whole SQLite database")

    def root_of(self, table: bytes) -> int:
        """The first page of a table, as the schema names it."""
        for payload in self.rows(1):
            values = [value for _, value in self.columns(payload)]
            if len(values) >= 4 and (values[0], values[1]) == (b"table", table):  # noqa: PLR2004  # the columns of the schema
                return int.from_bytes(values[3])
        raise self._wrong(f"without a table {table.decode()}")

    def _page(self, number: int) -> memoryview:
        """A page, numbered from 1, that was not read before."""
        start = (number - 1) * self._page_bytes
        page = self._data[start : start + self._page_bytes] if number > 0 else self._data[:0]
        if len(page) < self._page_bytes:
            raise self._wrong("cut short")
        if number in self._seen:
            raise self._wrong("damaged: two ways lead to one page")
        self._seen.add(number)
        return page

    def rows(self, root: int) -> Iterator[bytes]:
        """Payloads of a table's rows, in order."""
        left = [root]
        while left:
            number = left.pop()
            page = self._page(number)
            header = FILE_HEADER_BYTES if number == 1 else 0
            kind, cells = page[header], struct.unpack_from(">H", page, header + 3)[0]
            start = header + (12 if kind == INTERIOR else 8)
            if kind not in (INTERIOR, LEAF) or start + 2 * cells > len(page):
                raise self._wrong("damaged: a page of another kind")
            offsets = struct.unpack_from(f">{cells}H", page, start)
            if kind == LEAF:
                yield from (self._payload(page, offset) for offset in offsets)
            else:
                left.append(struct.unpack_from(">I", page, header + 8)[0])
                left += reversed([self._child(page, offset) for offset in offsets])

    def _child(self, page: memoryview, offset: int) -> int:
        if offset + 4 > len(page):
            raise self._wrong("damaged: a cell beyond its page")
        return int(struct.unpack_from(">I", page, offset)[0])

    def _payload(self, page: memoryview, offset: int) -> bytes:
        """A row: what of it is in the page, and the overflow pages that hold the rest."""
        size, position = self._varint(page, offset)
        _, position = self._varint(page, position)
        local = self._local_bytes(size)
        if size > len(self._data) or position + local > len(page):
            raise self._wrong("damaged: a row larger than the file")
        parts = [bytes(page[position : position + local])]
        left = size - local
        following = self._child(page, position + local) if left else 0
        while left:
            overflow = self._page(following)
            parts.append(bytes(overflow[4 : 4 + min(left, self._usable - 4)]))
            left -= len(parts[-1])
            following = self._child(overflow, 0)
        return b"".join(parts)

    def _local_bytes(self, size: int) -> int:
        """How much of a row of a table lies in the page itself."""
        if size <= self._usable - 35:
            return size
        least = (self._usable - 12) * 32 // 255 - 23
        wanted = least + (size - least) % (self._usable - 4)
        return wanted if wanted <= self._usable - 35 else least

    def _varint(self, data: memoryview | bytes, offset: int) -> tuple[int, int]:
        """A number in seven bits a byte, the ninth whole; and where it ends."""
        piece = data[offset : offset + LONGEST_VARINT]
        value = 0
        for index, byte in enumerate(piece[: LONGEST_VARINT - 1]):
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value, offset + index + 1
        if len(piece) < LONGEST_VARINT:
            raise self._wrong("damaged: a cell beyond its page")
        return value << 8 | piece[-1], offset + LONGEST_VARINT

    def columns(self, payload: bytes) -> Iterator[Value]:
        """Serial type and bytes of every column of a row."""
        header, position = self._varint(payload, 0)
        start = header
        while position < min(header, len(payload)):
            kind, position = self._varint(payload, position)
            size = (kind - FIRST_BLOB_TYPE) // 2 if kind >= FIRST_BLOB_TYPE else _INTEGER_BYTES.get(kind, 0)
            if start + size > len(payload):
                raise self._wrong("damaged: a column beyond its row")
            yield kind, payload[start : start + size]
            start += size
