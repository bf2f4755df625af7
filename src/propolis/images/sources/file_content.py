"""The content of one file of a layer: in memory when it is small, in a temporary file when not."""

import mmap
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from propolis.core.errors import SourceError
from propolis.images.engine.analyzer import Content

ELF = b"\x7fELF"
IN_MEMORY_BYTES = 8 * 1024 * 1024
PIECE_BYTES = 1024 * 1024


class Readable(Protocol):
    """Where the bytes of one file come from: a tar that stands at it, an open file."""

    def content(self, most: int) -> bytes:
        """The next bytes, at most so many; fewer at the end."""
        ...


@contextmanager
def file_content(source: Readable, size_bytes: int, first: bytes = b"") -> Iterator[Content]:
    """What a file holds; gone when the block ends.

    Args:
        source: Stands at the start of the file, or after its first bytes.
        size_bytes: Of the whole file.
        first: Its first bytes, where they were read already.

    Raises:
        SourceError: There is no room for a temporary file.
    """
    if size_bytes <= IN_MEMORY_BYTES:
        yield first + source.content(size_bytes)
        return
    try:
        with tempfile.TemporaryFile(prefix="propolis-") as file:
            file.write(first)
            while piece := source.content(PIECE_BYTES):
                file.write(piece)
            file.flush()
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as view:
                yield view
    except OSError as error:
        raise SourceError(
            "unpack a file of an image", tempfile.gettempdir(), error.strerror or str(error)
        ) from error
