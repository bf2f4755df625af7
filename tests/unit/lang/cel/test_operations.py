import math

import pytest

from propolis.lang.cel.operations.equality import equal
from propolis.lang.cel.types import STRING
from propolis.lang.cel.values import (
    NONE,
    Duration,
    MixedMap,
    OptionalValue,
    Timestamp,
    UInt,
    type_of,
)
from tests.harness.cel_values import failure, value

BIG = 9223372036854775807


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 - 3 * 4", -9),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("7u / 2u", UInt(3)),
        ("1.0 / 0.0", math.inf),
        ("-1.0 / 0.0", -math.inf),
        ("1.0 / -0.0", -math.inf),
        ("'a' + 'b'", "ab"),
        ("b'a' + b'b'", b"ab"),
        ("[1] + dyn(['a'])", [1, "a"]),
        ("duration('1h') + timestamp('2020-01-01T00:00:00Z')", Timestamp(1577840400 * 10**9)),
        ("timestamp('2020-01-01T00:00:01Z') - timestamp('2020-01-01T00:00:00Z')", Duration(10**9)),
    ],
)
def test_arithmetic_gives(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9223372036854775807 + 1", "overflow"),
        ("-9223372036854775808 - 1", "overflow"),
        ("-(-9223372036854775808)", "overflow"),
        ("-9223372036854775808 / -1", "overflow"),
        ("-9223372036854775808 % -1", "overflow"),
        ("9223372036854775807 * 2", "overflow"),
        ("0u - 1u", "overflow"),
        ("18446744073709551615u + 1u", "overflow"),
        ("1 / 0", "division by zero"),
        ("1 % 0", "modulus by zero"),
        ("dyn(1) + 1u", "no such overload: _+_(int, uint)"),
        ("dyn(1) + 1.0", "no such overload"),
        ("dyn(true) + 1", "no such overload"),
        ("-dyn(true)", "no such overload"),
        ("!dyn(1)", "no such overload"),
        ("dyn(1) < 'a'", "no such overload"),
        ("dyn(true) < 1", "no such overload"),
        ("dyn([1]) < dyn([2])", "no such overload"),
        ("timestamp('9999-12-31T23:59:59Z') + duration('1s')", "out of range"),
        ("timestamp('0001-01-01T00:00:00Z') - duration('1s')", "out of range"),
        ("duration('2562047h') + duration('2562047h')", "out of range"),
    ],
)
def test_arithmetic_fails(text: str, message: str) -> None:
    assert message in failure(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dyn(1) == true", False),
        ("dyn(0) == false", False),
        ("dyn(true) == 1", False),
        ("dyn(1) == 1u && dyn(1u) == 1.0", True),
        ("dyn('1') == 1", False),
        ("0.0 / 0.0 == 0.0 / 0.0", False),
        ("[0.0 / 0.0] == [0.0 / 0.0]", False),
        ("{'a': 1} == {'a': dyn(true)}", False),
        ("{'a': [1, 2u]} == {'a': [dyn(1.0), 2]}", True),
        ("dyn({1: 'a'}) == {1u: 'a'}", True),
        ("dyn(null) == false", False),
        ("type(1) == int && type([1]) == list && type({}) == map", True),
        ("type(type(1)) == type", True),
        ("optional.of(1) == optional.of(1) && optional.of(1) != optional.none()", True),
        ("b'a' == b'a' && dyn(b'a') != 'a'", True),
        ("dyn(9223372036854775807) < 9223372036854775808.0", False),
        ("dyn(18446744073709551615u) > 9223372036854775807", True),
        ("0.0 / 0.0 < 1.0 || 0.0 / 0.0 >= 1.0", False),
        ("'é' > 'z' && 'a' < 'b' && false < true", True),
    ],
)
def test_values_compare(text: str, expected: bool) -> None:  # noqa: FBT001  # a table
    assert value(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{true: 'a', 1: 'b'}[true]", "a"),
        ("{true: 'a', 1: 'b'}[1]", "b"),
        ("{true: 'a', 1: 'b'}.size()", 2),
        ("{1: 'b'}[dyn(1.0)] + {1: 'b'}[dyn(1u)]", "bb"),
        ("dyn(true) in dyn({1: 'a'})", False),
        ("dyn(1) in {1u: 'a'}", True),
        ("dyn(1.5) in {1: 'a'}", False),
        ("dyn(true) in [1]", False),
        ("dyn(1.0) in [1]", True),
        ("{false: 1}.map(k, k)", [False]),
        ("[7, 8][dyn(1.0)]", 8),
        ("[7, 8][dyn(1u)]", 8),
        ("{'a': {'b': 1}}.a.b", 1),
        ("{'a': null}.a", None),
        ("has({'a': null}.a)", True),
    ],
)
def test_keys_and_indices_find(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{'a': 1}.b", "no such key: b"),
        ("{'a': 1}['b']", "no such key: b"),
        ("[1][1]", "index out of bounds: 1"),
        ("[1][-1]", "index out of bounds: -1"),
        ("[1][dyn(0.5)]", "unsupported index type 'double' in list"),
        ("[1][dyn(true)]", "unsupported index type 'bool' in list"),
        ("dyn('abc')[0]", "no such key: 0"),
        ("dyn('abc').field", "no such key: field"),
        ("dyn(null).field", "no such key: field"),
        ("dyn(['a']).field", "unsupported index type 'string' in list"),
        ("has(dyn(['a']).a)", "unsupported index type 'string' in list"),
        ("dyn(['a']).?a", "unsupported index type 'string' in list"),
        ("'a' in dyn('abc')", "no such overload"),
        ("{dyn(1.5): 1}", "unsupported key type"),
        ("{dyn(null): 1}", "unsupported key type"),
        ("{'a': 1, 'a': 2}", "key twice"),
        ("{1: 1, dyn(1u): 2}", "key twice"),
        ("dyn('abc').all(c, true)", "no such overload"),
        ("dyn(1).map(c, c)", "no such overload"),
    ],
)
def test_keys_and_indices_fail(text: str, message: str) -> None:
    assert message in failure(text)


