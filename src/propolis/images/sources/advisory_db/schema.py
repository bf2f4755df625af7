"""Tables of the advisory database, and connections to it.

``entries`` is what matching reads: one row a package, all advisories on it packed into one value. Facts of
advisories stand by number, texts apart, so that a look-up touches two or three pages.
"""

import sqlite3
from pathlib import Path

import msgspec

from propolis.core.errors import SourceError
from propolis.images.model.packed import FORMAT

_ASKED = "read the advisory database"
DAMAGE = (sqlite3.Error, UnicodeDecodeError, msgspec.MsgspecError)
"""What reading a damaged file raises."""

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, address TEXT NOT NULL DEFAULT '',
  licence TEXT NOT NULL DEFAULT '', attribution TEXT NOT NULL DEFAULT '', dated TEXT NOT NULL DEFAULT '',
  records INTEGER NOT NULL DEFAULT 0, newest INTEGER
);
CREATE TABLE ecosystem (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE advisory (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, source INTEGER NOT NULL, modified INTEGER NOT NULL,
  facts BLOB NOT NULL
);
CREATE TABLE entries (
  ecosystem INTEGER NOT NULL, package TEXT NOT NULL, packed BLOB NOT NULL, PRIMARY KEY (ecosystem, package)
) WITHOUT ROWID;
CREATE TABLE weakness (name TEXT PRIMARY KEY, packed BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE texts (number INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE TABLE export (
  address TEXT NOT NULL, ecosystem TEXT NOT NULL, newest TEXT NOT NULL, PRIMARY KEY (address, ecosystem)
) WITHOUT ROWID;
"""

STAGING_TABLES = """
CREATE TABLE staging.entry (ecosystem INTEGER, package TEXT, advisory INTEGER, packed BLOB);
CREATE TABLE staging.statement (weakness TEXT, packed BLOB);
"""

_BUILD_PRAGMAS = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -65536;
PRAGMA staging.journal_mode = OFF;
PRAGMA staging.synchronous = OFF;
PRAGMA staging.cache_size = -32768;
"""


def connect_builder(path: Path, staging: Path) -> sqlite3.Connection:
    """Opens a file that nobody else knows yet, for speed and without a journal: a failure throws it away."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("ATTACH DATABASE ? AS staging", (str(staging),))
    connection.executescript(_BUILD_PRAGMAS)
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Opens a database for reading.

    Raises:
        SourceError: where there is none, it is damaged, or another version of the program wrote it.
    """
    if not path.is_file():
        raise SourceError(_ASKED, str(path), "it does not exist; import or update advisories first")
    connection = None
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        found = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    except DAMAGE as error:
        if connection is not None:
            connection.close()
        raise SourceError(
            _ASKED, str(path), f"it is damaged ({error}); import or update advisories anew"
        ) from None
    if found is None or found[0] != str(FORMAT):
        connection.close()
        raise OtherFormatError(
            _ASKED, str(path), "another version of the program wrote it; import or update advisories anew"
        )
    return connection


class OtherFormatError(SourceError):
    """Another version of the program wrote the database."""


def read_meta(path: Path) -> dict[str, str] | None:
    """What a database says of itself; None where there is none that this version can read.

    Raises:
        SourceError: for a damaged one.
    """
    if not path.is_file():
        return None
    try:
        connection = connect_reader(path)
    except OtherFormatError:
        return None
    return _pairs(path, connection, "SELECT key, value FROM meta")


def read_export_state(path: Path, address: str) -> dict[str, str]:
    """How far updates from a server came: the time of the newest record by ecosystem.

    Raises:
        SourceError: for a damaged database.
    """
    if read_meta(path) is None:
        return {}
    query = "SELECT ecosystem, newest FROM export WHERE address = ?"
    return _pairs(path, connect_reader(path), query, address)


def _pairs(path: Path, connection: sqlite3.Connection, query: str, *values: str) -> dict[str, str]:
    """The rows of a query of two columns; closes the connection."""
    try:
        return dict(connection.execute(query, values))
    except DAMAGE as error:
        raise SourceError(_ASKED, str(path), f"it is damaged ({error})") from error
    finally:
        connection.close()
