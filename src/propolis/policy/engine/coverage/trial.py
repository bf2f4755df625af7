"""A policy before the tests that are about it: the rows of ``policy test``, and who notices a mutant."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from propolis.policy.engine.coverage.cel_faults import CelMutant
from propolis.policy.engine.coverage.mutants import Mutant
from propolis.policy.engine.expectation import Row, check
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.policy import CelPolicy, MutatingSpec
from propolis.policy.model.kyverno_test import Expectation
from propolis.policy.model.policy_test import PolicyTest

AnyMutant = Mutant | CelMutant

Held = Counter[tuple[str, ...]]
"""Rows that hold: rule, kind, resource, expected and actual outcome."""


def tests_of(policy: AnyPolicy, tests: Iterable[PolicyTest]) -> list[PolicyTest]:
    """Tests with what is about a policy alone; other policies only where they change resources."""
    found = []
    for test in tests:
        if test.errors or not any(is_same(one, policy) for one in test.policies):
            continue
        results = tuple(
            item for item in test.document.results if item.policy.rpartition("/")[2] == policy.name
        )
        if results:
            kept = tuple(one for one in test.policies if is_same(one, policy) or _changes(one))
            document = msgspec.structs.replace(test.document, results=results)
            found.append(msgspec.structs.replace(test, document=document, policies=kept))
    return found


def is_same(one: AnyPolicy, policy: AnyPolicy) -> bool:
    """Whether a policy of a test is a certain one."""
    return one.name == policy.name and one.origin == policy.origin


def _changes(policy: AnyPolicy) -> bool:
    if isinstance(policy, CelPolicy):
        return isinstance(policy.spec, MutatingSpec)
    return any(rule.mutate is not None for rule in policy.spec.rules)


class Trial:
    """The tests of one policy, and the rows that hold for the policy as it is."""

    def __init__(self, policy: AnyPolicy, tests: Sequence[PolicyTest], now: datetime) -> None:
        self._policy = policy
        self._tests = tests
        self._now = now
        self._held: dict[tuple[int, str], Held] = {}
        self.rows = [check(test, now) for test in tests]

    def notices(self, mutant: AnyMutant) -> bool:
        """Whether a row that holds for the policy does not for the mutant, or says another outcome."""
        for number, test in enumerate(self._tests):
            chosen = [item for item in test.document.results if self._is_about(item, mutant)]
            if not chosen:
                continue
            document = msgspec.structs.replace(test.document, results=tuple(chosen))
            policies = tuple(mutant.policy if is_same(one, self._policy) else one for one in test.policies)
            judged = msgspec.structs.replace(test, document=document)
            before = self._before(number, mutant, judged)
            after = _held(check(msgspec.structs.replace(judged, policies=policies), self._now))
            if before - after:
                return True
        return False

    def _is_about(self, item: Expectation, mutant: AnyMutant) -> bool:
        """Whether an expectation may notice: it names the rule or none, or rules stop one another."""
        if isinstance(self._policy, CelPolicy):
            return True
        is_named = item.rule.removeprefix("autogen-").removeprefix("cronjob-") == mutant.rule
        return not item.rule or is_named or self._policy.spec.apply_rules == "One"

    def _before(self, number: int, mutant: AnyMutant, test: PolicyTest) -> Held:
        key = (number, mutant.rule)
        if key not in self._held:
            self._held[key] = _held(check(test, self._now))
        return self._held[key]


def _held(rows: Iterable[Row]) -> Held:
    return Counter(
        (row.rule, row.kind, row.resource, row.expected, row.actual) for row in rows if row.is_passed
    )
