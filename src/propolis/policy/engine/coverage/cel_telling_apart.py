"""Looks for a resource on which a mutant of a policy in CEL decides otherwise than the policy."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from propolis.core.resource import Document, Resource, reference_of
from propolis.lang.json_patch import find_patch
from propolis.policy.engine.case_subject import subject_of
from propolis.policy.engine.coverage.cel_documents import constants_of, documents_around
from propolis.policy.engine.coverage.cel_faults import CelMutant, text_of
from propolis.policy.engine.coverage.cel_probes import Judge
from propolis.policy.engine.coverage.request_changes import with_operation
from propolis.policy.engine.coverage.telling_apart import (
    MOST_BASES,
    MOST_FURTHER,
    MOST_TRIES,
    Example,
    Verdict,
    request_text,
    said,
    seen_from_outside,
)
from propolis.policy.engine.explain.near_values import PLACEHOLDER
from propolis.policy.engine.subject import PolicySubject, UserInfo
from propolis.policy.model.cel.policy import MODES, CelPolicy
from propolis.policy.model.policy_test import PolicyTest

_ORDER = {"pass": 0, "fail": 1, "warn": 1, "skip": 2, "error": 3}


class _Base(msgspec.Struct, frozen=True):
    """A resource of a test, and what the policy says of it."""

    number: int
    resource: Resource
    subject: PolicySubject
    outcome: str


class CelTeller:
    """Compares mutants of one policy with it."""

    def __init__(self, policy: CelPolicy, tests: Sequence[PolicyTest], now: datetime) -> None:
        self._policy = policy
        self._tests = tests
        self._now = now
        self._judges = [Judge(policy, test, now) for test in tests]
        self._known: list[_Base] | None = None

    def example(self, mutant: CelMutant) -> Example | None:
        """A resource that tells a mutant from the policy; one on which neither has an error, if there is."""
        found: Example | None = None
        left = MOST_FURTHER
        for example in self._compared(mutant):
            found = found or example
            left -= found is not None
            if example is not None and not example.has_error:
                return example
            if left <= 0:
                break
        return found

    def _compared(self, mutant: CelMutant) -> Iterator[Example | None]:
        """One after the other the resources of the tests, and those with a change: an example, or None."""
        judges = [Judge(mutant.policy, test, self._now) for test in self._tests]
        for base, subject in self._subjects([mutant.expression, *_texts(self._policy)]):
            expected = seen_from_outside(self._judges[base.number](subject))
            mutated = seen_from_outside(judges[base.number](subject))
            yield None if expected == mutated else _example(base, subject, expected, mutated)

    def _subjects(self, texts: Sequence[str]) -> Iterator[tuple[_Base, PolicySubject]]:
        bases = self._bases()
        yield from islice(((base, one) for base in bases for one in _operations(base.subject)), MOST_TRIES)
        chosen = bases[:MOST_BASES]
        for base in chosen:
            for one in islice(_around(base.subject, texts), MOST_TRIES // len(chosen)):
                yield base, one

    def _bases(self) -> list[_Base]:
        """Resources of the tests; those that pass first."""
        if self._known is None:
            found = [one for number, test in enumerate(self._tests) for one in self._of_test(number, test)]
            self._known = sorted(found, key=lambda base: _ORDER.get(base.outcome, len(_ORDER)))
        return self._known

    def _of_test(self, number: int, test: PolicyTest) -> Iterator[_Base]:
        operations = sorted({item.operation for item in test.document.results})
        subjects = [
            (one, subject_of(test, self._policy, one, operation, one.document))
            for one in test.resources
            for operation in operations
        ] + [(one.resource, PolicySubject(one.resource, mode=one.mode)) for one in test.payloads]
        for resource, subject in subjects:
            findings = self._judges[number](subject).findings
            yield _Base(number, resource, subject, str(findings[0].outcome) if findings else "")


def _operations(subject: PolicySubject) -> Iterator[PolicySubject]:
    yield subject
    if subject.mode == MODES[0]:
        yield from (with_operation(subject, operation) for operation in ("UPDATE", "DELETE"))


def _around(subject: PolicySubject, texts: Sequence[str]) -> Iterator[PolicySubject]:
    """Others who ask where the fault is about that, and other documents."""
    if any("userInfo" in text for text in texts[:1]):
        for name in (PLACEHOLDER, *constants_of(texts)):
            if isinstance(name, str):
                yield msgspec.structs.replace(subject, user=UserInfo(username=name))
                yield msgspec.structs.replace(subject, user=UserInfo(groups=(name,)))
    for document in documents_around(subject.resource.document, texts):
        yield _with_document(subject, document)


def _with_document(subject: PolicySubject, document: Document) -> PolicySubject:
    """The same subject with another document, which may have another name and namespace."""
    resource = msgspec.structs.replace(subject.resource, document=document)
    if subject.mode == MODES[0] and not subject.subresource:
        default = "default" if resource.ref.namespace else ""
        ref = reference_of(document, resource.ref.cluster, default)
        resource = msgspec.structs.replace(resource, ref=ref)
    return msgspec.structs.replace(subject, resource=resource)


def _texts(policy: CelPolicy) -> list[str]:
    """The expressions of a policy: variables first, which the others stand on."""
    found: list[str] = []
    for field in ("variables", "match_conditions", "conditions", "validations", "mutations", "generate"):
        entries: Any = getattr(policy.spec, field, None)
        found += [text_of(one) for one in entries or ()]
    return found


def _example(base: _Base, subject: PolicySubject, expected: Verdict, mutated: Verdict) -> Example:
    return Example(
        resource=str(base.resource.ref),
        document=subject.resource.document,
        expected=said(expected, mutated),
        mutated=said(mutated, expected),
        operations=tuple(find_patch(base.resource.document, subject.resource.document)),
        request=request_text(base.subject, subject),
    )
