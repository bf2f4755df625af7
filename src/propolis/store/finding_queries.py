"""Findings: which ones, how many, one page of them. Takes a connection of `Database.reading`."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, or_, select

from propolis.core.finding import OPEN_OUTCOMES, Severity
from propolis.store.rows import FindingRow, resource_row
from propolis.store.schema import changes, findings, image_uses, resources, revisions, rules, runs

live = findings.c.deleted_revision.is_(None)
"""Not a tombstone."""

_is_open = case((findings.c.outcome.in_(tuple(sorted(OPEN_OUTCOMES))), 1), else_=0)
_ranks = {severity.value: severity.rank for severity in Severity}
_severity_rank = case(_ranks, value=findings.c.severity, else_=0)


class FindingFilter(msgspec.Struct, frozen=True):
    """Which findings to list; empty fields ask nothing. Several values of a field mean any of them.

    Attributes:
        change: ``new`` or ``fixed`` in the cluster's latest run; ``fixed`` lists what is gone too.
        workload: Key of a workload: findings of it, of what counts for it, of its images.
        text: A part of message, title or resource name, case ignored.
    """

    cluster: str = ""
    source: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    namespace: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    policy: tuple[str, ...] = ()
    remedy: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    change: str = ""
    workload: str = ""
    text: str = ""


_FIELDS: dict[str, Any] = {
    "source": rules.c.source,
    "severity": findings.c.severity,
    "outcome": findings.c.outcome,
    "namespace": resources.c.namespace,
    "kind": resources.c.kind,
    "name": resources.c.name,
    "rule": rules.c.name,
    "policy": rules.c.policy,
    "remedy": findings.c.remedy,
    "team": resources.c.team,
}


def count_findings(connection: Connection, wanted: FindingFilter, by: str) -> dict[str, int]:
    """Number of findings by one field of `FindingFilter` (``severity``, ``source``, ``namespace`` ...)."""
    column = _FIELDS[by]
    query = (
        select(column, func.count())
        .select_from(findings.join(rules).join(resources))
        .where(*_conditions(wanted))
        .group_by(column)
        .order_by(column)
    )
    return {value: number for value, number in connection.execute(query)}  # noqa: C416  # typed rows


def list_findings(
    connection: Connection, wanted: FindingFilter, offset: int = 0, limit: int | None = 100
) -> tuple[int, list[FindingRow]]:
    """How many findings there are, and one page of them: open ones first, the worst first.

    ``limit`` None gives all of them.
    """
    conditions = _conditions(wanted)
    joined = findings.join(rules).join(resources)
    total = connection.execute(select(func.count()).select_from(joined).where(*conditions)).scalar_one()
    query = _finding_query(wanted.cluster).where(*conditions)
    query = query.order_by(
        _is_open.desc(),
        _severity_rank.desc(),
        resources.c.namespace,
        resources.c.kind,
        resources.c.name,
        rules.c.key,
        findings.c.id,
    ).offset(offset)
    if limit is not None:
        query = query.limit(limit)
    return total, [_finding_row(row) for row in connection.execute(query)]


def find_finding(connection: Connection, fingerprint: str) -> FindingRow | None:
    """One finding by fingerprint; also one that is gone."""
    query = _finding_query("").where(findings.c.fingerprint == bytes.fromhex(fingerprint))
    row = connection.execute(query).one_or_none()
    return None if row is None else _finding_row(row)


def _conditions(wanted: FindingFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [] if wanted.change == "fixed" else [live]
    if wanted.cluster:
        conditions.append(resources.c.cluster == wanted.cluster)
    conditions += [
        column.in_(values) for field, column in _FIELDS.items() if (values := getattr(wanted, field))
    ]
    if wanted.change:
        conditions.append(findings.c.id.in_(_changed(wanted.cluster, wanted.change)))
    if wanted.workload:
        of_workload = or_(resources.c.key == wanted.workload, resources.c.workload_key == wanted.workload)
        conditions.append(or_(of_workload, resources.c.id.in_(images_of(wanted.workload))))
    if wanted.text:
        columns = (findings.c.message, rules.c.title, rules.c.name, resources.c.name)
        conditions.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    return conditions


def images_of(workload: str) -> Select[int | None]:
    """Images that a workload runs."""
    users = resources.alias("users")
    return (
        select(image_uses.c.image_id)
        .join(users, users.c.id == image_uses.c.resource_id)
        .where(or_(users.c.key == workload, users.c.workload_key == workload))
        .where(image_uses.c.image_id.is_not(None))
    )


def _latest_ids(cluster: str) -> Select[int]:
    """The latest stored run of the cluster, or of each cluster."""
    last = (
        select(func.max(revisions.c.id)).join(runs, runs.c.id == revisions.c.run_id).group_by(runs.c.cluster)
    )
    if cluster:
        last = last.where(runs.c.cluster == cluster)
    return select(revisions.c.run_id).where(revisions.c.id.in_(last))


def _changed(cluster: str, change: str) -> Select[int]:
    in_latest = changes.c.run_id.in_(_latest_ids(cluster))
    return select(changes.c.finding_id).where(in_latest, changes.c.change == change)


def _finding_query(cluster: str) -> Select[Any]:
    is_new = findings.c.id.in_(_changed(cluster, "new"))
    return select(
        findings.c.fingerprint,
        rules.c.source,
        rules.c.policy,
        rules.c.name.label("rule"),
        rules.c.title,
        rules.c.category,
        findings.c.severity,
        findings.c.outcome,
        findings.c.message,
        findings.c.subject,
        findings.c.remedy,
        rules.c.remediation,
        rules.c.scored,
        findings.c.evidence,
        findings.c.since_run,
        findings.c.revision,
        runs.c.started_at.label("since"),
        case((and_(is_new, live), "new"), else_="").label("change"),
        *(column.label(f"resource_{column.name}") for column in resources.c),
    ).select_from(findings.join(rules).join(resources).join(runs, runs.c.id == findings.c.since_run))


def _finding_row(row: Row[Any]) -> FindingRow:
    values = {name: value for name, value in row._mapping.items() if not name.startswith("resource_")}  # noqa: SLF001
    values["fingerprint"] = values["fingerprint"].hex()
    values["evidence"] = None if values["evidence"] is None else msgspec.json.decode(values["evidence"])
    return FindingRow(resource=resource_row(row, "resource_"), **values)
