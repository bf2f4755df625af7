"""GlobalContextEntry: a value that is fetched once and kept for all policies."""

import msgspec

from propolis.core.errors import DocumentError, Place
from propolis.core.resource import Document, Origin
from propolis.policy.model.context import ApiCall
from propolis.policy.model.struct import ApiStruct

KIND = "GlobalContextEntry"


class KubernetesResource(ApiStruct, frozen=True):
    """All objects of a kind, of one namespace or of all; ``resource`` is its name in paths."""

    version: str
    resource: str
    group: str | None = None
    namespace: str | None = None


class ExternalApiCall(ApiCall, frozen=True):
    """A call that is repeated."""

    refresh_interval: str | None = None
    retry_limit: int | None = None


class Projection(ApiStruct, frozen=True):
    """A query on the value, under a name of its own."""

    name: str
    jmes_path: str


class GlobalContextSpec(ApiStruct, frozen=True):
    """One source, and queries on what it gives."""

    kubernetes_resource: KubernetesResource | None = None
    api_call: ExternalApiCall | None = None
    projections: tuple[Projection, ...] | None = None


class GlobalContextEntry(msgspec.Struct, frozen=True):
    """An entry and where it stands."""

    name: str
    spec: GlobalContextSpec
    origin: Origin = Origin("")


def is_global_context_entry(document: Document) -> bool:
    """Whether a document is one that `parse_global_context_entry` reads."""
    group = str(document.get("apiVersion", "")).partition("/")[0]
    return group == "kyverno.io" and document.get("kind") == KIND


def parse_global_context_entry(document: Document, origin: Origin = Origin("")) -> GlobalContextEntry:  # noqa: B008  # frozen
    """Parses one entry.

    Raises:
        DocumentError: It is none, has unknown fields or wrong shapes, or not exactly one source.
    """
    place = Place(origin.path, origin.line)
    if not is_global_context_entry(document):
        raise DocumentError("this is not a global context entry", place, f"a {KIND} of kyverno.io")
    metadata = document.get("metadata")
    fields = metadata if isinstance(metadata, dict) else {}
    try:
        spec = msgspec.convert(document.get("spec"), GlobalContextSpec)
    except msgspec.ValidationError as error:
        raise DocumentError(f"spec: {error}", place) from None
    if (spec.kubernetes_resource is None) == (spec.api_call is None):
        raise DocumentError("spec has not exactly one source", place, "kubernetesResource or apiCall")
    return GlobalContextEntry(str(fields.get("name", "")), spec, origin)
