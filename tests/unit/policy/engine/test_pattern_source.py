from typing import Any

import pytest

from propolis.policy.engine.pattern import compile_pattern
from propolis.policy.engine.pattern_source import MOST_LEVELS, compile_meets, emit


@pytest.mark.parametrize(
    ("pattern", "value", "wanted"),
    [
        ({"a": {"b": "x*"}}, {"a": {"b": "xy"}}, True),
        ({"a": {"b": "x*"}}, {"a": {}}, False),
        ({"=(a)": {"b": "false"}}, {}, True),
        ({"=(a)": {"b": "false"}}, {"a": {"b": False}}, True),
        ({"=(a)": {"b": "false"}}, {"a": None}, False),
        ({"X(a)": "null"}, {"b": 1}, True),
        ({"X(a)": "null"}, {"a": 1}, False),
        ({"a": [{"b": ">1"}]}, {"a": [{"b": 2}, {"b": 3}]}, True),
        ({"a": [{"b": ">1"}]}, {"a": [{"b": 2}, {"b": 1}]}, False),
        ({"a": "*"}, {"a": {}}, True),
        ({"a": "*"}, {}, False),
        ({"(a)": "x", "b": 1}, {"a": "x", "b": 1}, True),
    ],
)
def test_the_function_of_a_pattern_tells_what_meets_it(pattern: Any, value: Any, wanted: object) -> None:
    meets = compile_meets(pattern)
    assert meets is not None
    assert meets(value) is wanted
    assert (compile_pattern(pattern)(value, {}) is None) is wanted or not wanted


def deep(levels: int) -> Any:
    return {"=(a)": deep(levels - 1)} if levels else "x"


@pytest.mark.parametrize(
    "pattern", [{"^(a)": [{"b": 1}]}, {"metadata": {"labels": {"a*": "x"}}}, {"a": []}, deep(99)]
)
def test_patterns_that_need_a_closer_look_have_no_function(pattern: Any) -> None:
    assert compile_meets(pattern) is None


def test_the_deepest_pattern_that_has_a_function_compiles() -> None:
    meets = compile_meets(deep(MOST_LEVELS))
    assert meets is not None
    assert meets({})


def test_the_source_holds_no_text_of_the_pattern() -> None:
    text = "'); import os #\n{}"
    source, constants = emit({text: text, f"=({text})": [{text: 1}]})
    assert text not in source
    assert "import" not in source
    assert text in constants
