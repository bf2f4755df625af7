"""The kyverno-test.yaml files of kyverno/kyverno, as its own command runs them."""

import pytest

from tests.harness.corpora import corpus, skipped_cases
from tests.harness.policy_tests import cases, judge

SKIPPED = skipped_cases(__file__)
CASES = cases("kyverno-cli")


@pytest.mark.parametrize("name", CASES)
def test_every_expectation_that_needs_no_cel_holds(name: str) -> None:
    corpus("kyverno-cli")
    judge(name, CASES[name], SKIPPED)


def test_the_list_of_skips_names_cases_that_are_there() -> None:
    corpus("kyverno-cli")
    assert set(SKIPPED) <= set(CASES)
