from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from propolis.lang.generated import BUILTINS
from propolis.policy.engine.mismatch import SKIP
from propolis.policy.engine.pattern import compile_pattern
from propolis.policy.engine.pattern_scalars import doubt_text, leaf_of
from tests.property.policy.reference_pattern import judge

pytestmark = pytest.mark.engine

SCALARS = "x xy *y x* ? * ?* true false !x !x* !*y *x* !*x* a*b >1 <3 >=2 <=2 >-1 1-3 1!-3 -1-1 0 1 80 1Gi"
SCALARS += " >1Gi <=1024Mi <2h 1h 60m >10s 1.5 >0.5 1e3 ! !1 null x|xy 1|x* x*&!xy >0&<3|80 512Mi-2Gi 1h-3h"
VALUES = "x xy zy y axb 1 2 80 1Gi 1024Mi 2Gi 1h 60m 10s 0 1e3 1.5 true false null"
KEYS = ["a", "b", "metadata", "labels", "team/x"]
names = st.sampled_from(KEYS)
numbers = st.sampled_from([0, 1, 2, 3, 80, -1, 1.5, 2.0, 10**6, 10**101])
scalars = st.none() | st.booleans() | numbers | st.sampled_from([*SCALARS.split(), "", "x | y", "> 1 & < 3"])
values = st.recursive(
    st.none() | st.booleans() | numbers | st.sampled_from([*VALUES.split(), ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)


def keyed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    plain = st.dictionaries(names | st.sampled_from(["te*", "?"]), inner, max_size=2)
    optional = st.dictionaries(names.map("=({})".format), inner, max_size=3)
    conditional = st.dictionaries(names.map("({})".format), scalars | inner, max_size=1)
    overall = st.dictionaries(names.map("<({})".format), scalars | inner, max_size=1)
    forbidden = st.dictionaries(names.map("X({})".format), st.just("null"), max_size=1)
    existing = st.dictionaries(names.map("^({})".format), st.lists(plain, min_size=1, max_size=2), max_size=1)
    parts = st.tuples(plain, optional, conditional, overall, forbidden, existing)
    return parts.map(lambda found: {key: value for part in found for key, value in part.items()})


patterns = st.recursive(
    scalars,
    lambda inner: keyed(inner) | st.lists(inner, min_size=1, max_size=2) | st.just([]),
    max_leaves=8,
)


def plain_key(key: str) -> str:
    return key.lstrip("X=^<+").strip("()")


@st.composite
def near(draw: st.DrawFn, pattern: Any) -> Any:
    """A value of the shape of a pattern, or another."""
    if draw(st.integers(0, 7)) == 0:
        return draw(values)
    if isinstance(pattern, dict):
        return {plain_key(key).replace("te*", "team/x"): draw(near(inner)) for key, inner in pattern.items()}
    if isinstance(pattern, list):
        return [draw(near(item)) for item in pattern]
    return draw(values.filter(lambda value: not isinstance(value, dict)))


pairs = patterns.flatmap(lambda pattern: st.tuples(st.just(pattern), near(pattern)))


def compiled(pattern: Any, value: Any) -> str:
    found = compile_pattern(pattern)(value, {})
    if found is None:
        return "pass"
    return "skip" if found.kind is SKIP else "fail"


@settings(max_examples=500)
@given(pairs)
def test_the_compiled_pattern_says_what_a_tree_walker_says(pair: tuple[Any, Any]) -> None:
    pattern, value = pair
    assert compiled(pattern, value) == judge(pattern, value)


@given(pairs)
def test_every_departure_has_a_path_and_a_message(pair: tuple[Any, Any]) -> None:
    pattern, value = pair
    found = compile_pattern(pattern)(value, {})
    if found is not None:
        assert found.path().startswith("/")
        assert found.path().endswith("/")
        assert found.message()


@given(scalars, values)
def test_the_test_in_line_accepts_only_what_the_whole_test_accepts(scalar: Any, value: Any) -> None:
    constants: list[Any] = []

    def name(constant: Any) -> str:
        constants.append(constant)
        return f"c{len(constants) - 1}"

    text = doubt_text(scalar, "v", name)
    known = {f"c{index}": constant for index, constant in enumerate(constants)} | {"v": value}
    if not eval(text, {"__builtins__": BUILTINS}, known):  # noqa: S307  # the engine's own text
        assert leaf_of(scalar).meets(value)
