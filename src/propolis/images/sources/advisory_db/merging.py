"""Second half of a build: collected entries are sorted by package and join those that are there."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from propolis.images.model.exploitation import merged
from propolis.images.model.packed import (
    Weakness,
    join_entries,
    pack_struct,
    seconds_of,
    unpack_weakness,
    without_advisories,
)
from propolis.images.sources.advisory_db.staging import Replaced

_PAGE = 5000


def merge(connection: sqlite3.Connection, replaced: Replaced, now: datetime) -> None:
    """Takes void entries out, puts staged ones in, counts what each source holds.

    A date in the future is a slip of its publisher and does not count as the newest.
    """
    void = frozenset(replaced.advisories)
    if void:
        connection.executemany(
            "DELETE FROM staging.entry WHERE advisory = ?", ((number,) for number in sorted(void))
        )
        for ecosystem in sorted(replaced.ecosystems):
            _drop_void_entries(connection, ecosystem, void)
        _drop_void_scores(connection, replaced.weaknesses, void)
    _join_staged_entries(connection)
    _join_statements(connection, void)
    connection.execute(
        "UPDATE source SET "
        "records = (SELECT count(*) FROM advisory WHERE source = source.number), "
        "newest = (SELECT max(modified) FROM advisory WHERE source = source.number AND modified <= ?)",
        (seconds_of(now),),
    )


def _drop_void_entries(connection: sqlite3.Connection, ecosystem: int, void: frozenset[int]) -> None:
    rows = connection.execute("SELECT package, packed FROM entries WHERE ecosystem = ?", (ecosystem,))
    changes = [
        (kept, ecosystem, package)
        for package, packed in rows
        if (kept := without_advisories(packed, void)) != packed
    ]
    for kept, _, package in changes:
        if kept is None:
            connection.execute(
                "DELETE FROM entries WHERE ecosystem = ? AND package = ?", (ecosystem, package)
            )
        else:
            connection.execute(
                "UPDATE entries SET packed = ? WHERE ecosystem = ? AND package = ?",
                (kept, ecosystem, package),
            )


def _join_staged_entries(connection: sqlite3.Connection) -> None:
    rows = connection.execute(
        "SELECT ecosystem, package, packed FROM staging.entry ORDER BY ecosystem, package, advisory"
    )
    held = connection.cursor()

    def joined() -> Iterator[tuple[int, str, bytes]]:
        for (ecosystem, package), group in groupby(rows, key=itemgetter(0, 1)):
            row = held.execute(
                "SELECT packed FROM entries WHERE ecosystem = ? AND package = ?", (ecosystem, package)
            ).fetchone()
            yield (
                ecosystem,
                package,
                join_entries(row[0] if row else None, (packed for _, _, packed in group)),
            )

    _in_pages(
        joined(), lambda page: connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", page)
    )


def _drop_void_scores(connection: sqlite3.Connection, names: Iterable[str], void: frozenset[int]) -> None:
    for name in sorted(names):
        row = connection.execute("SELECT packed FROM weakness WHERE name = ?", (name,)).fetchone()
        if row is not None:
            held = unpack_weakness(row[0])
            kept = tuple(stated for stated in held.scores if stated.advisory not in void)
            connection.execute(
                "UPDATE weakness SET packed = ? WHERE name = ?",
                (pack_struct(msgspec.structs.replace(held, scores=kept)), name),
            )


def _join_statements(connection: sqlite3.Connection, void: frozenset[int]) -> None:
    rows = connection.execute("SELECT weakness, packed FROM staging.statement ORDER BY weakness, rowid")
    held = connection.cursor()

    def joined() -> Iterator[tuple[str, bytes]]:
        for name, group in groupby(rows, key=itemgetter(0)):
            row = held.execute("SELECT packed FROM weakness WHERE name = ?", (name,)).fetchone()
            known = unpack_weakness(row[0]) if row else Weakness()
            for _, packed in group:
                known = _with_statement(known, unpack_weakness(packed), void)
            yield name, pack_struct(known)

    _in_pages(
        joined(), lambda page: connection.executemany("INSERT OR REPLACE INTO weakness VALUES (?, ?)", page)
    )


def _with_statement(known: Weakness, statement: Weakness, void: frozenset[int]) -> Weakness:
    """What is known, with one more statement; a score that is known already is not said twice."""
    exploitation = known.exploitation
    if statement.exploitation is not None:
        exploitation = (
            merged(exploitation, statement.exploitation) if exploitation else statement.exploitation
        )
    values = {stated.score for stated in known.scores}
    new = [
        stated for stated in statement.scores if stated.advisory not in void and stated.score not in values
    ]
    return Weakness(exploitation, (*known.scores, *new))


def _in_pages(rows: Iterator[Any], write: Callable[[list[Any]], object]) -> None:
    """Writes row by row in pages: a cursor that reads must not see what is written meanwhile."""
    page: list[Any] = []
    for row in rows:
        page.append(row)
        if len(page) >= _PAGE:
            write(page)
            page = []
    write(page)
