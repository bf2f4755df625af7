from typing import Any

import pytest

from propolis.lang.jmespath import ExpressionError, NotFoundError, compile_expression

POD: dict[str, Any] = {"spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y"}]}}


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("spec.containers[].name", ["a", "b"]),
        ("spec.containers[?name=='b'].image | [0]", "y"),
        ("length(spec.containers)", 2),
        ("spec.nothing || 'default'", "default"),
        ("{n: spec.containers[0].name, m: missing}", {"n": "a", "m": None}),
        ("spec.containers[0].ports[0].port", None),
        ("sort_by(spec.containers, &image)[*].name", ["a", "b"]),
    ],
)
def test_an_expression_gives_its_result(expression: str, result: Any) -> None:
    assert compile_expression(expression).search(POD) == result


def test_a_missing_key_at_the_end_is_an_error_for_a_query_only() -> None:
    expression = compile_expression("spec.missing")
    assert expression.search(POD) is None
    with pytest.raises(NotFoundError, match='Unknown key "missing" in path'):
        expression.query(POD)


def test_a_boolean_is_no_number() -> None:
    assert compile_expression("@ == `1`").search(True) is False  # noqa: FBT003
    assert compile_expression("@ == `1`").search(1.0) is True


@pytest.mark.parametrize("expression", ["a.", "nothing(@)", "length()", "a[::0]", "(" * 5000, "a" * 40_000])
def test_a_wrong_expression_is_told_when_it_is_compiled(expression: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(expression)


def test_an_exploding_list_ends_with_an_error() -> None:
    with pytest.raises(ExpressionError, match="more than 1000000 items"):
        compile_expression(" | ".join(["[@, @][]"] * 30)).search([1, 2])


def test_an_exploding_text_ends_with_an_error() -> None:
    with pytest.raises(ExpressionError, match="longer than"):
        compile_expression("to_string(" + " | ".join(["[@, @]"] * 60) + ")").search("text")


def test_an_exploding_comparison_ends_with_an_error() -> None:
    doubled = " | ".join(["[@, @]"] * 60)
    with pytest.raises(ExpressionError, match="parts"):
        compile_expression(f"({doubled}) == ({doubled})").search("text")


def test_projections_over_shared_lists_end_with_an_error() -> None:
    doubled, walked = " | ".join(["[@, @]"] * 30), "[*]" * 30
    with pytest.raises(ExpressionError, match="walks over more than"):
        compile_expression(f"({doubled}){walked}").search("text")


def test_calls_of_references_count_for_the_whole_evaluation() -> None:
    inner = "map(&map(&map(&map(&`1`, $), $), $), $)".replace("$", "[" + ", ".join(["@"] * 60) + "]")
    with pytest.raises(ExpressionError, match="walks over more than"):
        compile_expression(inner).search(1)


def test_nothing_forgives_an_exhausted_budget() -> None:
    doubled, walked = " | ".join(["[@, @]"] * 30), "[*]" * 30
    with pytest.raises(ExpressionError, match="walks over more than"):
        compile_expression(f"((({doubled}){walked})[])[?length(@) > `0`]").search("text")


@pytest.mark.parametrize(
    "expression",
    [
        "a" + "[*].b" * 60,
        "(a && " * 60 + "b" + ")" * 60,
        "[?" * 40 + "a" + "]" * 40,
        "map(&" * 20 + "a" + ", b)" * 20,
    ],
)
def test_deeply_nested_code_is_split_into_functions(expression: str) -> None:
    compiled = compile_expression(expression)
    assert compiled.search({"a": [{"b": []}], "b": []}) in (None, [], [[]])


def test_an_expression_with_too_many_parts_is_refused() -> None:
    assert compile_expression(f"[{', '.join(['a'] * 3_900)}]").search({"a": 1}) == [1] * 3_900
    with pytest.raises(ExpressionError, match="more than 4000 parts"):
        compile_expression(f"[{', '.join(['a'] * 4_000)}]")


def test_a_long_expression_is_split_into_functions() -> None:
    expression = f"[{', '.join(['a.b[?c == `1`].d | [0]'] * 200)}]"
    assert compile_expression(expression).search({"a": {"b": [{"c": 1, "d": 2}]}}) == [2] * 200


def test_expressions_are_kept_but_for_long_ones() -> None:
    short, long = "a.b", f"[{', '.join(['a'] * 2_000)}]"
    assert compile_expression(short) is compile_expression(short)
    assert compile_expression(long) is not compile_expression(long)
    assert compile_expression(long).search({"a": 1}) == [1] * 2_000
