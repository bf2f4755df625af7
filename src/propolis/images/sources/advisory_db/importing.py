"""Builds a new database out of the old one and what is read."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from propolis.core.errors import Error, SourceError
from propolis.images.model.advisory import Advisory
from propolis.images.model.exploitation import Exploitation
from propolis.images.model.packed import FORMAT
from propolis.images.sources.advisory_db.merging import merge
from propolis.images.sources.advisory_db.schema import (
    DAMAGE,
    STAGING_TABLES,
    TABLES,
    connect_builder,
    connect_reader,
)
from propolis.images.sources.advisory_db.staging import SourceInfo, Staging
from propolis.images.sources.advisory_db.swap import Workspace, replacing
from propolis.images.sources.osv import Entry

MAX_KEPT_ERRORS = 1000
"""Most errors whose text is kept; all are counted."""


@dataclass(slots=True)
class ImportReport:
    """What an import did.

    Attributes:
        advisories: Records that were taken.
        outdated: Records of which a later version was there.
        exploitations: Weaknesses with news about attacks.
        left_out: Affected entries that nothing can match.
        removed: Records that their source no longer has.
        refused: Records that could not be read.
        errors: Why, for the first `MAX_KEPT_ERRORS`.
    """

    advisories: int = 0
    outdated: int = 0
    exploitations: int = 0
    left_out: int = 0
    removed: int = 0
    refused: int = 0
    errors: list[Error] = field(default_factory=list)

    def refuse(self, error: Error) -> None:
        """Counts what could not be read."""
        self.refused += 1
        if len(self.errors) < MAX_KEPT_ERRORS:
            self.errors.append(error)


class Build:
    """A database that is being built. Everything that is added becomes visible at once, or never."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._staging = Staging(connection)
        self.report = ImportReport()

    def add(self, entry: Entry) -> None:
        """Takes one entry of what is read, an error too."""
        if isinstance(entry, Advisory):
            if self._staging.add(entry):
                self.report.advisories += 1
                self.report.left_out += entry.left_out
            else:
                self.report.outdated += 1
        elif isinstance(entry, Exploitation):
            self._staging.add_exploitation(entry)
            self.report.exploitations += 1
        else:
            self.report.refuse(entry)

    def note(self, key: str, value: str) -> None:
        """Keeps a note with the database."""
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def note_source(self, info: SourceInfo) -> None:
        """Keeps the terms of a source."""
        self._staging.note_source(info)

    def note_export(self, address: str, ecosystem: str, newest: str) -> None:
        """Keeps how far an update came: the time of the newest record of an ecosystem on a server."""
        self._connection.execute(
            "INSERT OR REPLACE INTO export VALUES (?, ?, ?)", (address, ecosystem, newest)
        )

    def remove_absent(self, source: str, names: AbstractSet[str]) -> int:
        """Forgets the advisories of a source that are not among some names; tells how many."""
        removed = self._staging.remove_absent(source, names)
        self.report.removed += removed
        return removed

    def finish(self, now: datetime) -> None:
        """Joins what was added with what was there."""
        self._staging.flush()
        merge(self._connection, self._staging.replaced, now)
        self.note("built", now.isoformat())


@contextmanager
def building(database: Path, now: datetime, *, keep: bool = True) -> Iterator[Build]:
    """Gives a build; when the block ends without an error it becomes the database.

    Args:
        database: The database, which need not exist.
        now: Noted as the time of the build.
        keep: Whether the build begins with what the database holds.

    Raises:
        SourceError: for a database that cannot be read though it is to be kept, when somebody else is
            building, or when the disk fails. The old database stays.
    """
    if keep and database.exists():
        connect_reader(database).close()
    with replacing(database, keep=keep) as space:
        connection = connect_builder(space.new, space.staging)
        try:
            yield from _filled(connection, space, now)
        except DAMAGE as error:
            raise SourceError("write the advisory database", str(database), str(error)) from error
        finally:
            connection.close()


def _filled(connection: sqlite3.Connection, space: Workspace, now: datetime) -> Iterator[Build]:
    connection.execute("BEGIN")
    is_new = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    for statement in (TABLES if is_new else "").split(";") + STAGING_TABLES.split(";"):
        connection.execute(statement)
    build = Build(connection)
    build.note("format", str(FORMAT))
    yield build
    build.finish(now)
    connection.execute("COMMIT")
    space.staging.unlink(missing_ok=True)


def import_advisories(
    database: Path,
    entries: Iterable[Entry],
    now: datetime,
    sources: Iterable[SourceInfo] = (),
    *,
    notes: Mapping[str, str] = MappingProxyType({}),
    keep: bool = True,
) -> ImportReport:
    """Adds what is read to the database, or begins a new one.

    Args:
        database: The database, which need not exist.
        entries: What is read; errors are counted.
        now: Noted as the time of the build.
        sources: Terms of the data.
        notes: To be kept with the database.
        keep: Whether what the database holds stays.

    Raises:
        SourceError: as `building` does.
    """
    with building(database, now, keep=keep) as build:
        for source in sources:
            build.note_source(source)
        for key, value in notes.items():
            build.note(key, value)
        for entry in entries:
            build.add(entry)
    return build.report
