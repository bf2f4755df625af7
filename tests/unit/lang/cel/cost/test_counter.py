from typing import Any

import pytest

from propolis.lang.cel.cost.counter import Counter, Plan
from propolis.lang.cel.cost.estimate import estimate
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.libraries.extensions import bindings
from propolis.lang.cel.libraries.kubernetes.environments import environment_at
from propolis.lang.cel.program import compile_expression
from propolis.lang.cel.types import DYN, INT, STRING, Type, list_of, map_of
from tests.harness.cel import runtime

VALUES: dict[str, Any] = {
    "input": {"key": "v", "a": {"b": "0"}},
    "items": ["v"],
    "empty": [],
    "yes": True,
    "no": False,
    "x": 1,
    "text": "a" * 500,
    "short": "idc",
    "data": b"a" * 500,
    "numbers": [1, 2, 3],
    "one": {"val": {"n": 5}},
}
TYPES: dict[str, Type] = {
    **dict.fromkeys(VALUES, DYN),
    "x": INT,
    "input": map_of(STRING, DYN),
    "text": STRING,
    "short": STRING,
    "numbers": list_of(INT),
    "items": list_of(STRING),
    "one": map_of(STRING, map_of(STRING, INT)),
    "data": Type("bytes"),
}
ENVIRONMENT = Environment((*environment_at(), bindings()), TYPES, uses_cross_type_numerics=True)


def _cost(text: str, limit: int | None = None) -> int:
    program = compile_expression(text, ENVIRONMENT)
    counter = Counter(Plan(program.tree), limit)
    program.evaluate_observed(VALUES, runtime(), counter.observe)
    return counter.cost


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("'Hello World!'", 0),
        ("input", 1),
        ("input['key']", 2),
        ("items[0]", 2),
        ("input.key", 2),
        ("input['ke' + 'y']", 3),
        ("items[3 - 3]", 3),
        ("has(input.key)", 1),
        ("has(input.a.b)", 2),
        ("[1, 2, 3]", 10),
        ("{'a': 1, 'b': 2, 'c': 3}", 30),
        ("empty.all(x, true)", 2),
        ("[1, 2, 3].all(x, true)", 20),
        ("text.matches('[0-9]')", 103),
        ("'123'.matches('[0-9]')", 2),
        ("true || false", 0),
        ("no || no || no || no", 4),
        ("yes && yes && yes && yes", 4),
        ("yes || no", 1),
        ("1 < 2", 1),
        ("2 in [1, 2, 3]", 13),
        ("true ? 1 : 2", 0),
        ("size('123')", 1),
        ("'12345678901234567890' == '123456789012345678901234567890'", 2),
        ("string(data)", 51),
        ("bytes(text)", 51),
        ("string(1)", 1),
        ("text.contains(text)", 2502),
        (r"matches(text, '\\d+a\\d+b')", 103),
        ("short.startsWith(text)", 52),
        ("short.endsWith(text)", 52),
        ("short.size()", 2),
        ("(x > 2 ? empty : items).all(y, true)", 6),
        ("true ? false : 1 > 3", 0),
        ("false ? false : 1 > 3", 1),
        ("one.all(k, one[k].n > 3)", 9),
        ("(empty + empty).all(x, true)", 4),
        ("'abcdefg'.contains('val1' + 'val2222222')", 4),
        ("(1 > 2 ? 5 : 3) > 1", 2),
        ("(1 > 2 || 2 > 1) == true", 3),
        ("[{'k1': 1}, {'k2': 2}].all(x, true)", 77),
        ("[1,2,3,4,5].filter(x, x % 2 == 0)", 62),
        ("[1,2,3,4,5].map(x, x)", 86),
        ("[1,2,3,4,5].map(x, x).filter(x, x % 2 == 0)", 138),
        ("[1,2,3,4,5].map(x, x).exists(x, x == 5) == true", 118),
        ("[1,2,3,4,5].map(x, x).map(x, x)", 162),
        ("[1,2,3,4,5].map(x, [x, x]).filter(z, z.size() == 2)", 232),
        ("[1,2,3,4,5].map(x, [x, x]).all(y, y.all(y, y == 1))", 171),
        ("[1,2,3,4,5].map(x, x).map(x, x) + [1]", 173),
        ("[1,2,3].all(i, i in [1,2,3].map(j, j + j))", 86),
    ],
)
def test_an_evaluation_costs_its_steps(text: str, cost: int) -> None:
    assert _cost(text) == cost
    bounds = estimate(compile_expression(text, ENVIRONMENT).tree)
    assert bounds.high >= cost


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("input.?key.orValue('x')", 2),
        ("input.?missing.orValue('x')", 1),
        ("input.?missing.?more.orValue('x')", 1),
        ("input[?'key'].hasValue()", 3),
        ("cel.bind(v, x + 1, v + v)", 15),
        ("[[3, 1, 2]][0].sort()", 51),
        ("[1, 1].distinct()", 29),
        ("sets.contains([1, 2], [2])", 23),
        ("lists.range(3)", 14),
        ("[[1], [2]].flatten()", 43),
        ("[1, 2, 3].slice(0, 2)", 23),
        ("{'a': [1]}['a'][0]", 43),
    ],
)
def test_extensions_and_optional_fields_have_their_costs(text: str, cost: int) -> None:
    assert _cost(text) == cost


def test_an_evaluation_ends_at_its_limit() -> None:
    text = "'abcdefg'.contains('val1' + 'val2222222')"
    assert _cost(text, limit=4) == 4
    with pytest.raises(CostError, match="cost limit exceeded"):
        _cost(text, limit=3)


def test_nothing_absorbs_that_the_limit_is_met() -> None:
    with pytest.raises(CostError):
        _cost("[1,2,3,4,5].exists(x, x > 3) || true", limit=20)


def test_an_error_ends_the_count_where_it_happens() -> None:
    program = compile_expression("1 / 0 == 1", ENVIRONMENT)
    counter = Counter(Plan(program.tree))
    with pytest.raises(EvaluationError):
        program.evaluate_observed(VALUES, runtime(), counter.observe)
    assert counter.cost == 1


def test_a_loop_over_much_meets_the_limit_early() -> None:
    text = "a > 0"
    for name in "bcdefa":
        text = f"numbers.all({name}, {text})"
    steps = _cost(text)
    assert steps > 2_000
    with pytest.raises(CostError):
        _cost(text, limit=steps - 1)
