"""A structural schema as types, and values that fit it as values of CEL.

Follows apiserver pkg/cel/common/schemas.go and valuesunstructured.go @ v0.36.3. What the schema does not tell
is not visible, but for objects without any property, which stay maps.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from propolis.core.errors import LimitError
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.openapi.escaping import escaped
from propolis.lang.cel.openapi.readers import (
    Read,
    Schema,
    array_reader,
    double,
    map_reader,
    object_reader,
    reader_of_format,
)
from propolis.lang.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Type,
    list_of,
    map_of,
    object_type,
)

MOST_LEVELS = 100
"""Deepest nesting of a schema."""
MOST_TYPES = 20_000
"""Most objects in a schema."""

_SIMPLE = {"boolean": BOOL, "number": DOUBLE, "integer": INT}
_FORMATS = {"byte": BYTES, "duration": DURATION, "date": TIMESTAMP, "date-time": TIMESTAMP}
_META: dict[str, dict[str, Any]] = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "generateName": {"type": "string"}},
    },
}


class Declared(msgspec.Struct, frozen=True):
    """What a schema says of a value.

    Attributes:
        type: Its type.
        read: Makes the value of CEL from the JSON value; None where they are the same.
    """

    type: Type
    read: Read | None = None


class ObjectTypes:
    """The object types of schemas: a `environment.Provider`."""

    def __init__(self) -> None:
        self._fields: dict[str, dict[str, Type]] = {}
        self._keys: dict[str, dict[str, str]] = {}

    def fields(self, type_name: str) -> Mapping[str, Type] | None:
        """Types of the fields of a type."""
        return self._fields.get(type_name)

    def key(self, type_name: str, field_name: str) -> str:
        """The property that a field is."""
        return self._keys[type_name][field_name]

    def construct(self, type_name: str, values: dict[str, Any]) -> Any:
        """The object with these fields, under the names of their properties.

        Raises:
            EvaluationError: There is no such type.
        """
        keys = self._keys.get(type_name)
        if keys is None:
            raise EvaluationError(f"unknown type: {type_name}")
        return {keys[name]: value for name, value in values.items()}

    def declare(self, schema: Schema, name: str, *, is_root: bool = False) -> Declared | None:
        """Adds the types of a schema.

        Args:
            schema: A structural schema, as in a CustomResourceDefinition.
            name: Of its outermost type; those within are called after where they stand.
            is_root: Whether it describes a resource, which has a kind and a name whatever the schema tells.

        Raises:
            LimitError: It is nested deeper than `MOST_LEVELS`, or has more than `MOST_TYPES` objects.
        """
        return self._declared(schema, name, is_root, 0)

    def _declared(self, schema: Any, name: str, is_root: bool, level: int) -> Declared | None:  # noqa: FBT001  # inner
        if level > MOST_LEVELS:
            raise LimitError(f"the schema is nested deeper than {MOST_LEVELS} levels")
        if not isinstance(schema, Mapping):
            return None
        if schema.get("x-kubernetes-int-or-string"):
            return Declared(DYN)
        if is_root or schema.get("x-kubernetes-embedded-resource"):
            schema = {**schema, "type": "object", "properties": {**_properties(schema), **_meta(schema)}}
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema, name, level)
        if kind == "array":
            return self._array(schema, name, level)
        if kind == "string":
            return _string(schema)
        if kind == "number":
            return Declared(DOUBLE, double)
        return Declared(_SIMPLE[kind]) if isinstance(kind, str) and kind in _SIMPLE else None

    def _array(self, schema: Schema, name: str, level: int) -> Declared | None:
        item = self._declared(schema.get("items"), f"{name}.@items", False, level + 1)  # noqa: FBT003  # inner
        if item is None:
            return None
        return Declared(list_of(item.type), array_reader(schema, item.read))

    def _object(self, schema: Schema, name: str, level: int) -> Declared | None:
        more = schema.get("additionalProperties")
        if isinstance(more, Mapping):
            value = self._declared(more, f"{name}.@values", False, level + 1)  # noqa: FBT003  # inner
            if value is None:
                return None
            return Declared(map_of(STRING, value.type), map_reader(value.read))
        properties = _properties(schema)
        if not properties and (more or schema.get("x-kubernetes-preserve-unknown-fields")):
            return Declared(DYN)
        return self._with_fields(properties, name, level)

    def _with_fields(self, properties: Mapping[str, Any], name: str, level: int) -> Declared:
        if len(self._fields) >= MOST_TYPES:
            raise LimitError(f"the schema has more than {MOST_TYPES} objects")
        fields = self._fields[name] = {}
        keys = self._keys[name] = {}
        readers: dict[str, Read] = {}
        for key, inner in properties.items():
            field = escaped(key) if isinstance(key, str) else None
            found = self._declared(inner, f"{name}.{key}", False, level + 1)  # noqa: FBT003  # inner
            if found is not None and field is not None:
                fields[field], keys[field] = found.type, key
                if found.read is not None:
                    readers[key] = found.read
        return Declared(object_type(name), object_reader(readers))


def _properties(schema: Schema) -> Mapping[str, Any]:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _meta(schema: Schema) -> dict[str, Any]:
    """What every resource has, unless the schema tells more of it."""
    known = _properties(schema)
    made: dict[str, Any] = {}
    for key, least in _META.items():
        its = known.get(key)
        if key == "metadata" and isinstance(its, Mapping):
            made[key] = {**its, "type": "object", "properties": {**least["properties"], **_properties(its)}}
        elif not isinstance(its, Mapping):
            made[key] = least
    return made


def _string(schema: Schema) -> Declared:
    kind = schema.get("format")
    found = _FORMATS.get(kind) if isinstance(kind, str) else None
    return Declared(STRING) if found is None else Declared(found, reader_of_format(str(kind)))
