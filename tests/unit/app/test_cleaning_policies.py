"""Policies that delete on a schedule: objects with the time at which they ran, and those of files."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from propolis.app.cleaning_policies import CleaningPolicies, scheduled
from propolis.cluster.discovery import Served
from propolis.core import clock
from propolis.policy.sources.documents import read_policies

CLEANUP = Served("kyverno.io", "v2", "CleanupPolicy", "cleanuppolicies")
DELETING = Served("policies.kyverno.io", "v1", "DeletingPolicy", "deletingpolicies", is_namespaced=False)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
MADE = "2026-01-01T00:00:00Z"
RAN = "2026-02-01T00:00:00Z"
MATCH = {"any": [{"resources": {"kinds": ["Pod"]}}]}


class Client:
    def __init__(self) -> None:
        self.patched: list[tuple[str, Any]] = []

    async def patch(self, path: str, _asked: str, operations: bytes) -> bytes:
        self.patched.append((path, json.loads(operations)))
        return b""


def cleanup(**more: Any) -> bytes:
    metadata = {"name": "old", "namespace": "shop", "creationTimestamp": MADE}
    return json.dumps(
        {"metadata": metadata, "spec": {"schedule": "* * * * *", "match": MATCH}, **more}
    ).encode()


@pytest.fixture
def policies(monkeypatch: pytest.MonkeyPatch) -> CleaningPolicies:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return CleaningPolicies(Client())  # type: ignore[arg-type]  # a double


def put(policies: CleaningPolicies, kind: Served, name: str, document: bytes) -> None:
    (reflector,) = policies.reflectors_of([kind])
    reflector._store.put(("shop" if kind.is_namespaced else "", name), document)


def test_an_object_counts_from_when_it_ran_or_was_made(policies: CleaningPolicies) -> None:
    put(policies, CLEANUP, "old", cleanup())
    ((policy, last),) = policies.read()
    assert (policy.name, last.isoformat()) == ("old", "2026-01-01T00:00:00+00:00")
    assert not list(policies.reflectors_of([CLEANUP]))
    informer = policies._informers["kyverno.io", "CleanupPolicy"][1]
    informer.put(("shop", "old"), cleanup(status={"lastExecutionTime": RAN}))
    assert policies.is_changed
    assert policies.read()[0][1].isoformat() == "2026-02-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("more", "operation"),
    [
        ({}, {"op": "add", "path": "/status", "value": {"lastExecutionTime": RAN}}),
        ({"status": {"conditions": []}}, {"op": "add", "path": "/status/lastExecutionTime", "value": RAN}),
    ],
)
def test_when_one_ran_is_written_and_nothing_else_of_its_status(
    policies: CleaningPolicies, more: dict[str, Any], operation: dict[str, Any]
) -> None:
    put(policies, CLEANUP, "old", cleanup(**more))
    asyncio.run(policies.ran(policies.read()[0][0], datetime(2026, 2, 1, tzinfo=UTC)))
    path = "/apis/kyverno.io/v2/namespaces/shop/cleanuppolicies/old/status"
    assert policies._client.patched == [(path, [operation])]  # type: ignore[attr-defined]  # a double


def test_those_of_files_count_from_the_start_and_have_no_status(policies: CleaningPolicies) -> None:
    deleting = {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "DeletingPolicy",
        "metadata": {"name": "file"},
        "spec": {"schedule": "* * * * *", "matchConstraints": {"resourceRules": []}, "conditions": []},
    }
    found = [*scheduled(read_policies(json.dumps(deleting).encode(), "file"))]
    policies.take_files(found)
    assert [(one.name, last) for one, last in policies.read()] == [("file", NOW)]
    asyncio.run(policies.ran(found[0], NOW))
    assert policies._client.patched == []  # type: ignore[attr-defined]  # a double


def test_one_that_cannot_be_used_is_told(policies: CleaningPolicies) -> None:
    put(policies, DELETING, "broken", b'{"metadata": {"name": "broken"}, "spec": {"schedule": 7}}')
    put(policies, CLEANUP, "worse", b"[]")
    assert policies.read() == []
    told = " ".join(policies.problems())
    assert "deletingpolicies.policies.kyverno.io broken" in told
    assert "array" in told
