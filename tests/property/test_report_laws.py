"""Whatever comes and fails, in the end there are the reports of what was said last, and no others."""

import asyncio
import json
import random
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from propolis.cluster.api_client import RefusedError
from propolis.core.errors import SourceError
from propolis.core.finding import Finding, Outcome
from propolis.core.resource import ResourceRef
from propolis.reports.sinks.layouts import Layout, ReportChoice, ResourceReports
from propolis.reports.sinks.namespace_reports import NamespaceReports
from propolis.reports.sinks.policy_reports import PolicyReports
from tests.unit.reports.sinks.report_api import ALL, CLUSTER, Clock, rule

PODS = [ResourceRef("v1", "Pod", f"pod-{n}", f"ns-{n % 2}", uid=f"uid-{n}") for n in range(5)]
NODE = ResourceRef("v1", "Node", "node", uid="uid-node")
RESOURCES = [*PODS, NODE]


class Server:
    """Keeps reports; requests take their time, and some fail before or after they were heard."""

    server = "server"

    def __init__(self, chance: random.Random) -> None:
        self.reports: dict[str, bytes] = {}
        self.is_calm = False
        self._chance = chance

    async def _maybe_fail(self) -> None:
        for _ in range(self._chance.randrange(4)):
            await asyncio.sleep(0)
        if not self.is_calm and self._chance.random() < 0.3:
            if self._chance.random() < 0.3:
                raise RefusedError("ask", self.server, "409 modified", 409)
            raise SourceError("ask", self.server, "broken", try_again=True)

    async def get(self, path: str, asked: str, _accept: str, _query: Mapping[str, str]) -> bytes:
        await self._maybe_fail()
        if path in (ALL, CLUSTER):
            found = [
                json.loads(one)
                for at, one in self.reports.items()
                if at.startswith(CLUSTER) == (path == CLUSTER)
            ]
            return json.dumps({"items": found}).encode()
        if path not in self.reports:
            raise RefusedError(asked, self.server, "404 not found", 404)
        return self.reports[path]

    async def apply(self, path: str, _asked: str, body: bytes, manager: str) -> bytes:
        assert manager == "propolis-reports"
        await self._maybe_fail()
        self.reports[path] = body
        await self._maybe_fail()
        return body

    async def delete(self, path: str, _asked: str) -> None:
        await self._maybe_fail()
        self.reports.pop(path, None)
        await self._maybe_fail()


def said(server: Server) -> dict[str, list[tuple[str, str, str]]]:
    """Policy, result and message of all results, by the uid of their resource."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for body in server.reports.values():
        report: dict[str, Any] = json.loads(body)
        counts = {name: count for name, count in report["summary"].items() if count}
        outcomes = [one["result"] for one in report["results"]]
        assert counts == {name: outcomes.count(name) for name in set(outcomes)}
        for one in report["results"]:
            (at,) = one.get("resources") or [report["scope"]]
            found.setdefault(at["uid"], []).append((one["policy"], one["result"], one["message"]))
    return {uid: sorted(results) for uid, results in found.items()}


async def lived(server: Server, layout: Layout, chance: random.Random, steps: int) -> dict[str, Any]:
    """One process from start to end: what it was told last, by uid."""
    reports = PolicyReports(server, layout, pace=Clock().pace())  # type: ignore[arg-type]  # as much of a client as it uses
    server.is_calm = False
    await reports.load()
    running = asyncio.create_task(reports.run())
    last: dict[str, Any] = {}
    at_the_end = chance.choices(RESOURCES, k=steps) + RESOURCES
    for number, at in enumerate(at_the_end):
        count = chance.choice((0, 1, 3, 30))
        found = [
            Finding(
                rule(f"p-{n:02}"), at, Outcome(chance.choice(("pass", "fail"))), "m" * chance.choice((1, 200))
            )
            for n in range(count)
        ]
        if count == 0 and chance.random() < 0.5:
            reports.drop(at)
        else:
            reports.put(at, found)
        last[at.uid] = sorted((one.rule.policy, str(one.outcome), one.message) for one in found)
        if chance.random() < 0.5:
            await asyncio.sleep(0)
        server.is_calm = number > steps
    reports.settled()
    server.is_calm = True
    async with asyncio.timeout(20):
        await reports.drained()
    running.cancel()
    return {uid: found for uid, found in last.items() if found}


@given(st.integers(min_value=0), st.integers(0, 60), st.sampled_from((ResourceReports, NamespaceReports)))
@settings(max_examples=100, deadline=None)
def test_in_the_end_there_are_the_reports_of_what_was_said_last(
    seed: int, steps: int, kind: type[ResourceReports | NamespaceReports]
) -> None:
    chance = random.Random(seed)  # noqa: S311  # a simulation
    server = Server(chance)
    choice = ReportChoice(most_bytes=2000)
    for _ in range(2):
        last = asyncio.run(lived(server, kind(choice), chance, steps))
        assert said(server) == last


@given(st.integers(min_value=0))
@settings(max_examples=20, deadline=None)
def test_saying_the_same_again_writes_nothing(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # a simulation
    server = Server(chance)

    async def run() -> PolicyReports:
        server.is_calm = True
        reports = PolicyReports(server, pace=Clock().pace())  # type: ignore[arg-type]  # as above
        await reports.load()
        for at in RESOURCES:
            reports.put(at, [Finding(rule(f"p-{n}"), at, Outcome.FAIL, "no") for n in range(3)])
        reports.settled()
        running = asyncio.create_task(reports.run())
        await reports.drained()
        running.cancel()
        return reports

    assert asyncio.run(run()).counts["written"] == len(RESOURCES)
    assert asyncio.run(run()).counts == {"unchanged": len(RESOURCES)}
