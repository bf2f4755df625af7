"""Looks for a resource on which a mutant decides otherwise than the policy: an example for a missing test."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from propolis.core.action import Action
from propolis.core.evaluation import Answer, Evaluation, LookupKey, complete
from propolis.core.finding import Outcome
from propolis.core.resource import Document, Resource
from propolis.lang.json_patch import Operation, find_patch
from propolis.policy.engine.case_answers import CaseAnswers
from propolis.policy.engine.case_subject import subject_of
from propolis.policy.engine.coverage.document_changes import changed_documents
from propolis.policy.engine.coverage.mutants import Mutant
from propolis.policy.engine.coverage.request_changes import changed_requests, with_operation
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.explain.changes import Explained
from propolis.policy.engine.explain.explain import explain
from propolis.policy.engine.explain.explanation import RuleExplanation
from propolis.policy.engine.explain.patch_search import smallest_patch
from propolis.policy.engine.explain.rules import PairedRule, paired_rules
from propolis.policy.engine.explain.subjects import with_document
from propolis.policy.engine.policy_set import PolicySet
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.action import Create, Patch, Update
from propolis.policy.model.policy import Policy
from propolis.policy.model.policy_test import PolicyTest

MOST_BASES = 6
"""Resources of the tests around which is looked."""
MOST_TRIES = 600
"""Resources on which a policy and a mutant are compared."""
MOST_FURTHER = 30
"""Resources that are looked at after the first example, for one with fewer changes."""
MOST_PATCH_EVALUATIONS = 60

_ORDER = {"pass": 0, "fail": 1, "warn": 1, "skip": 2, "error": 3, "nothing": 4}

Verdict = tuple[Any, ...]


class Example(msgspec.Struct, frozen=True, omit_defaults=True):
    """A resource on which policy and mutant differ.

    Attributes:
        resource: The resource of a test that it is, or was made of.
        operations: What is changed of it; empty where it is the resource itself.
        request: What is changed of the request: ``operation DELETE``, ``user x``.
        expected: What the policy says.
        mutated: What the mutant says.
    """

    resource: str
    document: Document
    expected: str
    mutated: str
    operations: tuple[Operation, ...] = ()
    request: str = ""

    @property
    def has_error(self) -> bool:
        """Whether one of the two cannot judge it."""
        return "error" in self.expected or "error" in self.mutated


class Teller:
    """Compares mutants of one policy with it."""

    def __init__(self, policy: Policy, tests: Sequence[PolicyTest], now: datetime) -> None:
        self._policy = policy
        self._tests = tests
        self._now = now
        self._bases: dict[int, list[_Base]] = {}

    def example(self, mutant: Mutant) -> Example | None:
        """A resource that tells a mutant from the policy, of some the one with the fewest changes."""
        found: list[Example] = []
        left = MOST_FURTHER
        for example in self._compared(mutant):
            found += [example] if example is not None else []
            left -= bool(found)
            if left <= 0 or (example is not None and len(example.operations) <= 1):
                break
        return min(found, key=lambda one: len(one.operations), default=None)

    def _compared(self, mutant: Mutant) -> Iterator[Example | None]:
        """One after the other the resources that are looked at: an example, or None."""
        bases = self._bases_of(mutant.number)
        for base in bases:
            pairs = [pair for pair in paired_rules(mutant.policy, base.test.exceptions) if _is(pair, mutant)]
            if pairs:
                one = _Comparison(base, pairs, self._now)
                subjects = one.subjects(mutant.source[3:])
                yield from map(one.differ, islice(subjects, MOST_TRIES // len(bases)))

    def _bases_of(self, number: int) -> list["_Base"]:
        """Resources that the rule is for come first; failing ones also as they would pass."""
        if number not in self._bases:
            found = [base for test in self._tests for base in self._of_test(test, number)]
            found.sort(key=lambda base: _ORDER.get(base.trace.outcome, len(_ORDER)))
            passing = [base for base in found if base.trace.outcome == "pass"]
            chosen = [*passing[: MOST_BASES // 2], *(base for base in found if base not in passing)][
                :MOST_BASES
            ]
            mended = [made for base in chosen if (made := base.mended(self._now)) is not None]
            self._bases[number] = [*chosen, *mended]
        return self._bases[number]

    def _of_test(self, test: PolicyTest, number: int) -> Iterator["_Base"]:
        pairs = [pair for pair in paired_rules(self._policy, test.exceptions) if pair.number == number]
        for resource in test.resources:
            subject = subject_of(test, self._policy, resource, "", resource.document)
            yield _Base(test, pairs, resource, subject, self._now)


def _is(pair: PairedRule, mutant: Mutant) -> bool:
    return pair.number == mutant.number


class _Base:
    """A resource of a test, the rule, and what it says of the resource."""

    def __init__(
        self,
        test: PolicyTest,
        pairs: list[PairedRule],
        resource: Resource,
        subject: PolicySubject,
        now: datetime,
    ) -> None:
        self.test = test
        self.pairs = pairs
        self.resource = resource
        self.subject = subject
        self.answers: dict[LookupKey, Answer] = dict(test.answers)
        self.pair, self.trace = self._applied(now)

    def _applied(self, now: datetime) -> tuple[PairedRule, RuleExplanation]:
        """The form of the rule that is for the resource: its own, or one that autogen made."""
        traced = [(pair, explained(self, pair, self.subject, now)) for pair in self.pairs]
        return next((one for one in traced if one[1].outcome != "no match"), traced[0])

    def mended(self, now: datetime) -> "_Base | None":
        """The resource as the rule lets it pass, where the rule does not."""
        if self.trace.outcome not in ("fail", "warn"):
            return None

        def judge(document: Document) -> Outcome | None:
            verdict = verdict_of(self, [self.pair], with_document(self.subject, document), now)
            return verdict[0][0] if verdict[0] else None

        advice = smallest_patch(
            self.pair, self.test.exceptions, self.subject, judge, self.answers, now, MOST_PATCH_EVALUATIONS
        )
        if advice.document is None:
            return None
        subject = with_document(self.subject, advice.document)
        return _Base(self.test, self.pairs, self.resource, subject, now)


def explained(base: _Base, pair: PairedRule, subject: PolicySubject, now: datetime) -> RuleExplanation:
    """The trace of a rule on a subject."""
    found = complete(
        lambda answers: explain(pair, base.test.exceptions, subject, answers, now),
        base.answers,
        CaseAnswers(base.test).fetch,
    )
    if not isinstance(found, Explained) or found.rule is None:
        raise TypeError("explain gives an explanation")
    return found.rule


def verdict_of(base: _Base, pairs: list[PairedRule], subject: PolicySubject, now: datetime) -> Verdict:
    """What can be seen of a decision from outside: outcomes and documents, not messages."""
    rules = PolicySet([pair.compiled for pair in pairs])
    found = complete(
        lambda answers: evaluate(rules, subject, answers, now), base.answers, CaseAnswers(base.test).fetch
    )
    return seen_from_outside(found)


def seen_from_outside(found: Evaluation) -> Verdict:
    """What can be seen of a decision: outcomes and documents."""
    return tuple(one.outcome for one in found.findings), tuple(map(_made, found.actions))


def _made(action: Action) -> tuple[str, Any]:
    return type(action).__name__, action.document if isinstance(action, Patch | Create | Update) else None


class _Comparison:
    """A policy and a mutant around one resource."""

    def __init__(self, base: _Base, pairs: list[PairedRule], now: datetime) -> None:
        self._base = base
        self._pairs = pairs
        self._now = now

    def subjects(self, fault: tuple[str | int, ...]) -> Iterator[PolicySubject]:
        """The resource itself, then others around it."""
        base = self._base
        yield base.subject
        yield from (with_operation(base.subject, operation) for operation in ("UPDATE", "DELETE"))
        rules = [base.pair.rule, self._pair().rule]
        matches = [part for rule in rules for part in (rule.match, rule.exclude) if part is not None]
        is_of_request = fault[:1] in (("match",), ("exclude",))
        makers: list[Callable[[], Iterator[PolicySubject]]] = [
            lambda: self._documents(fault),
            lambda: changed_requests(base.subject, matches),
        ]
        for maker in reversed(makers) if is_of_request else makers:
            yield from maker()

    def _pair(self) -> PairedRule:
        """The mutant's rule in the form that is for the resource."""
        name = self._base.pair.rule.name
        return next((pair for pair in self._pairs if pair.rule.name == name), self._pairs[0])

    def _documents(self, fault: tuple[str | int, ...]) -> Iterator[PolicySubject]:
        base, pair = self._base, self._pair()
        traces = [base.trace, explained(base, pair, base.subject, self._now)]
        documents = changed_documents(
            base.subject.resource.document, [base.pair.rule, pair.rule], traces, fault
        )
        return (with_document(base.subject, document) for document in documents)

    def differ(self, subject: PolicySubject) -> Example | None:
        """The example that a subject is, when the two decide otherwise."""
        base = self._base
        expected = verdict_of(base, base.pairs, subject, self._now)
        mutated = verdict_of(base, self._pairs, subject, self._now)
        if expected == mutated:
            return None
        return Example(
            resource=str(base.resource.ref),
            document=subject.resource.document,
            expected=said(expected, mutated),
            mutated=said(mutated, expected),
            operations=tuple(find_patch(base.resource.document, subject.resource.document)),
            request=request_text(base.subject, subject),
        )


def said(verdict: Verdict, other: Verdict) -> str:
    """A verdict in words, beside another."""
    outcomes, documents = verdict
    text = ", ".join(map(str, outcomes)) or "nothing"
    if outcomes == other[0] and documents != other[1]:
        return f"{text}, and other documents"
    return text


def request_text(before: PolicySubject, after: PolicySubject) -> str:
    """What is changed of a request."""
    parts = []
    if after.operation != before.operation:
        parts.append(f"operation {after.operation}")
    if after.user != before.user:
        user = after.user
        parts.append(f"user {' '.join((user.username, *user.groups, *user.roles, *user.cluster_roles))}")
    return ", ".join(parts)
