"""What policies say of recorded requests; of alike ones once."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from propolis.app.replay_policies import ReplayPolicies
from propolis.app.replay_requests import Replayable, inflated
from propolis.core.errors import DocumentError
from propolis.core.evaluation import Answer, LookupKey, complete
from propolis.core.finding import Finding, Outcome
from propolis.policy.engine.admission import request_subject
from propolis.policy.engine.admission_record import decode_answers, recorded_key
from propolis.policy.engine.evaluate import Decision, evaluate
from propolis.policy.engine.policy_set import PolicySet
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.action import Patch
from propolis.store.database import Database
from propolis.store.review_queries import blobs

Fetch = Callable[[frozenset[LookupKey]], Mapping[LookupKey, Answer]]
MOST_REMEMBERED = 20_000
NOT_RECORDED = "it was not recorded"


class Verdict(msgspec.Struct, frozen=True):
    """What the policies say of one request.

    Attributes:
        refusing: Findings for which it would be refused.
        unknown: Errors for want of an answer that was not recorded.
        changes: Whether it would be changed.
        subject: What was judged: after changes.
        answers: To look-ups.
    """

    refusing: tuple[Finding, ...]
    unknown: tuple[Finding, ...]
    changes: bool
    subject: PolicySubject
    answers: Mapping[LookupKey, Answer]


class Verdicts:
    """Evaluates requests of one store."""

    def __init__(self, database: Database, policies: ReplayPolicies, fetch: Fetch | None) -> None:
        self._database = database
        self._policies = policies
        self._fetch = fetch
        self._known: OrderedDict[tuple[int, tuple[int, ...]], Verdict] = OrderedDict()
        self._answers: OrderedDict[int, dict[LookupKey, Answer]] = OrderedDict()

    def of(self, request: Replayable) -> Verdict:
        """What the policies say of a request. Raises `SourceError`."""
        key = (request.blob, request.answers)
        known = self._known.get(key) if self._policies.is_timeless else None
        if known is None:
            known = self._known[key] = self._judged(request)
            _forget(self._known)
        return known

    def _judged(self, request: Replayable) -> Verdict:
        recorded = request.recorded
        roles = (recorded.roles, recorded.cluster_roles)
        subject = request_subject(request.request, lambda _group, _plural: recorded.parent, roles)
        answers: dict[LookupKey, Answer] = {}
        changed = self._decided(self._policies.changing, subject, answers, request)
        subject, changes = _after(subject, changed)
        judged = self._decided(self._policies.judging, subject, answers, request)
        refusing = (*changed.refusing, *judged.refusing)
        unknown = tuple(one for one in refusing if _is_unknown(one, answers))
        return Verdict(
            tuple(one for one in refusing if one not in unknown), unknown, changes, subject, answers
        )

    def _decided(
        self, rules: PolicySet, subject: PolicySubject, answers: dict[LookupKey, Answer], request: Replayable
    ) -> Decision:
        if not rules.rules:
            return Decision()
        return complete(
            lambda known: evaluate(rules, subject, known, request.at),
            answers,
            lambda keys: self._fetched(keys, request),
        )

    def _fetched(self, keys: frozenset[LookupKey], request: Replayable) -> Mapping[LookupKey, Answer]:
        """Answers as they were; others as they are now, where there is somebody to ask."""
        found: dict[LookupKey, Answer] = {}
        for number in request.answers:
            recorded = self._recorded(number)
            found |= {key: recorded[kept] for key in keys if (kept := recorded_key(key)) in recorded}
        missing = keys - found.keys()
        if missing and self._fetch is not None:
            return {**found, **self._fetch(missing)}
        return found | {key: Answer(error=f"{_said(key)}: {NOT_RECORDED}") for key in missing}

    def _recorded(self, number: int) -> dict[LookupKey, Answer]:
        if number not in self._answers:
            try:
                self._answers[number] = decode_answers(inflated(blobs(self._database, [number])[number]))
            except (KeyError, DocumentError, msgspec.DecodeError):
                self._answers[number] = {}
            _forget(self._answers)
        return self._answers[number]


def _is_unknown(finding: Finding, answers: Mapping[LookupKey, Answer]) -> bool:
    """Whether a finding is an error for want of an answer."""
    is_missing = any(answer.error.endswith(NOT_RECORDED) for answer in answers.values())
    return finding.outcome is Outcome.ERROR and is_missing


def _after(subject: PolicySubject, decision: Decision) -> tuple[PolicySubject, bool]:
    """The subject as rules have changed it, and whether they have."""
    for action in decision.actions:
        if isinstance(action, Patch) and not action.is_existing:
            resource = msgspec.structs.replace(subject.resource, document=action.document)
            return msgspec.structs.replace(subject, resource=resource), True
    return subject, False


def _said(key: LookupKey) -> str:
    return " ".join((key.kind, *key.arguments))[:200]


def _forget(known: OrderedDict[Any, Any]) -> None:
    while len(known) > MOST_REMEMBERED:
        known.popitem(last=False)
