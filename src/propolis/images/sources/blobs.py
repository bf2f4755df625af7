"""Where the blobs of an image lie: a folder, or a tar that is walked once and then read at its offsets."""

import io
import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Protocol

from propolis.core.errors import DocumentError, LimitError, Place, SourceError
from propolis.core.limits import DEFAULT, Limits
from propolis.images.sources.inflate import GZIP, ZSTD, LayerBytes
from propolis.images.sources.layer_reader import clean_path
from propolis.images.sources.tar_headers import EntryType
from propolis.images.sources.tar_stream import TarStream

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE_BYTES = 1024 * 1024


class Blobs(Protocol):
    """Named files of an image, by paths with slashes from its root."""

    @property
    def place(self) -> str:
        """Where they lie, for messages."""
        ...

    def has(self, name: str) -> bool:
        """Whether there is a file of a name."""
        ...

    def open(self, name: str) -> BinaryIO:
        """Opens one from its start. Raises `DocumentError` where there is none, `SourceError`."""
        ...

    def close(self) -> None:
        """Lets go of files."""
        ...


def read_small(blobs: Blobs, name: str, limits: Limits = DEFAULT) -> bytes:
    """A file that is known to be small: an index, a manifest, a configuration. Raises `LimitError`."""
    with blobs.open(name) as file:
        content = file.read(limits.image_json_bytes + 1)
    if len(content) > limits.image_json_bytes:
        expected = f"at most {limits.image_json_bytes:,} bytes"
        raise LimitError("too large", Place(f"{blobs.place}/{name}"), expected)
    return content


class FolderBlobs:
    """A folder; no name leads out of it, through links neither."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self.place = str(root)

    def has(self, name: str) -> bool:
        """Whether there is a file of a name."""
        return (self._root / name).is_file()

    def open(self, name: str) -> BinaryIO:
        """Opens one from its start."""
        place = Place(f"{self.place}/{name}")
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root):
            raise DocumentError("leads out of the image's folder", place, "a file within it")
        if not path.is_file():
            raise DocumentError("not there, or no file", place, "a file of the image")
        try:
            return path.open("rb")
        except OSError as error:
            raise SourceError("read a file of an image", str(place), error.strerror or str(error)) from error

    def close(self) -> None:
        """Nothing is held open."""


class TarBlobs:
    """A tar, as ``docker save`` and others write it.

    One that is compressed is unpacked once to a temporary file. Safe to read from several threads.
    """

    def __init__(self, path: Path, limits: Limits = DEFAULT) -> None:
        self.place = str(path)
        self._file = _plain_file(path, limits)
        try:
            self._members = dict(_members(self._file, Place(self.place), limits))
        except BaseException:
            self._file.close()
            raise

    def has(self, name: str) -> bool:
        """Whether there is a file of a name."""
        return self._resolve(name) is not None

    def open(self, name: str) -> BinaryIO:
        """Opens one from its start."""
        region = self._resolve(name)
        if region is None:
            raise DocumentError("not there, or no file", Place(f"{self.place}/{name}"), "a file of the image")
        return io.BufferedReader(_Region(self._file, *region), PIECE_BYTES)

    def _resolve(self, name: str) -> tuple[int, int] | None:
        """Offset and size; symbolic links within the archive are followed, a few times."""
        for _ in range(8):
            found = self._members.get(name)
            if not isinstance(found, str):
                return found
            name = _target(name, found)
        return None

    def close(self) -> None:
        """Closes the archive."""
        self._file.close()


def _target(name: str, link: str) -> str:
    """Where a relative link of an archive leads; ``..`` stops at its root."""
    parts = list(PurePosixPath(name).parent.parts)
    for part in PurePosixPath(link).parts:
        if part == ".." and parts:
            parts.pop()
        elif part not in ("..", ".", "/"):
            parts.append(part)
    return "/".join(parts)


def _plain_file(path: Path, limits: Limits) -> BinaryIO:
    """The archive as an uncompressed, seekable file."""
    try:
        file = path.open("rb")
        first = file.read(len(ZSTD))
        file.seek(0)
    except OSError as error:
        raise SourceError("read an image", str(path), error.strerror or str(error)) from error
    if not first.startswith((GZIP, ZSTD)):
        return file
    unpacked = tempfile.TemporaryFile(prefix="propolis-")  # noqa: SIM115  # closed by the archive
    try:
        with file:
            for piece in LayerBytes(file, Place(str(path)), limits):
                unpacked.write(piece)
        unpacked.seek(0)
    except OSError as error:
        unpacked.close()
        raise SourceError("unpack an image", tempfile.gettempdir(), error.strerror or str(error)) from error
    except BaseException:
        unpacked.close()
        raise
    return unpacked


def _members(file: BinaryIO, place: Place, limits: Limits) -> Iterator[tuple[str, tuple[int, int] | str]]:
    """Every file by clean name: offset and size, or the target of a symbolic link."""
    tar = TarStream(iter(partial(file.read, PIECE_BYTES), b""), place, limits)
    for entry in tar:
        name = clean_path(entry.path)
        if not name:
            continue
        if entry.type is EntryType.FILE:
            yield name, (tar.position, entry.size_bytes)
        elif entry.type is EntryType.SYMLINK:
            yield name, entry.link


class _Region(io.RawIOBase):
    """A part of a file that others read at the same time."""

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        super().__init__()
        self._file = file
        self._position = offset
        self._end = offset + size

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fills a buffer; 0 at the end of the part."""
        target = memoryview(buffer).cast("B")
        wanted = min(len(target), self._end - self._position)
        content = os.pread(self._file.fileno(), wanted, self._position)
        target[: len(content)] = content
        self._position += len(content)
        return len(content)
