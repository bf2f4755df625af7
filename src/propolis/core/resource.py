"""A resource and the reference by which every room and report names it."""

from typing import Any, TypeAlias

import msgspec

Document: TypeAlias = dict[str, Any]
"""A parsed JSON or YAML object: string keys; values are null, bool, int, float, str, list or dict."""


class ResourceRef(msgspec.Struct, frozen=True, order=True):
    """What a finding is about, as Kubernetes names it.

    A cluster-scoped resource has an empty namespace. What is not a Kubernetes object is named in
    the same fields: an image has kind ``Image`` and its digest as name, a node kind ``Node``.
    """

    api_version: str
    kind: str
    name: str
    namespace: str = ""
    cluster: str = ""
    uid: str = ""

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        group, slash, _ = self.api_version.partition("/")
        return group if slash else ""

    @property
    def key(self) -> str:
        """Identity that survives re-creation and API version changes: no uid, no version."""
        return f"{self.cluster}|{self.group}|{self.kind}|{self.namespace}|{self.name}"

    def __str__(self) -> str:
        """``namespace/Kind/name`` or ``Kind/name``."""
        path = f"{self.kind}/{self.name}"
        return f"{self.namespace}/{path}" if self.namespace else path


def object_reference(resource: ResourceRef) -> dict[str, str]:
    """A resource as Kubernetes refers to objects; what is not known is left out."""
    fields = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "namespace": resource.namespace,
        "name": resource.name,
        "uid": resource.uid,
    }
    return {name: text for name, text in fields.items() if text}


class Origin(msgspec.Struct, frozen=True):
    """Where a resource was read: a file and the line of its document, or an API server."""

    path: str
    line: int = 0


class Resource(msgspec.Struct, frozen=True):
    """A resource as observed: its reference, its document, and where it came from."""

    ref: ResourceRef
    document: Document
    origin: Origin

    @property
    def labels(self) -> dict[str, str]:
        """Labels; empty where there are none."""
        return _text_map(self.document, "labels")

    @property
    def annotations(self) -> dict[str, str]:
        """Annotations; empty where there are none."""
        return _text_map(self.document, "annotations")


def _text_map(document: Document, field: str) -> dict[str, str]:
    """A map of texts in metadata; wrong shapes count as absent."""
    metadata = document.get("metadata")
    found = metadata.get(field) if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def reference_of(document: Document, cluster: str = "", default_namespace: str = "") -> ResourceRef:
    """The reference of a Kubernetes object; absent fields become empty text.

    ``default_namespace`` is for the caller who knows that the kind is namespaced.
    """
    metadata = document.get("metadata")
    fields = metadata if isinstance(metadata, dict) else {}
    return ResourceRef(
        api_version=_text(document.get("apiVersion")),
        kind=_text(document.get("kind")),
        name=_text(fields.get("name")) or _text(fields.get("generateName")),
        namespace=_text(fields.get("namespace")) or default_namespace,
        cluster=cluster,
        uid=_text(fields.get("uid")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
