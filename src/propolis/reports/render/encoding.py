"""JSON for machines: what every format that is JSON ends in."""

from typing import Any

import orjson


def encode(document: Any) -> bytes:
    """JSON with two spaces of indentation, times in RFC 3339."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


def compact(document: Any) -> str:
    """JSON on one line."""
    return orjson.dumps(document, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS).decode()
