"""base64.

Follows cel-go ext/encoders.go @ v0.30.0: texts with and without padding are read.
"""

import base64
import binascii
import re

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Function, Library, Overload
from propolis.lang.cel.types import BYTES, STRING

_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)
_WIDTH = 4


def decoded(text: str) -> bytes:
    """The bytes that a text in base64 means.

    Raises:
        EvaluationError: It is none.
    """
    plain = text.replace("\n", "").replace("\r", "")
    if not _BASE64.fullmatch(plain):
        raise EvaluationError("illegal base64 data")
    body = plain.rstrip("=")
    if plain != body and len(plain) % _WIDTH:
        raise EvaluationError("illegal base64 data")
    try:
        return base64.b64decode(body + "=" * (-len(body) % _WIDTH), validate=True)
    except binascii.Error as error:
        raise EvaluationError("illegal base64 data") from error


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def encoders() -> Library:
    """``base64.decode`` and ``base64.encode``."""
    return Library(
        "encoders",
        functions=(
            Function("base64.decode", (Overload("base64_decode_string", (STRING,), BYTES, decoded),)),
            Function("base64.encode", (Overload("base64_encode_bytes", (BYTES,), STRING, _encoded),)),
        ),
    )
