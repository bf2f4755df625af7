"""The kyverno-test.yaml files of kyverno/policies, as its own command runs them."""

import pytest

from tests.harness.corpora import Suite, corpus
from tests.harness.policy_tests import cases, judge

SUITE = Suite("kyverno-policies", __file__)
CASES = cases(SUITE.name)


@pytest.mark.parametrize("name", CASES)
def test_every_expectation_that_needs_no_cel_holds(name: str) -> None:
    judge(SUITE, name, CASES[name])


def test_the_corpus_is_there() -> None:
    corpus(SUITE.name)
    assert CASES
