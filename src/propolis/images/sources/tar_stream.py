"""Walks a tar as it streams by: headers are read, content is handed over only when asked for."""

from collections.abc import Iterable, Iterator

from propolis.core.errors import DocumentError, LimitError, Place
from propolis.core.limits import DEFAULT, Limits
from propolis.images.sources.tar_headers import (
    BLOCK,
    EXTENSIONS,
    RawType,
    TarEntry,
    check_header,
    extension_size,
    parse_entry,
    parse_pax,
)

ZEROS = bytes(BLOCK)


class TarStream:
    """Iterates over the entries of a tar that comes in pieces.

    The content of the entry given last can be read with `content` until the next one is asked for.
    All pieces are consumed, also what follows the end of the archive.

    Raises (while iterating and reading):
        DocumentError: It is no tar, or it is cut short.
        LimitError: It has too many entries.
    """

    def __init__(self, pieces: Iterable[bytes], place: Place, limits: Limits = DEFAULT) -> None:
        self._pieces = iter(pieces)
        self._place = place
        self._limits = limits
        self._buffer = memoryview(b"")
        self._left = 0
        self._padding = 0
        self._given = 0
        self.entries = 0

    @property
    def position(self) -> int:
        """Where the next byte stands, counted from the start of the tar."""
        return self._given - len(self._buffer)

    def __iter__(self) -> Iterator[TarEntry]:
        """The entries, in order."""
        extensions: dict[str, str] = {}
        while (block := self._block()) is not None:
            if block == ZEROS:
                break
            check_header(block, self._place)
            kind = EXTENSIONS.get(block[156:157])
            if kind is not None:
                self._extend(extensions, kind, block)
                continue
            entry = parse_entry(block, extensions, self._place)
            extensions = {}
            self._count()
            self._open(entry.size_bytes)
            yield entry
            self._skip(self._left + self._padding)
        self._buffer = memoryview(b"")
        for _ in self._pieces:
            pass

    def _count(self) -> None:
        self.entries += 1
        if self.entries > self._limits.layer_entries:
            expected = f"at most {self._limits.layer_entries:,}"
            raise LimitError("too many entries in the layer", self._place, expected)

    def _open(self, size: int) -> None:
        self._left, self._padding = size, -size % BLOCK

    def _extend(self, extensions: dict[str, str], kind: RawType, block: bytes) -> None:
        size = extension_size(block, self._place)
        self._open(size)
        content = self.content(size)
        self._skip(self._padding)
        match kind:
            case RawType.PAX:
                extensions.update(parse_pax(content, self._place))
            case RawType.LONG_NAME:
                extensions["path"] = content.rstrip(b"\0").decode("utf-8", "surrogateescape")
            case RawType.LONG_LINK:
                extensions["linkpath"] = content.rstrip(b"\0").decode("utf-8", "surrogateescape")
            case RawType.PAX_GLOBAL:
                pass

    def content(self, most: int) -> bytes:
        """The next bytes of the current entry, at most so many; fewer at its end."""
        wanted = min(most, self._left)
        self._left -= wanted
        return self._take(wanted)

    def _block(self) -> bytes | None:
        """The next header, or None where the archive ends without one."""
        if not self._buffer and not self._fill():
            return None
        return self._take(BLOCK)

    def _fill(self) -> bool:
        for piece in self._pieces:
            if piece:
                self._given += len(piece)
                self._buffer = memoryview(piece)
                return True
        return False

    def _take(self, size: int) -> bytes:
        if len(self._buffer) >= size:
            taken = bytes(self._buffer[:size])
            self._buffer = self._buffer[size:]
            return taken
        parts = []
        while size:
            if not self._buffer and not self._fill():
                raise DocumentError("the tar is cut short", self._place, "the rest of an entry")
            part = self._buffer[:size]
            parts.append(part)
            self._buffer = self._buffer[len(part) :]
            size -= len(part)
        return b"".join(parts)

    def _skip(self, size: int) -> None:
        self._left = self._padding = 0
        while size:
            if not self._buffer and not self._fill():
                raise DocumentError("the tar is cut short", self._place, "the rest of an entry")
            passed = min(size, len(self._buffer))
            self._buffer = self._buffer[passed:]
            size -= passed
