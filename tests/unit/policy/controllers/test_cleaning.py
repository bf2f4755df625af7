"""Cleanup policies and deleting policies delete what they say, when their time comes."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from propolis.cluster.discovery import Served
from propolis.core import clock
from propolis.core.errors import SourceError
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.resource import Document, Origin, Resource, ResourceRef, reference_of
from propolis.policy.controllers.cleaning import AnyCleanup, Cleaning, Deletion
from propolis.policy.sources.documents import read_policies

POD = Served("", "v1", "Pod", "pods")
NODE = Served("", "v1", "Node", "nodes", is_namespaced=False)
NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
HOURLY = """
apiVersion: kyverno.io/v2
kind: ClusterCleanupPolicy
metadata: {name: old}
spec:
  schedule: "0 * * * *"
  deletionPropagationPolicy: Foreground
  match: {any: [{resources: {kinds: [Pod]}}]}
  conditions: {any: [{key: "{{ target.spec.done }}", operator: Equals, value: true}]}
"""
DELETING = """
apiVersion: policies.kyverno.io/v1
kind: DeletingPolicy
metadata: {name: old}
spec:
  schedule: "*/5 * * * *"
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [pods]}]}
  conditions: [{name: done, expression: object.spec.done == true}]
"""


def pod(name: str, namespace: str = "shop", *, done: bool = True, **metadata: Any) -> Document:
    fields = {"name": name, "namespace": namespace, "uid": name, **metadata}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": fields, "spec": {"done": done}}


class World:
    """A cluster in memory."""

    def __init__(self, *documents: Document) -> None:
        self.served: Sequence[Served] = (POD, NODE)
        self.documents = list(documents)
        self.deleted: list[tuple[str, str]] = []
        self.refuses = ""
        self.cannot_list = False

    async def objects(self, kind: Served, namespace: str) -> Sequence[Resource]:
        if self.cannot_list:
            raise SourceError("list", "server", "403 forbidden")
        found = [Resource(reference_of(one), one, Origin("")) for one in self.documents]
        return [
            one
            for one in found
            if (one.ref.kind == kind.kind and one.ref.namespace == namespace) or one.ref.namespace
        ]

    async def delete(self, ref: ResourceRef, propagation: str) -> None:
        if ref.name == self.refuses:
            raise SourceError("delete", "server", "403 forbidden")
        self.deleted.append((ref.name, propagation))


async def no_answers(keys: frozenset[LookupKey]) -> Mapping[LookupKey, Answer]:
    return dict.fromkeys(keys, Answer({"metadata": {"labels": {}}}))


class Run:
    """Cleaning at a time of its own."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOW
        self.told: list[Deletion] = []
        self.runs: list[tuple[str, datetime]] = []
        monkeypatch.setattr(clock, "now", lambda: self.now)
        self.cleaning = Cleaning(
            world, no_answers, self.told.append, self._ran, lambda ref: ref.name == "kept"
        )

    async def _ran(self, policy: AnyCleanup, at: datetime) -> None:
        self.runs.append((policy.name, at))

    def at(self, **later: int) -> None:
        self.now = NOW + timedelta(**later)
        asyncio.run(self.cleaning.run_due())


def policies(text: str) -> list[AnyCleanup]:
    read = read_policies(text.encode(), "policy.yaml")
    assert not read.errors
    return [*read.cleanups, *(one for one in read.policies if one.kind == "DeletingPolicy")]  # type: ignore[list-item]


def test_nothing_goes_before_the_time_of_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(pod("a"), pod("b", done=False))
    run = Run(world, monkeypatch)
    run.cleaning.take((one, NOW) for one in policies(HOURLY))
    run.at(minutes=59)
    assert world.deleted == []
    run.at(minutes=60)
    assert world.deleted == [("a", "Foreground")]
    assert run.runs == [("old", run.now)]
    run.at(minutes=61)
    assert world.deleted == [("a", "Foreground")]
    run.at(minutes=120)
    assert len(run.runs) == 2


def test_a_run_that_was_missed_is_made_up_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(pod("a"))
    run = Run(world, monkeypatch)
    run.cleaning.take((one, NOW - timedelta(days=1)) for one in policies(HOURLY))
    run.at(seconds=1)
    assert world.deleted == [("a", "Foreground")]


def test_policies_in_cel_delete_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(pod("a"), pod("b", done=False))
    run = Run(world, monkeypatch)
    run.cleaning.take((one, NOW) for one in policies(DELETING))
    run.at(minutes=5)
    assert world.deleted == [("a", "")]


def test_a_policy_of_a_namespace_deletes_in_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    text = HOURLY.replace("ClusterCleanupPolicy", "CleanupPolicy").replace(
        "name: old", "name: old, namespace: shop"
    )
    world = World(pod("a"), pod("b", "other"))
    run = Run(world, monkeypatch)
    run.cleaning.take((one, NOW) for one in policies(text))
    run.at(hours=1)
    assert [name for name, _ in world.deleted] == ["a"]


def test_what_is_filtered_or_goes_already_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(pod("kept"), pod("going", deletionTimestamp="2026-03-01T00:00:00Z"))
    run = Run(world, monkeypatch)
    run.cleaning.take((one, NOW) for one in policies(HOURLY))
    run.at(hours=1)
    assert world.deleted == []


def test_what_cannot_be_deleted_does_not_stop_the_others_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(pod("a"), pod("b"))
    world.refuses = "a"
    run = Run(world, monkeypatch)
    run.cleaning.take((one, NOW) for one in policies(HOURLY))
    run.at(hours=1)
    assert [name for name, _ in world.deleted] == ["b"]
    assert [(one.resource.name, "403" in one.error) for one in run.told] == [("a", True), ("b", False)]
    assert "403 forbidden" in next(iter(run.cleaning.problems.values()))
    world.refuses = ""
    run.at(hours=2)
    assert run.cleaning.problems == {}


def test_kinds_that_cannot_be_listed_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(pod("a"))
    world.cannot_list = True
    run = Run(world, monkeypatch)
    run.cleaning.take((one, NOW) for one in policies(HOURLY))
    run.at(hours=1)
    assert "403 forbidden" in next(iter(run.cleaning.problems.values()))


def test_policies_that_stay_keep_their_time_and_others_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(pod("a"))
    run = Run(world, monkeypatch)
    run.cleaning.take((one, NOW) for one in policies(HOURLY))
    run.at(hours=1)
    run.cleaning.take((one, NOW) for one in policies(HOURLY))
    run.at(hours=1, minutes=1)
    assert len(run.runs) == 1
    run.cleaning.take(())
    run.at(hours=3)
    assert len(run.runs) == 1
    assert run.cleaning.next_time is None
