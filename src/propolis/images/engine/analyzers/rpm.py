"""The rpm database in each of its formats: SQLite, NDB and the hash of Berkeley DB."""

from collections.abc import Iterator

from propolis.core.errors import Place
from propolis.core.limits import MEBIBYTE
from propolis.images.engine import rpm_ndb, rpm_sqlite
from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.rpm_bdb import bdb_blobs
from propolis.images.engine.rpm_packages import analysis_of
from propolis.images.model.layer import Analysis

FOLDERS = ("var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/")
NAMES = frozenset({"rpmdb.sqlite", "Packages.db", "Packages"})
LARGEST = 512 * MEBIBYTE


def analyze(path: str, content: Content) -> Analysis:
    """Packages of a database of any format."""
    place = Place(path)
    return analysis_of(rpm_blobs(content, place), place)


def rpm_blobs(content: Content, place: Place) -> Iterator[bytes | memoryview]:
    """Header blobs of a database, its format told by its first bytes. Raises `DocumentError`."""
    if bytes(content[: len(rpm_sqlite.MAGIC)]) == rpm_sqlite.MAGIC:
        return rpm_sqlite.sqlite_blobs(content, place)
    if bytes(content[: len(rpm_ndb.MAGIC)]) == rpm_ndb.MAGIC:
        return rpm_ndb.ndb_blobs(content, place)
    return bdb_blobs(content, place)


def wants(path: str) -> bool:
    """A database in one of the folders of rpm."""
    return path.startswith(FOLDERS)


RPM = Analyzer("rpm", 2, analyze, names=NAMES, wants=wants, max_bytes=LARGEST)
