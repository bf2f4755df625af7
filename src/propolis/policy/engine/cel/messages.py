"""Requests of Envoy and of HTTP servers as expressions see them: fields with types, zero where none is set.

Facts from envoy.service.auth.v3 (attribute_context.proto, external_auth.proto) and kyverno-authz
pkg/cel/libs/authz/http @ 9101a3f. ``has`` tells whether a field is set; selecting one that is not gives zero.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, ClassVar

from propolis.core.errors import DocumentError
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kyverno.authorization_http import ATTRIBUTES_TYPE
from propolis.lang.cel.libraries.standard.moments import timestamp_of_text
from propolis.lang.cel.types import (
    BOOL,
    BYTES,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Type,
    list_of,
    map_of,
    object_type,
)
from propolis.lang.cel.values import Timestamp

ENVOY_REQUEST = object_type("envoy.service.auth.v3.CheckRequest")
HTTP_REQUEST = object_type("http.CheckRequest")
_CONTEXT = object_type("envoy.service.auth.v3.AttributeContext")
_PEER = object_type("envoy.service.auth.v3.AttributeContext.Peer")
_REQUEST = object_type("envoy.service.auth.v3.AttributeContext.Request")
_HTTP = object_type("envoy.service.auth.v3.AttributeContext.HttpRequest")
_TLS = object_type("envoy.service.auth.v3.AttributeContext.TLSSession")
_ADDRESS = object_type("envoy.config.core.v3.Address")
_SOCKET = object_type("envoy.config.core.v3.SocketAddress")
_METADATA = object_type("envoy.config.core.v3.Metadata")
_TEXTS = map_of(STRING, STRING)
_LISTS = map_of(STRING, list_of(STRING))

MESSAGES: dict[str, dict[str, Type]] = {
    ENVOY_REQUEST.name: {"attributes": _CONTEXT},
    _CONTEXT.name: {
        "source": _PEER,
        "destination": _PEER,
        "request": _REQUEST,
        "context_extensions": _TEXTS,
        "metadata_context": _METADATA,
        "route_metadata_context": _METADATA,
        "tls_session": _TLS,
    },
    _PEER.name: {
        "address": _ADDRESS,
        "service": STRING,
        "labels": _TEXTS,
        "principal": STRING,
        "certificate": STRING,
    },
    _REQUEST.name: {"time": TIMESTAMP, "http": _HTTP},
    _HTTP.name: {
        "id": STRING,
        "method": STRING,
        "headers": _TEXTS,
        "header_map": DYN,
        "path": STRING,
        "host": STRING,
        "scheme": STRING,
        "query": STRING,
        "fragment": STRING,
        "size": INT,
        "protocol": STRING,
        "body": STRING,
        "raw_body": BYTES,
    },
    _TLS.name: {"sni": STRING},
    _ADDRESS.name: {"socket_address": _SOCKET, "pipe": DYN, "envoy_internal_address": DYN},
    _SOCKET.name: {
        "protocol": DYN,
        "address": STRING,
        "port_value": INT,
        "named_port": STRING,
        "resolver_name": STRING,
        "ipv4_compat": BOOL,
    },
    _METADATA.name: {"filter_metadata": map_of(STRING, DYN), "typed_filter_metadata": map_of(STRING, DYN)},
    HTTP_REQUEST.name: {"attributes": ATTRIBUTES_TYPE, "mcp": DYN},
    ATTRIBUTES_TYPE.name: {
        "method": STRING,
        "header": _LISTS,
        "host": STRING,
        "protocol": STRING,
        "contentLength": INT,
        "body": BYTES,
        "scheme": STRING,
        "path": STRING,
        "query": _LISTS,
        "fragment": STRING,
    },
}
"""Fields of each type, by the names that expressions say."""

_ZEROS: dict[str, Any] = {
    "string": "", "int": 0, "bool": False, "bytes": b"", "timestamp": Timestamp(0), "map": {}, "list": [],
}  # fmt: skip


class Message(dict[str, Any]):
    """A message: the fields that are set are its entries. Every type has a class of its own."""

    __slots__ = ()
    cel_type: ClassVar[Type] = ENVOY_REQUEST

    def __missing__(self, name: str) -> Any:
        declared = MESSAGES[self.cel_type.name].get(name)
        if declared is None:
            raise KeyError(name)
        return _zero(declared)


_CLASSES: dict[str, type[Message]] = {
    name: type("Message", (Message,), {"__slots__": (), "cel_type": object_type(name)}) for name in MESSAGES
}


def _zero(of: Type) -> Any:
    return _CLASSES[of.name]() if of.kind == "object" else _ZEROS.get(of.kind)


def read_message(of: Type, document: Any, path: str = "") -> Message:
    """A message of JSON, its fields by their names there: ``contextExtensions`` or ``context_extensions``.

    Raises:
        DocumentError: A field is unknown or has another type.
    """
    if not isinstance(document, Mapping):
        raise DocumentError(f"{path or 'the request'} is no object", expected=of.name)
    fields = {_folded(name): name for name in MESSAGES[of.name]}
    values: dict[str, Any] = {}
    for key, value in document.items():
        name = fields.get(_folded(str(key)))
        at = f"{path}.{key}" if path else str(key)
        if name is None:
            raise DocumentError(f"{of.name} has no field {at}", expected=", ".join(MESSAGES[of.name]))
        found = _read(MESSAGES[of.name][name], value, at)
        if found is not None and (isinstance(found, Message) or found != _zero(MESSAGES[of.name][name])):
            values[name] = found
    return _CLASSES[of.name](values)


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def _read(of: Type, value: Any, path: str) -> Any:
    """A value of a type; None for what is not set. Raises `DocumentError`."""
    if value is None or of.kind == "dyn":
        return value
    if of.kind == "object":
        return read_message(of, value, path)
    if of.kind == "map" and isinstance(value, Mapping):
        return {str(key): _read(of.parameters[1], item, f"{path}.{key}") for key, item in value.items()}
    if of.kind == "list" and isinstance(value, list):
        return [_read(of.parameters[0], item, f"{path}[{index}]") for index, item in enumerate(value)]
    try:
        return _scalar(of, value)
    except (ValueError, EvaluationError, binascii.Error):
        raise DocumentError(f"{path} is no {of}", expected=str(of)) from None


def _scalar(of: Type, value: Any) -> Any:
    """Raises `ValueError`, `EvaluationError`."""
    if of.kind == "bytes" and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    if of.kind == "timestamp" and isinstance(value, str):
        return timestamp_of_text(value)
    if of.kind == "int" and isinstance(value, int | str) and not isinstance(value, bool):
        return int(value)
    if (of.kind == "string" and isinstance(value, str)) or (of.kind == "bool" and isinstance(value, bool)):
        return value
    raise ValueError
