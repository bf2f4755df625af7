from datetime import UTC, datetime
from pathlib import Path

from propolis.policy.engine.expectation import check
from propolis.policy.sources.pack import load
from propolis.policy.sources.test_files import load_tests

HERE = Path(__file__).parent
(TEST,) = load_tests(HERE, root=HERE.parents[3])
ROWS = check(TEST, datetime(2026, 1, 1, tzinfo=UTC))


def test_every_policy_says_what_its_fixture_expects() -> None:
    assert [row for row in ROWS if not row.is_passed or row.reason != "Ok"] == []


def test_every_rule_of_the_pack_has_something_to_let_pass_and_something_to_refuse() -> None:
    rules = {(policy.name, rule.name) for policy in load() for rule in policy.spec.rules}
    for outcome in ("pass", "fail"):
        assert {(row.policy, row.rule) for row in ROWS if row.actual == outcome} >= rules
