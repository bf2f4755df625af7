from typing import Any

import pytest

from propolis.policy.engine.mismatch import SKIP
from propolis.policy.engine.pattern import compile_pattern, generate_pattern
from propolis.policy.engine.pattern_tree import MOST_LEVELS, PatternTooDeepError


def told(pattern: Any, value: Any) -> tuple[str, str] | None:
    found = compile_pattern(pattern)(value, {})
    return None if found is None else (found.kind, found.message())


def deep(levels: int, key: str = "=(a)") -> Any:
    return {key: deep(levels - 1, key)} if levels else "x"


def test_a_pattern_is_one_function_whose_lines_hold_names_alone() -> None:
    generated = generate_pattern({"a": {"=(b)": "false"}})
    assert generated.source == (
        "def make(c0, c1, c2, c3, c4, c5):\n"
        "  def f0(v0, s, h=()):\n"
        "    if type(v0) is not dict: return c0(v0)\n"
        "    v1 = v0[c1] if c1 in v0 else None\n"
        "    if type(v1) is not dict: return c2(v1)\n"
        "    if c3 in v1:\n"
        "      v2 = v1[c3]\n"
        "      if v2 is not False and not c4(v2): return c5(v2)\n"
        "    return None\n"
        "  return f0\n"
    )
    assert [constant for constant in generated.constants if isinstance(constant, str)] == ["a", "b"]


def test_the_source_holds_no_text_of_the_pattern() -> None:
    text = "'); import os #\n{}"
    generated = generate_pattern({text: text, f"=({text})": [{text: 1}]})
    assert text not in generated.source
    assert "import" not in generated.source
    assert text in generated.constants


@pytest.mark.parametrize("key", ["=(a)", "a", "(a)", "<(a)"])
def test_the_deepest_pattern_compiles_and_tells_its_whole_path(key: str) -> None:
    value: Any = "y"
    for _ in range(MOST_LEVELS):
        value = {"a": value}
    found = compile_pattern(deep(MOST_LEVELS, key))(value, {})
    assert found is not None
    assert found.path() == "/" + "a/" * MOST_LEVELS
    assert found.message().endswith(f"resource value 'y' does not match 'x' at path /{'a/' * MOST_LEVELS}")
    with pytest.raises(PatternTooDeepError):
        compile_pattern(deep(MOST_LEVELS + 1, key))


def test_lists_in_lists_tell_the_index_of_every_element() -> None:
    pattern = {"a": [{"b": [{"c": [{"d": "x"}]}]}]}
    value = {"a": [{"b": []}, {"b": [{"c": [{"d": "x"}, {"d": "y"}]}]}]}
    assert told(pattern, value) == ("fail", "resource value 'y' does not match 'x' at path /a/1/b/0/c/1/d/")


def test_a_list_within_a_condition_leaves_out_the_element_of_the_list_around_it() -> None:
    pattern = {"a": [{"(b)": [{"c": "x"}], "d": 1}]}
    other, wrong = {"b": [{"c": "y"}]}, {"b": [{"c": "x"}], "d": 2}
    assert told(pattern, {"a": [other, {"b": [{"c": "x"}], "d": 1}]}) is None
    assert told(pattern, {"a": [other, wrong]}) == (
        "fail",
        "resource value '2' does not match '1' at path /a/1/d/",
    )
    assert told(pattern, {"a": [other]}) == (
        "skip",
        "conditional anchor mismatch: resource value 'y' does not match 'x' at path /a/0/b/0/c/",
    )


def test_all_that_is_left_out_below_equality_anchors_is_told_with_its_whole_path() -> None:
    pattern = {"a": {"=(b)": [{"(c)": "x", "d": 1}], "=(e)": [{"(c)": "x", "d": 1}]}}
    value = {"a": {"b": [{"c": "y"}, {"c": "z"}], "e": [{"c": "w"}]}}
    said = "conditional anchor mismatch: resource value '{}' does not match 'x' at path /a/{}/c/"
    assert told(pattern, value) == (
        "skip",
        "; ".join((said.format("y", "b/0"), said.format("z", "b/1"), said.format("w", "e/0"))),
    )
    inside = {"=(q)": pattern}
    assert told(inside, {"q": value}) == (
        "skip",
        "; ".join((said.format("y", "b/0"), said.format("z", "b/1"), said.format("w", "e/0"))).replace(
            "/a/", "/q/a/"
        ),
    )


