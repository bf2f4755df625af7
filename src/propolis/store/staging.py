"""Findings of the run in progress, in a temporary table, and how they differ from what is stored."""

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
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from propolis.core.finding import OPEN_OUTCOMES
from propolis.store.schema import changes, findings, resources

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
    cluster: str,
    run_id: int,
    revision: int,
    left_out: tuple[str, ...] = (),
    *,
    is_complete: bool = True,
) -> dict[str, int]:
    """Makes the stored findings of a cluster equal to the staged ones.

    Args:
        connection: In a transaction, with the staged findings.
        cluster: Whose findings are compared.
        run_id: The run that staged them.
        revision: Of every row that changes.
        left_out: Kinds of resources at which the run did not look; their findings stay.
        is_complete: Whether the run saw all that there is. If not, what it did not give again may
            only not have been seen, and stays.

    Returns:
        How many open findings are ``new``, ``fixed`` and ``unchanged``.
    """
    unchanged = connection.execute(_count_unchanged()).scalar_one()
    compared = _compared(cluster, left_out)
    fixed = _record_fixed(connection, compared, run_id, is_complete=is_complete)
    if is_complete:
        _bury_absent(connection, compared, run_id, revision)
    new_ids = _changed_to_open()
    reopened = connection.execute(
        insert(changes).from_select(["run_id", "finding_id", "change"], _as_change(new_ids, run_id, "new"))
    ).rowcount
    _update_changed(connection, run_id, revision)
    added = _insert_absent(connection, run_id, revision)
    return {"new": reopened + added, "fixed": fixed, "unchanged": unchanged}


def _count_unchanged() -> Select[int]:
    return select(func.count()).select_from(staged.join(findings, _same)).where(_is_open, _was_open)


def _compared(cluster: str, left_out: tuple[str, ...]) -> Select[int]:
    """The resources whose findings are compared."""
    return select(resources.c.id).where(resources.c.cluster == cluster, resources.c.kind.not_in(left_out))


def _as_change(finding_ids: Select[int], run_id: int, change: str) -> Select[int, int, str]:
    ids = finding_ids.subquery()
    return select(literal(run_id), ids.c[0], literal(change))


def _record_fixed(connection: Connection, compared: Select[int], run_id: int, *, is_complete: bool) -> int:
    """Open before, and now passing, or gone from all that there is."""
    passes = staged.c.outcome.not_in(OPEN)
    fixed = (
        select(findings.c.id)
        .select_from(findings.outerjoin(staged, _same))
        .where(findings.c.resource_id.in_(compared), _was_open)
        .where(or_(staged.c.fingerprint.is_(None), passes) if is_complete else passes)
    )
    rows = _as_change(fixed, run_id, "fixed")
    return connection.execute(insert(changes).from_select(["run_id", "finding_id", "change"], rows)).rowcount


def _changed_to_open() -> Select[int]:
    """Known findings that are open now and were not."""
    return (
        select(findings.c.id)
        .select_from(findings.join(staged, _same))
        .where(_is_open, or_(findings.c.deleted_revision.is_not(None), findings.c.outcome.not_in(OPEN)))
    )


def _bury_absent(connection: Connection, compared: Select[int], run_id: int, revision: int) -> None:
    """A tombstone for each stored finding that this run did not give."""
    connection.execute(
        update(findings)
        .where(findings.c.resource_id.in_(compared), _live)
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
    rows = _as_change(opened, run_id, "new")
    return connection.execute(insert(changes).from_select(["run_id", "finding_id", "change"], rows)).rowcount
