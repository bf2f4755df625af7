"""What Kyverno's functions ask the world.

| kind | arguments | answer |
|---|---|---|
| api-call | method, path, body as JSON or empty | what the API server answers, parsed; None where it says
"not found" | | http-call | method, URL, body as JSON or empty, headers as JSON or empty, CA bundle | the
answer as a map with ``statusCode``: the parsed body's own keys, or the body under ``body`` | | resource-name
| apiVersion, kind | the plural name of the kind (``deployments``) | | global-context | entry, projection or
empty | the value of a GlobalContextEntry; None where there is none | | image-data | image reference | a map
as policies know it: ``registry``, ``manifest``, ``configData``, ... | | image-verdict | image reference, what
is asked as JSON | a map with ``verified`` | | image-payload | image reference, an attestation as JSON | what
the attestation says, verified | | random | pattern | at least 16 bytes of randomness as hexadecimal text |

The question of ``image-verdict`` has ``attestors``, a list of one, and ``attestation`` where one is to be
verified. Kinds that policies of older versions ask as well have the same name and meaning there.
"""  # table rows

from typing import Any
from urllib.parse import quote

from propolis.core.evaluation import LookupKey
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Runtime

API_CALL = "api-call"
HTTP_CALL = "http-call"
RESOURCE_NAME = "resource-name"
GLOBAL_CONTEXT = "global-context"
IMAGE_DATA = "image-data"
IMAGE_VERDICT = "image-verdict"
IMAGE_PAYLOAD = "image-payload"
RANDOM = "random"

_UNSAFE = ("", ".", "..")


def asked(runtime: Runtime, what: str, kind: str, *arguments: str) -> Any:
    """The value of an answer.

    Args:
        runtime: Of the evaluation.
        what: What fails when there is an error ("get image data").
        kind: Of the look-up.
        arguments: Of the look-up.

    Raises:
        EvaluationError: The world has no answer.
        MissingLookups: It has not been asked yet.
    """
    answer = runtime.ask(LookupKey(kind, arguments))
    if answer.error:
        raise EvaluationError(f"failed to {what}: {answer.error}")
    return answer.value


def api_path(api_version: str, resource: str, namespace: str, name: str = "") -> str:
    """The path of a resource, or of a list where there is no name; ``resource`` may name a subresource.

    Raises:
        EvaluationError: A part would leave its place in the path.
    """
    group_version = api_version.split("/")
    kind, *subresources = resource.split("/")
    begin = ["api"] if len(group_version) == 1 else ["apis"]
    where = ["namespaces", namespace] if namespace else []
    parts = [*begin, *group_version, *where, kind, *([name, *subresources] if name else [])]
    for part in parts:
        if part in _UNSAFE or "/" in part or "%" in part:
            raise EvaluationError(f"{part!r} cannot stand in the path of a resource")
    return "/" + "/".join(quote(part, safe=":", errors="surrogatepass") for part in parts)