def test_a_bool_and_a_number_are_two_keys_in_one_map() -> None:
    mixed = MixedMap([(True, "a"), (1, "b")])
    assert list(mixed) == [True, 1]
    assert mixed.items() == [(True, "a"), (1, "b")]
    assert mixed[True] == "a"
    assert mixed.get(1) == "b"
    assert False not in mixed
    mixed[False] = "c"
    assert mixed.keys() == [True, 1, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{'a': 1}.?a.orValue(0)", 1),
        ("{'a': 1}.?b.orValue(0)", 0),
        ("{'a': {}}.?a.?b.hasValue()", False),
        ("optional.none().or(optional.of(1)).value()", 1),
        ("optional.of(1).orValue(1 / 0)", 1),
        ("dyn([1]).orValue([])", [1]),
        ("dyn(null).orValue(1 / 0)", None),
        ("optional.of(1).or(optional.none()).orValue(2)", 1),
        ("has(dyn('abc').a) || has(dyn(null).a) || has(dyn(1).a)", False),
        ("dyn('text').?env.?more.orValue([])", []),
        ("dyn(true)[?'a'].hasValue()", False),
        ("[1][?3].orValue(7)", 7),
        ("[?optional.of(1), ?optional.none(), 2]", [1, 2]),
        ("{?'a': optional.none(), ?'b': optional.of(1)}", {"b": 1}),
        ("optional.of({'a': {'b': 1}}).a.b.value()", 1),
        ("has(optional.of({'a': 1}).a)", True),
        ("optional.of([1])[0].value()", 1),
        ("optional.of(2).optMap(x, x * 2).value()", 4),
        ("optional.of({'a': 1}).optFlatMap(x, x.?b).hasValue()", False),
        ("optional.ofNonZeroValue('').hasValue()", False),
        ("optional.ofNonZeroValue([0]).hasValue()", True),
        ("optional.unwrap([optional.of(1), optional.none()])", [1]),
        ("[1, 2].first().value() + [1, 2].last().value()", 3),
    ],
)
def test_optional_values(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optional.none().value()", "dereference"),
        ("optional.none().orValue(1 / 0)", "division by zero"),
        ("[?dyn(1)]", "non-optional"),
        ("{?'a': dyn(1)}", "non-optional"),
        ("dyn(1).hasValue()", "no such overload"),
    ],
)
def test_optional_values_fail(text: str, message: str) -> None:
    assert message in failure(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("false && 1 / 0 > 0", False),
        ("1 / 0 > 0 && false", False),
        ("true || 1 / 0 > 0", True),
        ("1 / 0 > 0 || true", True),
        ("dyn(1) && false", False),
        ("true ? 1 : 1 / 0", 1),
        ("[1, 0].exists(x, 1 / x > 0)", True),
        ("[0, 1].exists(x, 1 / x > 0)", True),
        ("[0, 1].all(x, 1 / x > 1)", False),
        ("cel.bind(x, 1 / 0, true)", True),
        ("[].all(x, 1 / 0 > 0)", True),
    ],
)
def test_errors_are_absorbed_by_what_decides(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "true && 1 / 0 > 0", "1 / 0 > 0 || false", "dyn(1) && true", "dyn(1) ? 2 : 3",
        "[0].exists(x, 1 / x > 0)", "[0, 1].exists_one(x, 1 / x > 0)", "[1, 0].map(x, 1 / x)",
        "cel.bind(x, 1 / 0, x > 0)", "[1].all(x, dyn(x))",
        "[1].filter(x, dyn(x))", "{'a': 1}.transformMapEntry(k, v, {'x': 1, 'x': 2})",
    ],
)  # fmt: skip
def test_errors_that_nothing_decides_are_told(text: str) -> None:
    assert failure(text)


def test_equality_does_not_take_a_bool_for_a_number_at_any_depth() -> None:
    assert not equal([{"a": [1]}], [{"a": [True]}])
    assert equal([{"a": [UInt(1)]}], [{"a": [1.0]}])
    assert not equal(OptionalValue(None), NONE)


def test_a_class_of_strings_is_a_string() -> None:
    class Word(str):
        __slots__ = ()

    assert type_of(Word("a")) == STRING
