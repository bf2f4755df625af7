"""Laws of explanations: a trace comes to what the engine says, told changes pass."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.coverage.mutants import mutants_of
from propolis.policy.engine.explain.edits import edited
from propolis.policy.engine.explain.pattern_edits import pattern_edits
from propolis.policy.engine.explain.pattern_trace import PatternWalk
from propolis.policy.engine.explain.trace import Budget
from propolis.policy.engine.mismatch import FAIL
from propolis.policy.engine.pattern import compile_pattern
from propolis.policy.model.parse import parse_policy
from tests.property.policy.test_patterns import keyed, names, patterns, scalars, values

pytestmark = pytest.mark.engine

labels = st.dictionaries(
    st.sampled_from(["a", "ab", "b*", "?", "(a)", "=(b*)", "X(ab)", "*"]), scalars, max_size=3
)
metadata = st.fixed_dictionaries({}, optional={"labels": labels, "=(annotations)": labels, "name": scalars})
wild = st.dictionaries(
    st.sampled_from(["metadata", "=(metadata)", "(metadata)"]), metadata | keyed(scalars), max_size=2
)
documents = st.dictionaries(
    st.sampled_from(["metadata", "a"]),
    st.dictionaries(st.sampled_from(["labels", "annotations", "name"]), values, max_size=3) | values,
    max_size=2,
)


def verdicts(pattern: Any, value: Any) -> tuple[Any, Any]:
    expected_seen: dict[str, bool] = {}
    found = compile_pattern(pattern)(value, expected_seen)
    seen: dict[str, bool] = {}
    walk = PatternWalk(Budget())
    verdict, _ = walk.walk(pattern, value, (), (), seen)
    expected = "" if found is None else found.kind
    traced = (verdict, seen, verdict == FAIL and walk.is_placeless) if verdict else None
    return traced, ((expected, expected_seen, found.kind == FAIL and found.is_placeless) if found else None)


def test_lists_of_lists_that_are_only_tried_are_no_error() -> None:
    pattern = {"^(a)": [{"b": [["x"], ["y"]]}]}
    traced, expected = verdicts(pattern, {"a": [{"b": [["x"]]}]})
    assert traced == expected == (FAIL, {"^(a)": True}, False)
    traced, expected = verdicts(pattern["^(a)"], [{"b": [["x"]]}])
    assert traced == expected == (FAIL, {}, True)


@given(patterns, values)
def test_a_trace_of_a_pattern_comes_to_what_the_engine_says(pattern: Any, value: Any) -> None:
    traced, expected = verdicts(pattern, value)
    assert traced == expected


@given(wild | patterns, documents)
def test_so_does_one_with_wildcards_in_labels(pattern: Any, value: Any) -> None:
    traced, expected = verdicts(pattern, value)
    assert traced == expected


@given(patterns, values, st.integers(min_value=0, max_value=10))
def test_a_trace_that_runs_out_of_nodes_comes_to_the_same(pattern: Any, value: Any, most: int) -> None:
    whole, _ = PatternWalk(Budget()).walk(pattern, value, (), (), {})
    part, nodes = PatternWalk(Budget(most)).walk(pattern, value, (), (), {})
    assert part == whole
    assert count(nodes) <= most


def count(nodes: Any) -> int:
    return sum(1 + count(node.children) for node in nodes)


@given(keyed(scalars), st.dictionaries(names, values, max_size=3))
def test_ways_to_meet_a_pattern_leave_the_document_as_it_is(pattern: Any, value: Any) -> None:
    before = repr(value)
    for way in pattern_edits(pattern, value, ()):
        changed = edited(value, way.edits)
        assert changed is None or changed is not value
    assert repr(value) == before


@given(patterns)
def test_every_mutant_of_a_pattern_compiles(pattern: Any) -> None:
    rule = {
        "name": "r",
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "validate": {"pattern": {"spec": pattern}},
    }
    policy = parse_policy(
        {
            "apiVersion": "kyverno.io/v1",
            "kind": "ClusterPolicy",
            "metadata": {"name": "p"},
            "spec": {"rules": [rule]},
        }
    )
    mutants = mutants_of(policy)
    compile_policies([mutant.policy for mutant in mutants])
    assert policy not in [mutant.policy for mutant in mutants]
