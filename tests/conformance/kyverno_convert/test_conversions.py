"""Policies of kyverno/policies as policies in CEL: how many convert with proof, and that none does wrongly.

``settle`` gives out a rule only when both forms agree on the resources of its tests, on those made around
them, and when the expectations of its tests hold for the new policy. Here the new policies are asked about
all resources of the corpus besides, which no proof has seen.
"""

import pytest

from propolis.policy.engine.convert.settle import CONVERTED
from tests.harness.conversions import policies_of, settled, totals, wrong_verdicts
from tests.harness.corpora import corpus

CORPUS = "kyverno-policies"
POLICIES = [(name, key) for name in (CORPUS, "kyverno-cli") for key in sorted(policies_of(name))]
LEAST_PERCENT = {("pattern", "anyPattern"): 90, ("deny",): 60, ("mutate",): 60}


@pytest.mark.parametrize(("name", "key"), POLICIES, ids=lambda text: text.rpartition("/")[2])
def test_no_converted_rule_says_something_else_of_any_resource(name: str, key: str) -> None:
    assert list(wrong_verdicts(name, key)) == []


@pytest.mark.parametrize(("name", "key"), POLICIES, ids=lambda text: text.rpartition("/")[2])
def test_what_is_not_converted_has_a_reason_and_no_policy(name: str, key: str) -> None:
    for one in settled(name, key):
        assert (one.status == CONVERTED) == bool(one.documents)
        assert one.reason or one.status == CONVERTED


def test_enough_rules_of_each_way_convert() -> None:
    corpus(CORPUS)
    counts = totals(CORPUS, sorted(policies_of(CORPUS)))
    for (way, status), number in sorted(counts.items()):
        print(f"{way} {status}: {number}")
    for ways, least in LEAST_PERCENT.items():
        of_ways = {key: number for key, number in counts.items() if key[0] in ways}
        converted = sum(number for (_, status), number in of_ways.items() if status == CONVERTED)
        assert 100 * converted >= least * sum(of_ways.values()), (ways, of_ways)
