from typing import Any

import pytest

from propolis.core.inventory import Inventory
from propolis.core.resource import Origin, Resource, reference_of
from propolis.insight.ownership import Ownership

pytestmark = pytest.mark.engine


def resource(
    kind: str, name: str, namespace: str = "shop", api: str = "apps/v1", **metadata: Any
) -> Resource:
    names = {"name": name, "namespace": namespace} if namespace else {"name": name}
    document = {"apiVersion": api, "kind": kind, "metadata": names | metadata}
    return Resource(reference_of(document), document, Origin("a.yaml"))


def owned_by(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"kind": kind, "name": name, "controller": True}]


def test_a_pod_counts_for_the_deployment_that_owns_its_replica_set() -> None:
    deployment = resource("Deployment", "web")
    replica_set = resource("ReplicaSet", "web-1", ownerReferences=owned_by("Deployment", "web"))
    pod = resource("Pod", "web-1-a", api="v1", ownerReferences=owned_by("ReplicaSet", "web-1"))
    ownership = Ownership(Inventory([deployment, replica_set, pod]))
    assert ownership.workload_of(pod) == deployment.ref


def test_a_pod_whose_owner_is_not_observed_counts_for_itself() -> None:
    pod = resource("Pod", "a", api="v1", ownerReferences=owned_by("ReplicaSet", "gone"))
    assert Ownership(Inventory([pod])).workload_of(pod) == pod.ref


def test_owners_in_a_circle_end() -> None:
    one = resource("ReplicaSet", "one", ownerReferences=owned_by("ReplicaSet", "two"))
    two = resource("ReplicaSet", "two", ownerReferences=owned_by("ReplicaSet", "one"))
    assert Ownership(Inventory([one, two])).workload_of(one) in {one.ref, two.ref}


def test_a_service_counts_for_no_workload() -> None:
    service = resource("Service", "web", api="v1")
    assert Ownership(Inventory([service])).workload_of(service) is None


@pytest.mark.parametrize(
    ("labels", "namespace_labels", "team"),
    [
        ({"team": "checkout"}, {"team": "shop"}, "checkout"),
        ({}, {"owner": "shop-team"}, "shop-team"),
        ({"team": 7}, {}, "shop"),
    ],
)
def test_the_team_is_a_label_of_the_resource_then_of_its_namespace_then_its_name(
    labels: dict[str, Any], namespace_labels: dict[str, str], team: str
) -> None:
    namespace = resource("Namespace", "shop", "", "v1", labels=namespace_labels)
    web = resource("Deployment", "web", labels=labels)
    assert Ownership(Inventory([namespace, web])).team_of(web) == team


def test_cluster_scoped_resources_belong_to_the_platform_team() -> None:
    role = resource("ClusterRole", "all", "", "rbac.authorization.k8s.io/v1")
    assert Ownership(Inventory([role])).team_of(role) == "platform"
