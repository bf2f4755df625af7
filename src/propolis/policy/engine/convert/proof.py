"""The proof of a conversion: both policies judge resources, those at hand and others made around each leaf.

Two verdicts are the same when both refuse (an error refuses as a failure does), both let pass, or neither has
anything to say; of what changes or makes resources the documents must be the same too.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from propolis.core.action import Action
from propolis.core.evaluation import Evaluation, complete
from propolis.core.finding import Outcome
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.policy.engine.case_answers import CaseAnswers
from propolis.policy.engine.case_subject import subject_of
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.convert.admitted import is_admitted, is_like, types_of
from propolis.policy.engine.convert.bases import skeletons
from propolis.policy.engine.coverage.document_changes import changed_documents
from propolis.policy.engine.coverage.request_changes import changed_requests, with_operation
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.explain.changes import Explained
from propolis.policy.engine.explain.explain import explain
from propolis.policy.engine.explain.rules import PairedRule, paired_rules
from propolis.policy.engine.explain.subjects import with_document
from propolis.policy.engine.policy_set import Phase, PolicySet
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.action import Create, Patch, Update
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.kyverno_test import TestDocument
from propolis.policy.model.policy import Policy
from propolis.policy.model.policy_test import PolicyTest

MOST_BASES = 12
MOST_AROUND = 400
"""Resources around each resource at hand."""
MOST_FAULTS = 80
REFUSES, PASSES, SILENT = "refused", "passed", "not judged"
_CLASSES = {Outcome.FAIL: REFUSES, Outcome.WARN: REFUSES, Outcome.ERROR: REFUSES, Outcome.PASS: PASSES}
_MARKS = "generate.kyverno.io/"
_ENCODER = msgspec.json.Encoder(order="deterministic")


class Verdict(msgspec.Struct, frozen=True):
    """What a policy makes of a request.

    Attributes:
        says: Refused, passed or not judged.
        outcomes: As findings have them.
        made: Documents that it changes or makes.
    """

    says: str
    outcomes: tuple[str, ...]
    made: tuple[Document, ...] = ()

    def is_like(self, other: "Verdict") -> bool:
        """Whether two policies come to the same."""
        return self.says == other.says and self.made == other.made


class Difference(msgspec.Struct, frozen=True):
    """A request on which both policies differ."""

    document: Document
    operation: str
    user: str
    before: Verdict
    after: Verdict


class Proof(msgspec.Struct, frozen=True):
    """What both policies were compared on.

    Attributes:
        at_hand: Resources of tests and fixtures.
        around: Resources made around them.
        counts: How many of them each verdict met.
        difference: The first on which they differ; None where there is none.
    """

    at_hand: int
    around: int
    counts: dict[str, int]
    difference: Difference | None = None

    @property
    def is_telling(self) -> bool:
        """Whether the rule was for anything that was tried."""
        return self.counts.get(REFUSES, 0) + self.counts.get(PASSES, 0) > 0


def prove(
    policy: Policy, number: int, made: Sequence[CelPolicy], tests: Sequence[PolicyTest], now: datetime
) -> Proof:
    """Compares one rule of a policy with what it became.

    Args:
        policy: The original.
        number: Of its rule.
        made: What it became.
        tests: Resources at hand, with who asks and what look-ups answer.
        now: The time of all evaluations.
    """
    pairs = [pair for pair in paired_rules(policy, ()) if pair.number == number]
    run = _Run(PolicySet([pair.compiled for pair in pairs]), compile_policies(made), now)
    types = types_of(resource.document for test in tests for resource in test.resources)
    bases = [
        _Base(test, subject_of(test, policy, resource, "", resource.document))
        for test in (*tests, *_own_tests(policy, number))
        for resource in test.resources
    ]
    for base in bases:
        if not run.compare(base, base.subject):
            return run.proof(len(bases), 0)
    if policy.spec.rules[number].generate is not None:
        for base in bases:
            if not run.compare(_Base(_NOTHING, base.subject), base.subject, is_new=True):
                return run.proof(len(bases), 0)
    around = 0
    for base in _chosen(bases, run):
        for subject in islice(_subjects(base, pairs, policy, number, now), MOST_AROUND):
            if not is_like(subject.resource.document, types):
                continue
            around += 1
            if not run.compare(base, subject):
                return run.proof(len(bases), around)
    return run.proof(len(bases), around)


_NOTHING = PolicyTest("", TestDocument())
"""A world in which nothing else is there: what rules look up is absent."""


class _Base(msgspec.Struct, frozen=True):
    test: PolicyTest
    subject: PolicySubject


def _own_tests(policy: Policy, number: int) -> list[PolicyTest]:
    """The least resources of the rule's kinds, for rules of which no resource is at hand."""
    resources = tuple(
        Resource(reference_of(document), document, Origin(""))
        for document in skeletons(policy.spec.rules[number])
    )
    return [PolicyTest("", TestDocument(), resources=resources)] if resources else []


