"""Where a pod stands in each kind of workload, and how to walk its containers.

Field facts follow the Kubernetes API reference (core/v1 PodSpec, apps/v1, batch/v1).
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.core.resource import Document, ResourceRef

POD_PATHS: dict[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "Deployment": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
"""Path from a document of this kind to its pod's spec."""

GROUPS = {"Pod": "", "ReplicationController": "", "Job": "batch", "CronJob": "batch"}
"""API group of each workload kind that is not in ``apps``."""

CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


class Container(msgspec.Struct, frozen=True):
    """One container of a pod: the list it stands in, its place there, its document."""

    list_name: str
    index: int
    document: Document

    @property
    def name(self) -> str:
        """Its name, or its place where it has none."""
        found = self.document.get("name")
        return found if isinstance(found, str) and found else f"{self.list_name}[{self.index}]"

    @property
    def image(self) -> str:
        """The image reference as written; empty where there is none."""
        found = self.document.get("image")
        return found if isinstance(found, str) else ""


def is_workload(ref: ResourceRef) -> bool:
    """Whether the kind runs pods (a Deployment of another group does not)."""
    return ref.kind in POD_PATHS and ref.group == GROUPS.get(ref.kind, "apps")


def pod_spec(document: Document) -> Document | None:
    """The pod spec of a workload document; None for other kinds and wrong shapes."""
    return descend(document, POD_PATHS.get(document.get("kind", ""), ("",)))


def pod_metadata(document: Document) -> Document:
    """Metadata of the pods that a workload makes; empty where the template has none."""
    path = POD_PATHS.get(document.get("kind", ""), ())
    return descend(document, (*path[:-1], "metadata")) or {}


def pod_labels(document: Document) -> dict[str, str]:
    """Labels of the pods that a workload makes."""
    labels = pod_metadata(document).get("labels")
    return labels if isinstance(labels, dict) else {}


def containers(spec: Document) -> Iterator[Container]:
    """All containers of a pod spec: init, ordinary, ephemeral; entries of wrong shape are left out."""
    for list_name in CONTAINER_LISTS:
        found = spec.get(list_name)
        for index, item in enumerate(found if isinstance(found, list) else ()):
            if isinstance(item, dict):
                yield Container(list_name, index, item)


def descend(document: Any, path: tuple[str, ...]) -> Document | None:
    """The map at a path of keys, or None where the path ends early."""
    here = document
    for key in path:
        if not isinstance(here, dict):
            return None
        here = here.get(key)
    return here if isinstance(here, dict) else None
