"""A structural schema as types, and values that fit it as values of CEL.

Follows apiserver pkg/cel/common/schemas.go and valuesunstructured.go @ v0.36.3. What the schema does not tell
is not visible, but for objects without any property, which stay maps.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from propolis.core.errors import LimitError
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.extensions.encoders import decoded
from propolis.lang.cel.libraries.standard.moments import timestamp_of_text
from propolis.lang.cel.openapi.escaping import escaped
from propolis.lang.cel.openapi.lists import KeyedList, SetList
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
from propolis.lang.cel.values import MAX_INT, Duration
from propolis.lang.duration import parse_duration

Schema = Mapping[str, Any]
Read = Callable[[Any], Any]

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
            return Declared(DOUBLE, _double)
        return Declared(_SIMPLE[kind]) if isinstance(kind, str) and kind in _SIMPLE else None

    def _array(self, schema: Schema, name: str, level: int) -> Declared | None:
        item = self._declared(schema.get("items"), f"{name}.@items", False, level + 1)  # noqa: FBT003  # inner
        if item is None:
            return None
        return Declared(list_of(item.type), _array_reader(schema, item.read))

    def _object(self, schema: Schema, name: str, level: int) -> Declared | None:
        more = schema.get("additionalProperties")
        if isinstance(more, Mapping):
            value = self._declared(more, f"{name}.@values", False, level + 1)  # noqa: FBT003  # inner
            if value is None:
                return None
            return Declared(map_of(STRING, value.type), _map_reader(value.read))
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
        return Declared(object_type(name), _object_reader(readers))


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


# Reading values.


def _string(schema: Schema) -> Declared:
    kind = schema.get("format")
    found = _FORMATS.get(kind) if isinstance(kind, str) else None
    return Declared(STRING) if found is None else Declared(found, _of_text(_READERS[str(kind)]))


def _of_text(read: Callable[[str], Any]) -> Read:
    return lambda value: read(value) if type(value) is str else value


def _double(value: Any) -> Any:
    return float(value) if type(value) is int else value


def _date(text: str) -> Any:
    return timestamp_of_text(f"{text}T00:00:00Z")


_SPAN = re.compile(r"([0-9]+)\s*([A-Za-zµ]+)")
_SECOND = 1_000_000_000
_UNITS = {
    **dict.fromkeys(("ns", "nano"), 1),
    **dict.fromkeys(("us", "µs", "micro"), 1000),
    **dict.fromkeys(("ms", "milli"), 1_000_000),
    **dict.fromkeys(("s", "sec"), _SECOND),
    **dict.fromkeys(("m", "min"), 60 * _SECOND),
    **dict.fromkeys(("h", "hr", "hour"), 3600 * _SECOND),
    **dict.fromkeys(("d", "day"), 86_400 * _SECOND),
    **dict.fromkeys(("w", "wk", "week"), 7 * 86_400 * _SECOND),
}
_LONGEST_SPAN = 256


def _span(text: str) -> Duration:
    """A duration as Go reads it, or numbers with words: "2 days"."""
    plain = parse_duration(text)
    if plain is not None:
        return Duration(plain)
    parts = _SPAN.findall(text) if len(text) <= _LONGEST_SPAN else []
    units = [_UNITS.get(unit) or _UNITS.get(unit.removesuffix("s")) for _, unit in parts]
    if parts and all(units):
        total = sum(int(count) * unit for (count, _), unit in zip(parts, units, strict=True) if unit)
        if total <= MAX_INT:
            return Duration(total)
    raise EvaluationError(f"invalid duration {text[:80]!r}")


_READERS: dict[str, Callable[[str], Any]] = {
    "byte": decoded,
    "duration": _span,
    "date": _date,
    "date-time": timestamp_of_text,
}


def _array_reader(schema: Schema, read: Read | None) -> Read | None:
    kind = schema.get("x-kubernetes-list-type")
    keys = schema.get("x-kubernetes-list-map-keys")
    named = tuple(key for key in keys if isinstance(key, str)) if isinstance(keys, list) else ()

    def of_list(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        elements = value if read is None else [_or_null(read, element) for element in value]
        if kind == "set":
            return SetList(elements)
        return KeyedList(elements, named) if kind == "map" else elements

    return None if read is None and kind not in ("set", "map") else of_list


def _map_reader(read: Read | None) -> Read | None:
    if read is None:
        return None

    def of_map(value: Any) -> Any:
        return {key: _or_null(read, its) for key, its in value.items()} if isinstance(value, dict) else value

    return of_map


def _object_reader(readers: dict[str, Read]) -> Read | None:
    if not readers:
        return None

    def of_object(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        changed = {key: _or_null(read, value[key]) for key, read in readers.items() if key in value}
        return {**value, **changed}

    return of_object


def _or_null(read: Read, value: Any) -> Any:
    return None if value is None else read(value)
