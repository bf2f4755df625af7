"""``http.Allowed``, ``http.Denied``: what a policy answers a server that asks about HTTP requests.

Follows kyverno/kyverno-authz pkg/cel/libs/authz/http @ 9101a3f. The request is a map with
``attributes``: ``method``, ``header``, ``host``, ``path``, ``query`` and so on.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from propolis.lang.cel.libraries.kubernetes.declare import call, function, member
from propolis.lang.cel.library import Library
from propolis.lang.cel.types import STRING, Type, list_of, object_type

ATTRIBUTES_TYPE = object_type("http.CheckRequestAttributes")
RESPONSE_TYPE = object_type("http.CheckResponse")
OK_TYPE = object_type("http.CheckResponseOk")
DENIED_TYPE = object_type("http.CheckResponseDenied")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)


class Allowed(msgspec.Struct, frozen=True):
    """The request may go on."""

    cel_type: ClassVar[Type] = OK_TYPE


class Denied(msgspec.Struct, frozen=True):
    """The request ends here."""

    reason: str
    cel_type: ClassVar[Type] = DENIED_TYPE


class Response(msgspec.Struct, frozen=True):
    """What the server is told."""

    verdict: Allowed | Denied
    cel_type: ClassVar[Type] = RESPONSE_TYPE


def _header(attributes: Mapping[str, Any], name: str) -> list[str]:
    return _values(attributes, "header", canonical_header(name))


def _parameter(attributes: Mapping[str, Any], name: str) -> list[str]:
    return _values(attributes, "query", name)


def _values(attributes: Mapping[str, Any], part: str, name: str) -> list[str]:
    found = attributes.get(part)
    values = found.get(name) if isinstance(found, Mapping) else None
    return values if isinstance(values, list) else []


def canonical_header(name: str) -> str:
    """A header's name as servers keep it: ``content-type`` is ``Content-Type``."""
    if not _TOKEN.fullmatch(name):
        return name
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


HTTP_AUTHORIZATION_LIBRARY = Library(
    "kyverno.authz.http",
    (
        function("http.Allowed", call("http_allowed", (), OK_TYPE, Allowed)),
        function("http.Denied", call("http_denied_string", (STRING,), DENIED_TYPE, Denied)),
        function(
            "Header",
            member("http_get_header_string", (ATTRIBUTES_TYPE, STRING), list_of(STRING), _header),
        ),
        function(
            "QueryParam",
            member("http_get_queryparam_string", (ATTRIBUTES_TYPE, STRING), list_of(STRING), _parameter),
        ),
        function(
            "Response",
            member("http_response_ok", (OK_TYPE,), RESPONSE_TYPE, Response),
            member("http_response_denied", (DENIED_TYPE,), RESPONSE_TYPE, Response),
        ),
    ),
    types={one.name: one for one in (ATTRIBUTES_TYPE, RESPONSE_TYPE, OK_TYPE, DENIED_TYPE)},
)
