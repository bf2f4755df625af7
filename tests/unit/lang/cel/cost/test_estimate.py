import pytest

from propolis.lang.cel.cost.estimate import estimate
from propolis.lang.cel.cost.ranges import ENDLESS, Range, exactly
from propolis.lang.cel.cost.sizes import Path
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.libraries.extensions import bindings
from propolis.lang.cel.libraries.kubernetes.environments import environment_at
from propolis.lang.cel.library import Library
from propolis.lang.cel.program import compile_expression
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
)

MAPS = list_of(map_of(STRING, INT))
VARIABLES: dict[str, Type] = {
    "a": BOOL,
    "b": BOOL,
    "c": BOOL,
    "d": BOOL,
    "x": INT,
    "text": STRING,
    "other": STRING,
    "data": BYTES,
    "numbers": list_of(INT),
    "more": list_of(INT),
    "texts": list_of(STRING),
    "words": list_of(STRING),
    "maps": MAPS,
    "tables": list_of(MAPS),
    "nested": map_of(STRING, map_of(STRING, map_of(STRING, INT))),
    "flags": map_of(STRING, BOOL),
    "reals": map_of(STRING, DOUBLE),
    "times": map_of(STRING, TIMESTAMP),
    "moment": TIMESTAMP,
    "span": DURATION,
    "anything": DYN,
}
ENVIRONMENT = Environment((*environment_at(), bindings()), VARIABLES, uses_cross_type_numerics=True)


def _estimate(text: str, sizes: dict[str, int] | None = None, *libraries: Library) -> Range:
    def size_of(path: Path, of: Type) -> Range | None:
        known = (sizes or {}).get(".".join(path))
        if known is not None:
            return Range(0, known)
        return Range(0, 12) if of == BYTES else None

    return estimate(compile_expression(text, ENVIRONMENT.extended(*libraries)).tree, size_of)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("'Hello World!'", 0, 0),
        ("numbers", 1, 1),
        ("flags['key']", 2, 2),
        ("nested.a.b", 3, 3),
        ("has(nested.a)", 1, 1),
        ("has(nested.a.b)", 2, 2),
        ("anything.a.b", 1, 1),
        ("[1, 2, 3]", 10, 10),
        ("{'a': 1, 'b': 2, 'c': 3}", 30, 30),
        ("[1, 2, 3].all(x, true)", 20, 20),
        ("'123'.matches('[0-9]')", 2, 2),
        ("true || false", 0, 0),
        ("a || b || c || d", 1, 4),
        ("a && b && c && d", 1, 4),
        ("1 < 2", 1, 1),
        ("1 == 2", 1, 1),
        ("2 in [1, 2, 3]", 13, 13),
        ("1 + 1", 1, 1),
        ("true ? 1 : 2", 0, 0),
        ("size('123')", 1, 1),
        ("size(b'123')", 1, 1),
        ("string(1)", 1, 1),
        ("text.size()", 2, 2),
        ("size(text)", 2, 2),
        ("numbers.size() == more.size()", 5, 5),
        ("x > 1 ? numbers.size() : more.size()", 4, 4),
        ("text.endsWith('abcdefghijklmnopqrstuvwxyz') == other.endsWith('abcdefghijklmnopqrstuvwxyz')", 9, 9),
        ("((5 != 6) == (1 == 2)) == ((3 <= 4) == (9 != 9))", 7, 7),
        ("string(moment) == string(moment)", 5, 1844674407370955268),
        ("moment == moment", 3, 3),
        ("span != span", 3, 3),
        ("[1,2,3,4,5].filter(x, x % 2 == 0)", 41, 101),
        ("[1,2,3,4,5].map(x, x)", 86, 86),
        ("[1,2,3,4,5].map(x, x).filter(x, x % 2 == 0)", 117, 177),
        ("[1,2,3,4,5].map(x, x).exists(x, x == 5) == true", 108, 118),
        ("[1,2,3,4,5].map(x, x).map(x, x)", 162, 162),
        ("[1,2,3,4,5].map(x, x)[4]", 87, 87),
        ("[[1,2],[1,2],[1,2],[1,2],[1,2]][4]", 61, 61),
        ("{'a': [1,2], 'b': [1,2], 'c': [1,2], 'd': [1,2], 'e': [1,2]}.b", 81, 81),
        ("[[1, 1], [2, 2], [3, 3], [4, 4], [5, 5]].all(y, y.all(y, y == 1))", 76, 136),
        ("[1,2,3,4,5].map(x, [x, x]).all(y, y.all(y, y == 1))", 157, 217),
        ("['a', 'ab', 'abc', 'abcd', 'abcde'].map(x, [x, x]).all(y, y.all(y, y.startsWith('a')))", 157, 217),
        ("[1,2,3,4,5].map(x, x).map(x, x) + [1]", 173, 173),
        ("[1,2,3].all(i, i in [1,2,3].map(j, j + j))", 20, 230),
        ("dyn([1,2,3]).all(i, i in dyn([1,2,3]).map(j, j + j))", 21, 234),
        ("{'hello': 'hi'}['hello'] != {'hello': 'bye'}['hello']", 63, 63),
        ("['hello', 'hi'][0] != ['hello', 'bye'][1]", 23, 23),
        ("type(1)", 1, 1),
        ("type(flags.a)", 3, 3),
        ("type(1) == int", 3, 1844674407370955266),
        ("reals.a == 1.0", 3, 3),
        ("times.a == timestamp('2011-08-18T00:00:00.000+01:00') + duration('19h3m37s10ms')", 6, 6),
        ("timestamp(times.a) == timestamp('2011-08-18T00:00:00.000+01:00')", 5, 5),
        ("flags.a != flags.b", 5, 5),
        ("flags.a != true", 3, 3),
    ],
)
def test_an_expression_costs_within_bounds(text: str, low: int, high: int) -> None:
    assert _estimate(text) == Range(low, high)


