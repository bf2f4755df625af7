"""Findings of the run in progress, in a temporary table, and how they differ from what is stored."""

from collections.abc import Collection

import msgspec
from sqlalchemy import (
    Boolean,
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
    not_,
    or_,
    select,
    update,
)

from propolis.core.finding import OPEN_OUTCOMES, Evidence
from propolis.store.bulk import insert_rows
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

differing = Table(
    "differing",
    MetaData(),
    Column("fingerprint", LargeBinary(16), nullable=False),
    # Null where it was never seen before.
    Column("finding_id", Integer),
    # Whether it is open and was not; whether it was and is not.
    Column("opens", Boolean, nullable=False),
    Column("closes", Boolean, nullable=False),
    prefixes=["TEMPORARY"],
)

gone = Table(
    "gone",
    MetaData(),
    Column("finding_id", Integer, primary_key=True),
    Column("was_open", Boolean, nullable=False),
    prefixes=["TEMPORARY"],
)

FINGERPRINT_BYTES = 16

StagedRow = tuple[bytes, int, int, str, str, str, str, str | None, str]
"""The columns of `staged`, in their order."""

_encode = msgspec.json.Encoder(order="deterministic").encode
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
    """Empty staging tables on this connection."""
    for table in (staged, differing, gone):
        table.drop(connection, checkfirst=True)
        table.create(connection)


def stage(connection: Connection, rows: list[StagedRow]) -> None:
    """Adds findings; a fingerprint that an engine gives twice is stored once, as given last."""
    insert_rows(connection, staged, rows, "OR REPLACE")


def evidence_text(evidence: Evidence | None) -> str | None:
    """Evidence as a row has it."""
    return None if evidence is None else _encode(evidence).decode()


def apply_staged(
    connection: Connection,
    compared: ColumnElement[bool],
    run_id: int,
    revision: int,
    *,
    is_complete: bool = True,
) -> dict[str, int]:
    """Makes some of the stored findings equal to the staged ones.

    Each staged finding is looked up once, each stored one too; what follows is about those that differ.

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
    _compare(connection)
    opened = connection.execute(_count(differing, differing.c.opens)).scalar_one()
    unchanged = connection.execute(_count(staged, _is_open)).scalar_one() - opened
    fixed = connection.execute(_note_changes(_known(differing.c.closes), run_id, "fixed")).rowcount
    if is_complete:
        fixed += _bury_absent(connection, compared, run_id, revision)
    reopened = connection.execute(_note_changes(_known(differing.c.opens), run_id, "new")).rowcount
    _update_changed(connection, run_id, revision)
    added = _insert_absent(connection, run_id, revision)
    return {"new": reopened + added, "fixed": fixed, "unchanged": unchanged}


def _compare(connection: Connection) -> None:
    """What is staged and not stored as it is."""
    was_open = func.coalesce(_was_open, literal(value=False))
    rows = (
        select(
            staged.c.fingerprint,
            findings.c.id,
            and_(_is_open, not_(was_open)),
            and_(was_open, not_(_is_open)),
        )
        .select_from(staged.outerjoin(findings, _same))
        .where(or_(findings.c.id.is_(None), _differs))
    )
    connection.execute(insert(differing).from_select([column.name for column in differing.c], rows))


def _count(table: Table, condition: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(table).where(condition)


def _known(condition: ColumnElement[bool]) -> Select[int]:
    """Findings that were there and differ."""
    return select(differing.c.finding_id).where(differing.c.finding_id.is_not(None), condition)


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


def _bury_absent(connection: Connection, compared: ColumnElement[bool], run_id: int, revision: int) -> int:
    """A tombstone for each stored finding that this run did not give; returns how many were open."""
    absent = select(findings.c.id, findings.c.outcome.in_(OPEN)).where(
        compared, _live, findings.c.fingerprint.not_in(select(staged.c.fingerprint))
    )
    connection.execute(insert(gone).from_select(["finding_id", "was_open"], absent))
    opened = select(gone.c.finding_id).where(gone.c.was_open)
    fixed = connection.execute(_note_changes(opened, run_id, "fixed")).rowcount
    connection.execute(
        update(findings)
        .where(findings.c.id.in_(select(gone.c.finding_id)))
        .values(deleted_revision=revision, revision=revision, since_run=run_id)
    )
    return fixed


def _update_changed(connection: Connection, run_id: int, revision: int) -> None:
    since = func.iif(
        or_(findings.c.outcome != staged.c.outcome, findings.c.deleted_revision.is_not(None)),
        literal(run_id),
        findings.c.since_run,
    )
    connection.execute(
        update(findings)
        .where(findings.c.id == differing.c.finding_id, staged.c.fingerprint == differing.c.fingerprint)
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
        .select_from(differing.join(staged, staged.c.fingerprint == differing.c.fingerprint))
        .where(differing.c.finding_id.is_(None))
        .order_by(staged.c.resource_id, staged.c.rule_id)
    )
    added = insert(findings).from_select([*columns, "since_run", "revision"], absent)
    return note_new(connection, added, run_id)


def note_new(connection: Connection, added: Insert, run_id: int) -> int:
    """Inserts findings that were never there; returns how many of them are open."""
    highest = connection.execute(select(func.coalesce(func.max(findings.c.id), 0))).scalar_one()
    connection.execute(added)
    opened = select(findings.c.id).where(findings.c.id > highest, findings.c.outcome.in_(OPEN))
    return connection.execute(_note_changes(opened, run_id, "new")).rowcount
