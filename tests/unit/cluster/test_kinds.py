from typing import Any

import pytest

from propolis.cluster.kinds import Scopes
from propolis.core.resource import ResourceRef


def ref(api_version: str, kind: str) -> ResourceRef:
    return ResourceRef(api_version, kind, "a")


def definition(group: str, kind: str, scope: str) -> dict[str, Any]:
    return {
        "kind": "CustomResourceDefinition",
        "spec": {"group": group, "scope": scope, "names": {"kind": kind, "plural": "x"}},
    }


@pytest.mark.parametrize(
    ("api_version", "kind", "expected"),
    [
        ("v1", "Namespace", True),
        ("v1", "Pod", False),
        ("apps/v1", "Deployment", False),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", True),
        ("rbac.authorization.k8s.io/v1", "Role", False),
        ("storage.k8s.io/v1", "StorageClass", True),
        ("storage.k8s.io/v1", "CSIStorageCapacity", False),
        ("kyverno.io/v1", "ClusterPolicy", True),
        ("kyverno.io/v1", "Policy", False),
        ("policies.kyverno.io/v1", "ValidatingPolicy", True),
        ("policies.kyverno.io/v1", "NamespacedValidatingPolicy", False),
        ("cilium.io/v2", "CiliumClusterwideNetworkPolicy", True),
        ("cert-manager.io/v1", "ClusterIssuer", True),
        ("example.com/v1", "Widget", False),
        ("cluster.x-k8s.io/v1beta1", "Cluster", False),
    ],
)
def test_the_scope_of_a_kind(api_version: str, kind: str, expected: bool) -> None:  # noqa: FBT001
    assert Scopes().is_cluster_scoped(ref(api_version, kind)) is expected


def test_a_definition_in_the_same_input_decides() -> None:
    scopes = Scopes(
        [
            definition("example.com", "Widget", "Cluster"),
            definition("example.com", "ClusterThing", "Namespaced"),
        ]
    )
    assert scopes.is_cluster_scoped(ref("example.com/v1", "Widget"))
    assert not scopes.is_cluster_scoped(ref("example.com/v2", "ClusterThing"))
    assert not scopes.is_cluster_scoped(ref("other.com/v1", "Widget"))


@pytest.mark.parametrize("spec", [None, "text", {}, {"names": []}, {"names": {"kind": 1}, "group": None}])
def test_a_definition_of_wrong_shape_defines_nothing(spec: Any) -> None:
    scopes = Scopes([{"kind": "CustomResourceDefinition", "spec": spec}])
    assert not scopes.is_cluster_scoped(ref("example.com/v1", "Widget"))
