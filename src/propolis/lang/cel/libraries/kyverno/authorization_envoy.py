"""``envoy.Allowed``, ``envoy.Denied``: what a policy answers Envoy's external authorization.

Follows kyverno/kyverno-authz pkg/cel/libs/authz/envoy @ 9101a3f. Every builder gives a new value.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from propolis.lang.cel.libraries.kubernetes.declare import call, function, member
from propolis.lang.cel.library import Library, Overload
from propolis.lang.cel.types import BOOL, DYN, INT, STRING, Type, map_of, object_type

RESPONSE_TYPE = object_type("envoy.service.auth.v3.CheckResponse")
OK_TYPE = object_type("envoy.service.auth.v3.OkHttpResponse")
DENIED_TYPE = object_type("envoy.service.auth.v3.DeniedHttpResponse")
HEADER_TYPE = object_type("envoy.config.core.v3.HeaderValueOption")
PARAMETER_TYPE = object_type("envoy.config.core.v3.QueryParameter")
_METADATA = map_of(STRING, DYN)
_ALLOWED, _REFUSED = 0, 7
"""Codes of gRPC: OK and PermissionDenied."""


class Header(msgspec.Struct, frozen=True):
    """A header to add."""

    key: str
    value: str
    keeps_empty_value: bool = False
    cel_type: ClassVar[Type] = HEADER_TYPE


class Parameter(msgspec.Struct, frozen=True):
    """A query parameter to set."""

    key: str
    value: str
    cel_type: ClassVar[Type] = PARAMETER_TYPE


class Allowed(msgspec.Struct, frozen=True):
    """The request may go on, with some changes."""

    headers: tuple[Header, ...] = ()
    headers_to_remove: tuple[str, ...] = ()
    response_headers: tuple[Header, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    parameters_to_remove: tuple[str, ...] = ()
    cel_type: ClassVar[Type] = OK_TYPE


class Denied(msgspec.Struct, frozen=True):
    """The request ends here, with a status of HTTP."""

    code: int
    body: str = ""
    headers: tuple[Header, ...] = ()
    cel_type: ClassVar[Type] = DENIED_TYPE


class Response(msgspec.Struct, frozen=True):
    """What Envoy is told; ``code`` is one of gRPC."""

    verdict: Allowed | Denied
    message: str = ""
    metadata: dict[str, Any] | None = None
    cel_type: ClassVar[Type] = RESPONSE_TYPE

    @property
    def code(self) -> int:
        """Whether the request is allowed."""
        return _ALLOWED if isinstance(self.verdict, Allowed) else _REFUSED


def _appends(field: str, make: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """A builder that adds one thing to a field, made of its parts where there is more than one."""

    def build(value: Any, *parts: Any) -> Any:
        added = make(*parts) if make is not None and len(parts) > 1 else parts[0]
        return msgspec.structs.replace(value, **{field: (*getattr(value, field), added)})

    return build


def _sets(field: str) -> Callable[[Any, Any], Any]:
    return lambda value, content: msgspec.structs.replace(value, **{field: content})


def _both(prefix: str, of: Type, item: Type, run: Callable[..., Any], kind: str) -> tuple[Overload, Overload]:
    """With a value that was made before, or with its key and value."""
    return (
        member(f"{prefix}_{kind}", (of, item), of, run),
        member(f"{prefix}_string_string", (of, STRING, STRING), of, run),
    )


_ADD_HEADER, _ADD_RESPONSE_HEADER = _appends("headers", Header), _appends("response_headers", Header)

ENVOY_AUTHORIZATION_LIBRARY = Library(
    "kyverno.authz.envoy",
    (
        function("envoy.Allowed", call("allowed", (), OK_TYPE, Allowed)),
        function("envoy.Denied", call("denied", (INT,), DENIED_TYPE, Denied)),
        function("envoy.Header", call("header_key_value", (STRING, STRING), HEADER_TYPE, Header)),
        function(
            "envoy.QueryParam", call("queryparam_key_value", (STRING, STRING), PARAMETER_TYPE, Parameter)
        ),
        function("WithBody", member("denied_with_body", (DENIED_TYPE, STRING), DENIED_TYPE, _sets("body"))),
        function(
            "WithHeader",
            *_both("ok_with_header", OK_TYPE, HEADER_TYPE, _ADD_HEADER, "header"),
            *_both("denied_with_header", DENIED_TYPE, HEADER_TYPE, _ADD_HEADER, "header"),
        ),
        function(
            "WithoutHeader",
            member("ok_without_header", (OK_TYPE, STRING), OK_TYPE, _appends("headers_to_remove")),
        ),
        function(
            "WithResponseHeader",
            *_both("ok_with_response_header", OK_TYPE, HEADER_TYPE, _ADD_RESPONSE_HEADER, "header"),
        ),
        function(
            "WithQueryParam",
            *_both("ok_with_queryparam", OK_TYPE, PARAMETER_TYPE, _appends("parameters", Parameter), "param"),
        ),
        function(
            "WithoutQueryParam",
            member(
                "ok_without_queryparam_string", (OK_TYPE, STRING), OK_TYPE, _appends("parameters_to_remove")
            ),
        ),
        function(
            "KeepEmptyValue",
            member(
                "header_keep_empty_value",
                (HEADER_TYPE,),
                HEADER_TYPE,
                lambda header: msgspec.structs.replace(header, keeps_empty_value=True),
            ),
            member(
                "header_keep_empty_value_bool", (HEADER_TYPE, BOOL), HEADER_TYPE, _sets("keeps_empty_value")
            ),
        ),
        function(
            "Response",
            member("ok_response", (OK_TYPE,), RESPONSE_TYPE, Response),
            member("denied_response", (DENIED_TYPE,), RESPONSE_TYPE, Response),
        ),
        function(
            "WithMessage",
            member("response_ok_with_message", (RESPONSE_TYPE, STRING), RESPONSE_TYPE, _sets("message")),
        ),
        function(
            "WithMetadata",
            member("response_ok_with_metadata", (RESPONSE_TYPE, _METADATA), RESPONSE_TYPE, _sets("metadata")),
        ),
    ),
    types={one.name: one for one in (RESPONSE_TYPE, OK_TYPE, DENIED_TYPE, HEADER_TYPE, PARAMETER_TYPE)},
)
