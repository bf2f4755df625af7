"""Opening a store: the SQLite file, its settings, its schema, and errors people can act on."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from propolis.core.errors import Error, SourceError

KNOWN = ("0001", "0002")
"""All migrations, the oldest first."""

HEAD = KNOWN[-1]
"""The newest migration; a test compares it with the folder."""

LOCK_SECONDS = 10
"""How long a writer waits for another one."""

CACHE_KIBIBYTES = 8_000
"""Pages that a connection keeps: fingerprints come in no order, so each batch touches most of their index."""

MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """An open store. Safe to share between threads: each use takes its own connection."""

    def __init__(self, engine: Engine, path: str) -> None:
        self.engine = engine
        self.path = path

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the store. Raises `SourceError`."""
        with translated(self.path, "read the store"), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all of it is stored, or nothing. Raises `SourceError`."""
        with translated(self.path, "write to the store"), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.exec_driver_sql("COMMIT")

    def close(self) -> None:
        """Lets go of the file."""
        self.engine.dispose()


def open_database(path: Path) -> Database:
    """Opens a store, making it or migrating it when needed.

    Raises:
        SourceError: The file cannot be made or read, is damaged, is locked, or was written by a
            newer version.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(
            "make the store's folder", str(path.parent), error.strerror or str(error)
        ) from error
    engine = create_engine(
        URL.create("sqlite", database=str(path)), poolclass=NullPool, connect_args={"timeout": LOCK_SECONDS}
    )
    event.listen(engine, "connect", _set_up_connection)
    database = Database(engine, str(path))
    with translated(str(path), "open the store"):
        _migrate(database)
    return database


def _set_up_connection(connection: Any, _record: Any) -> None:
    """Plain transactions (ours, not the driver's), write-ahead log, foreign keys."""
    connection.isolation_level = None
    cursor = connection.cursor()
    with suppress(sqlite3.OperationalError):  # a store that may only be read stays as it is
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
    cursor.close()


def _version(connection: Connection, path: str) -> str | None:
    """The schema of a store; None for an empty file. Raises `SourceError` for another program's."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables or "runs" not in tables:
        if tables:
            answer = "it is a database of another program; name another file with --store"
            raise SourceError("open the store", path, answer)
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _migrate(database: Database) -> None:
    """Brings the schema to `HEAD`; Alembic is loaded only when there is something to do."""
    with database.engine.connect() as connection:
        found = _version(connection, database.path)
    if found == HEAD:
        return
    if found is not None and found not in KNOWN:
        answer = (
            f"it was written by another version (schema {found}, this one knows {HEAD}); use that version"
        )
        raise SourceError("open the store", database.path, answer)
    from alembic import command  # noqa: PLC0415  # loaded only when there is something to do
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with database.writing() as connection:
        if _version(connection, database.path) == HEAD:
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def translated(path: str, asked: str) -> Iterator[None]:
    """Turns the database's errors into a `SourceError` with a remedy."""
    try:
        yield
    except Error:
        raise
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise source_error(path, asked, error) from error
    except OSError as error:
        raise SourceError(asked, path, error.strerror or str(error)) from error


REMEDIES = (
    ("database is locked", "another process is writing to it", True),
    (
        "file is not a database",
        "it is not a store of Propolis; name another file with --store, or move it away",
        False,
    ),
    ("malformed", "it is damaged; move it away (the next run makes a new one) or restore a copy", False),
    ("full", "the disk is full; make room and run again, what was stored before is sound", True),
    ("unable to open", "it cannot be opened; check that the path is a file you may write", False),
    ("readonly", "it may only be read; check its permissions", False),
)
"""A part of the database's message, what it means for people, whether to try again."""


def source_error(path: str, asked: str, error: Exception) -> SourceError:
    """The error a person can act on."""
    answer = str(error.orig) if isinstance(error, DatabaseError) else str(error)
    for part, meaning, try_again in REMEDIES:
        if part in answer:
            return SourceError(asked, path, f"{answer}: {meaning}", try_again=try_again)
    return SourceError(asked, path, answer)
