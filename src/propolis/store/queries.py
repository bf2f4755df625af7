"""Runs, resources, workloads and fixes as stored. Each takes a connection of `Database.reading`."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, func, select

from propolis.core.assessment import Factor, Problem, Weakness
from propolis.core.finding import OPEN_OUTCOMES
from propolis.store.finding_queries import live
from propolis.store.rows import FixRow, FixTargetRow, ResourceRow, RunRow, WorkloadRow, resource_row
from propolis.store.schema import LIVE, findings, fixes, image_uses, resources, rules, runs, workloads

OPEN = tuple(sorted(OPEN_OUTCOMES))


_is_told = runs.c.state.in_(("stored", LIVE)) & runs.c.finished_at.is_not(None)


def clusters(connection: Connection) -> list[str]:
    """Clusters that have a run with findings, by name."""
    query = select(runs.c.cluster).where(_is_told).distinct().order_by(runs.c.cluster)
    return list(connection.execute(query).scalars())


def latest_run(connection: Connection, cluster: str = "") -> RunRow | None:
    """The newest run with findings, of one cluster or of any."""
    found = list_runs(connection, cluster, limit=1)
    return found[0] if found else None


def list_runs(connection: Connection, cluster: str = "", limit: int = 100) -> list[RunRow]:
    """Runs with findings, the newest first; one that goes on stands where it was counted last."""
    query = select(runs).where(_is_told).order_by(runs.c.finished_at.desc(), runs.c.id.desc()).limit(limit)
    if cluster:
        query = query.where(runs.c.cluster == cluster)
    return [_run_row(row) for row in connection.execute(query)]


def _run_row(row: Row[Any]) -> RunRow:
    values = dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for it
    values["problems"] = msgspec.convert(values["problems"], list[Problem])
    return RunRow(**values)


def find_resource(connection: Connection, key: str) -> ResourceRow | None:
    """A resource by key."""
    row = connection.execute(select(resources).where(resources.c.key == key)).one_or_none()
    return None if row is None else resource_row(row)


def list_workloads(connection: Connection, cluster: str) -> list[WorkloadRow]:
    """All workloads of a cluster's latest run, the highest points first."""
    query = (
        select(resources, workloads.c.score, workloads.c.points, workloads.c.factors, workloads.c.weaknesses)
        .join(workloads, workloads.c.resource_id == resources.c.id)
        .where(resources.c.cluster == cluster)
        .order_by(workloads.c.points.desc(), resources.c.key)
    )
    counts = _open_by_workload(connection, cluster)
    return [
        WorkloadRow(
            resource=resource_row(row),
            score=row.score,
            points=row.points,
            factors=msgspec.convert(row.factors, list[Factor]),
            weaknesses=msgspec.convert(row.weaknesses, list[Weakness]),
            open_findings=counts.get(row.key, {}),
        )
        for row in connection.execute(query)
    ]


def _open_by_workload(connection: Connection, cluster: str) -> dict[str, dict[str, int]]:
    workload = func.coalesce(resources.c.workload_key, resources.c.key)
    query = (
        select(workload, findings.c.severity, func.count())
        .select_from(findings.join(resources))
        .where(resources.c.cluster == cluster, live, findings.c.outcome.in_(OPEN))
        .group_by(workload, findings.c.severity)
    )
    counts: dict[str, dict[str, int]] = {}
    for key, severity, number in (*connection.execute(query), *connection.execute(_image_counts(cluster))):
        of_workload = counts.setdefault(key, {})
        of_workload[severity] = of_workload.get(severity, 0) + number
    return counts


def _image_counts(cluster: str) -> Select[str, str, int]:
    """Open findings of the images that each workload runs; an image counts once a workload."""
    workload = func.coalesce(resources.c.workload_key, resources.c.key).label("workload")
    runs_image = (
        select(workload, image_uses.c.image_id)
        .join(resources, resources.c.id == image_uses.c.resource_id)
        .where(resources.c.cluster == cluster, image_uses.c.image_id.is_not(None))
        .distinct()
        .subquery()
    )
    return (
        select(runs_image.c.workload, findings.c.severity, func.count())
        .join(findings, findings.c.resource_id == runs_image.c.image_id)
        .where(live, findings.c.outcome.in_(OPEN))
        .group_by(runs_image.c.workload, findings.c.severity)
    )


def list_fixes(connection: Connection, run_id: int, limit: int | None = None) -> list[FixRow]:
    """What to fix first, after one run."""
    query = select(fixes).where(fixes.c.run_id == run_id).order_by(fixes.c.rank).limit(limit)
    rows = list(connection.execute(query))
    known = _resources_by_key(connection, {target["key"] for row in rows for target in row.resources})
    return [_fix_row(row, known) for row in rows]


def _fix_row(row: Row[Any], known: dict[str, ResourceRow]) -> FixRow:
    targets = [
        FixTargetRow(known[target["key"]], target["findings"], target["points"])
        for target in row.resources
        if target["key"] in known
    ]
    names = [name for name in FixRow.__struct_fields__ if name != "targets"]
    return FixRow(**{name: row._mapping[name] for name in names}, targets=targets)  # noqa: SLF001


def _resources_by_key(connection: Connection, keys: Iterable[str]) -> dict[str, ResourceRow]:
    found: dict[str, ResourceRow] = {}
    for part in _parts(sorted(keys), 500):
        for row in connection.execute(select(resources).where(resources.c.key.in_(part))):
            found[row.key] = resource_row(row)
    return found


def _parts(items: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def count_open(connection: Connection) -> list[tuple[list[str], int]]:
    """Open findings by cluster, source, severity and namespace."""
    columns = (resources.c.cluster, rules.c.source, findings.c.severity, resources.c.namespace)
    query = (
        select(*columns, func.count())
        .select_from(findings.join(rules).join(resources))
        .where(live, findings.c.outcome.in_(OPEN))
        .group_by(*columns)
        .order_by(*columns)
    )
    return [(list(row[:-1]), row[-1]) for row in connection.execute(query)]
