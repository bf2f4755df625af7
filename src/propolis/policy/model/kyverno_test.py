"""What a kyverno-test.yaml holds. Facts from Kyverno cmd/cli/kubectl-kyverno/apis/v1alpha1 @ 111e07b."""

from typing import Any

import msgspec

from propolis.core.resource import Document
from propolis.policy.model.struct import ApiStruct


class ResourceSpec(ApiStruct, frozen=True):
    """A resource named by its parts."""

    group: str | None = None
    version: str | None = None
    kind: str | None = None
    namespace: str | None = None
    subresource: str | None = None
    name: str | None = None


class Expectation(msgspec.Struct, frozen=True, rename="camel"):
    """What one policy, or one rule of it, must say of some resources. Unknown fields are hints and ignored.

    Attributes:
        resources: ``name`` or ``namespace/name``; without any, or when none is there, all resources.
        operation: Asks for an evaluation of its own; empty takes the one of the values file.
    """

    policy: str
    result: str
    rule: str = ""
    kind: str = ""
    resources: tuple[str, ...] | None = None
    resource: str | None = None
    resource_specs: tuple[ResourceSpec, ...] | None = None
    operation: str = ""
    patched_resources: str = ""
    patched_resource: str = ""
    generated_resource: str = ""
    generated_resources: tuple[str, ...] = ()
    clone_source_resource: str = ""
    fail_on_missing_resources: bool = False


class RuleValues(ApiStruct, frozen=True):
    """Values for the variables of one rule."""

    name: str
    values: dict[str, Any] | None = None
    foreach_values: dict[str, tuple[Any, ...]] | None = None


class ResourceValues(ApiStruct, frozen=True):
    """Values for one resource."""

    name: str
    values: dict[str, Any] | None = None


class PolicyValues(ApiStruct, frozen=True):
    """Values for one policy."""

    name: str
    resources: tuple[ResourceValues, ...] | None = None
    rules: tuple[RuleValues, ...] | None = None


class NamespaceLabels(ApiStruct, frozen=True):
    """Labels of a namespace."""

    name: str
    labels: dict[str, str] | None = None


class GroupVersionKind(msgspec.Struct, frozen=True):
    """A kind as API discovery lists it; further fields do not matter here."""

    name: str = ""
    kind: str = ""
    group: str = ""
    version: str = ""


class Subresource(ApiStruct, frozen=True):
    """A kind that is the subresource of another."""

    subresource: GroupVersionKind
    parent_resource: GroupVersionKind


class Values(msgspec.Struct, frozen=True, rename="camel"):
    """A values file."""

    global_values: dict[str, Any] | None = None
    policies: tuple[PolicyValues, ...] | None = None
    namespace_selector: tuple[NamespaceLabels, ...] | None = None
    namespaces: tuple[Document, ...] | None = None
    subresources: tuple[Subresource, ...] | None = None


class ImageMetadata(msgspec.Struct, frozen=True, rename="camel"):
    """What a registry would say of an image."""

    image: str
    resolved_image: str = ""
    registry: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""
    image_index: Any = None
    manifest: Any = None
    config: Any = None


class ContextFile(msgspec.Struct, frozen=True):
    """A file of kind Context: objects and images that policies may look up."""

    resources: tuple[Document, ...] | None = None
    images: tuple[ImageMetadata, ...] | None = None


class ApiCallResponse(msgspec.Struct, frozen=True, rename="camel"):
    """The answer of a call."""

    body: Any = None
    status_code: int = 200


class ApiCallMock(msgspec.Struct, frozen=True, rename="camel"):
    """A call and its answer."""

    response: ApiCallResponse
    url: str = ""
    url_path: str = ""
    method: str = ""


class Projection(msgspec.Struct, frozen=True):
    """A named query on a global entry."""

    name: str
    path: str


class GlobalContextMock(msgspec.Struct, frozen=True, rename="camel"):
    """The value of a GlobalContextEntry."""

    name: str
    data: Any = None
    resources: tuple[Document, ...] | None = None
    resource_files: tuple[str, ...] | None = None
    field_path: str | None = None
    projections: tuple[Projection, ...] | None = None


class TestDocument(msgspec.Struct, frozen=True, rename="camel"):
    """The fields of a Test; paths are relative to its folder."""

    __test__ = False  # no test of this project

    metadata: dict[str, Any] | None = None
    name: str = ""
    policies: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    target_resources: tuple[str, ...] = ()
    param_resources: tuple[str, ...] = ()
    cluster_resources: tuple[str, ...] = ()
    json_payloads: tuple[str, ...] = ()
    json_payload: str = ""
    http_payloads: tuple[str, ...] = ()
    envoy_payloads: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    variables: str = ""
    userinfo: str = ""
    context: str = ""
    values: Values | None = None
    api_call_responses: tuple[ApiCallMock, ...] = ()
    global_context_entries: tuple[GlobalContextMock, ...] = ()
    results: tuple[Expectation, ...] = ()

    @property
    def title(self) -> str:
        """Its name; older files have it at the top."""
        return str((self.metadata or {}).get("name") or self.name)
