"""Explains what the tests of a corpus judge: every rule of every policy on every resource."""

from collections.abc import Iterator

import msgspec

from propolis.core.evaluation import Answer, LookupKey, complete
from propolis.core.finding import Outcome
from propolis.core.resource import Document
from propolis.policy.engine.case_answers import CaseAnswers
from propolis.policy.engine.case_subject import subject_of
from propolis.policy.engine.coverage.branches import branches_of
from propolis.policy.engine.coverage.seen import taken
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.explain.changes import Explained
from propolis.policy.engine.explain.explain import explain
from propolis.policy.engine.explain.explanation import Advice, RuleExplanation
from propolis.policy.engine.explain.patch_search import smallest_patch
from propolis.policy.engine.explain.rules import PairedRule, paired_rules
from propolis.policy.engine.explain.subjects import with_document
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.policy import Policy
from propolis.policy.model.policy_test import PolicyTest
from tests.harness.policy_tests import NOW


class Case(msgspec.Struct):
    """One rule on one resource of a test."""

    test: PolicyTest
    pair: PairedRule
    subject: PolicySubject
    answers: dict[LookupKey, Answer]

    @property
    def name(self) -> str:
        return f"{self.pair.compiled.rule.policy}/{self.pair.rule.name} on {self.subject.resource.ref}"

    def explained(self) -> RuleExplanation:
        found = complete(
            lambda answers: explain(self.pair, self.test.exceptions, self.subject, answers, NOW),
            self.answers,
            CaseAnswers(self.test).fetch,
        )
        assert isinstance(found, Explained)
        assert found.rule is not None
        return found.rule

    def outcome(self, document: Document) -> Outcome | None:
        subject = with_document(self.subject, document)
        found = complete(
            lambda answers: evaluate(self.pair.alone, subject, answers, NOW),
            self.answers,
            CaseAnswers(self.test).fetch,
        )
        return found.findings[0].outcome if found.findings else None

    def advice(self) -> Advice:
        return smallest_patch(self.pair, self.test.exceptions, self.subject, self.outcome, self.answers, NOW)


def explainable(tests: list[PolicyTest]) -> Iterator[Case]:
    """Every rule on every resource, for every operation that a test asks for."""
    for test in tests:
        operations = {item.operation for item in test.document.results} or {""}
        for policy in _policies(test):
            pairs = paired_rules(policy, test.exceptions)
            for resource in test.resources:
                for operation in sorted(operations):
                    subject = subject_of(test, policy, resource, operation, resource.document)
                    for pair in pairs:
                        yield Case(test, pair, subject, dict(test.answers))


def _policies(test: PolicyTest) -> list[Policy]:
    return [one for one in test.policies if isinstance(one, Policy)] if not test.errors else []


def disagreements(tests: list[PolicyTest]) -> list[str]:
    """Where the trace of a rule does not come to what the engine says."""
    found = []
    for case in explainable(tests):
        rule = case.explained()
        if not rule.is_agreed:
            found.append(f"{case.name}: the engine says {rule.outcome}, the trace {rule.traced}")
    return found


def wrong_advice(tests: list[PolicyTest]) -> list[str]:
    """Changes that were told though the engine does not let them pass."""
    found = []
    for case in explainable(tests):
        if case.explained().outcome in ("fail", "warn"):
            advice = case.advice()
            changed = [advice.document, *(other.document for other in advice.others)]
            found += [
                f"{case.name}: {advice.operations}"
                for document in changed
                if document is not None and case.outcome(document) is not Outcome.PASS
            ]
    return found


def unknown_branches(tests: list[PolicyTest]) -> list[str]:
    """Decisions of which a trace takes a branch and that are none of its policy's."""
    found: list[str] = []
    for case in explainable(tests):
        known = {(one.what, one.source) for one in branches_of(case.pair.policy)}
        found += [
            f"{case.name}: {what} {source} {side}"
            for what, source, side in taken(case.explained())
            if what in COUNTED and (what, source) not in known
        ]
    return found


COUNTED = frozenset(
    {"rule", "condition", "alternative", "anchor", "foreach", "pattern", "deny", "podSecurity"}
)
