"""The tests of a policy with what one of its rules became in its place."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from propolis.policy.engine.expectation import EXCLUDED, Row, check
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.kyverno_test import Expectation
from propolis.policy.model.policy import Policy
from propolis.policy.model.policy_test import PolicyTest


def exchanged_rows(
    policy: Policy, number: int, made: Sequence[CelPolicy], tests: Sequence[PolicyTest], now: datetime
) -> list[Row]:
    """The rows about one rule that hold for the original, as they are for what it became.

    A row holds too when an error stands where a failure is expected, for both refuse, and when the new policy
    skips what the old one was not for. Tests with exceptions are left out: exceptions are not converted.
    An expectation without a rule is about all rules, so it is asked only where the policy has one.
    """
    return [row for test in tests for row in _rows(policy, number, made, test, now)]


def _rows(
    policy: Policy, number: int, made: Sequence[CelPolicy], test: PolicyTest, now: datetime
) -> Iterator[Row]:
    if test.errors or test.exceptions or not any(is_same(one, policy) for one in test.policies):
        return
    for item in test.document.results:
        if not _is_about(item, policy, number):
            continue
        before = check(_with(test, test.policies, (item,)), now)
        if not before or not all(row.is_passed for row in before):
            continue
        policies = tuple(
            other for one in test.policies for other in (made if is_same(one, policy) else (one,))
        )
        items = tuple(msgspec.structs.replace(item, policy=one.name, rule="") for one in made)
        is_excluded = all(row.reason == EXCLUDED for row in before)
        for row in check(_with(test, policies, items), now):
            is_alike = (row.expected, row.actual) == ("fail", "error") or (
                is_excluded and row.actual == "skip"
            )
            yield msgspec.structs.replace(row, is_passed=True) if is_alike else row


def _with(test: PolicyTest, policies: tuple[AnyPolicy, ...], items: tuple[Expectation, ...]) -> PolicyTest:
    document = msgspec.structs.replace(test.document, results=items)
    return msgspec.structs.replace(test, policies=policies, document=document)


def is_same(one: AnyPolicy, policy: Policy) -> bool:
    """Whether a policy of a test is a certain one, from whichever file."""
    return isinstance(one, Policy) and one.name == policy.name and one.spec == policy.spec


def _is_about(item: Expectation, policy: Policy, number: int) -> bool:
    if item.policy.rpartition("/")[2] != policy.name:
        return False
    rule = policy.spec.rules[number].name
    if not item.rule:
        return len(policy.spec.rules) == 1
    return item.rule in (rule, f"autogen-{rule}", f"autogen-cronjob-{rule}")
