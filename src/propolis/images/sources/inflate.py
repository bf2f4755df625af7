"""The bytes of a layer as they are in its tar: gzip, zstd or plain, told by their first bytes.

gzip is inflated by ISA-L. Digests of both sides are computed on the way, so nothing is read twice.
"""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, Protocol

import zstandard
from isal import isal_zlib

from propolis.core.errors import DocumentError, LimitError, Place
from propolis.core.limits import DEFAULT, Limits

CHUNK_BYTES = 256 * 1024
"""Compressed bytes read at once."""

OUT_BYTES = 1024 * 1024
"""Unpacked bytes handed on at once."""

DAMAGED: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # typed as an instance

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
_GZIP_WINDOW = 31
_MAX_WINDOW_BYTES = 128 * 1024 * 1024


class _Unpack(Protocol):
    def __call__(self, chunks: Iterator[bytes], place: Place) -> Iterator[bytes]:
        """Unpacked pieces of some chunks."""
        ...


class LayerBytes:
    """Iterates over the unpacked bytes of a layer, in pieces.

    After the last piece ``digest`` and ``diff_id`` are those of the blob and of the tar.

    Raises (while iterating):
        DocumentError: It is cut short or damaged.
        LimitError: It unpacks to too much, or to too much for its size.
    """

    def __init__(self, raw: BinaryIO, place: Place, limits: Limits = DEFAULT) -> None:
        self._raw = raw
        self._place = place
        self._limits = limits
        self._packed = hashlib.sha256()
        self._unpacked = hashlib.sha256()
        self.packed_bytes = 0
        self.unpacked_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        """The pieces, in order."""
        chunks = self._chunks()
        first = next(chunks, b"")
        unpack = _unpacker(first)
        self._is_packed = unpack is not _plain
        for piece in unpack(_again(first, chunks), self._place):
            self.unpacked_bytes += len(piece)
            self._check()
            if self._is_packed:
                self._unpacked.update(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while chunk := self._raw.read(CHUNK_BYTES):
            self.packed_bytes += len(chunk)
            self._packed.update(chunk)
            yield chunk

    def _check(self) -> None:
        limits = self._limits
        if self.unpacked_bytes > limits.layer_bytes:
            raise LimitError(
                "the layer unpacks to too much", self._place, f"at most {limits.layer_bytes:,} bytes"
            )
        is_large = self.unpacked_bytes > limits.layer_ratio_floor
        if is_large and self.unpacked_bytes > self.packed_bytes * limits.layer_ratio:
            expected = f"at most {limits.layer_ratio} bytes for one"
            raise LimitError("the layer unpacks to too much for its size", self._place, expected)

    @property
    def digest(self) -> str:
        """Of the blob as stored."""
        return f"sha256:{self._packed.hexdigest()}"

    @property
    def diff_id(self) -> str:
        """Of the tar."""
        return f"sha256:{(self._unpacked if self._is_packed else self._packed).hexdigest()}"


def _again(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from chunks


def _unpacker(first: bytes) -> _Unpack:
    if first.startswith(GZIP):
        return _gunzip
    return _unzstd if first.startswith(ZSTD) else _plain


def _plain(chunks: Iterator[bytes], place: Place) -> Iterator[bytes]:
    del place
    yield from chunks


def _gunzip(chunks: Iterator[bytes], place: Place) -> Iterator[bytes]:
    """One or more gzip members, as gzip itself reads them; zeros after the last are padding."""
    inflater = isal_zlib.decompressobj(_GZIP_WINDOW)
    has_begun = False
    for chunk in chunks:
        data = chunk
        while data:
            if inflater.eof:
                data = data.lstrip(b"\0")
                if not data:
                    break
                inflater, has_begun = isal_zlib.decompressobj(_GZIP_WINDOW), False
            try:
                piece = inflater.decompress(data, OUT_BYTES)
            except DAMAGED as error:
                raise DocumentError(f"the layer is damaged: {error}", place, "gzip data") from None
            has_begun = True
            data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            if piece:
                yield piece
    yield from _rest(inflater, place, has_begun=has_begun)


def _rest(inflater: "isal_zlib.Decompress", place: Place, *, has_begun: bool) -> Iterator[bytes]:
    """What the inflater still holds when the last chunk was given to it."""
    if not has_begun:
        return
    try:
        piece = b"" if inflater.eof else inflater.flush()
    except DAMAGED as error:
        raise DocumentError(f"the layer is damaged: {error}", place, "gzip data") from None
    if piece:
        yield piece
    if not inflater.eof:
        raise DocumentError("the layer is cut short", place, "gzip data up to its end")


def _unzstd(chunks: Iterator[bytes], place: Place) -> Iterator[bytes]:
    """One or more zstd frames."""
    frame = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES).decompressobj()
    has_begun = False
    for chunk in chunks:
        # A piece this small cannot unpack to more than a few times the window.
        for start in range(0, len(chunk), 4096):
            data = chunk[start : start + 4096]
            while data:
                if frame.eof:
                    frame = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES).decompressobj()
                try:
                    piece = frame.decompress(data)
                except zstandard.ZstdError as error:
                    raise DocumentError(f"the layer is damaged: {error}", place, "zstd data") from None
                has_begun = True
                data = frame.unused_data if frame.eof else b""
                if piece:
                    yield piece
    if has_begun and not frame.eof:
        raise DocumentError("the layer is cut short", place, "zstd data up to its end")
