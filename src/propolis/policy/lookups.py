"""The questions that the engine may ask. app answers them from files, a snapshot or a cluster.

| kind | arguments | answer |
|---|---|---|
| namespace | name | the Namespace document |
| configmap | namespace, name | the ConfigMap document |
| api-call | method, path, body as JSON or empty | what the API server answers, parsed |
| service-call | method, URL, body, headers as JSON, CA bundle | what the service answers, parsed |
| http-call | method, URL, body, headers as JSON, CA bundle | what ``http`` of CEL gives: a map with ``statusCode`` |
| resource-name | apiVersion, kind | the name of the kind in paths |
| authorization | as `lang.cel.libraries.kubernetes.authorizer` has it | a map with ``allowed`` and ``reason`` |
| image-payload | image reference, an attestation as JSON | what the attestation says |
| random | pattern | randomness as hexadecimal text |
| global-context | entry, projection or empty | the value of a GlobalContextEntry |
| resources | apiVersion, kind, namespace, name, label selector as JSON | documents; empty fields mean any, namespace and name may have wildcards |
| image-verdict | image reference, what is asked (attestors, attestations) as JSON | `verified`, `digest`, `message`, `attestations`: type to predicates |
| image-data | image reference | ``image``, ``resolvedImage``, ``registry``, ``repository``, ``identifier``, ``manifest``, ``configData`` |
"""  # noqa: E501  # a table row

from propolis.core.evaluation import LookupKey

NAMESPACE = "namespace"
CONFIG_MAP = "configmap"
API_CALL = "api-call"
SERVICE_CALL = "service-call"
HTTP_CALL = "http-call"
RESOURCE_NAME = "resource-name"
GLOBAL_CONTEXT = "global-context"
IMAGE_VERDICT = "image-verdict"
IMAGE_DATA = "image-data"
RESOURCES = "resources"


def namespace_key(name: str) -> LookupKey:
    """Asks for a Namespace document, for its labels."""
    return LookupKey(NAMESPACE, (name,))


def config_map_key(namespace: str, name: str) -> LookupKey:
    """Asks for a ConfigMap document."""
    return LookupKey(CONFIG_MAP, (namespace, name))


def api_call_key(method: str, path: str, body: str = "") -> LookupKey:
    """Asks the API server."""
    return LookupKey(API_CALL, (method, path, body))


def service_call_key(
    method: str, url: str, body: str = "", headers: str = "", ca_bundle: str = ""
) -> LookupKey:
    """Asks a service over HTTP."""
    return LookupKey(SERVICE_CALL, (method, url, body, headers, ca_bundle))


def http_call_key(method: str, url: str) -> LookupKey:
    """Asks a service over HTTP, as expressions of CEL do."""
    return LookupKey(HTTP_CALL, (method, url, "", "", ""))


def global_context_key(name: str, projection: str = "") -> LookupKey:
    """Asks for the value of a GlobalContextEntry or of one of its projections."""
    return LookupKey(GLOBAL_CONTEXT, (name, projection))


def resources_key(
    api_version: str, kind: str, namespace: str = "", name: str = "", selector: str = ""
) -> LookupKey:
    """Asks for all resources of a kind that fit."""
    return LookupKey(RESOURCES, (api_version, kind, namespace, name, selector))


def image_verdict_key(reference: str, question: str) -> LookupKey:
    """Asks whether an image is signed as a rule wants it."""
    return LookupKey(IMAGE_VERDICT, (reference, question))


def image_data_key(reference: str) -> LookupKey:
    """Asks for the manifest and configuration of an image."""
    return LookupKey(IMAGE_DATA, (reference,))
