"""An API server on 127.0.0.1 that keeps reports, and a sink that writes to it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from propolis.cluster.api_client import ApiClient, Patience, open_client
from propolis.cluster.kubeconfig import Access, ClusterEntry, UserEntry
from propolis.core.finding import Evidence, Finding, Outcome, Reported, Rule
from propolis.core.resource import ResourceRef
from propolis.reports.sinks.layouts import Layout
from propolis.reports.sinks.policy_reports import PolicyReports, WritingPace
from tests.unit.cluster.fake_api import TOKEN, FakeApi, refusal, serving

GROUP = "/apis/wgpolicyk8s.io/v1alpha2"
CLUSTER = f"{GROUP}/clusterpolicyreports"
ALL = f"{GROUP}/policyreports"
HASTY = Patience(attempts=2, first_wait_seconds=0)


class ReportApi(FakeApi):
    """Keeps what is applied; ``writes`` lists methods and paths."""

    def __init__(self) -> None:
        super().__init__()
        self.reports: dict[str, dict[str, Any]] = {}
        self.writes: list[tuple[str, str]] = []
        self.is_served = True

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if self.faults.get(path) and (fault := self.faults[path].pop(0)) is not None:
            return await fault(request)
        if not self.is_served:
            return refusal(404, "the server could not find the requested resource")
        if request.method == "GET" and path in (ALL, CLUSTER):
            return self._list(request, path)
        if request.method == "GET":
            found = self.reports.get(path)
            return (
                refusal(404, f'policyreports "{path}" not found')
                if found is None
                else web.json_response(found)
            )
        self.writes.append((request.method, path))
        if request.method == "DELETE":
            return web.json_response({}) if self.reports.pop(path, None) else refusal(404, "not found")
        assert dict(request.query) == {"fieldManager": "propolis-reports", "force": "true"}
        self.reports[path] = await request.json()
        return web.json_response({})

    def _list(self, request: web.Request, path: str) -> web.Response:
        assert request.query["labelSelector"] == "propolis.dev/report"
        is_cluster = path == CLUSTER
        found = [one for at, one in sorted(self.reports.items()) if at.startswith(CLUSTER) == is_cluster]
        start = int(request.query.get("continue", "0"))
        more = str(start + 1) if start + 1 < len(found) else ""
        return web.json_response({"metadata": {"continue": more}, "items": found[start : start + 1]})


def resource(name: str, namespace: str = "shop", kind: str = "Pod") -> ResourceRef:
    return ResourceRef("v1", kind, name, namespace, uid=f"uid-{name}")


def path_of(name: str, namespace: str = "shop") -> str:
    return f"{GROUP}/namespaces/{namespace}/policyreports/{name}"


def rule(policy: str = "pods", name: str = "check", **fields: Any) -> Rule:
    reported = Reported("ClusterPolicy", "kyverno", "high", (("process", "background scan"),))
    return Rule("policy", policy, name, category="Best Practices", **{"reported": reported, **fields})


def finding(
    at: ResourceRef,
    outcome: str = "fail",
    message: str = "no",
    *,
    of: Rule | None = None,
    evidence: Evidence | None = None,
) -> Finding:
    return Finding(of or rule(), at, Outcome(outcome), message, None, evidence)


class Clock:
    """Time that stands until it is set; waits are noted and pass at once."""

    def __init__(self) -> None:
        self.seconds = 1000
        self.waits: list[float] = []

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if seconds >= 300:
            await asyncio.Event().wait()
        await asyncio.sleep(0)

    def pace(self, a_second: int = 0) -> WritingPace:
        return WritingPace(a_second, self.now, lambda: 0.0, self.sleep)


Work = Callable[[PolicyReports], Awaitable[object]]


def with_reports(
    api: ReportApi,
    work: Work,
    *,
    layout: Layout | None = None,
    clock: Clock | None = None,
    told: list[str] | None = None,
) -> PolicyReports:
    """The sink after some work, and all that it wrote; it runs from the beginning."""

    time = clock or Clock()

    async def run() -> PolicyReports:
        async with serving(api) as address:
            access = Access("test", ClusterEntry(server=address), UserEntry(token=TOKEN), Path())
            async with open_client(access, HASTY, time.sleep) as client:
                return await used(client)

    async def used(client: ApiClient) -> PolicyReports:
        tell = (lambda _text: None) if told is None else told.append
        reports = PolicyReports(client, layout, tell=tell, pace=time.pace())
        await reports.load()
        running = asyncio.create_task(reports.run())
        try:
            await work(reports)
            await reports.drained()
        finally:
            running.cancel()
        return reports

    return asyncio.run(run())
