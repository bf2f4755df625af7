"""Policies of files and folders, read again when they change."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from propolis.app.policy_files import policy_files
from propolis.app.policy_inputs import PolicyInput, read_policy_input
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError

Stamp = tuple[tuple[str, int, int, int], ...]
"""Path, inode, size and time of change of every file."""


class PolicyFiles:
    """Where policies are kept. Folders may be mounted ConfigMaps, whose files are links that move."""

    def __init__(self, policies: Sequence[str], exceptions: Sequence[str] = ()) -> None:
        self._policies = tuple(policies)
        self._exceptions = tuple(exceptions)

    def load(self) -> PolicyInput:
        """Policies, exceptions and global entries.

        Raises:
            DocumentError: A path is not there, or a document cannot be used: all of them are in force, or
            none. SourceError: A file cannot be read.
        """
        read = read_policy_input(self._policies, self._exceptions, BytesIO())
        for problem in read.problems:
            raise DocumentError(problem.text)
        return read

    def stamp(self) -> Stamp:
        """Changes whenever a file does."""
        return tuple(self._stamps())

    def _stamps(self) -> Iterator[tuple[str, int, int, int]]:
        for path in (*self._policies, *self._exceptions):
            try:
                for file in policy_files(Path(path)):
                    if not isinstance(file, Problem):
                        found = file.stat()
                        yield str(file), found.st_ino, found.st_size, found.st_mtime_ns
            except (OSError, DocumentError):
                yield path, 0, 0, 0
