"""What a scan finds anew is told as events."""

from typing import Any

from propolis.app.operator_events import ScanEvents
from propolis.core.resource import ResourceRef
from propolis.policy.model.kyverno_settings import KyvernoSettings
from tests.harness import scan_policies as policies
from tests.harness.scanned_cluster import ScannedCluster


def pod(**labels: str) -> dict[str, Any]:
    metadata = {"name": "one", "namespace": "a", "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}}


class Writer:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def tell(self, *event: Any) -> None:
        self.told.append(event)


class Cluster:
    """Knows one policy."""

    kyverno_settings = KyvernoSettings()

    def uid_of(self, _kind: str, _namespace: str, name: str) -> str:
        return "uid-p" if name == "labelled" else ""


def test_what_fails_anew_is_told_of_the_resource_and_of_the_policy() -> None:
    writer = Writer()
    told = writer.told
    violations = ScanEvents(writer)  # type: ignore[arg-type]  # as much of one as is used
    violations.opened(Cluster())
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
            ResourceRef("kyverno.io/v1", "ClusterPolicy", "labelled", uid="uid-p"),
            ref,
            "Resource Passed",
            f"Pod a/one: [has] fail; {text}",
        ),
    ]
    cluster.put(pod(app="y"))
    cluster.drop("Pod", "a", "one")
    cluster.settle()
    assert len(told) == 2
