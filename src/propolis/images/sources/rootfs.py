"""Reads a folder that holds a whole file system: an unpacked image, a mounted disk, a machine.

Every folder is opened from the one above without following links, so that nothing outside of the root is
ever read, also when somebody changes the tree meanwhile. Only ordinary files are opened.
"""

import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from propolis.core.errors import DocumentError, LimitError, Place, SourceError
from propolis.core.limits import DEFAULT, Limits
from propolis.images.engine.analyzer import Analyzer, AnalyzerSet
from propolis.images.engine.merge import ImageContent, merge_layers
from propolis.images.model.image import ImageLayer
from propolis.images.model.layer import Analysis, AnalyzedFile, LayerContent
from propolis.images.sources.file_content import ELF, file_content
from propolis.images.sources.layer_reader import EXECUTABLE, MOST_PROBLEMS, SMALLEST_EXECUTABLE, clean_path

NOT_ON_DISK = frozenset({"proc", "sys", "dev", "run"})
"""Folders of the root that hold what the kernel or running programs say, not what is installed."""

DEEPEST = 200
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_rootfs(root: Path, analyzers: AnalyzerSet, limits: Limits = DEFAULT) -> ImageContent:
    """What is installed in a file system. Files and folders that cannot be read are told as problems.

    Raises:
        LimitError: There are too many files.
        SourceError: The root cannot be read.
    """
    walk = _Walk(Place(str(root)), analyzers, limits)
    try:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise SourceError("read a file system", str(root), error.strerror or str(error)) from error
    with _closing(folder):
        walk.folder(folder, "", 0)
    layer = LayerContent(
        "", tuple(walk.files), (), (), zlib.compress(b""), walk.entries, 0, tuple(walk.problems)
    )
    return merge_layers([(ImageLayer(""), layer)])


@contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class _OpenFile:
    """The content of an open file, in the order of its bytes."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def content(self, most: int) -> bytes:
        """The next bytes, at most so many; fewer at the end."""
        parts = []
        while most > 0 and (part := os.read(self._descriptor, most)):
            parts.append(part)
            most -= len(part)
        return b"".join(parts)


class _Walk:
    def __init__(self, place: Place, analyzers: AnalyzerSet, limits: Limits) -> None:
        self._place = place
        self._analyzers = analyzers
        self._limits = limits
        self.entries = 0
        self.files: list[AnalyzedFile] = []
        self.problems: list[str] = []

    def folder(self, descriptor: int, path: str, depth: int) -> None:
        """Walks a folder, in the order of names."""
        with os.scandir(descriptor) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        self.entries += len(entries)
        if self.entries > self._limits.layer_entries:
            raise LimitError("too many files", self._place, f"at most {self._limits.layer_entries:,}")
        for entry in entries:
            if not path and entry.name in NOT_ON_DISK:
                continue
            inner = f"{path}/{entry.name}" if path else entry.name
            try:
                self._entry(descriptor, entry, inner, depth)
            except OSError as error:
                self._tell(f"{inner}: {error.strerror or error}; not read")

    def _entry(self, folder: int, entry: "os.DirEntry[str]", path: str, depth: int) -> None:
        if entry.is_dir(follow_symlinks=False):
            if depth >= DEEPEST:
                self._tell(f"{path}: more than {DEEPEST} folders deep; not read")
                return
            with _closing(os.open(entry.name, _FOLDER_FLAGS, dir_fd=folder)) as descriptor:
                self.folder(descriptor, path, depth + 1)
        elif entry.is_file(follow_symlinks=False):
            analyzer = self._analyzers.for_path(clean_path(path) or path)
            if analyzer is not None or entry.stat(follow_symlinks=False).st_mode & EXECUTABLE:
                with _closing(os.open(entry.name, _FILE_FLAGS, dir_fd=folder)) as descriptor:
                    self._file(descriptor, path, analyzer)

    def _file(self, descriptor: int, path: str, analyzer: Analyzer | None) -> None:
        """Shows an open file to those who want it."""
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return
        file, first = _OpenFile(descriptor), b""
        analyzers = (analyzer,) if analyzer else self._analyzers.of_executables
        if analyzer is None:
            first = file.content(len(ELF)) if status.st_size > SMALLEST_EXECUTABLE else b""
        if analyzer is None and first != ELF:
            return
        if any(status.st_size > one.max_bytes for one in analyzers):
            self._tell(f"{path}: {status.st_size:,} bytes are too many; not read")
            return
        with file_content(file, status.st_size, first) as content:
            for one in analyzers:
                try:
                    analysis = one.analyze(path, content)
                except DocumentError as error:
                    analysis = Analysis(problems=(error.message,))
                if analysis != Analysis() or not one.wants_executables:
                    self.files.append(AnalyzedFile(clean_path(path) or path, one.name, analysis))

    def _tell(self, problem: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem.encode("utf-8", "backslashreplace").decode())
