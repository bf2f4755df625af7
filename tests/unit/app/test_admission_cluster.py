"""What admission follows of a cluster, played by a server on 127.0.0.1."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from propolis.app.admission_cluster import AdmissionCluster
from propolis.app.admission_objects import PolicyObjects
from propolis.cluster.api_client import Patience, open_client
from propolis.cluster.discovery import Served
from propolis.cluster.kubeconfig import Access, ClusterEntry, UserEntry
from propolis.cluster.reader import ClusterReader
from propolis.core.errors import SourceError
from propolis.policy.lookups import config_map_key, namespace_key
from tests.unit.cluster.fake_api import TOKEN, FakeApi, hang, saying, serving

NAMESPACES = "/api/v1/namespaces"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
POLICIES = "/apis/kyverno.io/v1/clusterpolicies"


def listed(*items: Any) -> Any:
    return saying(json.dumps({"metadata": {"resourceVersion": "7"}, "items": items}).encode())


def with_reader(api: FakeApi, work: Callable[[ClusterReader], Awaitable[None]]) -> None:
    async def run() -> None:
        async with serving(api) as address:
            access = Access("test", ClusterEntry(server=address), UserEntry(token=TOKEN), Path())
            async with open_client(access, Patience(attempts=1)) as client:
                await work(ClusterReader(client))

    asyncio.run(run())


async def following(cluster: AdmissionCluster) -> list["asyncio.Task[None]"]:
    tasks = [asyncio.create_task(one.run()) for one in cluster.reflectors]
    await asyncio.gather(*(one.is_synced.wait() for one in cluster.reflectors))
    return tasks


def test_namespaces_and_roles_are_answered_from_memory_and_the_rest_is_asked() -> None:
    api = FakeApi()
    shop = {"metadata": {"name": "shop", "resourceVersion": "5", "labels": {"tier": "web"}}}
    subjects = [{"kind": "Group", "name": "team"}]
    role = {"metadata": {"name": "b", "namespace": "shop"}, "roleRef": {"kind": "Role", "name": "editor"}}
    api.faults[NAMESPACES] = [listed(shop), hang]
    api.faults[f"{RBAC}/rolebindings"] = [listed(role | {"subjects": subjects}), hang]
    api.faults[f"{RBAC}/clusterrolebindings"] = [listed(), hang]
    api.faults["/api/v1/namespaces/shop/configmaps/settings"] = [saying(b'{"data": {"a": "b"}}')]

    async def work(reader: ClusterReader) -> None:
        cluster = AdmissionCluster(reader)
        with pytest.raises(SourceError, match="the first list is on its way"):
            cluster.world(()).roles("ann", ("team",))
        tasks = await following(cluster)
        world = cluster.world(())
        answer = await world.answer(namespace_key("shop"))
        assert (answer.value, answer.version) == (shop, "5")
        assert (await world.answer(config_map_key("shop", "settings"))).value == {"data": {"a": "b"}}
        assert world.roles("ann", ("team",)) == (("shop:editor",), ())
        for task in tasks:
            task.cancel()

    with_reader(api, work)


def test_policies_that_are_objects_are_read_and_those_that_cannot_be_used_are_told() -> None:
    api = FakeApi()

    def policy(name: str, **spec: Any) -> dict[str, Any]:
        rule = {
            "name": "r",
            "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
            "validate": {"deny": {}},
        }
        return {
            "apiVersion": "kyverno.io/v1",
            "kind": "ClusterPolicy",
            "metadata": {"name": name, "uid": "1", "managedFields": [{"manager": "kubectl"}]},
            "spec": {"rules": [rule], **spec},
            "status": {"ready": True},
        }

    api.faults[POLICIES] = [listed(policy("good"), policy("bad", failurePolicy="Perhaps")), hang]
    served = (
        Served("kyverno.io", "v1", "ClusterPolicy", "clusterpolicies"),
        Served("", "v1", "Pod", "pods"),
    )

    async def work(reader: ClusterReader) -> None:
        objects = PolicyObjects(reader.client)
        (reflector,) = objects.reflectors_of(served)
        assert objects.reflectors_of(served) == []
        task = asyncio.create_task(reflector.run())
        await reflector.is_synced.wait()
        changes = [objects.is_changed]
        found = objects.read()
        changes.append(objects.is_changed)
        assert changes == [True, False]
        assert [one.name for one in found.policies] == ["good"]
        assert "Perhaps" in str(found.errors[0])
        task.cancel()

    with_reader(api, work)
