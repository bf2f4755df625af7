"""A blob as it comes: resumed where a connection breaks, never more of it in memory than is read ahead."""

import io
import re
from typing import TYPE_CHECKING

import aiohttp

from propolis.core import clock
from propolis.core.errors import DocumentError, LimitError, Place, SourceError
from propolis.registry.background_loop import BackgroundLoop
from propolis.registry.exchange import BROKEN, PassingError, Patience, Sleep, Trials, broken, server
from propolis.registry.fetcher import Fetcher, Wanted

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE_BYTES = 1024 * 1024
_PROGRESS_BYTES = 8 * 1024 * 1024
"""What a connection must bring before earlier failures are forgotten."""
_PARTIAL = 206
_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/(?:[0-9]{1,18}|\*)")


class BlobStream:
    """Reads a blob within the event loop.

    Args:
        fetcher: Whom to ask.
        wanted: The blob from its start.
        size_bytes: As its manifest tells; 0 where not known.
        most_bytes: Beyond which it is too large.
        patience: For failures and slowness.
        sleep: Waits between trials.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        wanted: Wanted,
        size_bytes: int,
        most_bytes: int,
        patience: Patience,
        sleep: Sleep,
    ) -> None:
        self._fetcher = fetcher
        self._wanted = wanted
        self._size = size_bytes
        self._most = size_bytes or most_bytes
        self._patience = patience
        self._trials = Trials(patience, sleep)
        self._response: aiohttp.ClientResponse | None = None
        self._received = 0
        self._received_at_failure = 0
        self._skip = 0
        self._waited_seconds = 0.0

    async def read(self, most: int) -> bytes:
        """Some bytes, at most so many; none at the end.

        Raises:
            SourceError: It cannot be had, or comes too slowly.
            DocumentError: It is larger than it should be.
        """
        while True:
            try:
                chunk = await self._some(most)
            except PassingError as passing:
                self.close()
                if self._received - self._received_at_failure >= _PROGRESS_BYTES:
                    self._trials.begin_anew()
                self._received_at_failure = self._received
                await self._trials.failed(passing)
            else:
                if chunk is not None:
                    return chunk

    async def _some(self, most: int) -> bytes | None:
        """The next bytes; None when they were had before."""
        if self._response is None:
            self._response = await self._connect()
        began = clock.monotonic()
        try:
            chunk = await self._response.content.read(most)
        except BROKEN as error:
            raise broken(error, self._wanted.asked, self._response.url) from error
        self._check_speed(clock.monotonic() - began, self._response)
        if not chunk:
            self._check_end(self._response)
            return b""
        if self._skip:
            skipped = min(self._skip, len(chunk))
            self._skip -= skipped
            chunk = chunk[skipped:]
        self._received += len(chunk)
        if self._received > self._most:
            self.close()
            raise self._too_large()
        return chunk or None

    def _too_large(self) -> DocumentError:
        place, expected = Place(self._wanted.path), f"{self._most:,} bytes"
        if self._size:
            return DocumentError("a blob is larger than its manifest says", place, expected)
        return LimitError("a blob is too large", place, f"at most {expected}")

    async def _connect(self) -> aiohttp.ClientResponse:
        """From where the last connection broke; a server that begins anew is listened to from there."""
        wanted = self._wanted
        wanted = Wanted(
            wanted.repository, wanted.path, wanted.asked, first_byte=self._received, is_stream=True
        )
        response = await self._fetcher.open(wanted)
        self._skip = 0
        if response.status != _PARTIAL:
            self._skip = self._received
            return response
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if not self._received or not found or int(found[1]) != self._received:
            response.close()
            answer = "it answers with another part of the blob than it was asked for"
            raise SourceError(wanted.asked, server(response.url), answer)
        return response

    def _check_speed(self, seconds: float, response: aiohttp.ClientResponse) -> None:
        """Only what was waited for the server counts, not what the reader took in between."""
        self._waited_seconds += seconds
        patience = self._patience
        allowed = patience.grace_seconds + self._received / patience.slowest_bytes_per_second
        if self._waited_seconds > allowed:
            self.close()
            answer = f"{self._received:,} bytes in {self._waited_seconds:.0f} s are too slow"
            raise SourceError(self._wanted.asked, server(response.url), answer, try_again=True)

    def _check_end(self, response: aiohttp.ClientResponse) -> None:
        if self._skip or self._received < self._size:
            error = SourceError(
                self._wanted.asked, server(response.url), "the blob is cut short", try_again=True
            )
            raise PassingError(error)

    def close(self) -> None:
        """Lets go of the connection."""
        if self._response is not None:
            self._response.close()
            self._response = None


class RawBlob(io.RawIOBase):
    """A blob as a file, for threads other than that of the event loop."""

    def __init__(self, loop: BackgroundLoop, stream: BlobStream) -> None:
        super().__init__()
        self._loop = loop
        self._stream = stream

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fills a buffer with what there is; 0 at the end."""
        target = memoryview(buffer).cast("B")
        content = self._loop.run(self._stream.read(len(target))) if len(target) else b""
        target[: len(content)] = content
        return len(content)

    def close(self) -> None:
        """Lets go of the connection; what was not read is not fetched."""
        if not self.closed:
            self._loop.call(self._stream.close)
        super().close()
