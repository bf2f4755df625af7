"""A copy of one kind, kept in step with a server on 127.0.0.1."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from propolis.cluster.api_client import Patience, open_client
from propolis.cluster.discovery import Served
from propolis.cluster.informer import Informer
from propolis.cluster.kubeconfig import Access, ClusterEntry, UserEntry
from propolis.cluster.reflector import Backoff, Reflector
from propolis.core.limits import Limits
from tests.unit.cluster.fake_api import TOKEN, FakeApi, cut, item, refusing, saying, serving

PATH = "/api/v1/pods"
PODS = Served("", "v1", "Pod", "pods")
HASTY = Patience(attempts=1, first_wait_seconds=0)


def event(kind: str, name: str = "", version: str = "", **fields: Any) -> bytes:
    metadata = {"name": name, "namespace": "shop", "resourceVersion": version}
    return json.dumps({"type": kind, "object": {"metadata": metadata, **fields}}).encode() + b"\n"


def watching(*lines: bytes) -> Any:
    """An answer to a watch that ends after some lines."""
    return saying(b"".join(lines))


class Run:
    """A reflector over a fake server, until something holds."""

    def __init__(self, api: FakeApi, until: Callable[["Run"], bool], limits: Limits = Limits()) -> None:  # noqa: B008  # frozen
        self.waits: list[float] = []
        self.informer = Informer(lambda document: json.loads(document).get("data", ""))
        self.api = api
        self.problems: list[str] = []
        asyncio.run(self._run(api, until, limits))

    async def _run(self, api: FakeApi, until: Callable[["Run"], bool], limits: Limits) -> None:
        async with serving(api) as address:
            access = Access("test", ClusterEntry(server=address), UserEntry(token=TOKEN), Path())
            async with open_client(access, HASTY) as client:
                reflector = Reflector(client, PODS, self.informer, limits=limits, sleep=self._sleep)
                self._reflector = reflector
                task = asyncio.create_task(reflector.run())
                async with asyncio.timeout(20):
                    while not until(self):  # noqa: ASYNC110  # no event tells what a test waits for
                        await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _sleep(self, seconds: float) -> None:
        self.problems.append(self._reflector.problem)
        self.waits.append(seconds)

    @property
    def names(self) -> list[str]:
        return sorted(name for _, name in self.informer.objects)

    @property
    def watched(self) -> list[str]:
        """The versions from which watches began."""
        asked = self.api.asked(PATH)
        return [request.query["resourceVersion"] for request in asked if "watch" in request.query]


def api_with(*answers: Any) -> FakeApi:
    """A server with two pods, whose first answer is their list and whose next are given."""
    api = FakeApi()
    api.objects[PATH] = [item("a", data="1"), item("b", data="2")]
    api.faults[PATH] = [None, *answers]
    return api


def test_a_list_and_what_changes_after_it_are_kept() -> None:
    api = api_with(
        watching(event("ADDED", "c", "8"), event("MODIFIED", "a", "9", data="9"), event("DELETED", "b", "10"))
    )
    run = Run(api, lambda run: run.names == ["a", "c"])
    assert run.informer.objects["shop", "a"] == "9"


def test_a_watch_goes_on_from_the_last_event_or_bookmark() -> None:
    api = api_with(
        watching(event("ADDED", "c", "8")),
        watching(event("BOOKMARK", version="15")),
        watching(event("DELETED", "c", "16")),
    )
    run = Run(api, lambda run: len(run.watched) >= 4)
    assert run.watched[:4] == ["7", "8", "15", "16"]
    assert run.names == ["a", "b"]


def test_a_version_that_is_forgotten_begins_with_a_new_list() -> None:
    for gone in (watching(event("ERROR", code=410, message="too old")), refusing(410)):
        api = api_with(gone)
        run = Run(api, lambda run: len([one for one in run.api.requests if "limit" in one.query]) == 2)
        assert run.names == ["a", "b"]


def test_what_is_gone_when_it_is_listed_again_is_forgotten() -> None:
    api = api_with()

    async def shrink(_request: web.Request) -> web.StreamResponse:
        del api.objects[PATH][1]
        return web.Response(body=event("ERROR", code=410), content_type="application/json")

    api.faults[PATH].append(shrink)
    assert Run(api, lambda run: run.names == ["a"]).names == ["a"]


def test_what_breaks_is_tried_again_after_waits_that_grow() -> None:
    api = FakeApi()
    api.objects[PATH] = [item("a")]
    api.faults[PATH] = [refusing(503), cut, refusing(403, "not you"), saying(b"no list")]
    run = Run(api, lambda run: run.names == ["a"])
    assert [0.25 <= one / 2**number <= 0.5 for number, one in enumerate(run.waits[:4])] == [True] * 4
    assert "403 not you" in run.problems[2]


def test_pages_are_read_to_the_last() -> None:
    api = FakeApi()
    api.objects[PATH] = [item(f"pod-{number}") for number in range(5)]
    api.most_items = 2
    assert len(Run(api, lambda run: len(run.names) == 5).names) == 5


def test_a_page_beyond_the_limit_is_asked_for_in_smaller_ones() -> None:
    api = FakeApi()
    api.objects[PATH] = [item(f"pod-{number}", data="x" * 100) for number in range(60)]
    run = Run(api, lambda run: len(run.names) == 60, Limits(file_bytes=10_000))
    assert [one.query["limit"] for one in api.asked(PATH) if "limit" in one.query][:2] == ["500", "50"]
    assert run.problems == []


def test_objects_are_kept_page_by_page_before_their_list_has_ended() -> None:
    api = FakeApi()
    api.objects[PATH] = [item(f"pod-{number}") for number in range(4)]
    api.most_items = 2
    api.faults[PATH] = [None, refusing(403, "no more")]
    assert len(Run(api, lambda run: bool(run.problems)).names) == 2


def test_a_line_that_is_too_long_is_a_problem_and_not_kept() -> None:
    api = api_with(watching(event("ADDED", "c", "8", data="x" * 100_000)))
    run = Run(api, lambda run: bool(run.problems), Limits(file_bytes=5_000))
    assert "a line is too long" in run.problems[0]
    assert run.names == ["a", "b"]


def test_an_object_that_cannot_be_read_is_told_and_mends_itself() -> None:
    told: list[int] = []
    informer = Informer(lambda document: msgspec.json.decode(document, type=str), lambda: told.append(1))
    informer.put(("", "a"), b"5")
    informer.put(("", "b"), b'"good"')
    informer.keep({("", "a"), ("", "b")})
    assert list(informer.broken) == [("", "a")]
    assert informer.objects == {("", "b"): "good"}
    informer.put(("", "a"), b'"now"')
    informer.drop(("", "b"))
    assert (informer.broken, informer.objects, len(told)) == ({}, {("", "a"): "now"}, 5)
    informer.keep(set())
    assert informer.objects == {}


def test_waits_begin_anew_once_it_went_well() -> None:
    backoff = Backoff(1, 4)
    grown = [backoff.seconds() for _ in range(5)]
    assert all(share / 2 <= one <= share for one, share in zip(grown, (1, 2, 4, 4, 4), strict=True))
    backoff.reset()
    assert backoff.seconds() <= 1
