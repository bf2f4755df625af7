"""Explanations of what the tests of the corpus judge: traces agree with the engine, advice holds."""

import pytest

from tests.harness.corpora import corpus
from tests.harness.explanations import disagreements, unknown_branches, wrong_advice
from tests.harness.policy_tests import cases

CASES = cases("kyverno-cli")


@pytest.mark.parametrize("name", CASES)
def test_every_trace_comes_to_what_the_engine_says(name: str) -> None:
    assert disagreements(CASES[name]) == []


@pytest.mark.parametrize("name", CASES)
def test_every_change_that_is_told_passes(name: str) -> None:
    assert wrong_advice(CASES[name]) == []


@pytest.mark.parametrize("name", CASES)
def test_every_branch_that_a_trace_takes_is_one_that_coverage_counts(name: str) -> None:
    assert unknown_branches(CASES[name]) == []


def test_the_corpus_is_there() -> None:
    corpus("kyverno-cli")
    assert CASES
