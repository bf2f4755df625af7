from typing import Any

import pytest

from propolis.core.errors import LimitError
from propolis.lang.cel.errors import CelTypeError, EvaluationError
from propolis.lang.cel.openapi import schemas
from propolis.lang.cel.openapi.escaping import escaped
from propolis.lang.cel.openapi.lists import KeyedList, SetList
from propolis.lang.cel.openapi.schemas import ObjectTypes
from propolis.lang.cel.program import compile_expression
from propolis.lang.cel.types import (
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
)
from propolis.lang.cel.values import Duration, Timestamp
from tests.harness.cel_runs import ENVIRONMENT, runtime

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "replicas": {"type": "integer"},
                "ratio": {"type": "number"},
                "port": {"x-kubernetes-int-or-string": True},
                "since": {"type": "string", "format": "date-time"},
                "day": {"type": "string", "format": "date"},
                "timeout": {"type": "string", "format": "duration"},
                "data": {"type": "string", "format": "byte"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "names": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                "ports": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "port": {"type": "integer"}},
                    },
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                },
                "namespace": {"type": "string"},
                "a-b.c/d__e": {"type": "string"},
                "$ref": {"type": "string"},
                "unknown": {"x-kubernetes-preserve-unknown-fields": True},
            },
        }
    },
}


def evaluate(text: str, value: Any) -> Any:
    types = ObjectTypes()
    declared = types.declare(SCHEMA, "Shop", is_root=True)
    assert declared is not None
    assert declared.read is not None
    environment = ENVIRONMENT.extended(variables={"self": declared.type}, provider=types)
    program = compile_expression(text, environment)
    program.generate()
    return program.evaluate({"self": declared.read({"spec": value})}, runtime())


def type_of(schema: dict[str, Any]) -> Type | None:
    declared = ObjectTypes().declare(schema, "Root")
    return None if declared is None else declared.type


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({"type": "integer"}, INT),
        ({"type": "number"}, DOUBLE),
        ({"type": "string"}, STRING),
        ({"type": "string", "format": "byte"}, BYTES),
        ({"type": "string", "format": "duration"}, DURATION),
        ({"type": "string", "format": "date"}, TIMESTAMP),
        ({"type": "string", "format": "email"}, STRING),
        ({"x-kubernetes-int-or-string": True}, DYN),
        ({"type": "array", "items": {"type": "integer"}}, list_of(INT)),
        ({"type": "array"}, None),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, map_of(STRING, INT)),
        ({"type": "object", "additionalProperties": True}, DYN),
        ({"type": "object", "additionalProperties": {}}, None),
        ({}, None),
    ],
)
def test_a_schema_has_a_type(schema: dict[str, Any], found: Type | None) -> None:
    assert type_of(schema) == found


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("self.spec.replicas > 1", {"replicas": 2}, True),
        ("self.spec.ratio + 0.5", {"ratio": 1}, 1.5),
        ("self.spec.port == 80 || self.spec.port == 'http'", {"port": "http"}, True),
        ("self.spec.since", {"since": "1970-01-01T00:00:01Z"}, Timestamp(10**9)),
        ("self.spec.day.getMonth()", {"day": "2020-03-01"}, 2),
        ("self.spec.timeout > duration('30s')", {"timeout": "1m"}, True),
        ("self.spec.timeout", {"timeout": "2 days"}, Duration(2 * 86_400 * 10**9)),
        ("self.spec.data", {"data": "aGk="}, b"hi"),
        ("self.spec.labels.all(k, self.spec.labels[k] == 'x')", {"labels": {"a": "x"}}, True),
        ("self.spec.free.any.thing", {"free": {"any": {"thing": 1}}}, 1),
        ("self.spec.names == ['b', 'a']", {"names": ["a", "b"]}, True),
        ("self.spec.names + ['b', 'c']", {"names": ["a", "b"]}, ["a", "b", "c"]),
        ("dyn(self.spec.ports) + [{'name': 'a', 'port': 2}] == [{'name': 'a', 'port': 2}]",
         {"ports": [{"name": "a", "port": 1}]}, True),
        ("self.spec.__namespace__", {"namespace": "x"}, "x"),
        ("self.spec.a__dash__b__dot__c__slash__d__underscores__e", {"a-b.c/d__e": "x"}, "x"),
        ("has(self.spec.__namespace__)", {}, False),
        ("self.kind == '' || self.metadata.name == ''", {}, None),
    ],
)  # fmt: skip
def test_values_are_what_their_schema_says(text: str, value: dict[str, Any], expected: Any) -> None:
    if expected is None:
        with pytest.raises(EvaluationError, match="no such key"):
            evaluate(text, value)
    else:
        assert evaluate(text, value) == expected


