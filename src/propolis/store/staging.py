"""Findings of the run in progress, in a temporary table, and how they differ from what is stored."""

from collections.abc import Collection

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Insert,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    Text,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from propolis.core.finding import OPEN_OUTCOMES
from propolis.store.schema import changes, findings, resources, rules

OPEN = tuple(sorted(OPEN_OUTCOMES))

staged = Table(
    "staged",
    MetaData(),
    Column("fingerprint", LargeBinary(16), primary_key=True),
    Column("rule_id", Integer, nullable=False),
    Column("resource_id", Integer, nullable=False),
    Column("subject", Text, nullable=False),
    Column("outcome", String(8), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("evidence", Text),
    Column("remedy", Text, nullable=False),
    prefixes=["TEMPORARY"],
)

StagedRow = tuple[bytes, int, int, str, str, str, str, str | None, str]
"""The columns of `staged`, in their order."""

_same = findings.c.fingerprint == staged.c.fingerprint
_live = findings.c.deleted_revision.is_(None)
_was_open = and_(_live, findings.c.outcome.in_(OPEN))
_is_open = staged.c.outcome.in_(OPEN)
_differs = or_(
    findings.c.outcome != staged.c.outcome,
    findings.c.severity != staged.c.severity,
    findings.c.message != staged.c.message,
    findings.c.evidence.is_distinct_from(staged.c.evidence),
    findings.c.remedy != staged.c.remedy,
    findings.c.deleted_revision.is_not(None),
)


def prepare(connection: Connection) -> None:
    """An empty staging table on this connection."""
    staged.drop(connection, checkfirst=True)
    staged.create(connection)


def stage(connection: Connection, rows: list[StagedRow]) -> None:
    """Adds findings; a fingerprint that an engine gives twice is stored once, as given last.

    The statement is compiled here and given to the driver with plain tuples: ten times the rows a
    second of one that SQLAlchemy binds row by row.
    """
    statement = insert(staged).prefix_with("OR REPLACE").compile(dialect=connection.dialect)
    connection.exec_driver_sql(str(statement), rows)


def apply_staged(
    connection: Connection,
    compared: ColumnElement[bool],
    run_id: int,
    revision: int,
    *,
    is_complete: bool = True,
) -> dict[str, int]:
    """Makes some of the stored findings equal to the staged ones.

    Args:
        connection: In a transaction, with the staged findings.
        compared: Which stored ones, as `of_cluster` and `of_resources` give it; all others stay.
        run_id: The run that staged them.
        revision: Of every row that changes.
        is_complete: Whether the run saw all that there is. If not, what it did not give again may
            only not have been seen, and stays.

    Returns:
        How many open findings are ``new``, ``fixed`` and ``unchanged``.
    """
    unchanged = connection.execute(_count_unchanged()).scalar_one()
    fixed = _record_fixed(connection, compared, run_id, is_complete=is_complete)
    if is_complete:
        _bury_absent(connection, compared, run_id, revision)
    new_ids = _changed_to_open()
    reopened = connection.execute(_note_changes(new_ids, run_id, "new")).rowcount
    _update_changed(connection, run_id, revision)
    added = _insert_absent(connection, run_id, revision)
    return {"new": reopened + added, "fixed": fixed, "unchanged": unchanged}


def _count_unchanged() -> Select[int]:
    return select(func.count()).select_from(staged.join(findings, _same)).where(_is_open, _was_open)


def of_cluster(cluster: str, left_out: tuple[str, ...] = ()) -> ColumnElement[bool]:
    """Findings on all resources of a cluster, but for some kinds."""
    own = select(resources.c.id).where(resources.c.cluster == cluster, resources.c.kind.not_in(left_out))
    return findings.c.resource_id.in_(own)


def of_resources(numbers: Select[int], sources: Collection[str]) -> ColumnElement[bool]:
    """Findings of some engines on some resources."""
    own = select(rules.c.id).where(rules.c.source.in_(sources))
    return and_(findings.c.resource_id.in_(numbers), findings.c.rule_id.in_(own))


def _note_changes(finding_ids: Select[int], run_id: int, change: str) -> Insert:
    """What became of findings in a run; of several changes the last one counts."""
    ids = finding_ids.subquery()
    rows = select(literal(run_id), ids.c[0], literal(change))
    noted = insert(changes).prefix_with("OR REPLACE")
    return noted.from_select(["run_id", "finding_id", "change"], rows)


def _record_fixed(
    connection: Connection, compared: ColumnElement[bool], run_id: int, *, is_complete: bool
) -> int:
    """Open before, and now passing, or gone from all that there is."""
    passes = staged.c.outcome.not_in(OPEN)
    fixed = (
        select(findings.c.id)
        .select_from(findings.outerjoin(staged, _same))
        .where(compared, _was_open)
        .where(or_(staged.c.fingerprint.is_(None), passes) if is_complete else passes)
    )
    return connection.execute(_note_changes(fixed, run_id, "fixed")).rowcount


def _changed_to_open() -> Select[int]:
    """Known findings that are open now and were not."""
    return (
        select(findings.c.id)
        .select_from(findings.join(staged, _same))
        .where(_is_open, or_(findings.c.deleted_revision.is_not(None), findings.c.outcome.not_in(OPEN)))
    )


def _bury_absent(connection: Connection, compared: ColumnElement[bool], run_id: int, revision: int) -> None:
    """A tombstone for each stored finding that this run did not give."""
    connection.execute(
        update(findings)
        .where(compared, _live)
        .where(findings.c.fingerprint.not_in(select(staged.c.fingerprint)))
        .values(deleted_revision=revision, revision=revision, since_run=run_id)
    )


def _update_changed(connection: Connection, run_id: int, revision: int) -> None:
    since = func.iif(
        or_(findings.c.outcome != staged.c.outcome, findings.c.deleted_revision.is_not(None)),
        literal(run_id),
        findings.c.since_run,
    )
    connection.execute(
        update(findings)
        .where(_same, _differs)
        .values(
            since_run=since,
            outcome=staged.c.outcome,
            severity=staged.c.severity,
            message=staged.c.message,
            evidence=staged.c.evidence,
            remedy=staged.c.remedy,
            revision=revision,
            deleted_revision=None,
        )
    )


def _insert_absent(connection: Connection, run_id: int, revision: int) -> int:
    """Findings never seen before; returns how many of them are open."""
    columns = [column.name for column in staged.c]
    absent = (
        select(*(staged.c[name] for name in columns), literal(run_id), literal(revision))
        .select_from(staged.outerjoin(findings, _same))
        .where(findings.c.id.is_(None))
        .order_by(staged.c.resource_id, staged.c.rule_id)
    )
    highest = connection.execute(select(func.coalesce(func.max(findings.c.id), 0))).scalar_one()
    connection.execute(insert(findings).from_select([*columns, "since_run", "revision"], absent))
    opened = select(findings.c.id).where(findings.c.id > highest, findings.c.outcome.in_(OPEN))
    return connection.execute(_note_changes(opened, run_id, "new")).rowcount
