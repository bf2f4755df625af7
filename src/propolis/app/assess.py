"""The main job, from top to bottom: observe, evaluate, store, score, say what to fix first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from propolis.app.engines import Engines
from propolis.app.image_run import (
    exploited_by_workload,
    image_counts,
    remedies_of,
    store_images,
    users_of,
)
from propolis.app.image_scan import ImageScan, image_findings
from propolis.app.progress import Progress, silent
from propolis.core import clock
from propolis.core.assessment import Factor, Problem, Weakness
from propolis.core.finding import Finding, Severity
from propolis.core.inventory import Inventory
from propolis.core.resource import Origin, ResourceRef
from propolis.insight.factors import factors_of
from propolis.insight.ledger import Ledger, Standing
from propolis.insight.ownership import Ownership
from propolis.store.database import Database
from propolis.store.writer import RunWriter, writing_run


class RunResult(msgspec.Struct, frozen=True):
    """What a run came to.

    Attributes:
        summary: As stored with the run: ``resources``, ``workloads``, ``points``, ``changes``
            (new, fixed, unchanged), ``outcomes``, and open findings by ``severities`` and ``sources``.
        problems: Input that could not be used.
    """

    run_id: int
    cluster: str
    summary: dict[str, Any]
    problems: tuple[Problem, ...]

    def open_at_or_above(self, severity: str) -> int:
        """How many open findings are as bad as this or worse."""
        least = Severity(severity).rank
        found: dict[str, int] = self.summary["severities"]
        return sum(number for name, number in found.items() if Severity(name).rank >= least)


def assess(
    database: Database,
    cluster: str,
    inputs: Sequence[str],
    inventory: Inventory,
    problems: Sequence[Problem],
    engines: Engines,
    progress: Progress = silent,
    scan: ImageScan | None = None,
) -> RunResult:
    """Judges an inventory, and the images that it runs, and stores the run.

    Without a scan the findings of images stay as the last run with one left them. Where a document or
    a kind could not be read, what was found there before stays too, and is not told as fixed.

    Raises:
        SourceError: The store cannot be written. What was stored before is sound.
    """
    now = clock.now()
    ownership = Ownership(inventory)
    standings = _standings(inventory, ownership)
    found = [(one, image_findings(one, now)) for one in scan.images] if scan else []
    users = users_of(scan, standings)
    ledger = Ledger(standings, users, remedies_of(found))
    with writing_run(database, cluster, inputs, now) as writer:
        writer.add_resources(_resource_rows(inventory, standings))
        writer.add_findings(_counted(engines.evaluate(inventory, now, progress), ledger))
        for one, of_image in found:
            writer.add_resources([(one.ref, Origin(one.place), "", None)])
            writer.add_findings(_counted(of_image.findings, ledger))
        is_complete = all(problem.kind == "skipped" for problem in problems)
        changes = writer.apply(() if scan else ("Image",), is_complete=is_complete)
        if scan:
            store_images(writer, scan)
        summary = _conclude(writer, inventory, engines, ledger, exploited_by_workload(found, users)) | {
            "changes": changes,
            "resources": len(inventory),
            "images": image_counts(scan),
        }
        writer.finish(summary, problems, clock.now())
    return RunResult(writer.run_id, cluster, summary, tuple(problems))


def _standings(inventory: Inventory, ownership: Ownership) -> dict[str, Standing]:
    standings = {}
    for resource in inventory:
        owner = ownership.workload_of(resource)
        target = owner or resource.ref
        standings[resource.ref.key] = Standing(
            target, ownership.team_of(resource), is_workload=owner is not None
        )
    return standings


def _resource_rows(
    inventory: Inventory, standings: dict[str, Standing]
) -> Iterator[tuple[ResourceRef, Origin, str, str | None]]:
    for resource in inventory:
        standing = standings[resource.ref.key]
        yield (
            resource.ref,
            resource.origin,
            standing.team,
            standing.target.key if standing.is_workload else None,
        )


def _counted(findings: Iterable[Finding], ledger: Ledger) -> Iterator[Finding]:
    """Passes findings on, counting them."""
    for finding in findings:
        ledger.add(finding)
        yield finding


def _conclude(
    writer: RunWriter,
    inventory: Inventory,
    engines: Engines,
    ledger: Ledger,
    exploited: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """Scores and fixes, stored; returns the counts."""
    reach = engines.reach(inventory)

    def factors(ref: ResourceRef, weaknesses: tuple[Weakness, ...]) -> tuple[Factor, ...]:
        resource = inventory.find(ref)
        document = resource.document if resource else {}
        attacked = exploited.get(ref.key, {})
        return factors_of(document, weaknesses, reach.exposure(ref), reach.grants(ref), attacked)

    scores = ledger.scores(factors)
    writer.add_scores(scores)
    writer.add_fixes(ledger.fixes(scores))
    return ledger.counts() | {"workloads": len(scores), "points": round(ledger.points(scores), 2)}
