"""The API for machines: JSON, filters, pages. Shapes are those of `render.machine`.

``GET /api/v1/findings`` answers ``{"total": N, "items": [...]}``; filters are ``cluster``,
``source``, ``severity``, ``outcome``, ``namespace``, ``kind``, ``name``, ``rule``, ``policy``,
``remedy``, ``team``, ``change``, ``workload``, ``q``; pages are ``offset`` and ``limit``.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from propolis.core.errors import SourceError
from propolis.reports.console.asking import MAX_PAGE, asked_filter, asked_number
from propolis.reports.render.encoding import encode
from propolis.reports.render.machine import (
    finding_document,
    fix_document,
    image_document,
    run_document,
    workload_document,
)
from propolis.store.finding_queries import find_finding, list_findings
from propolis.store.image_rows import list_images
from propolis.store.queries import latest_run, list_fixes, list_runs, list_workloads

PAGE = 100
LARGEST_OFFSET = 100_000_000
FINGERPRINT_DIGITS = 32


def answer(document: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(encode(document), status, media_type="application/json")


async def ask(request: Request, question: Callable[[Connection], Any]) -> Any:
    """Asks the store in a thread of its own."""
    database = request.app.state.database

    def asked() -> Any:
        with database.reading() as connection:
            return question(connection)

    return await run_in_threadpool(asked)


async def findings(request: Request) -> Response:
    """A page of findings, the worst first."""
    wanted = asked_filter(request)
    offset = asked_number(request, "offset", 0, LARGEST_OFFSET)
    limit = asked_number(request, "limit", PAGE, MAX_PAGE)
    total, rows = await ask(request, lambda connection: list_findings(connection, wanted, offset, limit))
    return answer({"total": total, "items": [finding_document(row) for row in rows]})


async def finding(request: Request) -> Response:
    """One finding by fingerprint."""
    fingerprint = request.path_params["fingerprint"]
    if len(fingerprint) != FINGERPRINT_DIGITS or not set(fingerprint) <= set("0123456789abcdef"):
        raise HTTPException(400, f"a fingerprint has {FINGERPRINT_DIGITS} hexadecimal digits")
    row = await ask(request, lambda connection: find_finding(connection, fingerprint))
    if row is None:
        raise HTTPException(404, "no finding has this fingerprint")
    return answer(finding_document(row))


async def workloads(request: Request) -> Response:
    """Workloads of a cluster, the riskiest first."""
    return await _of_latest(
        request, lambda connection, run: list_workloads(connection, run.cluster), workload_document
    )


async def fixes(request: Request) -> Response:
    """What to fix first."""
    return await _of_latest(request, lambda connection, run: list_fixes(connection, run.id), fix_document)


async def images(request: Request) -> Response:
    """Images of a cluster with what is in them and who runs them."""
    return await _of_latest(
        request, lambda connection, run: list_images(connection, run.cluster), image_document
    )


async def runs(request: Request) -> Response:
    """Stored runs, the newest first."""
    cluster = request.query_params.get("cluster", "")
    limit = asked_number(request, "limit", PAGE, MAX_PAGE)
    rows = await ask(request, lambda connection: list_runs(connection, cluster, limit))
    return answer({"total": len(rows), "items": [run_document(row) for row in rows]})


async def _of_latest(
    request: Request,
    question: Callable[[Connection, Any], list[Any]],
    document: Callable[[Any], dict[str, Any]],
) -> Response:
    """A page of what belongs to the latest run."""
    offset = asked_number(request, "offset", 0, LARGEST_OFFSET)
    limit = asked_number(request, "limit", PAGE, MAX_PAGE)
    cluster = request.query_params.get("cluster", "")

    def asked(connection: Connection) -> list[Any]:
        run = latest_run(connection, cluster)
        return [] if run is None else question(connection, run)

    rows = await ask(request, asked)
    return answer({"total": len(rows), "items": [document(row) for row in rows[offset : offset + limit]]})


def _is_for_machines(request: Request) -> bool:
    return request.url.path.startswith("/api/")


async def on_http_error(request: Request, error: Exception) -> Response:
    """A refused request, in the form of its address."""
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
    if _is_for_machines(request):
        return answer({"error": detail}, status)
    return PlainTextResponse(f"{detail}\n", status)


async def on_source_error(request: Request, error: Exception) -> Response:
    """The store did not answer."""
    if _is_for_machines(request):
        return answer({"error": str(error)}, 503)
    return PlainTextResponse(f"{error}\n", 503)


HANDLERS: Any = {HTTPException: on_http_error, SourceError: on_source_error}
"""What becomes of errors; anything else is a fault of this program and answers 500."""