@pytest.mark.parametrize(
    ("text", "sizes", "low", "high"),
    [
        ("maps.all(x, true)", {"maps": 100}, 2, 302),
        ("tables.all(x, x.all(y, true))", {"tables": 50, "tables.@items": 10}, 2, 1752),
        ("text.matches('[0-9]')", {"text": 500}, 3, 103),
        ("string(data)", {"data": 500}, 1, 51),
        ("string(data) == string(data)", {"data": 500}, 3, 152),
        ("bytes(text)", {"text": 500}, 1, 51),
        ("bytes(text) == bytes(text)", {"text": 500}, 3, 302),
        ("text.contains(other)", {"text": 500, "other": 500}, 2, 2502),
        (r"text.matches('\\d+a\\d+b')", {"text": 500}, 3, 103),
        (r"matches(text, '\\d+a\\d+b')", {"text": 500}, 3, 103),
        ("text.startsWith(other)", {"other": 500}, 2, 52),
        ("text.endsWith(other)", {"other": 500}, 2, 52),
        ("(x > 2 ? numbers : more).all(y, true)", {"numbers": 1, "more": 1}, 4, 7),
        ("nested.all(k, nested[k].all(x, true))", {"nested": 5, "nested.@values": 10}, 2, 187),
        ("nested.all(k, k.contains(k))", {"nested": 5, "nested.@keys": 10}, 2, 32),
        (
            "nested.all(k, nested[k].all(k, true) && k.contains(k))",
            {"nested": 2, "nested.@values": 2, "nested.@keys": 5},
            2,
            34,
        ),
        ("(numbers + more).all(x, true)", {"numbers": 10, "more": 10}, 4, 64),
        ("'abcdefg'.contains(text + other)", {"text": 10, "other": 10}, 2, 6),
        ("([x, x] + numbers + more).size()", {"numbers": 10, "more": 20}, 17, 17),
        (
            "[texts, words].exists(l, l.exists(v, v.startsWith('hi')))",
            {"texts": 10, "texts.@items": 64, "words": 20, "words.@items": 128},
            21,
            265,
        ),
        (
            "texts.map(x, [x, x]).all(y, y.all(y, y.startsWith('a')))",
            {"texts": 5, "texts.@items": 10},
            13,
            208,
        ),
        ("texts.join(', ')", {"texts": 10, "texts.@items": 8}, 1, 11),
        ("texts.isSorted()", {"texts": 10, "texts.@items": 20}, 1, 31),
        ("text.split(',').size()", {"text": 100}, 2, 22),
        ("text.replace('ab', 'abcd').startsWith('x')", {"text": 10}, 2, 4),
        ("text.replace('', 'xy') == text", {"text": 10}, 3, 5),
        ("text.find('[a-z]+') == text", {"text": 100}, 5, 34),
    ],
)
def test_sizes_bound_what_an_expression_costs(text: str, sizes: dict[str, int], low: int, high: int) -> None:
    assert _estimate(text, sizes) == Range(low, high)


def test_what_has_no_bound_costs_without_bound() -> None:
    assert _estimate("texts.all(x, words.all(y, x == y))").high == ENDLESS


def test_a_name_for_a_value_keeps_its_size() -> None:
    assert _estimate("cel.bind(v, 'abcdefghijklmnopqrstuvwxyz', other.startsWith(v))") == exactly(15)


def test_lists_of_version_three_have_costs_of_their_own() -> None:
    assert _estimate("numbers.sort()", {"numbers": 10}) == Range(12, 212)
    assert _estimate("texts.distinct()", {"texts": 10}) == Range(12, 222)
    assert _estimate("numbers.slice(2, 5)", {"numbers": 10}) == exactly(15)
    assert _estimate("[[1], [2]].flatten()") == exactly(43)
    assert _estimate("lists.range(7)") == exactly(18)
    assert _estimate("numbers.reverse()", {"numbers": 10}) == Range(12, 22)


def test_ranges_do_not_overflow() -> None:
    endless = Range(0, ENDLESS)
    assert endless.plus(exactly(1)) == Range(1, ENDLESS)
    assert endless.times(exactly(2)) == endless
    assert endless.scaled(0.5) == Range(0, 2**63)
    assert endless.scaled(2.0) == endless
