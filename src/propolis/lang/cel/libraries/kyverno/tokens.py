"""``jwt.Decode(token, key)``: signed claims, for policies that answer servers.

Follows kyverno/kyverno-authz pkg/cel/libs/jwt @ 9101a3f, for keys that both sides share (RFC 7515, RFC 7519).
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import call, function
from propolis.lang.cel.library import Library, Runtime
from propolis.lang.cel.types import STRING, Type, object_type

TOKEN_TYPE = object_type("jwt.Token")
LONGEST_TOKEN = 64 * 1024
"""Characters of a token."""
_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
_PARTS = 3


class Token(dict[str, Any]):
    """``Claims`` and whether the token is ``Valid`` now."""

    cel_type: ClassVar[Type] = TOKEN_TYPE


def _decode(runtime: Runtime, token: str, key: str) -> Token:
    """Raises `EvaluationError` where the token is none, or another key signed it."""
    parts = token.split(".")
    if len(parts) != _PARTS or len(token) > LONGEST_TOKEN:
        raise EvaluationError("failed to parse the token: it has no three parts")
    header, claims = _object(parts[0]), _object(parts[1])
    algorithm = _HASHES.get(str(header.get("alg")))
    if algorithm is None:
        raise EvaluationError("failed to verify the token: its algorithm is none of HS256, HS384 and HS512")
    made = hmac.new(key.encode(), f"{parts[0]}.{parts[1]}".encode(), algorithm).digest()
    if not hmac.compare_digest(made, _bytes(parts[2])):
        raise EvaluationError("failed to verify the token: the signature is not that of the key")
    return Token({"Claims": claims, "Valid": _is_valid(claims, runtime.now)})


def _is_valid(claims: dict[str, Any], now: datetime) -> bool:
    """Whether a token is in force: not expired, and neither of nor for the future."""
    seconds = int(now.timestamp())
    end, *begins = (claims.get(name) for name in ("exp", "nbf", "iat"))
    if isinstance(end, int | float) and seconds >= end:
        return False
    return not any(isinstance(begin, int | float) and begin > seconds for begin in begins)


def _object(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(_bytes(text))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise EvaluationError("failed to parse the token: a part is no object of JSON")
    return found


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise EvaluationError("failed to parse the token: a part is no base64url") from None


JWT_LIBRARY = Library(
    "kyverno.jwt",
    (function("jwt.Decode", call("decode_string_string", (STRING, STRING), TOKEN_TYPE, _decode, asks=True)),),
    types={TOKEN_TYPE.name: TOKEN_TYPE},
)
