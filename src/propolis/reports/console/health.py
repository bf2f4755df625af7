"""Is the process alive, and does it have something to show?"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from propolis.core.errors import SourceError
from propolis.store.database import Database
from propolis.store.queries import latest_run


async def healthz(_request: Request) -> Response:
    """200 while the process runs."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """200 once a run is stored, else 503 with the reason."""
    problem = await run_in_threadpool(_problem, request.app.state.database)
    return PlainTextResponse(f"{problem or 'ok'}\n", 503 if problem else 200)


def _problem(database: Database) -> str:
    try:
        with database.reading() as connection:
            return "" if latest_run(connection) else "no run is stored yet"
    except SourceError as error:
        return str(error)
