"""The pages for people. Each reads the store once and renders one template."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from propolis.reports.console.api import LARGEST_OFFSET, ask
from propolis.reports.console.asking import asked_filter, asked_number
from propolis.reports.console.templates import page
from propolis.store.finding_queries import FindingFilter, count_findings, list_findings
from propolis.store.queries import clusters, latest_run, list_fixes, list_runs, list_workloads
from propolis.store.rows import RunRow, WorkloadRow

OPEN = ("fail", "warn", "error")
RUNS_IN_CHART = 60
FIXES_SHOWN = 12
WORKLOADS_SHOWN = 8
FINDINGS_PAGE = 50

SORTS: dict[str, Callable[[WorkloadRow], Any]] = {
    "score": lambda row: (-row.points, row.resource.key),
    "name": lambda row: (row.resource.name, row.resource.key),
    "namespace": lambda row: (row.resource.namespace, -row.points),
    "team": lambda row: (row.resource.team, -row.points),
    "findings": lambda row: (-row.total, row.resource.key),
}
"""Orders of the list of workloads."""


async def overview(request: Request) -> Response:
    """Where the cluster stands and what to fix first."""

    def asked(connection: Connection, run: RunRow) -> dict[str, Any]:
        fixes = list_fixes(connection, run.id)
        workloads = list_workloads(connection, run.cluster)
        return {
            "fixes": fixes[:FIXES_SHOWN],
            "fixes_total": len(fixes),
            "workloads": workloads[:WORKLOADS_SHOWN],
            "trend": _trend(reversed(list_runs(connection, run.cluster, RUNS_IN_CHART))),
        }

    return await about_latest(request, "overview.html", asked)


async def workloads(request: Request) -> Response:
    """All workloads, filtered and sorted."""
    query = request.query_params
    sort = query.get("sort", "score")
    if sort not in SORTS:
        raise HTTPException(400, f"sort: not one of {', '.join(SORTS)}")
    text, namespace, team = (query.get(name, "") for name in ("q", "namespace", "team"))

    def asked(connection: Connection, run: RunRow) -> dict[str, Any]:
        rows = list_workloads(connection, run.cluster)
        shown = [row for row in rows if _is_wanted(row, text.lower(), namespace, team)]
        return {
            "workloads": sorted(shown, key=SORTS[sort]),
            "total": len(rows),
            "namespaces": sorted({row.resource.namespace for row in rows}),
            "teams": sorted({row.resource.team for row in rows}),
            "asked": {"q": text, "namespace": namespace, "team": team, "sort": sort},
        }

    return await about_latest(request, "workloads.html", asked)


def _is_wanted(row: WorkloadRow, text: str, namespace: str, team: str) -> bool:
    return (
        (not namespace or row.resource.namespace == namespace)
        and (not team or row.resource.team == team)
        and text in f"{row.resource.path} {row.resource.team}".lower()
    )


async def workload(request: Request) -> Response:
    """One workload: its score, the factors, its findings."""
    key = request.query_params.get("key", "")

    def asked(connection: Connection, run: RunRow) -> dict[str, Any]:
        found = next(
            (row for row in list_workloads(connection, run.cluster) if row.resource.key == key), None
        )
        if found is None:
            raise HTTPException(404, "no workload of this name was in the latest run")
        wanted = FindingFilter(cluster=run.cluster, workload=key)
        _, rows = list_findings(connection, msgspec.structs.replace(wanted, outcome=OPEN), limit=None)
        passed = count_findings(connection, wanted, "outcome").get("pass", 0)
        base = sum(weakness.points for weakness in found.weaknesses)
        return {"workload": found, "findings": rows, "passed": passed, "base": base}

    return await about_latest(request, "workload.html", asked)


async def findings(request: Request) -> Response:
    """Findings, filtered, page by page."""
    wanted = asked_filter(request)
    if not wanted.outcome and not wanted.change:
        wanted = msgspec.structs.replace(wanted, outcome=OPEN)
    offset = asked_number(request, "offset", 0, LARGEST_OFFSET)

    def asked(connection: Connection, run: RunRow) -> dict[str, Any]:
        filtered = msgspec.structs.replace(wanted, cluster=run.cluster)
        total, rows = list_findings(connection, filtered, offset, FINDINGS_PAGE)
        everything = FindingFilter(cluster=run.cluster, outcome=OPEN)
        choices = {
            name: list(count_findings(connection, everything, name))
            for name in ("source", "namespace", "team")
        }
        return {
            "findings": rows,
            "total": total,
            "offset": offset,
            "page_size": FINDINGS_PAGE,
            "choices": choices,
            "asked": _single_values(request, wanted),
        }

    return await about_latest(request, "findings.html", asked)


def _single_values(request: Request, wanted: FindingFilter) -> dict[str, str]:
    """What the form shows again, and what the links to other pages carry."""
    names = ("q", "severity", "source", "namespace", "team", "change", "remedy", "rule", "workload")
    asked = {name: request.query_params.get(name, "") for name in names}
    return asked | {"outcome": ",".join(wanted.outcome) if request.query_params.get("outcome") else ""}


def _trend(runs: Iterable[RunRow]) -> dict[str, list[Any]]:
    """Columns of the chart: seconds, risk points, open findings."""
    times: list[float] = []
    points: list[float] = []
    opened: list[int] = []
    for run in runs:
        times.append(run.started_at.timestamp())
        points.append(run.summary["points"])
        opened.append(sum(run.summary["severities"].values()))
    return {"times": times, "points": points, "open": opened}


async def about_latest(
    request: Request, template: str, question: Callable[[Connection, RunRow], dict[str, Any]]
) -> Response:
    """A page about the latest run of the chosen cluster, or the page that says there is none."""
    chosen = request.query_params.get("cluster", "")

    def asked(connection: Connection) -> dict[str, Any] | None:
        run = latest_run(connection, chosen)
        if run is None:
            return None
        known = list(islice(clusters(connection), 200))
        return {"run": run, "clusters": known, "cluster": chosen, **question(connection, run)}

    values = await ask(request, asked)
    if values is None:
        return page(request, "empty.html", {"clusters": [], "cluster": "", "run": None})
    return page(request, template, values)
