from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.coverage.measure import measure
from propolis.policy.engine.coverage.measure_cel import measure_cel
from propolis.policy.engine.expectation import check
from propolis.policy.engine.policy_set import Phase
from propolis.policy.model import Policy
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.policy_test import PolicyTest
from propolis.policy.sources.pack import load
from propolis.policy.sources.test_files import load_tests

ROOT = Path(__file__).parents[4]
TESTS = ROOT / "tests" / "policies"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PACK = load()
ASKS_A_REGISTRY = "verify-signatures"
"""Its outcomes need signatures in a registry; only that it leaves other images alone is tested here."""


@cache
def its_test(policy: str) -> PolicyTest:
    (folder,) = TESTS.glob(f"*/{policy}")
    (test,) = load_tests(folder, root=ROOT)
    return test


@pytest.mark.parametrize("policy", PACK, ids=lambda policy: policy.name)
def test_every_policy_says_what_its_tests_expect(policy: AnyPolicy) -> None:
    rows = check(its_test(policy.name), NOW)
    assert rows
    assert [row for row in rows if not row.is_passed] == []


@pytest.mark.parametrize("policy", PACK, ids=lambda policy: policy.name)
def test_every_policy_has_something_to_do_and_something_to_refuse_or_leave_alone(policy: AnyPolicy) -> None:
    outcomes = {row.actual for row in check(its_test(policy.name), NOW)}
    phases = {rule.phase for rule in compile_policies([policy]).rules}
    if policy.name == ASKS_A_REGISTRY:
        assert outcomes <= {"", "skip"}
    elif phases == {Phase.JUDGE}:
        assert "fail" in outcomes
        assert outcomes & {"pass", "skip", ""}
    else:
        assert "pass" in outcomes


@pytest.mark.parametrize("policy", PACK, ids=lambda policy: policy.name)
def test_the_tests_of_a_policy_take_every_branch_and_notice_every_fault(policy: AnyPolicy) -> None:
    (own,) = its_test(policy.name).policies
    tests = [its_test(policy.name)]
    found = measure(own, tests, NOW) if isinstance(own, Policy) else measure_cel(own, tests, NOW)
    assert not found.untried
    assert found.missed == ()
    assert [one.what for one in found.survivors if one.example is not None] == []


def test_every_folder_of_tests_is_for_a_policy_of_the_same_folder_of_the_pack() -> None:
    written = {Path(policy.origin.path.removeprefix("pack/")).with_suffix("") for policy in PACK}
    assert {folder.relative_to(TESTS) for folder in TESTS.glob("*/*")} == written
