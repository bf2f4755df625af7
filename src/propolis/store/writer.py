"""One run, written in one transaction: staged, compared with what is stored, applied.

The comparison happens in the database, so that memory does not grow with the number of findings.
A run that is killed leaves the store as it was; its row is marked interrupted by the next one.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from propolis.core.assessment import FixGroup, Problem, WorkloadScore
from propolis.core.errors import SourceError
from propolis.core.finding import Finding, fingerprint_of
from propolis.core.resource import Origin, ResourceRef
from propolis.store.catalog import Catalog, resource_values
from propolis.store.database import Database
from propolis.store.image_rows import replace_images
from propolis.store.schema import fixes, resources, revisions, runs, workloads
from propolis.store.staging import StagedRow, apply_staged, evidence_text, of_cluster, prepare, stage

BATCH = 5000
"""Findings handed to the database at once."""


class RunWriter:
    """Takes what a run gives. Made by `writing_run`."""

    def __init__(self, connection: Connection, cluster: str, run_id: int) -> None:
        self._connection = connection
        self._catalog = Catalog(connection, cluster)
        self.cluster = cluster
        self.run_id = run_id
        self.revision = 0
        prepare(connection)

    def add_resources(self, rows: Iterable[tuple[ResourceRef, Origin, str, str | None]]) -> None:
        """The resources of the run: reference, origin, team, key of the workload it counts for."""
        self._catalog.register(resource_values(*row) for row in rows)

    def add_findings(self, findings: Iterable[Finding]) -> None:
        """Stages findings, in any number of calls."""
        rows = finding_rows(self._catalog, findings)
        while batch := list(islice(rows, BATCH)):
            stage(self._connection, batch)

    def resource_id(self, ref: ResourceRef) -> int:
        """The number of a resource of this run."""
        return self._catalog.resource(ref)

    def add_images(self, rows: list[dict[str, Any]], uses: list[dict[str, Any]]) -> None:
        """The images of the run and who runs them, in place of those of the run before."""
        replace_images(self._connection, self.cluster, rows, uses)

    def apply(self, left_out: tuple[str, ...] = (), *, is_complete: bool = True) -> dict[str, int]:
        """Compares and stores; returns how many open findings are new, fixed and unchanged.

        Args:
            left_out: Kinds of resources at which the run did not look; their findings stay.
            is_complete: Whether it saw all that there is; if not, what it did not give again stays.
        """
        inserted = self._connection.execute(insert(revisions).values(run_id=self.run_id)).inserted_primary_key
        self.revision = int(inserted[0]) if inserted else 0
        compared = of_cluster(self.cluster, left_out)
        return apply_staged(self._connection, compared, self.run_id, self.revision, is_complete=is_complete)

    def add_scores(self, scores: Iterable[WorkloadScore]) -> None:
        """Replaces the scores of the cluster's workloads."""
        of_cluster = select(resources.c.id).where(resources.c.cluster == self.cluster)
        self._connection.execute(delete(workloads).where(workloads.c.resource_id.in_(of_cluster)))
        rows = [
            {
                "resource_id": self._catalog.resource(score.resource),
                "run_id": self.run_id,
                "score": score.score,
                "points": score.points,
                "factors": msgspec.to_builtins(score.factors),
                "weaknesses": msgspec.to_builtins(score.weaknesses),
            }
            for score in scores
        ]
        if rows:
            self._connection.execute(insert(workloads), rows)

    def add_fixes(self, groups: Sequence[FixGroup]) -> None:
        """What to fix first, the first one first."""
        rows = [_fix_row(self.run_id, rank, group) for rank, group in enumerate(groups, start=1)]
        if rows:
            self._connection.execute(insert(fixes), rows)

    def finish(self, summary: dict[str, Any], problems: Sequence[Problem], now: datetime) -> None:
        """The run is complete; it counts from the moment of commit."""
        values = {
            "state": "stored",
            "finished_at": now,
            "summary": summary,
            "problems": msgspec.to_builtins(problems),
        }
        self._connection.execute(update(runs).where(runs.c.id == self.run_id).values(values))


def finding_rows(catalog: Catalog, findings: Iterable[Finding]) -> Iterator[StagedRow]:
    """Findings as rows; those of one resource come together, so its number is looked up once."""
    ref, key, number = None, "", 0
    for finding in findings:
        if finding.resource is not ref:
            ref = finding.resource
            key, number = ref.key, catalog.resource(ref)
        rule = catalog.rule(finding.rule)
        yield (
            fingerprint_of(rule.key, key, finding.subject),
            rule.number,
            number,
            finding.subject,
            finding.outcome.value,
            rule.severity,
            finding.message,
            evidence_text(finding.evidence),
            finding.change,
        )


def _fix_row(run_id: int, rank: int, group: FixGroup) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "rank": rank,
        "remedy": group.remedy,
        "team": group.team,
        "title": group.title,
        "how": group.how,
        "severity": group.severity.value,
        "findings": group.findings,
        "points": group.points,
        "resources": [
            {"key": target.resource.key, "findings": target.findings, "points": target.points}
            for target in group.targets
        ],
    }


@contextmanager
def writing_run(
    database: Database, cluster: str, inputs: Sequence[str], now: datetime
) -> Iterator[RunWriter]:
    """A run of a cluster: its row is there at once, its content at the end or not at all.

    Raises:
        SourceError: The store cannot be written; another run may hold it.
    """
    with database.writing() as connection:
        abandoned = update(runs).where(runs.c.cluster == cluster, runs.c.state == "running")
        connection.execute(abandoned.values(state="interrupted", finished_at=now))
        run_id = _begin(connection, cluster, inputs, now)
    try:
        with database.writing() as connection:
            yield RunWriter(connection, cluster, run_id)
    except BaseException:
        with suppress(SourceError):  # the first error is the one to tell
            _mark_failed(database, run_id, now)
        raise


def _begin(connection: Connection, cluster: str, inputs: Sequence[str], now: datetime) -> int:
    row = {
        "cluster": cluster,
        "state": "running",
        "started_at": now,
        "inputs": list(inputs),
        "summary": {},
        "problems": [],
    }
    inserted = connection.execute(insert(runs).values(row)).inserted_primary_key
    return int(inserted[0]) if inserted else 0


def _mark_failed(database: Database, run_id: int, now: datetime) -> None:
    with database.writing() as connection:
        connection.execute(update(runs).where(runs.c.id == run_id).values(state="failed", finished_at=now))
