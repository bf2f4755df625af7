"""Names of properties as names of fields.

Follows apiserver pkg/cel/escaping.go @ v0.36.3.
"""

import re

from propolis.lang.cel.lexer import KEYWORDS
from propolis.lang.cel.parser import RESERVED

_RESERVED = KEYWORDS | RESERVED
_ALLOWED = re.compile(r"[A-Za-z_./-][A-Za-z0-9_./-]*", re.ASCII)
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_PART = re.compile(r"__|[./-]")
LONGEST_NAME = 1024
"""Most characters of a name that becomes a field."""


def escaped(name: str) -> str | None:
    """The name of a field; None for a property that expressions cannot name."""
    if len(name) > LONGEST_NAME or not _ALLOWED.fullmatch(name):
        return None
    if name in _RESERVED:
        return f"__{name}__"
    return _PART.sub(lambda part: _ESCAPES[part[0]], name)
