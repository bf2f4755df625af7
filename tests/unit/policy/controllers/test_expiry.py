"""Objects go when their label says so."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from propolis.cluster.api_client import RefusedError
from propolis.cluster.discovery import Served
from propolis.core import clock
from propolis.core.errors import SourceError
from propolis.core.resource import Document, Origin, Resource, ResourceRef, reference_of
from propolis.policy.controllers.expiry import LABEL, PROPAGATION, Expiry, end_of

POD = Served("", "v1", "Pod", "pods")
SECRET = Served("", "v1", "Secret", "secrets")
MADE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def pod(name: str, ttl: str, **metadata: object) -> Resource:
    document: Document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": name,
            "creationTimestamp": "2026-03-01T12:00:00Z",
            "labels": {LABEL: ttl},
            **metadata,
        },
    }
    return Resource(reference_of(document), document, Origin(""))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", MADE + timedelta(seconds=30)),
        ("1h30m", MADE + timedelta(minutes=90)),
        ("1.5h", MADE + timedelta(minutes=90)),
        ("2d", MADE + timedelta(days=2)),
        ("1w2d", MADE + timedelta(days=9)),
        ("3 days", MADE + timedelta(days=3)),
        ("2Hours", MADE + timedelta(hours=2)),
        ("2026-04-01", datetime(2026, 4, 1, tzinfo=UTC)),
        ("2026-04-01T093000Z", datetime(2026, 4, 1, 9, 30, tzinfo=UTC)),
        ("soon", None),
        ("", None),
        ("2026-13-01", None),
        ("999999999999w", None),
    ],
)
def test_a_label_holds_a_duration_or_a_date(text: str, expected: datetime | None) -> None:
    assert end_of(pod("a", text)) == expected


class World:
    """A cluster in memory."""

    def __init__(self, *resources: Resource) -> None:
        self.deletable: tuple[Served, ...] = (POD,)
        self.resources = resources
        self.deleted: list[tuple[str, str]] = []
        self.refuses = False

    async def labelled(self, kind: Served, label: str) -> Sequence[Resource]:
        if kind == SECRET:
            raise RefusedError("list secrets", "server", "403 forbidden", 403)
        assert (kind, label) == (POD, LABEL)
        return self.resources

    async def delete(self, ref: ResourceRef, propagation: str) -> None:
        if self.refuses:
            raise SourceError("delete", "server", "403 forbidden")
        self.deleted.append((ref.name, propagation))


def due(expiry: Expiry, monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    monkeypatch.setattr(clock, "now", lambda: MADE + timedelta(seconds=seconds))

    async def run() -> None:
        await expiry.look()
        await expiry.delete_due()

    asyncio.run(run())


def test_kinds_that_may_not_be_listed_are_told_once_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(pod("a", "10s"))
    world.deletable = (SECRET, POD, SECRET)
    told: list[str] = []
    expiry = Expiry(world, told.append)
    due(expiry, monkeypatch, 9)
    due(expiry, monkeypatch, 11)
    assert told == [f"the label {LABEL} is not seen on kinds that may not be listed: secrets, secrets"]
    assert world.deleted == [("a", "")]


def test_objects_go_at_their_end_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(pod("a", "10s"), pod("b", "1h", annotations={PROPAGATION: "Orphan"}))
    expiry = Expiry(world, lambda _text: None)
    due(expiry, monkeypatch, 9)
    assert world.deleted == []
    due(expiry, monkeypatch, 10)
    assert world.deleted == [("a", "")]
    world.resources = world.resources[1:]
    due(expiry, monkeypatch, 3600)
    assert world.deleted == [("a", ""), ("b", "Orphan")]
    assert expiry.deleted == {("Pod", "shop"): 2}


def test_what_cannot_be_read_is_told_once_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    expiry = Expiry(world := World(pod("a", "soon")), told.append)
    due(expiry, monkeypatch, 9)
    due(expiry, monkeypatch, 99)
    assert world.deleted == []
    assert len(told) == 1
    assert "neither a duration nor a date" in told[0]


def test_what_goes_already_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(pod("a", "1s", deletionTimestamp="2026-03-01T00:00:00Z"))
    due(Expiry(world, lambda _text: None), monkeypatch, 9)
    assert world.deleted == []


def test_what_cannot_be_deleted_is_counted_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(pod("a", "1s"))
    world.refuses = True
    expiry = Expiry(world, lambda _text: None)
    due(expiry, monkeypatch, 9)
    assert expiry.failed == {("Pod", "shop"): 1}
    world.refuses = False
    due(expiry, monkeypatch, 10)
    assert world.deleted == [("a", "")]
