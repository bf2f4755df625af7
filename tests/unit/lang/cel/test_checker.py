from collections.abc import Mapping
from typing import Any

import pytest

from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import CelTypeError
from propolis.lang.cel.libraries.standard import STANDARD
from propolis.lang.cel.library import Function, Library, Overload
from propolis.lang.cel.program import compile_expression
from propolis.lang.cel.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Type,
    list_of,
    map_of,
    object_type,
    opaque,
    optional_of,
    param,
)
from tests.harness.cel_runs import ENVIRONMENT, runtime
from tests.harness.cel_values import program


class Shop:
    """Object types of these tests."""

    _fields: Mapping[str, Mapping[str, Type]] = {
        "shop.Order": {"total": INT, "at": TIMESTAMP, "lines": list_of(object_type("shop.Line"))},
        "shop.Line": {"name": STRING, "__namespace__": STRING},
    }

    def fields(self, type_name: str) -> Mapping[str, Type] | None:
        return self._fields.get(type_name)

    def key(self, type_name: str, field_name: str) -> str:
        del type_name
        return field_name.strip("_")

    def construct(self, type_name: str, values: dict[str, Any]) -> Any:
        return {"made": type_name, **values}


SHOP = ENVIRONMENT.extended(provider=Shop(), variables={"order": object_type("shop.Order")}, container="shop")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1 + 2", INT),
        ("[1, 2.0]", list_of(DYN)),
        ("[]", list_of(DYN)),
        ("[[], [1]]", list_of(list_of(INT))),
        ("{'a': [1]}", map_of(STRING, list_of(INT))),
        ("{'a': 1}.a", INT),
        ("[1][0]", INT),
        ("object.a", DYN),
        ("has(object.a)", BOOL),
        ("[1].map(x, string(x))", list_of(STRING)),
        ("{'a': 1}.map(k, k)", list_of(STRING)),
        ("['a'].transformMap(i, v, i)", map_of(INT, INT)),
        ("optional.of(1)", optional_of(INT)),
        ("{'a': 1}.?a", optional_of(INT)),
        ("optional.of({'a': 1}).a", optional_of(INT)),
        ("[1, 2][?0].orValue(3)", INT),
        ("true ? 1 : dyn(2)", DYN),
        ("timestamp('2020-01-01T00:00:00Z') - duration('1s')", TIMESTAMP),
        ("type(1) == int", BOOL),
        ("cel.bind(x, [1], x + x)", list_of(INT)),
        ("[2, 1].sortBy(e, -e)", list_of(INT)),
        ("math.greatest(1, 2.0)", DYN),
        ("math.greatest(1.0, 2.0)", DOUBLE),
    ],
)
def test_an_expression_has_its_type(text: str, found: Type) -> None:
    assert program(text).type == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing", "undeclared reference to 'nothing' (in container '')"),
        ("nothing.at.all", "undeclared reference to 'nothing'"),
        ("call(1)", "undeclared reference to 'call'"),
        ("1.call()", "undeclared reference to 'call'"),
        ("1 + 'a'", "found no matching overload for '_+_' applied to '(int, string)'"),
        ("'a'.startsWith(1)", "found no matching overload for 'startsWith' applied to 'string.(int)'"),
        ("1 == 'a'", "no matching overload"),
        ("1 < 2.0", "no matching overload"),
        ("1 && true", "expected type 'bool' but found 'int'"),
        ("number.field", "does not support field selection"),
        ("number.all(x, true)", "cannot be range of a comprehension"),
        ("[1].all(x, 1)", "expected type 'bool'"),
        ("[?1]", "optional_type(int)"),
        ("{?'a': 1}", "optional_type(int)"),
        ("[1].exists(x, y == 1)", "'y'"),
        ("Thing{}", "undeclared reference to 'Thing'"),
        ("true ? 1 : 'a'", "no matching overload"),
        ("matches('a')", "no matching overload"),
        ("'a' in 'abc'", "no matching overload"),
    ],
)
def test_what_cannot_be_right_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(CelTypeError) as caught:
        program(text)
    assert message in caught.value.message
    assert "^" in caught.value.message


def test_all_errors_are_told_at_once() -> None:
    with pytest.raises(CelTypeError, match=r"(?s)'one'.*'two'"):
        program("one + two")


def test_an_unchecked_expression_fails_when_it_is_evaluated() -> None:
    made = compile_expression("nothing || true", ENVIRONMENT, is_checked=False)
    assert made.evaluate({}, runtime()) is True


def test_numbers_of_different_types_are_ordered_where_the_environment_says_so() -> None:
    environment = ENVIRONMENT.extended(uses_cross_type_numerics=True)
    assert program("1 < 2.5 && 2u >= 1", environment=environment).evaluate({}, runtime()) is True


def test_names_are_looked_up_in_the_container_first() -> None:
    environment = Environment((STANDARD,), {"a.b.x": INT, "a.x": STRING, "x": BOOL}, container="a.b")
    assert compile_expression("x", environment).type == INT
    assert compile_expression(".x", environment).type == BOOL
    assert compile_expression("a.x", environment).type == STRING


def test_the_variable_of_a_macro_hides_others() -> None:
    environment = Environment((STANDARD,), {"x": STRING, "x.y": STRING})
    made = compile_expression("[{'y': 1}].all(x, x.y == 1 && .x == 'outer')", environment)
    assert made.evaluate({"x": "outer", "x.y": "hidden"}, runtime()) is True


def test_fields_of_objects_are_known() -> None:
    made = compile_expression("order.lines.all(l, l.__namespace__ == 'a')", SHOP)
    assert made.evaluate({"order": {"lines": [{"namespace": "a"}]}}, runtime()) is True
    with pytest.raises(CelTypeError, match="undefined field 'totl'"):
        compile_expression("order.totl", SHOP)


def test_objects_are_made_by_their_provider() -> None:
    made = compile_expression("Order{total: 1, ?at: optional.none()}", SHOP)
    assert made.type == object_type("shop.Order")
    assert made.evaluate({}, runtime()) == {"made": "shop.Order", "total": 1}
    with pytest.raises(CelTypeError, match="expected type of field 'total' is 'int'"):
        compile_expression("Order{total: 'a'}", SHOP)
    assert compile_expression("type(order) == Order", SHOP).type == BOOL


def test_a_value_of_a_library_has_a_type_of_its_own() -> None:
    box = opaque("box", param("T"))
    functions = (
        Function("box", (Overload("box", (param("T"),), box, lambda value: value),)),
        Function("open", (Overload("open", (box,), param("T"), lambda value: value, is_member=True),)),
    )
    environment = ENVIRONMENT.extended(Library("box", functions=functions))
    assert program("box(1).open()", environment=environment).type == INT
    assert program("box(box('a'))", environment=environment).type == opaque("box", opaque("box", STRING))


def test_overloads_of_several_libraries_are_joined() -> None:
    more = Function("size", (Overload("size_int", (INT,), INT, lambda value: value),))
    environment = ENVIRONMENT.extended(Library("sizes", functions=(more,)))
    assert program("size(7) + size('ab')", environment=environment).evaluate({}, runtime()) == 9


def test_the_tree_tells_types_overloads_and_variables() -> None:
    tree = program("object.a == 'b' && size(texts) > number").tree
    assert tree.variables == {"object", "texts", "number"}
    assert ("size_list",) in tree.overloads.values()
    assert tree.types[tree.root.id] == BOOL
