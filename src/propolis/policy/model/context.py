"""Context entries of a rule: where a variable's value comes from."""

from typing import Any, Literal

from propolis.policy.model.struct import ApiStruct


class ConfigMapReference(ApiStruct, frozen=True):
    """A ConfigMap by name; the namespace defaults to ``default``."""

    name: str
    namespace: str | None = None


class RequestData(ApiStruct, frozen=True):
    """One field of the body of a POST."""

    key: str
    value: Any = None


class HttpHeader(ApiStruct, frozen=True):
    """A header of a service call."""

    key: str
    value: str


class ServiceCall(ApiStruct, frozen=True):
    """A call to a service other than the API server."""

    url: str
    headers: tuple[HttpHeader, ...] | None = None
    ca_bundle: str | None = None


class ApiCall(ApiStruct, frozen=True):
    """A call to the API server or a service."""

    url_path: str | None = None
    method: Literal["GET", "POST"] | None = None
    data: tuple[RequestData, ...] | None = None
    service: ServiceCall | None = None
    default: Any = None
    jmes_path: str | None = None


class RegistryCredentials(ApiStruct, frozen=True):
    """How to log in to a registry."""

    allow_insecure_registry: bool | None = None
    providers: tuple[str, ...] | None = None
    secrets: tuple[str, ...] | None = None


class ImageRegistry(ApiStruct, frozen=True):
    """Metadata of an image in its registry."""

    reference: str
    jmes_path: str | None = None
    image_registry_credentials: RegistryCredentials | None = None


class Variable(ApiStruct, frozen=True):
    """A computed value."""

    value: Any = None
    jmes_path: str | None = None
    default: Any = None


class GlobalReference(ApiStruct, frozen=True):
    """A GlobalContextEntry."""

    name: str
    jmes_path: str | None = None


class ContextEntry(ApiStruct, frozen=True):
    """A named value; exactly one source is given."""

    name: str
    config_map: ConfigMapReference | None = None
    api_call: ApiCall | None = None
    image_registry: ImageRegistry | None = None
    variable: Variable | None = None
    global_reference: GlobalReference | None = None