def test_messages_of_nested_anchors_name_them_from_the_outside() -> None:
    found = compile_pattern({"(a)": {"<(b)": {"(c)": 1}}})({"a": {"b": {"c": 2}}}, {})
    assert found is not None
    assert found.kind is SKIP
    assert found.message() == (
        "conditional anchor mismatch: global anchor mismatch: conditional anchor mismatch: "
        "resource value '2' does not match '1' at path /a/b/c/"
    )


def test_lists_of_lists_are_compared_one_by_one() -> None:
    pattern = {"a": [["x"], ["y"]]}
    assert told(pattern, {"a": [["x", "x"], ["y"], ["z"]]}) is None
    assert told(pattern, {"a": [["x"], ["z"]]}) == (
        "fail",
        "resource value '[z]' does not match 'y' at path /a/1/",
    )
    assert told(pattern, {"a": [["x"]]}) == (
        "fail",
        "validate Array failed, array length mismatch, resource Array len is 1 and pattern Array len is 2",
    )


@pytest.mark.parametrize(
    ("scalar", "value", "wanted"),
    [
        (1, True, False),
        (0, False, False),
        (2, 2.0, True),
        ("80 | 443", 80, True),
        ("1 | 2", True, False),
        (">1", 10**101, True),
        (">1", True, False),
        ("<10", None, True),
        ("10-20", 15, True),
        ("!x", None, False),
        ("!*:latest", "a:latest", False),
        ("?*", "", False),
        ("*", None, False),
    ],
)
def test_what_is_tested_in_line_is_what_the_whole_test_says(scalar: Any, value: Any, wanted: object) -> None:
    assert (compile_pattern([scalar])([value], {}) is None) is wanted
    assert (compile_pattern({"=(a)": scalar})({"a": value}, {}) is None) is wanted


def test_a_map_with_many_keys_is_checked_by_several_functions_in_the_order_of_its_keys() -> None:
    names = [f"k{number:03}" for number in range(250)]
    pattern: dict[str, Any] = {"list": [{"(on)": True, **dict.fromkeys(names, "x")}]}
    met = {"on": True, **dict.fromkeys(names, "x")}
    assert generate_pattern(pattern).source.count("v0") < 100
    assert told(pattern, {"list": [{"on": False}, met]}) is None
    assert told(pattern, {"list": [met, {**met, "k201": "y", "k249": "z"}]}) == (
        "fail",
        "resource value 'y' does not match 'x' at path /list/1/k201/",
    )
    found = told(pattern, {"list": [{**met, "on": False}]})
    assert found is not None
    assert found[0] is SKIP


def test_an_existence_anchor_with_many_elements_wants_each_of_them() -> None:
    pattern = {"^(a)": [{"b": number} for number in range(250)]}
    elements = [{"b": number} for number in range(250)]
    assert told(pattern, {"a": elements}) is None
    assert told(pattern, {"a": elements[:-1]}) == ("fail", "existence anchor validation failed at path /a/")
    assert told(pattern, {}) is None


def test_a_long_pattern_is_split_into_functions() -> None:
    pattern = {f"a{one}": {f"b{two}": "x" for two in range(50)} for one in range(50)}
    value = {f"a{one}": {f"b{two}": "x" for two in range(50)} for one in range(50)}
    assert max(map(len, generate_pattern(pattern).source.split("def f"))) < 40_000
    assert told(pattern, value) is None
    value["a49"]["b9"] = "y"
    assert told(pattern, value) == ("fail", "resource value 'y' does not match 'x' at path /a49/b9/")
