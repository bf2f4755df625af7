import pytest

from propolis.core.finding import Outcome, Severity
from propolis.policy.engine import compile_policies
from propolis.policy.engine.compiler import unsupported_feature
from propolis.policy.model import Policy
from propolis.policy.sources.pack import load
from tests.unit.policy.engine.examples import findings, pod

PACK = load()


def test_the_pack_has_every_control_of_both_levels_and_best_practices() -> None:
    categories = [policy.annotation("category") for policy in PACK]
    assert categories.count("Pod Security Standards (Baseline)") == 12
    assert categories.count("Pod Security Standards (Restricted)") == 6
    assert categories.count("Best Practices") >= 12


@pytest.mark.parametrize("policy", PACK, ids=lambda policy: policy.name)
def test_every_policy_says_what_to_do(policy: Policy) -> None:
    for rule in compile_policies([policy]).rules:
        assert rule.rule.remedy
        assert rule.rule.remediation.endswith(".")
        assert rule.rule.severity is not Severity.UNKNOWN
    assert policy.annotation("severity") in {"critical", "high", "medium", "low"}
    assert policy.annotation("description")
    assert not any(map(unsupported_feature, policy.spec.rules))


def test_no_policy_of_the_pack_errs_on_a_pod_that_says_nothing() -> None:
    outcomes = {finding.rule.policy: finding.outcome for finding in findings(PACK, pod())}
    assert Outcome.ERROR not in outcomes.values()
    assert outcomes["disallow-privileged"] is Outcome.PASS
    assert outcomes["require-run-as-non-root"] is Outcome.FAIL
