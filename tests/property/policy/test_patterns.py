from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.policy.engine.mismatch import SKIP
from propolis.policy.engine.pattern import compile_pattern
from propolis.policy.engine.pattern_source import compile_meets
from tests.property.policy.reference_pattern import judge

pytestmark = pytest.mark.engine

names = st.sampled_from(["a", "b", "c"])
scalars = st.none() | st.booleans() | st.sampled_from(["x", "xy", "*y", "x*", "?", "*"])
values = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["x", "xy", "", "zy"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)


def keyed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    plain = st.dictionaries(st.builds("{1}{0}".format, names, st.just("")), inner, max_size=2)
    optional = st.dictionaries(names.map("=({})".format), inner, max_size=1)
    conditional = st.dictionaries(names.map("({})".format), scalars, max_size=1)
    forbidden = st.dictionaries(names.map("X({})".format), st.just("null"), max_size=1)
    existing = st.dictionaries(names.map("^({})".format), st.lists(plain, min_size=1, max_size=1), max_size=1)
    parts = st.tuples(plain, optional, conditional, forbidden, existing)
    return parts.map(lambda found: {key: value for part in found for key, value in part.items()})


patterns = st.recursive(
    scalars,
    lambda inner: keyed(inner) | st.lists(keyed(inner) | scalars, min_size=1, max_size=1),
    max_leaves=8,
)


def compiled(pattern: Any, value: Any) -> str:
    found = compile_pattern(pattern)(value, {})
    if found is None:
        return "pass"
    return "skip" if found.kind is SKIP else "fail"


@given(patterns, values)
def test_the_compiled_pattern_says_what_a_tree_walker_says(pattern: Any, value: Any) -> None:
    assert compiled(pattern, value) == judge(pattern, value)


@given(patterns, values)
def test_every_departure_has_a_path_and_a_message(pattern: Any, value: Any) -> None:
    found = compile_pattern(pattern)(value, {})
    if found is not None:
        assert found.path().startswith("/")
        assert found.path().endswith("/")
        assert found.message()


@given(patterns, values)
def test_the_fast_function_says_yes_only_where_nothing_departs(pattern: Any, value: Any) -> None:
    meets = compile_meets(pattern)
    if meets is not None and meets(value):
        assert compile_pattern(pattern)(value, {}) is None
