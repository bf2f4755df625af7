"""New failures as events."""

from typing import Any

from propolis.core.resource import ResourceRef
from propolis.policy.controllers.units import policy_reference
from propolis.policy.controllers.violations import Violations
from tests.harness import scan_policies as policies
from tests.harness.scanned_cluster import ScannedCluster


def pod(**labels: str) -> dict[str, Any]:
    metadata = {"name": "one", "namespace": "a", "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}}


def test_what_fails_anew_is_told_of_the_resource_and_of_the_policy() -> None:
    told: list[tuple[Any, ...]] = []
    violations = Violations(lambda *event: told.append(event))
    cluster = ScannedCluster()
    cluster.scan.observe = violations.observe
    cluster.set_policy("labelled", policies.labelled("team"))
    cluster.set_policy("cel", policies.cel_policy("cel", "has(object.metadata.labels.app)"))
    cluster.put(pod())
    cluster.settle()
    assert told == []
    violations.settled()
    cluster.put(pod(team="x"))
    cluster.settle()
    assert told == []
    cluster.put(pod(app="x"))
    cluster.settle()
    ref = ResourceRef("v1", "Pod", "one", "a", uid="uid-1")
    text = "validation error: no team. rule has failed at path /metadata/labels/team/"
    assert told == [
        ("PolicyViolation", ref, None, "Resource Passed", f"policy labelled/has fail: {text}"),
        (
            "PolicyViolation",
            ResourceRef("kyverno.io/v1", "ClusterPolicy", "labelled"),
            ref,
            "Resource Passed",
            f"Pod a/one: [has] fail; {text}",
        ),
    ]
    cluster.put(pod(app="y"))
    cluster.drop("Pod", "a", "one")
    cluster.settle()
    assert len(told) == 2


def test_policies_are_named_by_their_kind() -> None:
    named = {
        "Policy/a/x": ResourceRef("kyverno.io/v1", "Policy", "x", "a"),
        "NamespacedValidatingPolicy/a/x": ResourceRef(
            "policies.kyverno.io/v1", "NamespacedValidatingPolicy", "x", "a"
        ),
        "ValidatingAdmissionPolicy//x": ResourceRef(
            "admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "x"
        ),
    }
    assert {key: policy_reference(key) for key in named} == named
