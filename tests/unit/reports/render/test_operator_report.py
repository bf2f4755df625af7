import pytest

from propolis.core.resource import ResourceRef
from propolis.reports.render.operator_report import (
    _encoded,
    artifact_of,
    report_name,
    report_of,
    short_hash,
)
from tests.harness.scanned import DIGEST, IMAGE, IMAGE_ID, REPLICA_SET

LONG = ResourceRef("apps/v1", "ReplicaSet", "a" * 70, "shop")


def test_a_report_is_named_after_its_workload_and_container() -> None:
    assert report_name(REPLICA_SET, "web") == "replicaset-cart-6d4cf56db6-web"


def test_a_name_that_is_too_long_becomes_a_hash_that_tells_containers_apart() -> None:
    names = {report_name(LONG, "web"), report_name(LONG, "proxy")}
    assert len(names) == 2
    assert all(name.startswith("replicaset-") and len(name) < 30 for name in names)


def test_hashes_are_those_that_the_operator_makes() -> None:
    """The name of a scan job in trivy-operator's own builder_test.go."""
    fields = "Kind:(kube.Kind)ReplicaSet Name:(string)nginx-6799fc88d8 Namespace:(string)prod-ns"
    assert _encoded(f"(kube.ObjectRef){{{fields}}}") == "64d65c457"


def test_a_label_that_would_be_too_long_is_a_hash_and_the_name_an_annotation() -> None:
    metadata = report_of("VulnerabilityReport", IMAGE, LONG, "web", {})["metadata"]
    assert metadata["labels"]["trivy-operator.resource.name-hash"] == short_hash("a" * 70)
    assert "trivy-operator.resource.name" not in metadata["labels"]
    assert metadata["annotations"] == {"trivy-operator.resource.name": "a" * 70}


def test_labels_and_owner_are_those_that_dashboards_look_for() -> None:
    metadata = report_of("VulnerabilityReport", IMAGE, REPLICA_SET, "web", {})["metadata"]
    assert metadata["namespace"] == "shop"
    assert metadata["labels"] == {
        "app.kubernetes.io/managed-by": "propolis",
        "trivy-operator.resource.kind": "ReplicaSet",
        "trivy-operator.resource.name": "cart-6d4cf56db6",
        "trivy-operator.resource.namespace": "shop",
        "trivy-operator.container.name": "web",
    }
    assert metadata["ownerReferences"] == [
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "name": "cart-6d4cf56db6",
            "uid": "uid-1",
            "controller": True,
            "blockOwnerDeletion": False,
        }
    ]


def test_a_workload_of_manifests_owns_nothing_yet() -> None:
    assert "ownerReferences" not in report_of("SbomReport", IMAGE, LONG, "web", {})["metadata"]


def test_an_image_alone_has_a_report_of_the_cluster() -> None:
    report = report_of("SbomReport", IMAGE, None, "", {})
    assert report["kind"] == "ClusterSbomReport"
    assert report["metadata"]["name"] == report["metadata"]["labels"]["resource-image-id"]
    assert "namespace" not in report["metadata"]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("", ("registry.example", "shop/cart", "1.2", IMAGE_ID)),
        (f"r.example:5000/x@{DIGEST}", ("r.example:5000", "x", None, DIGEST)),
        ("nginx", ("index.docker.io", "library/nginx", "latest", IMAGE_ID)),
        ("NOT an image", (None, "NOT an image", None, IMAGE_ID)),
    ],
)
def test_the_artifact_is_read_from_the_reference(
    reference: str, expected: tuple[str | None, str, str | None, str]
) -> None:
    found = artifact_of(IMAGE, reference)
    artifact = found["artifact"]
    server = found.get("registry", {}).get("server")
    assert (server, artifact["repository"], artifact.get("tag"), artifact["digest"]) == expected
