"""Patterns over bytes by RE2: linear time, whatever the text is."""

from typing import Any

import re2

_MOST_MEMORY_BYTES = 64 << 20


def compile_bytes(pattern: str) -> Any:
    """A pattern that is matched byte by byte; characters stand for bytes."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes as they are
    options.max_mem = _MOST_MEMORY_BYTES
    return re2.compile(pattern.encode("latin-1"), options)
