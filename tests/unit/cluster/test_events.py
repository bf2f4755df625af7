"""Events on an API server on 127.0.0.1, on a clock that the test sets."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from propolis.cluster.api_client import ApiClient, Patience, open_client
from propolis.cluster.events import MOST_QUEUED, EventPace, EventWriter
from propolis.cluster.kubeconfig import Access, ClusterEntry, UserEntry
from propolis.core.resource import ResourceRef
from tests.unit.cluster.fake_api import TOKEN, FakeApi, Fault, cut, refusal, refusing, serving

POD = ResourceRef("v1", "Pod", "web", "shop", uid="u")
POLICY = ResourceRef("kyverno.io/v1", "ClusterPolicy", "No:Roots_", uid="p")


class EventApi(FakeApi):
    """Keeps the events that are applied."""

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[str, dict[str, Any]] = {}
        self.writes = 0
        self.next_faults: list[Fault] = []

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.next_faults:
            fault: Fault = self.next_faults.pop(0)
            return await fault(request)
        if request.method != "PATCH" or request.query["fieldManager"] != "propolis-events":
            return refusal(405, "only events here")
        self.writes += 1
        self.events[request.path] = await request.json()
        return web.json_response({})


class Clock:
    """Time that stands until it is set; a wait of a minute ends when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []
        self.minute = asyncio.Event()

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_800_000_000 + self.seconds, UTC)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if seconds >= 60:
            await self.minute.wait()
            self.minute.clear()

    def pace(self, a_second: int = 0) -> EventPace:
        return EventPace(a_second, 1, self.now, lambda: self.seconds, self.sleep)


Work = Callable[[EventWriter, Clock], Awaitable[object]]


def telling(api: EventApi, work: Work, a_second: int = 0) -> tuple[EventWriter, Clock]:
    """The writer after some work, with all written."""

    async def run() -> tuple[EventWriter, Clock]:
        async with serving(api) as address:
            access = Access("test", ClusterEntry(server=address), UserEntry(token=TOKEN), Path())
            async with open_client(access, Patience(attempts=2, first_wait_seconds=0)) as client:
                return await used(client)

    async def used(client: ApiClient) -> tuple[EventWriter, Clock]:
        clock = Clock()
        writer = EventWriter(client, "kyverno-scan", "replica-1", clock.pace(a_second))
        running = asyncio.create_task(writer.run())
        try:
            await work(writer, clock)
            await writer.drained()
        finally:
            running.cancel()
        return writer, clock

    return asyncio.run(run())


def tell(
    writer: EventWriter, note: str = "no", at: ResourceRef = POD, reason: str = "PolicyViolation"
) -> None:
    writer.tell(reason, at, POLICY, "Resource Passed", note)


def test_an_event_has_the_shape_that_the_api_server_asks_for() -> None:
    api = EventApi()

    async def work(writer: EventWriter, _clock: Clock) -> None:
        tell(writer)

    telling(api, work)
    ((path, event),) = api.events.items()
    name = event["metadata"]["name"]
    assert re.fullmatch(r"web\.[0-9a-f]+", name)
    assert path == f"/apis/events.k8s.io/v1/namespaces/shop/events/{name}"
    assert event == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": "shop"},
        "eventTime": "2027-01-15T08:00:00.000000Z",
        "reportingController": "kyverno-scan",
        "reportingInstance": "kyverno-scan-replica-1",
        "type": "Warning",
        "reason": "PolicyViolation",
        "action": "Resource Passed",
        "note": "no",
        "regarding": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web", "uid": "u"},
        "related": {"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "name": "No:Roots_", "uid": "p"},
    }


