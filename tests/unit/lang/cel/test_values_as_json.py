import math

import pytest

from propolis.lang.cel import json_values
from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.json_values import from_json, to_json
from propolis.lang.cel.operations.size import MOST_PARTS, effort
from propolis.lang.cel.parser import parse
from propolis.lang.cel.types import BYTES, DOUBLE, DURATION, INT, STRING, TIMESTAMP, list_of, map_of, opaque
from propolis.lang.cel.unparser import unparse
from propolis.lang.cel.values import NONE, Duration, MixedMap, OptionalValue, Timestamp, UInt
from tests.harness.cel_runs import ENVIRONMENT
from tests.harness.cel_values import program


@pytest.mark.parametrize(
    ("value", "json"),
    [
        ({"a": [1, True, None, "x", 1.5]}, {"a": [1, True, None, "x", 1.5]}),
        ({1: UInt(2), UInt(3): b"hi"}, {"1": 2, "3": "aGk="}),
        (MixedMap([(True, 1)]), {"true": 1}),
        ([math.nan, math.inf, -math.inf], ["NaN", "Infinity", "-Infinity"]),
        (Timestamp(1_500_000_000), "1970-01-01T00:00:01.5Z"),
        (Duration(-1_500_000_000), "-1.5s"),
        ([OptionalValue([1]), NONE], [[1], None]),
        (list_of(INT), "list(int)"),
    ],
)
def test_a_value_has_its_json(value: object, json: object) -> None:
    found = to_json(value)
    assert found == json
    assert repr(found) == repr(json)


def test_what_has_no_json_is_an_error() -> None:
    class Address:
        cel_type = opaque("net.IP")

    with pytest.raises(EvaluationError, match=r"a value of type net\.IP has no JSON"):
        to_json([Address()])
    with pytest.raises(EvaluationError, match="key"):
        to_json({1.5: 1})


def test_json_has_limits() -> None:
    deep: object = 1
    for _ in range(json_values.MOST_LEVELS + 2):
        deep = [deep]
    with pytest.raises(EvaluationError, match="deeper"):
        to_json(deep)
    shared: list[object] = [1]
    for _ in range(40):
        shared = [shared, shared]
    with pytest.raises(CostError, match=str(MOST_PARTS)):
        to_json(shared)


def test_json_is_read_by_types() -> None:
    assert from_json("aGk=", BYTES) == b"hi"
    assert from_json("1m", DURATION) == Duration(60 * 10**9)
    assert from_json(["1970-01-01T00:00:00Z"], list_of(TIMESTAMP)) == [Timestamp(0)]
    assert from_json({"a": 1}, map_of(STRING, DOUBLE)) == {"a": 1.0}
    with pytest.raises(EvaluationError):
        from_json("x", TIMESTAMP)


def test_what_needs_no_change_is_the_same_object() -> None:
    value = {"a": ["x"]}
    assert from_json(value, map_of(STRING, list_of(STRING))) is value


def test_small_values_cost_nothing_and_large_ones_by_their_size() -> None:
    assert effort("a" * 100, [1] * 100, 5, None) == 0
    assert effort("a" * 16_000) == 1000
    assert effort([1] * 1600, "b" * 1600) == 200


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("a+b", "a + b"),
        ("(a || b) && !(c && d)", "(a || b) && !(c && d)"),
        ("[1,?x]", "[1, ?x]"),
        ("-(-1)", "-(-1)"),
        ("- a", "-a"),
        ("a.map(x,x>1,x*2)", "a.map(x, x > 1, x * 2)"),
        ("has(a.b)&&a.b.exists_one(c,c)", "has(a.b) && a.b.exists_one(c, c)"),
        ("cel.bind(x,1,x)", "cel.bind(x, 1, x)"),
        ("a.?b.optMap(x,x)", "a.?b.optMap(x, x)"),
        ("math.greatest(1,2,3)", "math.greatest(1, 2, 3)"),
        ('"\\n\\"\\u0001é"', '"\\n\\"\\u0001é"'),
        ("b'\\xff\\n'", 'b"\\xff\\n"'),
        ("1u + 2.0 + 1e30", "1u + 2.0 + 1e+30"),
        ("a.`b-c`.d", "a.`b-c`.d"),
        ("(a ? b : c) ? d : e", "(a ? b : c) ? d : e"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a + b)[0].c", "(a + b)[0].c"),
        ("A{b: 1, ?c: d}", "A{b: 1, ?c: d}"),
    ],
)
def test_an_expression_is_written_again(text: str, again: str) -> None:
    assert unparse(parse(text, ENVIRONMENT.macros)) == again


def test_a_part_of_a_checked_tree_is_written_again() -> None:
    tree = program("object.a.all(x, x in texts) || false").tree
    left = tree.root.arguments[0]  # type: ignore[union-attr]
    assert unparse(left, tree.macros) == "object.a.all(x, x in texts)"
