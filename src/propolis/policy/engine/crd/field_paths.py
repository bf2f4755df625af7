"""``fieldPath`` of a rule: fields and keys below its value, as the schema knows them.

Follows apiextensions-apiserver ValidFieldPath @ v0.36.3.
"""

import re
from collections.abc import Mapping
from typing import Any

_PART = re.compile(r"\.([^.\[\]']+)|\['((?:[^'\\]|\\.)*)'\]")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "'": "'", "\\": "\\"}
LONGEST_PATH = 4096


def normalized_path(text: str, schema: Mapping[str, Any]) -> str | None:
    """The path as errors have it, ``spec.labels[app]``; None for one that leads nowhere."""
    here: Any = schema
    path, position = "", 0
    if len(text) > LONGEST_PATH:
        return None
    while position < len(text):
        found = _PART.match(text, position)
        if found is None or not isinstance(here, Mapping):
            return None
        name = found.group(1) if found.group(1) is not None else _unescaped(found.group(2))
        position = found.end()
        properties = here.get("properties")
        if name is None:
            return None
        if isinstance(properties, Mapping):
            here = properties.get(name)
            path = f"{path}.{name}" if path else name
        else:
            here = here.get("additionalProperties")
            path = f"{path}[{name}]"
        if not isinstance(here, Mapping):
            return None
    return path or None


def _unescaped(text: str) -> str | None:
    if any(found not in _ESCAPES for found in _ESCAPE.findall(text)):
        return None
    return _ESCAPE.sub(lambda found: _ESCAPES[found.group(1)], text)
