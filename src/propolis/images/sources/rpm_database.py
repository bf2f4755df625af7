"""The rpm database in each of its formats: SQLite, NDB and the hash of Berkeley DB."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from propolis.core.errors import DocumentError, Place
from propolis.core.limits import MEBIBYTE
from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.rpm_bdb import bdb_blobs
from propolis.images.engine.rpm_ndb import MAGIC, ndb_blobs
from propolis.images.engine.rpm_packages import analysis_of
from propolis.images.model.layer import Analysis

FOLDERS = ("var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/")
NAMES = frozenset({"rpmdb.sqlite", "Packages.db", "Packages"})
SQLITE_MAGIC = b"SQLite format 3\0"
LARGEST = 512 * MEBIBYTE


def analyze(path: str, content: Content) -> Analysis:
    """Packages of a database of any format."""
    place = Place(path)
    return analysis_of(rpm_blobs(content, place), place)


def rpm_blobs(content: Content, place: Place) -> Iterator[bytes | memoryview]:
    """Header blobs of a database, its format told by its first bytes. Raises `DocumentError`."""
    if bytes(content[: len(SQLITE_MAGIC)]) == SQLITE_MAGIC:
        return _sqlite_blobs(content, place)
    if bytes(content[: len(MAGIC)]) == MAGIC:
        return ndb_blobs(content, place)
    return bdb_blobs(content, place)


def _sqlite_blobs(content: Content, place: Place) -> Iterator[bytes]:
    """Rows of the table ``Packages``, from a copy in memory that nothing is written to."""
    data = bytearray(content)
    # The file says that it has a write-ahead log beside it; a copy in memory has none.
    data[18:20] = b"\x01\x01"
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(bytes(data))
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA cell_size_check = ON")
            for (blob,) in connection.execute("SELECT blob FROM Packages ORDER BY hnum"):
                if isinstance(blob, bytes):
                    yield blob
    except (sqlite3.Error, OverflowError) as error:
        raise DocumentError(
            f"the rpm database cannot be read: {error}", place, "a whole SQLite database"
        ) from None


def wants(path: str) -> bool:
    """A database in one of the folders of rpm."""
    return path.startswith(FOLDERS)


RPM = Analyzer("rpm", 1, analyze, names=NAMES, wants=wants, max_bytes=LARGEST)