def _chosen(bases: list[_Base], run: "_Run") -> list[_Base]:
    """Some of each kind and verdict."""
    seen: dict[tuple[str, str], int] = {}
    found = []
    for base in sorted(bases, key=lambda one: run.before(one, one.subject).says == SILENT):
        key = (base.subject.resource.ref.kind, run.before(base, base.subject).says)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= 2:  # noqa: PLR2004  # of each kind and verdict
            found.append(base)
    return found[:MOST_BASES]


class _Run:
    """Both policies, and what they said so far."""

    def __init__(self, original: PolicySet, converted: PolicySet, now: datetime) -> None:
        self._original = original
        self._converted = converted
        self._now = now
        self._counts: dict[str, int] = {}
        self._known: set[bytes] = set()
        self._difference: Difference | None = None

    def before(self, base: _Base, subject: PolicySubject) -> Verdict:
        """What the original says."""
        return _verdict(self._original, base, subject, self._now)

    def compare(self, base: _Base, subject: PolicySubject, *, is_new: bool = False) -> bool:
        """Whether both say the same of a request; one that was compared before counts once.

        ``is_new``: whether it counts again, for it meets another world.
        """
        key = _ENCODER.encode([subject.resource.document, subject.operation, subject.user, subject.values])
        if (key in self._known and not is_new) or not is_admitted(subject.resource.document):
            return True
        self._known.add(key)
        before = self.before(base, subject)
        after = _verdict(self._converted, base, subject, self._now)
        self._counts[before.says] = self._counts.get(before.says, 0) + 1
        if before.is_like(after):
            return True
        user = subject.user.username
        self._difference = Difference(subject.resource.document, subject.operation, user, before, after)
        return False

    def proof(self, at_hand: int, around: int) -> Proof:
        """All of it."""
        return Proof(at_hand, around, dict(self._counts), self._difference)


def _verdict(rules: PolicySet, base: _Base, subject: PolicySubject, now: datetime) -> Verdict:
    found = complete(
        lambda answers: evaluate(rules, subject, answers, now),
        dict(base.test.answers),
        CaseAnswers(base.test).fetch,
    )
    is_change = any(rule.phase in (Phase.MUTATE, Phase.GENERATE) for rule in rules.rules)
    verdict = _read(found)
    if is_change and verdict.says == PASSES and not verdict.made:
        return msgspec.structs.replace(verdict, says=SILENT)
    return verdict


def _read(found: Evaluation) -> Verdict:
    classes = [_CLASSES.get(one.outcome, SILENT) for one in found.findings]
    says = next((word for word in (REFUSES, PASSES) if word in classes), SILENT)
    made = tuple(document for action in found.actions if (document := _made(action)) is not None)
    return Verdict(says, tuple(str(one.outcome) for one in found.findings), made)


def _made(action: Action) -> Document | None:
    """The document of an action, without the labels that name the policy and rule which made it."""
    if isinstance(action, Patch):
        return action.document
    if not isinstance(action, Create | Update):
        return None
    metadata = action.document.get("metadata") or {}
    labels = {key: text for key, text in (metadata.get("labels") or {}).items() if not key.startswith(_MARKS)}
    return {**action.document, "metadata": {**metadata, "labels": labels}}


def _subjects(
    base: _Base, pairs: list[PairedRule], policy: Policy, number: int, now: datetime
) -> Iterator[PolicySubject]:
    """Requests around one: other operations, users and names, then other documents."""
    subject = base.subject
    rule = policy.spec.rules[number]
    stated = ("CREATE", "UPDATE") if rule.validation is None else ("CREATE", "UPDATE", "DELETE")
    yield from (with_operation(subject, operation) for operation in stated)
    parts = [part for part in (rule.match, rule.exclude) if part is not None]
    yield from islice(changed_requests(subject, parts), MOST_AROUND // 4)
    for pair in pairs:
        trace = _trace(base, pair, now)
        if trace is None:
            continue
        for fault in islice(_faults(pair), MOST_FAULTS):
            documents = changed_documents(
                subject.resource.document, [pair.rule, pair.rule], [trace, trace], fault
            )
            yield from (with_document(subject, document) for document in documents)


def _trace(base: _Base, pair: PairedRule, now: datetime) -> Any:
    found = complete(
        lambda answers: explain(pair, (), base.subject, answers, now),
        dict(base.test.answers),
        CaseAnswers(base.test).fetch,
    )
    rule = found.rule if isinstance(found, Explained) else None
    return rule if rule is not None and rule.outcome != "no match" else None


def _faults(pair: PairedRule) -> Iterator[tuple[str | int, ...]]:
    """Every place of the patterns of a rule, then the rule itself."""
    document = msgspec.to_builtins(pair.rule)
    validation = document.get("validate") or {}
    for key in ("pattern", "anyPattern"):
        yield from _places(validation.get(key), ("validate", key))
    for index, item in enumerate(validation.get("foreach") or ()):
        for key in ("pattern", "anyPattern"):
            yield from _places(item.get(key), ("validate", "foreach", index, key))
    yield ()


def _places(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if value is None:
        return
    yield path
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    for key, item in items:
        yield from _places(item, (*path, key))
