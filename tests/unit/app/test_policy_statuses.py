"""Statuses of policies: what is kept of objects, and what is written back, and when."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from propolis.app import policy_statuses
from propolis.app.admission_objects import PolicyObjects
from propolis.app.policy_objects import KeptPolicies
from propolis.app.policy_states import PolicyStates
from propolis.app.policy_statuses import PolicyStatuses
from propolis.app.scan_permissions import ScanPermissions
from propolis.cluster.api_client import ApiClient, Patience, RefusedError, open_client
from propolis.cluster.discovery import Served
from propolis.cluster.kubeconfig import Access, ClusterEntry, UserEntry
from propolis.cluster.reader import ClusterReader
from propolis.policy.engine.policy_state import PolicyState
from propolis.policy.model.schema.kinds import KINDS
from tests.unit.cluster.fake_api import TOKEN, FakeApi, refusing, serving

HASTY = Patience(attempts=1, first_wait_seconds=0)
CLUSTER_POLICY = KINDS[0]
PATH = "/apis/kyverno.io/v1/clusterpolicies/p/status"
POD = {"any": [{"resources": {"kinds": ["Pod"]}}]}


def document(name: str = "p", **parts: Any) -> bytes:
    rule = {"name": "r", "match": POD, "validate": {"message": "m", "deny": {}}}
    found = {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": name, "uid": "u-1", "resourceVersion": "1"},
        "spec": {"rules": [rule]},
    }
    return json.dumps(found | parts).encode()


class Applied:
    """A fake server that keeps the statuses that are written."""

    def __init__(self) -> None:
        self.api = FakeApi()
        self.bodies: list[Any] = []

    async def good(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(json.loads(await request.read()))
        return web.json_response({})

    def take(self, *faults: Any) -> None:
        self.api.faults[PATH] = list(faults)

    def run(self, work: Callable[[ApiClient], Awaitable[object]]) -> object:
        async def serve() -> object:
            async with serving(self.api) as address:
                access = Access("test", ClusterEntry(server=address), UserEntry(token=TOKEN), Path())
                async with open_client(access, HASTY) as client:
                    return await work(client)

        return asyncio.run(serve())


def state(**fields: Any) -> PolicyState:
    kept = KeptPolicies("clusterpolicies.kyverno.io", lambda: None)
    kept.put(("", "p"), document())
    policy = kept.objects["", "p"].loaded.policies[0]
    return PolicyState(CLUSTER_POLICY, "", "p", **{"policy": policy, "uid": "u-1", **fields})


def test_a_status_is_written_once_and_only_to_the_object_that_was_judged() -> None:
    server = Applied()
    server.take(server.good)

    async def work(client: ApiClient) -> int:
        statuses = PolicyStatuses(client)
        await statuses.write([state()])
        await statuses.write([state()])
        return statuses.written

    assert server.run(work) == 1
    (body,) = server.bodies
    assert body["metadata"] == {"name": "p", "uid": "u-1"}
    assert body["status"]["conditions"][0]["status"] == "True"
    assert set(body) == {"apiVersion", "kind", "metadata", "status"}


def test_a_status_that_is_there_already_is_not_written() -> None:
    server = Applied()
    server.take(server.good)

    async def work(client: ApiClient) -> None:
        await PolicyStatuses(client).write([state()])
        await PolicyStatuses(client).write([state(before=server.bodies[0]["status"])])

    server.run(work)
    assert len(server.bodies) == 1


def test_a_status_that_changes_is_written_and_one_that_somebody_changed_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Applied()
    server.take(server.good, server.good, server.good)

    async def work(client: ApiClient) -> None:
        statuses = PolicyStatuses(client)
        await statuses.write([state()])
        await statuses.write([state(problem="no")])
        monkeypatch.setattr(policy_statuses, "SEEN_SECONDS", 0.0)
        await statuses.write([state(problem="no", before={"conditions": []})])

    server.run(work)
    told = [body["status"]["conditions"][0]["message"] for body in server.bodies]
    assert told == ["Ready", "no", "no"]


def test_an_object_that_is_gone_does_not_matter_and_a_refusal_does() -> None:
    server = Applied()
    server.take(refusing(404), refusing(403), server.good)

    async def work(client: ApiClient) -> PolicyStatuses:
        statuses = PolicyStatuses(client)
        await statuses.write([state()])
        with pytest.raises(RefusedError):
            await statuses.write([state(problem="no")])
        await statuses.write([state(problem="no")])
        return statuses

    found = server.run(work)
    assert isinstance(found, PolicyStatuses)
    assert found.written == 1


def test_a_status_that_comes_back_is_no_change_of_the_policy() -> None:
    changes: list[int] = []
    kept = KeptPolicies("clusterpolicies.kyverno.io", lambda: changes.append(1))
    kept.put(("", "p"), document())
    loaded = kept.objects["", "p"].loaded
    written = document(status={"ready": True}, metadata={"name": "p", "uid": "u-1", "resourceVersion": "2"})
    kept.put(("", "p"), written)
    assert kept.objects["", "p"].status == {"ready": True}
    assert kept.objects["", "p"].loaded is loaded
    kept.keep({("", "p")})
    assert len(changes) == 1
    kept.put(("", "p"), document(metadata={"name": "p", "annotations": {"a": "b"}}))
    kept.put(("", "q"), document("q"))
    kept.keep({("", "q")})
    assert len(changes) == 4
    kept.drop(("", "p"))
    kept.drop(("", "q"))
    assert (len(changes), kept.objects) == (5, {})


@pytest.mark.parametrize(
    "broken", [b"{", b"[]", b'{"metadata": 5}', b'{"apiVersion": "kyverno.io/v1", "status": 5}']
)
def test_an_object_of_odd_shape_is_kept_with_its_problem_or_as_nothing(broken: bytes) -> None:
    kept = KeptPolicies("clusterpolicies.kyverno.io", lambda: None)
    kept.put(("", "p"), broken)
    assert kept.objects["", "p"].loaded.policies == ()


def objects(*documents: bytes) -> PolicyObjects:
    async def made() -> PolicyObjects:
        found = PolicyObjects(None)  # type: ignore[arg-type]  # nothing is asked
        served = Served("kyverno.io", "v1", "ClusterPolicy", "clusterpolicies", is_namespaced=False)
        (reflector,) = found.reflectors_of((served,))
        store = reflector._store  # what it fills
        for number, one in enumerate(documents):
            store.put(("", f"p{number}"), one)
        return found

    return asyncio.run(made())


def test_states_tell_why_an_object_cannot_be_used() -> None:
    wrong = {"rules": [{"name": "r", "match": POD, "validate": {"message": "{{ who }}", "deny": {}}}]}
    found = objects(document("p0"), document("p1", spec={"rules": []}), document("p2", spec=wrong))
    states = PolicyStates().of(found, lambda _policy: True, is_configured=True)
    assert [one.name for one in states] == ["p0", "p1", "p2"]
    assert states[0].problem == ""
    assert states[1].problem == "spec.rules: the policy has no rules"
    assert states[2].problem.startswith("spec.rules[0].validate.message: ")


def test_permissions_that_a_scan_lacks_are_told() -> None:
    server = Applied()
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        attributes = (await request.json())["spec"]["resourceAttributes"]
        asked.append(attributes["verb"])
        return web.json_response({"status": {"allowed": attributes["verb"] != "watch"}}, status=201)

    server.api.faults[path] = [answer] * 9

    async def work(client: ApiClient) -> list[PolicyState]:
        reader = ClusterReader(client)
        reader.served = (Served("", "v1", "Pod", "pods"),)
        permissions = ScanPermissions(reader)
        unused = msgspec.structs.replace(state(), policy=None, problem="no")
        await permissions.fill([state()])
        return await permissions.fill([state(), unused])

    found = server.run(work)
    assert isinstance(found, list)
    assert [one.missing for one in found] == [("watch pods",), ()]
    assert sorted(asked) == ["get", "list", "watch"]
