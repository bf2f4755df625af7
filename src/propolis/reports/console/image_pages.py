"""Pages about images: all of them, one, and one vulnerability wherever it is."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from propolis.core.finding import Severity
from propolis.reports.console.pages import OPEN, about_latest
from propolis.store.finding_queries import FindingFilter, list_findings
from propolis.store.image_rows import ImageRow, list_images, not_scanned
from propolis.store.rows import FindingRow, RunRow

SOURCE = ("vulnerability",)


async def images(request: Request) -> Response:
    """All images that were scanned, and the containers whose image was not at hand."""

    def asked(connection: Connection, run: RunRow) -> dict[str, Any]:
        found = list_images(connection, run.cluster)
        return {
            "images": sorted(found, key=_badness, reverse=True),
            "missing": not_scanned(connection, run.cluster),
        }

    return await about_latest(request, "images.html", asked)


def _badness(row: ImageRow) -> tuple[int, ...]:
    return tuple(row.open_findings.get(severity.value, 0) for severity in Severity)


async def image(request: Request) -> Response:
    """One image: layers, what to change, vulnerable packages."""
    digest = request.query_params.get("digest", "")

    def asked(connection: Connection, run: RunRow) -> dict[str, Any]:
        found = next((row for row in list_images(connection, run.cluster) if row.digest == digest), None)
        if found is None:
            raise HTTPException(404, "no image of this digest was in the latest run")
        wanted = FindingFilter(cluster=run.cluster, kind=("Image",), name=(digest,), outcome=OPEN)
        _, rows = list_findings(connection, wanted, limit=None)
        return {"image": found, "packages": _by_package(rows), "total": len(rows)}

    return await about_latest(request, "image.html", asked)


def _by_package(rows: list[FindingRow]) -> list[dict[str, Any]]:
    """Vulnerable packages with their findings, the worst first; rows come the worst first."""
    groups: dict[str, list[FindingRow]] = defaultdict(list)
    for row in rows:
        groups[row.subject].append(row)
    return [{"evidence": found[0].evidence or {}, "findings": found} for found in groups.values()]


async def vulnerability(request: Request) -> Response:
    """One vulnerability: which images have it, who runs them, what mends it."""
    name = request.query_params.get("id", "")

    def asked(connection: Connection, run: RunRow) -> dict[str, Any]:
        wanted = FindingFilter(cluster=run.cluster, source=SOURCE, rule=(name,), outcome=OPEN)
        _, rows = list_findings(connection, wanted, limit=None)
        if not rows:
            raise HTTPException(404, "no image of the latest run has this vulnerability")
        known = {row.digest: row for row in list_images(connection, run.cluster)}
        names = sorted({other for row in rows for other in (row.evidence or {}).get("names", ())})
        return {"id": name, "rows": [(row, known.get(row.resource.name)) for row in rows], "names": names}

    return await about_latest(request, "vulnerability.html", asked)
