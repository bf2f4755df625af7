"""``gzip``: texts as compressed bytes and back (libs/gzip)."""

import zlib
from typing import Any

from propolis.core.limits import DEFAULT
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import call, function
from propolis.lang.cel.library import Library
from propolis.lang.cel.types import BYTES, DYN, STRING

MOST_MEMBERS = 64
"""Most streams that may stand one after another."""

_GZIP = 31
"""Window bits that make zlib read and write gzip."""


def _compress(value: Any) -> bytes:
    if not isinstance(value, str):
        raise EvaluationError("gzip.compress() takes a string")
    compressor = zlib.compressobj(wbits=_GZIP)
    return compressor.compress(value.encode("utf-8", "surrogatepass")) + compressor.flush()


def _decompress(data: bytes) -> str:
    """All members of a gzip stream; ends before more comes out than a text may have."""
    parts: list[bytes] = []
    left = DEFAULT.text_bytes
    while data and len(parts) < MOST_MEMBERS:
        member_of = zlib.decompressobj(wbits=_GZIP)
        try:
            part = member_of.decompress(data, left + 1)
        except zlib.error as error:
            raise EvaluationError(f"gzip: {error}") from error
        left -= len(part)
        if left < 0:
            raise EvaluationError(f"gzip: the text is longer than {DEFAULT.text_bytes} bytes")
        if not member_of.eof:
            raise EvaluationError("gzip: unexpected EOF")
        parts.append(part)
        data = member_of.unused_data
    if data or not parts:
        raise EvaluationError(
            "gzip: unexpected EOF" if not parts else f"gzip: more than {MOST_MEMBERS} members"
        )
    return b"".join(parts).decode("utf-8", "replace")


GZIP_LIBRARY = Library(
    "kyverno.gzip",
    (
        function("gzip.decompress", call("decompress_bytes_string", (BYTES,), STRING, _decompress)),
        function("gzip.compress", call("compress_any_bytes", (DYN,), BYTES, _compress)),
    ),
)
