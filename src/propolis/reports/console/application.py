"""The application: what answers at which address."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from propolis.reports.console import api, health, image_pages, pages, sign_in
from propolis.reports.console.access import Access
from propolis.reports.console.metrics import metrics
from propolis.store.database import Database

STATIC = Path(__file__).parent / "static"

ROUTES = [
    Route("/", pages.overview, name="overview"),
    Route("/workloads", pages.workloads, name="workloads"),
    Route("/workload", pages.workload, name="workload"),
    Route("/findings", pages.findings, name="findings"),
    Route("/images", image_pages.images, name="images"),
    Route("/image", image_pages.image, name="image"),
    Route("/vulnerability", image_pages.vulnerability, name="vulnerability"),
    Route("/sign-in", sign_in.page, name="sign_in", methods=["GET"]),
    Route("/sign-in", sign_in.submit, methods=["POST"]),
    Route("/api/v1/findings", api.findings),
    Route("/api/v1/findings/{fingerprint}", api.finding),
    Route("/api/v1/workloads", api.workloads),
    Route("/api/v1/fixes", api.fixes),
    Route("/api/v1/images", api.images),
    Route("/api/v1/runs", api.runs),
    Route("/healthz", health.healthz),
    Route("/readyz", health.readyz),
    Route("/metrics", metrics),
    Mount("/static", StaticFiles(directory=STATIC), name="static"),
]


def build_application(database: Database, *, token: str = "", only_local: bool = True) -> ASGIApp:
    """The console over a store.

    Args:
        database: Where the runs are kept.
        token: What readers must show; empty for none.
        only_local: Whether the address is one of this machine; then other host names are refused,
            so that no page of elsewhere reads the findings through the browser.
    """
    application = Starlette(routes=ROUTES, exception_handlers=api.HANDLERS)
    application.state.database = database
    application.state.token = token
    return Access(application, token=token, only_local=only_local)
