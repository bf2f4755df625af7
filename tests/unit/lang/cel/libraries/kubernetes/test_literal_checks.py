"""Literals that an API server refuses though their types would do."""

import pytest

from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import CelTypeError
from propolis.lang.cel.libraries.kubernetes.environments import environment_at, literals_at
from propolis.lang.cel.libraries.kubernetes.literal_checks import Literals, check_literals
from propolis.lang.cel.libraries.kyverno.environments import literals_of
from propolis.lang.cel.program import compile_expression
from propolis.lang.cel.types import DYN

ENVIRONMENT = Environment(environment_at(), {"object": DYN}, uses_cross_type_numerics=True)


def check(expression: str, version: str = "") -> None:
    check_literals(compile_expression(expression, ENVIRONMENT).tree, literals_at(version))


ONE_TYPE = [
    "[1, 2, 3] == []",
    "[[], [1], []].size() == 3",
    "[{}, {'a': 1}].size() == 2",
    "[?optional.of('a'), 'b'].size() == 2",
    "{'a': 1, ?'b': optional.of(2)}.size() == 2",
    "[object.a, object.b].size() == 2",
    "{'a': [1], 'b': [2, 3]}.size() == 2",
    "[dyn(1), dyn('a')].size() == 2",
    "'%s'.format([object.a])",
    "[optional.of(1), optional.none()].size() == 2",
]


@pytest.mark.parametrize("expression", ONE_TYPE)
def test_literals_of_one_type_are_taken(expression: str) -> None:
    check(expression)


MIXED = [
    ("[1, 'a']", "'int' but found 'string'", 5),
    ("[1, 'a', true, 2u]", "'int' but found 'string'", 5),
    ("{1: 'a', 'b': 'c'}", "'int' but found 'string'", 10),
    ("{'a': 1, 'b': 2.0}", "'int' but found 'double'", 15),
    ("[[1], ['a']]", "'list(int)' but found 'list(string)'", 7),
    ("[1, null]", "'int' but found 'null_type'", 5),
    ("'%s %d'.format(['a', 1])", "'string' but found 'int'", 22),
    ("[1, ?optional.of('a')]", "'int' but found 'string'", 17),
    ("[object.a, 1, 'a'].exists(x, [x, [1, 'b'][0]] == [])", "'int' but found 'string'", 38),
]


@pytest.mark.parametrize("version", ["", "1.27", "1.30"])
@pytest.mark.parametrize(("expression", "message", "column"), MIXED)
def test_mixed_literals_are_refused_by_every_version(
    expression: str, message: str, column: int, version: str
) -> None:
    with pytest.raises(CelTypeError, match=r"expected type") as caught:
        check(expression, version)
    assert message in str(caught.value)
    assert caught.value.place.column == column


UNKNOWN = [
    ("['a', object.b]", "'string' but found 'dyn'"),
    ("[object.b, 'a']", "'dyn' but found 'string'"),
    ("{'a': 'b', 'c': object.d}", "'string' but found 'dyn'"),
    ("[[1], [dyn(1)]]", "'list(int)' but found 'list(dyn)'"),
    ("[object.x].map(x, {'a': 1, 'b': x})", "'int' but found 'dyn'"),
    ("[timestamp('2026-01-01T00:00:00Z'), null]", "but found 'null_type'"),
]


@pytest.mark.parametrize(("expression", "message"), UNKNOWN)
def test_what_is_not_known_is_another_type_since_1_29(expression: str, message: str) -> None:
    check(expression, "1.28")
    with pytest.raises(CelTypeError) as caught:
        check(expression, "1.29")
    assert message in str(caught.value)


def test_arguments_of_format_may_be_unknown_beside_others() -> None:
    check("'%s %s'.format(['a', object.b])")
    check("'%s'.format([[object.b, 'a'].map(x, {'a': 'b', 'c': x})])")


def test_every_value_of_a_map_that_differs_is_told() -> None:
    with pytest.raises(CelTypeError) as caught:
        check("{'a': 1, 'b': object.c, 'd': object.e}")
    assert str(caught.value).count("expected type 'int' but found 'dyn'") == 2


BAD_TEXTS = [
    ("duration('1x')", "duration"),
    ("timestamp('yesterday')", "timestamp"),
    ("timestamp(9223372036854775807)", "timestamp"),
    ("object.a.matches('[')", "matches"),
    ("object.list.all(x, x.matches('(?=a)'))", "matches"),
    ("matches('[', 'a')", "matches"),
]


@pytest.mark.parametrize(("expression", "function"), BAD_TEXTS)
def test_texts_that_become_nothing_are_refused_since_1_29(expression: str, function: str) -> None:
    check(expression, "1.28")
    with pytest.raises(CelTypeError, match=f"invalid {function} argument"):
        check(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "duration('1h30m')",
        "timestamp('2026-01-01T00:00:00Z')",
        "timestamp(0)",
        "duration(object.a)",
        "object.a.matches('^a+$')",
        "object.a.matches(object.b)",
        "matches(object.a, '[')",
    ],
)
def test_other_texts_are_taken(expression: str) -> None:
    check(expression)


def test_deep_and_many_literals_are_checked_and_few_are_told() -> None:
    check("[" * 90 + "1" + "]" * 90 + " == []")
    with pytest.raises(CelTypeError) as caught:
        check("[" + ", ".join(["[1, 'a']"] * 500) + "]")
    assert str(caught.value).count("expected type") == 10


@pytest.mark.parametrize(
    ("kind", "literals"),
    [
        ("ValidatingPolicy", Literals.AGREEING),
        ("NamespacedValidatingPolicy", Literals.AGREEING),
        ("ImageValidatingPolicy", Literals.AGREEING),
        ("DeletingPolicy", Literals.AGREEING),
        ("MutatingPolicy", Literals.VALIDATED),
        ("NamespacedMutatingPolicy", Literals.VALIDATED),
        ("GeneratingPolicy", Literals.MIXED),
    ],
)
def test_each_kind_of_kyverno_asks_its_own_of_literals(kind: str, literals: Literals) -> None:
    assert literals_of(kind) is literals


def test_mixed_literals_are_taken_where_they_may_be() -> None:
    check_literals(compile_expression("[1, 'a', object.b]", ENVIRONMENT).tree, Literals.MIXED)
