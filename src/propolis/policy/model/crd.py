"""CustomResourceDefinitions as far as they say what an object must be.

Facts from the Kubernetes API reference (apiextensions.k8s.io/v1).
"""

from typing import Any, Literal

import msgspec

from propolis.core.resource import Document, Origin
from propolis.policy.model.reader import Locate, Reader
from propolis.policy.model.struct import ApiStruct

GROUP = "apiextensions.k8s.io"
KIND = "CustomResourceDefinition"

REASONS = ("FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate")


class CrdRule(ApiStruct, frozen=True):
    """One of ``x-kubernetes-validations``."""

    rule: str = ""
    message: str | None = None
    message_expression: str | None = None
    reason: str | None = None
    field_path: str | None = None
    optional_old_self: bool | None = None


class CrdVersion(msgspec.Struct, frozen=True):
    """A served version and the schema of its objects; empty where it has none."""

    name: str
    schema: Document
    index: int = 0


class Crd(msgspec.Struct, frozen=True):
    """A definition and where it stands."""

    name: str
    group: str
    kind: str
    scope: Literal["Cluster", "Namespaced"]
    versions: tuple[CrdVersion, ...]
    origin: Origin = Origin("")

    def version(self, api_version: str) -> CrdVersion | None:
        """The version that an object of ``group/version`` has; None for objects of others."""
        group, _, name = api_version.rpartition("/")
        return next((one for one in self.versions if (self.group, one.name) == (group, name)), None)


def is_crd(document: Document) -> bool:
    """Whether a document is one that `parse_crd` reads."""
    group = str(document.get("apiVersion", "")).partition("/")[0]
    return (group, document.get("kind")) == (GROUP, KIND)


def parse_crd(
    document: Document,
    origin: Origin = Origin(""),  # noqa: B008  # frozen
    locate: Locate | None = None,
) -> Crd:
    """Parses one definition; what its schemas say is compiled by the engine, not here.

    Raises:
        DocumentError: It is none, or lacks names or versions.
    """
    reader = Reader(origin, locate)
    metadata = reader.map(document.get("metadata"), ("metadata",))
    spec = reader.map(document.get("spec"), ("spec",))
    names = reader.map(spec.get("names"), ("spec", "names"))
    versions = spec.get("versions")
    if not isinstance(versions, list) or not versions:
        raise reader.wrong("it has no versions", ("spec", "versions"), "a list of versions")
    return Crd(
        reader.text(metadata.get("name"), ("metadata", "name")),
        reader.text(spec.get("group"), ("spec", "group")),
        reader.text(names.get("kind"), ("spec", "names", "kind")),
        "Cluster" if spec.get("scope") == "Cluster" else "Namespaced",
        tuple(_version(one, index, reader) for index, one in enumerate(versions)),
        origin,
    )


def _version(value: Any, index: int, reader: Reader) -> CrdVersion:
    path = ("spec", "versions", index)
    version = reader.map(value, path)
    schema = version.get("schema")
    root = schema.get("openAPIV3Schema") if isinstance(schema, dict) else None
    return CrdVersion(
        reader.text(version.get("name"), (*path, "name")), root if isinstance(root, dict) else {}, index
    )
