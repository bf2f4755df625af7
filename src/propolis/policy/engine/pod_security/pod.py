"""A pod as the checks see it: parts of wrong shape count as absent."""

from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.core.resource import Document
from propolis.core.workload import POD_PATHS, pod_metadata, pod_spec

LISTS = ("initContainers", "containers", "ephemeralContainers")


class PodContainer(msgspec.Struct, frozen=True):
    """A container: the list it stands in, its place there, its document."""

    list_name: str
    index: int
    document: Document

    @property
    def path(self) -> str:
        """``spec.containers[0]``."""
        return f"spec.{self.list_name}[{self.index}]"

    @property
    def name(self) -> str:
        """Its name; empty where it has none."""
        return text(self.document.get("name"))

    @property
    def image(self) -> str:
        """Its image; empty where it has none."""
        return text(self.document.get("image"))

    @property
    def security_context(self) -> Document | None:
        """Its securityContext."""
        return mapping(self.document, "securityContext")


class Pod(msgspec.Struct, frozen=True):
    """Annotations and spec of a pod, or of a template of pods."""

    annotations: dict[str, str]
    spec: Document

    def containers(self) -> Iterator[PodContainer]:
        """All containers: init, ordinary, ephemeral."""
        for list_name in LISTS:
            for index, item in enumerate(items(self.spec, list_name)):
                if isinstance(item, dict):
                    yield PodContainer(list_name, index, item)

    @property
    def security_context(self) -> Document | None:
        """The securityContext of the pod itself."""
        return mapping(self.spec, "securityContext")

    @property
    def is_windows(self) -> bool:
        """Whether the pod says that it runs on Windows."""
        return (mapping(self.spec, "os") or {}).get("name") == "windows"

    @property
    def has_user_namespace(self) -> bool:
        """Whether root of the pod is not root of the node."""
        return self.spec.get("hostUsers") is False


def pod_of(document: Document) -> Pod | None:
    """The pod of a workload, empty where it has none yet; None for other kinds."""
    if document.get("kind") not in POD_PATHS:
        return None
    spec = pod_spec(document) or {}
    annotations = mapping(pod_metadata(document), "annotations") or {}
    return Pod({key: value for key, value in annotations.items() if isinstance(value, str)}, spec)


def mapping(document: Document | None, key: str) -> Document | None:
    """The map under a key; None for anything else."""
    found = document.get(key) if document is not None else None
    return found if isinstance(found, dict) else None


def items(document: Document, key: str) -> list[Any]:
    """The list under a key; empty for anything else."""
    found = document.get(key)
    return found if isinstance(found, list) else []


def texts(document: Document | None, key: str) -> list[str]:
    """The texts of a list under a key."""
    return [item for item in items(document, key) if isinstance(item, str)] if document else []


def text(value: Any) -> str:
    """The value if it is text, else empty."""
    return value if isinstance(value, str) else ""
