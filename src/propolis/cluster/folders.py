"""Finds the manifest files of a folder: sorted, each once, none outside of the folder."""

import os
import stat
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

from propolis.cluster.observation import problem_of
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, LimitError, Place, SourceError

SUFFIXES = frozenset({".yaml", ".yml", ".json"})

Identity = tuple[int, int]


def printable(path: Path | str) -> str:
    """A path for people; bytes that are no UTF-8 are shown as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def find_files(root: Path, most_files: int) -> Iterator[Path | Problem]:
    """Manifest files below a folder, depth first in the order of names.

    A link is followed while it stays inside of the folder. What cannot be used is told and left out.
    """
    walk = _Walk(root)
    count = 0
    while walk.waiting:
        for found in walk.take():
            count += isinstance(found, Path)
            if count > most_files:
                yield _too_many(root, most_files)
                return
            yield found


class _Walk:
    """The state of one walk; a stack, for folders may nest deeper than Python recurses."""

    def __init__(self, root: Path) -> None:
        self.waiting = [root]
        self._inside = Path(os.path.realpath(root))
        self._seen: set[Identity] = set()

    def take(self) -> Iterator[Path | Problem]:
        """Looks at the next path: a folder's entries wait, a file is given."""
        path = self.waiting.pop()
        try:
            yield from self._look(path)
        except OSError as error:
            yield problem_of(SourceError("read", printable(path), _reason(error)))

    def _look(self, path: Path) -> Iterator[Path | Problem]:
        status = path.stat()
        is_folder = stat.S_ISDIR(status.st_mode)
        if not is_folder and path.suffix.lower() not in SUFFIXES:
            return
        trouble = self._trouble(path, status)
        if trouble:
            yield trouble
        elif is_folder:
            self.waiting += sorted(path.iterdir(), key=attrgetter("name"), reverse=True)
        else:
            yield path

    def _trouble(self, path: Path, status: os.stat_result) -> Problem | None:
        place = Place(printable(path))
        if not _is_utf8(path.name):
            return problem_of(DocumentError("the name is not UTF-8", place, "another name"))
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(self._inside):
            message = "the link leads out of the folder"
            return problem_of(DocumentError(message, place, "a file inside, or its path in the call"))
        identity = (status.st_dev, status.st_ino)
        if identity in self._seen:
            return Problem("skipped", f"{place}: was read already under another name")
        self._seen.add(identity)
        if not stat.S_ISDIR(status.st_mode) and not stat.S_ISREG(status.st_mode):
            return Problem("skipped", f"{place}: is no regular file")
        return None


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _too_many(root: Path, most: int) -> Problem:
    place = Place(printable(root))
    return problem_of(LimitError(f"has more than {most:,} manifest files", place, "fewer folders at once"))