def test_events_about_what_is_in_no_namespace_are_in_the_default_one_under_a_valid_name() -> None:
    api = EventApi()

    async def work(writer: EventWriter, _clock: Clock) -> None:
        tell(writer, at=POLICY, reason="PolicyApplied")
        tell(writer, at=ResourceRef("v1", "Node", "." + "n" * 300))
        tell(writer, at=ResourceRef("rbac.authorization.k8s.io/v1", "ClusterRole", "system:.:x"))

    telling(api, work)
    first, *_ = names = [event["metadata"]["name"] for event in api.events.values()]
    label = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
    assert re.fullmatch(rf"no-roots\.{label}", first)
    assert all(re.fullmatch(rf"{label}(\.{label})*", name) for name in names)
    assert max(map(len, names)) == 253
    assert {event["metadata"]["namespace"] for event in api.events.values()} == {"default"}
    assert [event["type"] for event in api.events.values()] == ["Normal", "Warning", "Warning"]


def test_what_is_told_again_is_a_series_and_a_minute_is_one_write() -> None:
    api = EventApi()

    async def work(writer: EventWriter, clock: Clock) -> None:
        tell(writer)
        await writer.drained()
        for _ in range(100):
            clock.seconds += 0.1
            tell(writer)
            await writer.drained()
        assert api.writes == 2
        clock.minute.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    telling(api, work)
    (event,) = api.events.values()
    assert event["series"] == {"count": 101, "lastObservedTime": "2027-01-15T08:00:10.000000Z"}
    assert event["eventTime"] == "2027-01-15T08:00:00.000000Z"
    assert api.writes == 3


def test_after_six_minutes_it_is_a_new_event() -> None:
    api = EventApi()

    async def work(writer: EventWriter, clock: Clock) -> None:
        tell(writer)
        await writer.drained()
        clock.seconds += 361
        tell(writer)

    telling(api, work)
    assert len(api.events) == 2


def test_another_note_is_another_event() -> None:
    api = EventApi()

    async def work(writer: EventWriter, _clock: Clock) -> None:
        for number in range(50):
            tell(writer, str(number))

    telling(api, work)
    assert sorted(int(event["note"]) for event in api.events.values()) == list(range(50))


def test_what_does_not_fit_the_queue_is_counted_and_not_waited_for() -> None:
    api = EventApi()

    async def work(writer: EventWriter, _clock: Clock) -> None:
        for number in range(MOST_QUEUED + 7):
            tell(writer, str(number))
        assert writer.backlog == MOST_QUEUED

    writer, _ = telling(api, work)
    assert writer.counts == {"told": MOST_QUEUED + 7, "lost": 7, "written": MOST_QUEUED}


def test_notes_are_cut_between_characters() -> None:
    api = EventApi()

    async def work(writer: EventWriter, _clock: Clock) -> None:
        tell(writer, "é" * 600)

    telling(api, work)
    (event,) = api.events.values()
    assert (len(event["note"].encode()), event["note"][-4:]) == (1023, "é...")


def test_what_has_no_name_yet_has_no_events() -> None:
    api = EventApi()

    async def work(writer: EventWriter, _clock: Clock) -> None:
        tell(writer, at=ResourceRef("v1", "Pod", "", "shop"))

    writer, _ = telling(api, work)
    assert (api.events, writer.counts["told"]) == ({}, 0)


def test_an_event_whose_answer_was_lost_is_there_once_and_one_that_is_refused_is_counted() -> None:
    api = EventApi()
    api.next_faults = [cut, refusing(403, "not you")]

    async def work(writer: EventWriter, _clock: Clock) -> None:
        tell(writer)
        await writer.drained()
        assert "403 not you" in writer.problem
        tell(writer)

    writer, _ = telling(api, work)
    assert (len(api.events), writer.counts["failed"], writer.counts["written"], writer.problem) == (
        1,
        1,
        1,
        "",
    )


def test_events_are_written_at_a_pace() -> None:
    async def work(writer: EventWriter, _clock: Clock) -> None:
        for number in range(5):
            tell(writer, str(number))

    _, clock = telling(EventApi(), work, a_second=10)
    assert [round(wait, 3) for wait in clock.waits if wait < 60] == [0.1, 0.2, 0.3, 0.4]
