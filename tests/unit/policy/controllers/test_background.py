"""A scan that runs over a server on 127.0.0.1."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from propolis.app.live_lookups import LiveLookups
from propolis.cluster.api_client import Patience
from propolis.cluster.kubeconfig import Access, ClusterEntry, UserEntry
from propolis.cluster.reader import open_reader
from propolis.core import clock
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.resource import Document
from propolis.policy.controllers import background as backgrounds
from propolis.policy.controllers.background import Background
from propolis.policy.controllers.concerns import concern_of
from propolis.policy.controllers.scan import Scan
from propolis.policy.controllers.units import scan_rules
from propolis.policy.model import parse_policy
from tests.harness import scan_policies as policies
from tests.harness.scanned_cluster import RecordingSink
from tests.unit.cluster.fake_api import TOKEN, hang, refusing, serving
from tests.unit.policy.controllers.watched_api import WatchedApi

PODS, MAPS, SPACES = "/api/v1/pods", "/api/v1/configmaps", "/api/v1/namespaces"
HASTY = Patience(attempts=1, first_wait_seconds=0)
Steps = Callable[["Run"], Awaitable[None]]


def pod(name: str, **labels: str) -> Document:
    metadata = {"name": name, "namespace": "shop", "uid": name, "labels": labels}
    return {"metadata": metadata, "spec": {"containers": []}}


def named(name: str, namespace: str = "", **data: str) -> Document:
    where = {"namespace": namespace} if namespace else {}
    return {"metadata": {"name": name, **where}, "data": data}


class Run:
    """A scan over a fake server, through some steps."""

    def __init__(self, api: WatchedApi, *chosen: Document) -> None:
        self.api = api
        self.sink = RecordingSink()
        self.background: Background
        self._chosen = chosen

    def through(self, steps: Steps) -> None:
        asyncio.run(self._run(steps))

    async def _run(self, steps: Steps) -> None:
        async with serving(self.api) as address:
            access = Access("test", ClusterEntry(server=address), UserEntry(token=TOKEN), Path())
            async with open_reader(access, HASTY) as reader:
                scan = Scan([self.sink], clock.now, lambda key: concern_of(key, reader.served, {}))
                self.background = Background(reader.client, scan, LiveLookups(reader).answer)
                self.background.take_served(reader.served)
                self.rules(*self._chosen)
                task = asyncio.create_task(self.background.run())
                try:
                    await steps(self)
                finally:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)

    def rules(self, *chosen: Document) -> None:
        self.background.take_rules(scan_rules(map(parse_policy, chosen), (), (), self.background.scan.rules))

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds():  # noqa: ASYNC110  # no event tells what a test waits for
                await asyncio.sleep(0)

    def outcomes(self, name: str) -> list[str]:
        """Of a pod of that name, in whatever namespace it is."""
        return [said[2] for key, told in self.sink.told.items() if key[2] == name for said in told]

    @property
    def followed(self) -> set[str]:
        return {plural for _, plural in self.background.following.kinds}


def api_with(*pods: Document) -> WatchedApi:
    api = WatchedApi()
    api.objects[PODS] = list(pods)
    api.objects[SPACES] = [named("shop")]
    return api


def test_what_is_there_is_judged_and_settled_once() -> None:
    async def steps(run: Run) -> None:
        await run.until(run.background.is_settled.is_set)
        assert (run.outcomes("a"), run.outcomes("b")) == (["fail"], ["pass"])
        assert run.followed == {"pods", "namespaces", "deployments", "replicasets"}

    Run(api_with(pod("a"), pod("b", team="x")), policies.labelled("team")).through(steps)


def test_a_config_map_is_followed_once_a_policy_has_asked_for_it() -> None:
    async def steps(run: Run) -> None:
        await run.until(lambda: run.outcomes("a") == ["pass"])
        await run.until(lambda: ("", "configmaps") in run.background.following.synced)
        run.api.documents[path] = named("rules", "shop", open="no")
        run.api.change(MAPS, named("rules", "shop", open="no"))
        await run.until(lambda: run.outcomes("a") == ["fail"])
        run.rules()
        await run.until(lambda: run.followed == {"namespaces"})
        assert run.sink.told == {}

    api = api_with(pod("a"))
    path = "/api/v1/namespaces/shop/configmaps/rules"
    api.documents[path] = named("rules", "shop", open="yes")
    Run(api, policies.by_config_map()).through(steps)


def test_labels_of_namespaces_are_known_without_asking() -> None:
    async def steps(run: Run) -> None:
        await run.until(run.background.is_settled.is_set)
        run.api.change(SPACES, {"metadata": {"name": "shop", "labels": {"level": "high"}}})
        await run.until(lambda: run.outcomes("a") == ["fail"])
        assert run.api.asked("/api/v1/namespaces/shop") == []

    Run(api_with(pod("a")), policies.by_namespace("high")).through(steps)


def test_a_kind_that_may_not_be_listed_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backgrounds, "LONGEST_WAIT_SECONDS", 0.01)

    async def steps(run: Run) -> None:
        await run.until(lambda: run.outcomes("a") == ["fail"] and run.background.scan.is_done)
        assert not run.background.is_settled.is_set()
        monkeypatch.setattr(backgrounds, "SETTLE_SECONDS", 0.0)
        await run.until(run.background.is_settled.is_set)
        (problem,) = run.background.following.problems()
        assert "403 no" in problem

    api = api_with(pod("a"))
    api.faults["/apis/apps/v1/deployments"] = [refusing(403)] * 100
    Run(api, policies.labelled("team")).through(steps)


def test_a_look_up_that_hangs_holds_up_its_own_subject_and_becomes_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backgrounds, "ANSWER_SECONDS", 0.2)

    async def steps(run: Run) -> None:
        await run.until(lambda: run.outcomes("b") == ["pass"])
        assert run.outcomes("a") == []
        await run.until(lambda: run.outcomes("a") == ["error"])

    api = api_with(pod("a"), {**pod("b"), "metadata": {"name": "b", "namespace": "other", "uid": "b"}})
    api.faults["/api/v1/namespaces/shop/configmaps/rules"] = [hang] * 100
    api.documents["/api/v1/namespaces/other/configmaps/rules"] = named("rules", "other", open="yes")
    run = Run(api, policies.by_config_map())
    run.through(steps)


def test_answers_of_which_nobody_tells_are_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backgrounds, "AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(backgrounds, "PAUSE_SECONDS", 0.0)
    said = iter(range(1000))

    async def ask(_key: LookupKey) -> Answer:
        return Answer({"data": {"open": "yes" if next(said) < 3 else "no"}})

    async def steps(run: Run) -> None:
        run.background.ask = ask
        await run.until(lambda: run.outcomes("a") == ["fail"])
        assert next(said) >= 4

    api = api_with(pod("a"))
    api.faults[MAPS] = [refusing(403)] * 1000
    Run(api, policies.by_config_map()).through(steps)


def test_a_kind_that_is_served_no_more_is_forgotten() -> None:
    async def steps(run: Run) -> None:
        await run.until(lambda: run.outcomes("a") == ["fail"])
        run.background.take_served([])
        for _ in range(20):
            await asyncio.sleep(0)
        assert run.outcomes("a") == ["fail"]
        run.background.take_served([])
        await run.until(lambda: run.sink.told == {})
        assert run.followed == {"namespaces"}

    Run(api_with(pod("a")), policies.labelled("team")).through(steps)


def test_others_have_their_turn_while_much_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backgrounds, "SLICE_SECONDS", 0.0)
    turns: list[int] = []

    async def steps(run: Run) -> None:
        while not run.background.is_settled.is_set():
            turns.append(run.background.scan.counts.evaluations)
            await asyncio.sleep(0)
        assert len(set(turns)) > 100

    Run(api_with(*(pod(f"p-{number}") for number in range(200))), policies.labelled("team")).through(steps)


def test_nothing_is_followed_before_it_runs() -> None:
    async def nothing() -> None:
        raise AssertionError

    client: Any = None
    ask: Any = None
    background = Background(client, Scan([], clock.now, lambda _key: None), ask)
    work = nothing()
    with pytest.raises(RuntimeError):
        background._begin(work)
    work.close()
