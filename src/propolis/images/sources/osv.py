"""Reads OSV records, and news about attacks, from files: JSON, JSON Lines, zip, zstd, folders of these.

A bad record is an entry of what is read, with its file and line; the rest goes on.
"""

import io
import lzma
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from propolis.core.errors import DocumentError, Error, LimitError, Place, SourceError
from propolis.core.limits import MEBIBYTE
from propolis.images.model.advisory import Advisory
from propolis.images.model.exploitation import Exploitation, parse_exploitation
from propolis.images.model.osv_record import parse_record
from propolis.images.sources.zstd_stream import ZstdStream

Entry: TypeAlias = Advisory | Exploitation | Error
"""An advisory, news about attacks, or why a record could not be read."""
Readable: TypeAlias = IO[bytes] | io.BufferedReader

_PLAIN = (".json", ".jsonl", ".ndjson")
_PACKED = (".zip", ".zst")
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)
"""What Python's zip reader raises for broken, encrypted or unknown data."""
_EXPECTED = "a folder or a file ending in .json, .jsonl, .ndjson, .zip or .zst"
_SKIP_BYTES = 64 * 1024


class BrokenArchiveError(LimitError):
    """A zip file that is damaged or beyond a limit: what it still held is unknown."""


@dataclass(frozen=True, slots=True)
class OsvLimits:
    """How much one import takes."""

    record_bytes: int = 32 * MEBIBYTE
    """Largest record."""
    members: int = 5_000_000
    """Most files in a zip or in a folder."""
    expansion: int = 500
    """Most bytes out of one byte of a zip or zstd file, beyond `free_bytes`."""
    free_bytes: int = 256 * MEBIBYTE
    """What a compressed file may unpack to whatever its size."""


DEFAULT_LIMITS = OsvLimits()


def read_osv(path: Path, source: str = "", limits: OsvLimits = DEFAULT_LIMITS) -> Iterator[Entry]:
    """Reads all records of a file or a folder, one at a time.

    Args:
        path: What to read. Links inside a folder are not followed.
        source: The name of the data source of records that do not tell.
        limits: How much to take.
    """
    reader = _Reader(source, limits)
    try:
        if path.is_dir():
            yield from reader.folder(path)
        else:
            yield from reader.file(path)
    except OSError as error:
        yield SourceError("read advisories", str(path), error.strerror or str(error))


class _Reader:
    """The kinds of files, each as a generator of entries."""

    def __init__(self, source: str, limits: OsvLimits) -> None:
        self._source = source
        self._limits = limits

    def folder(self, root: Path) -> Iterator[Entry]:
        """Every file of a known kind below a folder, by path; hidden folders are left out."""
        count = 0
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                if not _is_known(name) or path.is_symlink():
                    continue
                count += 1
                if count > self._limits.members:
                    yield LimitError("too many files", Place(str(root)), f"at most {self._limits.members}")
                    return
                yield from self._readable_file(path)
        if not count:
            yield DocumentError("no advisories in this folder", Place(str(root)), _EXPECTED)

    def _readable_file(self, path: Path) -> Iterator[Entry]:
        try:
            yield from self.file(path)
        except OSError as error:
            yield SourceError("read advisories", str(path), error.strerror or str(error))

    def file(self, path: Path) -> Iterator[Entry]:
        """One file by the end of its name. Raises `OSError` where it cannot be read."""
        place = Place(str(path))
        if path.suffix == ".zip":
            yield from self._zip(path, place)
        elif path.suffix == ".zst":
            with path.open("rb") as raw:
                limit = self._unpacked_limit(path.stat().st_size)
                unpacked = io.BufferedReader(ZstdStream(raw, place, limit))
                yield from self._guarded(self._stream(path.stem, unpacked, place))
        elif _is_known(path.name):
            with path.open("rb") as stream:
                yield from self._stream(path.name, stream, place)
        else:
            yield DocumentError("unknown kind of file", place, _EXPECTED)

    def _unpacked_limit(self, packed_bytes: int) -> int:
        return max(self._limits.free_bytes, packed_bytes * self._limits.expansion)

    def _guarded(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """What a broken stream raises ends the file and stands as its last entry."""
        try:
            yield from entries
        except DocumentError as error:
            yield error

    def _stream(self, name: str, stream: Readable, place: Place) -> Iterator[Entry]:
        if name.endswith(".json"):
            yield from self._document(stream, place)
        else:
            yield from self._lines(stream, place)

    def _document(self, stream: Readable, place: Place) -> Iterable[Entry]:
        text = stream.read(self._limits.record_bytes + 1)
        if len(text) > self._limits.record_bytes:
            return [self._too_long(place)]
        return self._record(text, place)

    def _lines(self, stream: Readable, place: Place) -> Iterator[Entry]:
        """One record a line; blank lines are passed over."""
        number = 0
        while line := stream.readline(self._limits.record_bytes + 1):
            number += 1
            at = Place(place.path, number)
            if len(line) > self._limits.record_bytes:
                _skip_line(stream)
                yield self._too_long(at)
            elif line.strip():
                yield from self._record(line, at)

    def _record(self, text: bytes, place: Place) -> Iterable[Entry]:
        """An OSV record, else what is known of attacks, else why it is no OSV record."""
        try:
            return [parse_record(text, place, self._source)]
        except DocumentError as error:
            return self._exploitation(text, place, error)

    def _exploitation(self, text: bytes, place: Place, refusal: DocumentError) -> Iterable[Entry]:
        try:
            return parse_exploitation(text, place) or [refusal]
        except DocumentError as error:
            return [error]

    def _too_long(self, place: Place) -> LimitError:
        return LimitError("record is too long", place, f"at most {self._limits.record_bytes} bytes")

    def _zip(self, path: Path, place: Place) -> Iterator[Entry]:
        try:
            with zipfile.ZipFile(path) as archive:
                yield from self._members(archive, place, self._unpacked_limit(path.stat().st_size))
        except (zipfile.BadZipFile, RuntimeError, ValueError) as error:
            yield BrokenArchiveError(f"no zip archive: {error}", place, "a whole zip file")

    def _members(self, archive: zipfile.ZipFile, place: Place, unpacked_limit: int) -> Iterator[Entry]:
        members = [member for member in archive.infolist() if member.filename.endswith(_PLAIN)]
        if len(members) > self._limits.members:
            yield BrokenArchiveError("too many files in zip", place, f"at most {self._limits.members}")
            return
        left = unpacked_limit
        for member in members:
            left -= member.file_size
            if left < 0:
                yield BrokenArchiveError("zip unpacks to too much", place, f"at most {unpacked_limit} bytes")
                return
            yield from self._member(archive, member, Place(f"{place.path}!{member.filename}"))

    def _member(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: Place) -> Iterator[Entry]:
        """One file of a zip. Reading stops at the size that the archive declares, and checks its CRC."""
        try:
            with archive.open(member) as stream:
                yield from self._stream(member.filename, stream, place)
        except _BROKEN as error:
            yield BrokenArchiveError(f"broken file in zip: {error}", place, "a whole zip file")


def _is_known(name: str) -> bool:
    return name.endswith((*_PLAIN, *_PACKED))


def _skip_line(stream: Readable) -> None:
    """Reads on to the end of a line that is too long, piece by piece."""
    while piece := stream.readline(_SKIP_BYTES):
        if piece.endswith(b"\n"):
            return
