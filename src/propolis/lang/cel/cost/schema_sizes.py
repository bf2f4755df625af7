"""Sizes of values by their schema: what ``maxLength`` and the like tell, and what fits a request.

Follows apiserver pkg/cel/common/schemas.go (MaxElements) and the size estimator of apiextensions-apiserver
@ v0.36.3.
"""

from collections.abc import Mapping
from typing import Any

from propolis.lang.cel.cost.ranges import Range
from propolis.lang.cel.cost.sizes import Path, SizeOf
from propolis.lang.cel.openapi.escaping import escaped
from propolis.lang.cel.openapi.schemas import MOST_LEVELS
from propolis.lang.cel.types import Type

Schema = Mapping[str, Any]

LARGEST_REQUEST_BYTES = 3 * 1024 * 1024
"""Largest request that an API server takes."""
_BYTES_PER_CHARACTER = 4
_LONGEST = {"duration": 32, "date": 12, "date-time": 32}
"""Characters of texts with a format, by format."""
_SHORTEST = {"duration": 3, "date": 12, "date-time": 21}
"""Bytes of such a text in JSON, at least."""
_SHORTEST_TEXT, _SHORTEST_NUMBER, _SHORTEST_BOOL, _SHORTEST_LIST = 2, 1, 4, 2
_UNNAMED = frozenset({"@items", "@values"})


def schema_sizes(variables: Mapping[str, Schema]) -> SizeOf:
    """Sizes of variables and what is in them.

    Args:
        variables: Their structural schemas, by name.
    """

    def size_of(path: Path, _: Type) -> Range | None:
        schema = variables.get(path[0]) if path else None
        for step in path[1:]:
            schema = _step(schema, step) if isinstance(schema, Mapping) else None
        if not isinstance(schema, Mapping):
            return None
        return Range(0, _most(schema))

    return size_of


def least_bytes(schema: Schema) -> int:
    """Bytes of the smallest value that a schema describes, in JSON."""
    return _least(schema, 0)


def _step(schema: Schema, step: str) -> Any:
    """The schema of an element, a value, a key or a field."""
    if step in _UNNAMED:
        return schema.get("items") or schema.get("additionalProperties")
    if step == "@keys":
        return {"type": "string", "maxLength": 0} if "additionalProperties" in schema else None
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return None
    if step in properties:
        return properties[step]
    return next((its for name, its in properties.items() if escaped(str(name)) == step), None)


def _most(schema: Schema) -> int:
    """Most characters, bytes, items or entries."""
    kind = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        return _most_text(schema, _BYTES_PER_CHARACTER)
    if kind == "array":
        return _limit(schema, "maxItems", (LARGEST_REQUEST_BYTES - 2) // (_least(schema.get("items"), 0) + 1))
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        each = _least(schema["additionalProperties"], 0) + 6
        return _limit(schema, "maxProperties", (LARGEST_REQUEST_BYTES - 2) // each)
    if kind == "string":
        form = schema.get("format")
        if form in _LONGEST:
            return _LONGEST[str(form)]
        return _most_text(schema, 1 if form == "byte" else _BYTES_PER_CHARACTER)
    return 0


def _most_text(schema: Schema, bytes_per_character: int) -> int:
    """A limit counts code points; its longest value where the values are listed."""
    if isinstance(schema.get("maxLength"), int):
        return _limit(schema, "maxLength", 0) * bytes_per_character
    listed = schema.get("enum")
    if isinstance(listed, list) and listed and schema.get("type") == "string":
        return max(len(value.encode()) if isinstance(value, str) else 0 for value in listed)
    return LARGEST_REQUEST_BYTES - 2


def _limit(schema: Schema, name: str, otherwise: int) -> int:
    value = schema.get(name)
    return max(0, value) if isinstance(value, int) else otherwise


def _least(schema: Any, level: int) -> int:
    """Bytes of the smallest value in JSON."""
    if not isinstance(schema, Mapping) or level > MOST_LEVELS:
        return 1
    if schema.get("x-kubernetes-int-or-string"):
        return _SHORTEST_NUMBER
    match schema.get("type"):
        case "object":
            return _least_object(schema, level)
        case "array":
            return _SHORTEST_LIST
        case "string":
            return _SHORTEST.get(str(schema.get("format")), _SHORTEST_TEXT)
        case "boolean":
            return _SHORTEST_BOOL
    return _SHORTEST_NUMBER


def _least_object(schema: Schema, level: int) -> int:
    """Two braces, and what must be there and has no default."""
    size = _SHORTEST_LIST
    properties, required = schema.get("properties"), schema.get("required")
    if isinstance(schema.get("additionalProperties"), Mapping) or not isinstance(properties, Mapping):
        return size
    for name in required if isinstance(required, list) else ():
        its = properties.get(name)
        if isinstance(its, Mapping) and its.get("default") is None:
            size += len(str(name)) + _least(its, level + 1) + 4
    return size
