"""A zstd file as a stream of bytes, with a limit on what comes out and an error for what is cut short.

The library's own reader takes a truncated frame for a whole one; this one asks whether every frame ended.
"""

import io
from typing import TYPE_CHECKING, BinaryIO

import zstandard

from propolis.core.errors import DocumentError, LimitError, Place

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE_BYTES = 4096
"""Compressed bytes taken at once; one such piece cannot unpack to more than 128 MiB."""
_MAX_WINDOW_BYTES = 128 * 1024 * 1024


class ZstdStream(io.RawIOBase):
    """Reads one or more frames.

    Raises (while reading):
        DocumentError: for what is no zstd or ends before its frame does.
        LimitError: for more than ``max_bytes`` of output.
    """

    def __init__(self, raw: BinaryIO, place: Place, max_bytes: int) -> None:
        super().__init__()
        self._raw = raw
        self._place = place
        self._left = max_bytes
        self._max_bytes = max_bytes
        self._ready = memoryview(b"")
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._pending = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fills a buffer with what is unpacked; 0 at the end."""
        while not self._ready:
            piece = self._pending or self._raw.read(_PIECE_BYTES)
            self._pending = b""
            if not piece:
                if self._frame is not None:
                    raise DocumentError("zstd data is cut short", self._place, "a whole file")
                return 0
            self._ready = memoryview(self._unpacked(piece))
        target = memoryview(buffer).cast("B")
        taken = min(len(target), len(self._ready))
        target[:taken] = self._ready[:taken]
        self._ready = self._ready[taken:]
        return taken

    def _unpacked(self, piece: bytes) -> bytes:
        if self._frame is None:
            self._frame = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES).decompressobj()
        try:
            text = self._frame.decompress(piece)
        except zstandard.ZstdError as error:
            raise DocumentError(f"no zstd data: {error}", self._place, "a zstd file") from None
        if self._frame.eof:
            self._pending = self._frame.unused_data
            self._frame = None
        self._left -= len(text)
        if self._left < 0:
            raise LimitError("zstd data unpacks to too much", self._place, f"at most {self._max_bytes} bytes")
        return text
