"""Findings of a batch of resources, on their way into the store, each text of them once.

Most resources of a cluster have the same said of them as many others. A list of statements is one group of
rows, and a resource is one row with the number of its list and its fingerprints; the database makes findings
of the two in one statement. So few rows pass the driver, where each would let go of the interpreter and ask
for it again while others judge.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    Text,
    func,
    insert,
    literal,
    select,
)

from propolis.core.finding import Finding, fingerprint_of
from propolis.core.resource import ResourceRef
from propolis.store.bulk import insert_rows
from propolis.store.catalog import Catalog
from propolis.store.schema import findings
from propolis.store.staging import FINGERPRINT_BYTES, evidence_text, note_new, staged

judged = Table(
    "judged",
    MetaData(),
    Column("resource_id", Integer, primary_key=True),
    Column("list", Integer, nullable=False),
    # Of the statements of its list, one after the other.
    Column("fingerprints", LargeBinary, nullable=False),
    prefixes=["TEMPORARY"],
)

said = Table(
    "said",
    MetaData(),
    Column("list", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("rule_id", Integer, nullable=False),
    Column("subject", Text, nullable=False),
    Column("outcome", String(8), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("evidence", Text),
    Column("remedy", Text, nullable=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)


class _List(msgspec.Struct, frozen=True):
    """One list: its number, and rule and subject of each statement, which make its fingerprints.

    It holds the findings that it was made of, so that their parts' identities stay their own.
    """

    number: int
    identities: tuple[tuple[str, str], ...]
    made_of: Sequence[Finding]


class _Lists:
    """The lists of a batch, known by the identities of what is in them."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[tuple[tuple[int, ...], ...], _List] = {}
        self.rows: list[tuple[Any, ...]] = []

    def of(self, found: Sequence[Finding]) -> _List:
        """The list that says this."""
        key = tuple([_parts(one) for one in found])
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._add(found)
        return known

    def _add(self, found: Sequence[Finding]) -> _List:
        """A rule that says two things of one subject says the last."""
        number = len(self._known)
        stored = ((self._catalog.rule(one.rule), one) for one in found)
        last = {(rule.key, one.subject): (rule, one) for rule, one in stored}
        ordered = sorted(last.items(), key=lambda item: item[1][0].number)
        for place, (_, (rule, one)) in enumerate(ordered):
            texts = one.message, evidence_text(one.evidence), one.change
            self.rows.append(
                (number, place, rule.number, one.subject, one.outcome.value, rule.severity, *texts)
            )
        return _List(number, tuple(identity for identity, _ in ordered), found)


def _parts(one: Finding) -> tuple[int, ...]:
    return (
        id(one.rule),
        id(one.outcome),
        id(one.message),
        id(one.evidence),
        id(one.subject),
        id(one.remedy),
    )


def fill(connection: Connection, catalog: Catalog, found: Mapping[ResourceRef, Sequence[Finding]]) -> int:
    """Puts a batch into its tables; resources above the number that it returns were not known before."""
    before = catalog.add_resources(found)
    of_each: dict[str, Sequence[Finding]] = {}
    for ref, of_one in found.items():
        earlier = of_each.get(ref.key)  # of one by this name that went, or is served in another version
        of_each[ref.key] = [*earlier, *of_one] if earlier else of_one
    lists = _Lists(catalog)
    fill_resources(connection, (_judged(catalog, lists, key, of_one) for key, of_one in of_each.items()))
    insert_rows(connection, said, lists.rows)
    return before


def _judged(catalog: Catalog, lists: _Lists, key: str, found: Sequence[Finding]) -> tuple[int, int, bytes]:
    known = lists.of(found)
    fingerprints = [fingerprint_of(rule, key, subject) for rule, subject in known.identities]
    return catalog.number(key), known.number, b"".join(fingerprints)


def fill_resources(connection: Connection, rows: Iterable[tuple[int, int, bytes]]) -> None:
    """Begins a batch of resources: number, list of statements, fingerprints."""
    for table in (judged, said):
        table.drop(connection, checkfirst=True)
        table.create(connection)
    insert_rows(connection, judged, list(rows))


def insert_fresh(connection: Connection, before: int, run_id: int, revision: int) -> int:
    """Stores the findings on resources that were not known: there is nothing to compare them with.

    Returns:
        How many of them are open.
    """
    columns = [*(column.name for column in staged.c), "since_run", "revision"]
    beside = literal(run_id), literal(revision)
    fresh = _findings(*beside).where(judged.c.resource_id > before)
    ordered = fresh.order_by(judged.c.resource_id, said.c.place)
    return note_new(connection, insert(findings).from_select(columns, ordered), run_id)


def stage_known(connection: Connection, before: int) -> None:
    """Stages the findings on resources that were known."""
    columns = [column.name for column in staged.c]
    known = _findings().where(judged.c.resource_id <= before)
    connection.execute(insert(staged).from_select(columns, known))


def _findings(*beside: Any) -> Select[Any]:
    """The findings of the batch, in the columns of `staged` and some beside."""
    start = 1 + FINGERPRINT_BYTES * said.c.place
    return select(
        func.substr(judged.c.fingerprints, start, FINGERPRINT_BYTES),
        said.c.rule_id,
        judged.c.resource_id,
        said.c.subject,
        said.c.outcome,
        said.c.severity,
        said.c.message,
        said.c.evidence,
        said.c.remedy,
        *beside,
    ).select_from(judged.join(said, said.c.list == judged.c.list))
