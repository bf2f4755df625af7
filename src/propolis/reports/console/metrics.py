"""Metrics in the Prometheus text format: what is open, how much risk, and the process itself."""

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from propolis import __version__
from propolis.reports.console.api import ask
from propolis.store.queries import clusters, count_open, latest_run
from propolis.store.rows import RunRow

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_process = CollectorRegistry(auto_describe=False)
ProcessCollector(registry=_process)
PlatformCollector(registry=_process)
GCCollector(registry=_process)


class _StoreMetrics(Collector):
    """What was read from the store for one request."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


async def metrics(request: Request) -> Response:
    """All metrics."""
    families = await ask(request, read_families)
    registry = CollectorRegistry()
    registry.register(_StoreMetrics(families))
    return Response(generate_latest(registry) + generate_latest(_process), media_type=CONTENT_TYPE)


def read_families(connection: Connection) -> list[Metric]:
    """The state of every cluster as metric families."""
    build = GaugeMetricFamily("propolis_build_info", "Version of this process.", labels=["version"])
    build.add_metric([__version__], 1)
    runs = [run for name in clusters(connection) if (run := latest_run(connection, name)) is not None]
    return [build, _findings(connection), *_of_runs(runs)]


def _findings(connection: Connection) -> Metric:
    labels = ["cluster", "source", "severity", "namespace"]
    family = GaugeMetricFamily("propolis_open_findings", "Open findings of the latest run.", labels=labels)
    for values, number in count_open(connection):
        family.add_metric(values, number)
    return family


def _of_runs(runs: Iterable[RunRow]) -> list[Metric]:
    fields = {
        "points": ("propolis_risk_points", "Risk of all workloads, in points."),
        "workloads": ("propolis_workloads", "Workloads of the latest run."),
        "resources": ("propolis_resources", "Resources of the latest run."),
    }
    families = {name: GaugeMetricFamily(*text, labels=["cluster"]) for name, text in fields.items()}
    finished = GaugeMetricFamily(
        "propolis_last_run_timestamp_seconds", "When the latest run was stored.", labels=["cluster"]
    )
    for run in runs:
        for name, family in families.items():
            family.add_metric([run.cluster], run.summary.get(name, 0))
        if run.finished_at is not None:
            finished.add_metric([run.cluster], run.finished_at.timestamp())
    return [*families.values(), finished]
