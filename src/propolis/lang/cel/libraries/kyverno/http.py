"""``http``: services outside of the API server (libs/http). What comes back is a map with ``statusCode``."""

from typing import Any, ClassVar

import msgspec

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import function, member
from propolis.lang.cel.libraries.kyverno.go_json import write
from propolis.lang.cel.libraries.kyverno.world import HTTP_CALL, asked
from propolis.lang.cel.library import Function, Library, Runtime
from propolis.lang.cel.types import DYN, STRING, Type, map_of, opaque

HTTP_TYPE = opaque("http.Context")
_HEADERS = map_of(STRING, STRING)


class HttpContext(msgspec.Struct, frozen=True):
    """The value of the variable ``http``, or a client that trusts a CA bundle.

    Attributes:
        is_allowed: Whether calls are made; policies of a namespace make none.
    """

    ca_bundle: str = ""
    is_allowed: bool = True
    cel_type: ClassVar[Type] = HTTP_TYPE


def _get(runtime: Runtime, context: HttpContext, url: str, headers: dict[str, str] | None = None) -> Any:
    return _call(runtime, context, ("GET", url, ""), headers)


def _post(
    runtime: Runtime, context: HttpContext, url: str, data: Any, headers: dict[str, str] | None = None
) -> Any:
    return _call(runtime, context, ("POST", url, write(data)), headers)


def _call(
    runtime: Runtime, context: HttpContext, request: tuple[str, str, str], headers: dict[str, str] | None
) -> Any:
    if not context.is_allowed:
        raise EvaluationError("request failed: http calls are not allowed in namespaced policies")
    written = write(headers) if headers else ""
    return asked(runtime, "call a service", HTTP_CALL, *request, written, context.ca_bundle)


def _client(context: HttpContext, ca_bundle: str) -> HttpContext:
    return HttpContext(ca_bundle, context.is_allowed) if ca_bundle else context


def _functions(suffix: str, *names: str) -> tuple[Function, ...]:
    get, post, client = names
    return (
        function(
            get,
            member(f"http_get_string_{suffix}", (HTTP_TYPE, STRING), DYN, _get, asks=True),
            member(f"http_get_string_headers_{suffix}", (HTTP_TYPE, STRING, _HEADERS), DYN, _get, asks=True),
        ),
        function(
            post,
            member(f"http_post_string_any_{suffix}", (HTTP_TYPE, STRING, DYN), DYN, _post, asks=True),
            member(
                f"http_post_string_any_headers_{suffix}",
                (HTTP_TYPE, STRING, DYN, _HEADERS),
                DYN,
                _post,
                asks=True,
            ),
        ),
        function(client, member(f"http_client_string_{suffix}", (HTTP_TYPE, STRING), HTTP_TYPE, _client)),
    )


_FUNCTIONS = (*_functions("camel", "get", "post", "client"), *_functions("pascal", "Get", "Post", "Client"))


def http_library(*, is_allowed: bool = True) -> Library:
    """The library for a policy that may call services, or for one that may not."""
    return Library(
        "kyverno.http",
        _FUNCTIONS,
        types={"http.Context": HTTP_TYPE},
        constants={"http": (HTTP_TYPE, HttpContext(is_allowed=is_allowed))},
    )
