from typing import Any

import pytest

from propolis.lang.cel.cost.estimate import estimate
from propolis.lang.cel.cost.ranges import Range
from propolis.lang.cel.cost.schema_sizes import LARGEST_REQUEST_BYTES, schema_sizes
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.libraries.kubernetes.environments import environment_at
from propolis.lang.cel.openapi.schemas import ObjectTypes
from propolis.lang.cel.program import compile_expression
from propolis.lang.cel.types import STRING

REST = LARGEST_REQUEST_BYTES - 2
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "names": {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 5}},
        "labels": {
            "type": "object",
            "maxProperties": 7,
            "additionalProperties": {"type": "string", "enum": ["a", "long", "é"]},
        },
        "open": {"type": "array", "items": {"type": "string"}},
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "kind"],
                "properties": {
                    "name": {"type": "string"},
                    "kind": {"type": "string", "default": "x"},
                    "more": {"type": "string"},
                },
            },
        },
        "text": {"type": "string"},
        "key": {"type": "string", "format": "byte", "maxLength": 9},
        "at": {"type": "string", "format": "date-time"},
        "port": {"x-kubernetes-int-or-string": True},
        "short-port": {"x-kubernetes-int-or-string": True, "maxLength": 3},
        "count": {"type": "integer"},
        "free": {"type": "object", "additionalProperties": {"type": "boolean"}},
    },
}
SIZE_OF = schema_sizes({"self": SCHEMA})


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("self", 0),
        ("self.names", 10),
        ("self.names.@items", 20),
        ("self.labels", 7),
        ("self.labels.@values", 4),
        ("self.labels.@keys", 0),
        ("self.open", REST // 3),
        ("self.open.@items", REST),
        ("self.parts", REST // (2 + len("name") + 2 + 4 + 1)),
        ("self.parts.@items.name", REST),
        ("self.text", REST),
        ("self.key", 9),
        ("self.at", 32),
        ("self.port", REST),
        ("self.short__dash__port", 12),
        ("self.count", 0),
        ("self.free", REST // (4 + 6)),
    ],
)
def test_a_schema_tells_how_large_a_value_may_be(path: str, most: int) -> None:
    assert SIZE_OF(tuple(path.split(".")), STRING) == Range(0, most)


@pytest.mark.parametrize("path", ["other", "self.nothing", "self.text.more", "self.names.@keys", ""])
def test_what_the_schema_does_not_tell_is_unknown(path: str) -> None:
    assert SIZE_OF(tuple(path.split(".")) if path else (), STRING) is None


def _estimate(text: str) -> Range:
    types = ObjectTypes()
    declared = types.declare(SCHEMA, "self")
    assert declared is not None
    environment = Environment(
        environment_at(), {"self": declared.type}, provider=types, uses_cross_type_numerics=True
    )
    return estimate(compile_expression(text, environment).tree, SIZE_OF)


def test_an_expression_on_a_schema_has_a_bound() -> None:
    assert _estimate("self.names.all(n, n.startsWith('abc'))") == Range(3, 53)
    assert _estimate("self.open.all(n, n.startsWith('abc'))").high == 3 + REST // 3 * 5
    assert _estimate("self.labels.all(k, self.labels[k].contains('é'))") == Range(3, 59)


def test_a_schema_of_anything_is_read_without_error() -> None:
    schemas: list[dict[str, Any]] = [
        {},
        {"type": 3},
        {"type": "array"},
        {"type": "array", "maxItems": -1},
        {"properties": []},
    ]
    for schema in schemas:
        assert schema_sizes({"self": schema})(("self",), STRING) is not None
        assert schema_sizes({"self": schema})(("self", "a"), STRING) is None


def test_an_endless_schema_ends() -> None:
    schema: dict[str, Any] = {"type": "object", "required": ["a"], "properties": {}}
    schema["properties"]["a"] = schema
    size_of = schema_sizes({"self": {"type": "array", "items": schema}})
    assert size_of(("self",), STRING) is not None
