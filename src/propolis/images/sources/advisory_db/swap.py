"""Replaces the database whole: build beside it, force it to disk, rename. On failure the old one stays."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from propolis.core.errors import SourceError

_ASKED = "write the advisory database"


@dataclass(frozen=True, slots=True)
class Workspace:
    """Paths of a build: the file that will become the database, and room for sorting."""

    new: Path
    staging: Path


@contextmanager
def replacing(database: Path, *, keep: bool) -> Iterator[Workspace]:
    """Gives a workspace; when the block ends without an error its new file becomes the database.

    Args:
        database: The database, which need not exist.
        keep: Whether the new file begins as a copy of it.

    Raises:
        SourceError: when somebody else is building, or the disk fails.
    """
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        with _locked(database):
            space = Workspace(_beside(database, "new"), _beside(database, "staging"))
            _discard(space)
            try:
                if keep and database.exists():
                    shutil.copyfile(database, space.new)
                yield space
                _put_in_place(space.new, database)
            finally:
                _discard(space)
    except OSError as error:
        raise SourceError(_ASKED, str(database), error.strerror or str(error)) from error


def _beside(database: Path, kind: str) -> Path:
    return database.with_name(f".{database.name}.{kind}")


def _discard(space: Workspace) -> None:
    """Removes what this or a killed build left."""
    for path in (space.new, space.staging):
        path.unlink(missing_ok=True)


@contextmanager
def _locked(database: Path) -> Iterator[None]:
    """One build at a time; the lock goes with the process that holds it."""
    with _beside(database, "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SourceError(
                _ASKED, str(database), "another process is writing it", try_again=True
            ) from None
        yield


def _put_in_place(new: Path, database: Path) -> None:
    with new.open("rb") as written:
        os.fsync(written.fileno())
    new.replace(database)
    folder = os.open(database.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