@pytest.mark.parametrize("field", ["absent", "unknown", "ref", "namespace"])
def test_what_the_schema_does_not_show_is_no_field(field: str) -> None:
    with pytest.raises(CelTypeError, match="undefined field"):
        evaluate(f"self.spec.{field}", {})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"since": "yesterday"}, "timestamp"),
        ({"timeout": "soon"}, "duration"),
        ({"timeout": "9999999999999 days"}, "duration"),
        ({"data": "%"}, "base64"),
    ],
)
def test_a_value_that_does_not_fit_its_format_is_an_error(value: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        evaluate("self.spec", value)


def test_values_of_other_types_than_the_schema_says_stay_as_they_are() -> None:
    odd = {"since": 5, "ratio": "x", "names": {"a": 1}, "ports": None, "labels": [1]}
    assert evaluate("self.spec", odd) == odd


def test_objects_are_made_with_the_names_of_their_properties() -> None:
    assert ObjectTypes().declare({"type": "string"}, "Text") is not None
    types = ObjectTypes()
    types.declare({"type": "object", "properties": {"a-b": {"type": "integer"}}}, "Thing")
    environment = ENVIRONMENT.extended(provider=types)
    assert compile_expression("Thing{a__dash__b: 1}", environment).evaluate({}, runtime()) == {"a-b": 1}


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("plain_1", "plain_1"),
        ("for", "__for__"),
        ("true", "__true__"),
        ("a__b", "a__underscores__b"),
        ("1a", None),
        ("a$", None),
        ("é", None),
        ("", None),
        ("a" * 2000, None),
    ],
)
def test_names_are_escaped(name: str, field: str | None) -> None:
    assert escaped(name) == field


def test_lists_of_sets_and_maps_merge() -> None:
    assert SetList([1, 2]).joined([2.0, 3]) == [1, 2, 3]
    assert SetList([1, 2]).is_same([2, 1])
    assert not SetList([1, 2]).is_same([1, 1, 2])
    keyed = KeyedList([{"k": 1, "v": 1}, {"k": 2}], ("k",))
    assert keyed.joined([{"k": 1, "v": 2}, {"k": 3}]) == [{"k": 1, "v": 2}, {"k": 2}, {"k": 3}]
    assert keyed.is_same([{"k": 2}, {"k": 1, "v": 1}])
    assert not keyed.is_same([{"k": 2}, {"k": 1, "v": 2}])


def test_a_schema_has_limits() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(schemas.MOST_LEVELS + 1):
        deep = {"type": "array", "items": deep}
    with pytest.raises(LimitError, match="deeper"):
        ObjectTypes().declare(deep, "Deep")
    one = {"type": "object", "properties": {"a": {"type": "string"}}}
    wide = {"type": "object", "properties": {f"p{number}": one for number in range(schemas.MOST_TYPES + 1)}}
    with pytest.raises(LimitError, match="objects"):
        ObjectTypes().declare(wide, "Wide")


@pytest.mark.parametrize(
    "schema", [None, [], 5, {"type": 5}, {"type": []}, {"type": "object", "properties": 5}]
)
def test_a_schema_that_is_none_declares_nothing_wrong(schema: Any) -> None:
    ObjectTypes().declare(schema, "Odd")
    ObjectTypes().declare({"type": "object", "properties": {"a": schema, 5: schema}}, "Odd", is_root=True)
