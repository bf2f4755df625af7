"""Compiled policies as ``policy apply`` runs them: all of them change a resource, then all judge it."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from propolis.app.policy_inputs import PolicyInput
from propolis.core import clock
from propolis.core.action import Action
from propolis.core.evaluation import Answer, Evaluation, LookupKey, complete
from propolis.core.finding import Finding, Outcome
from propolis.core.resource import Document, Resource
from propolis.policy.engine.case_subject import subject_of
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.evaluate import Decision, evaluate
from propolis.policy.engine.policy_set import Phase, PolicySet
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.action import Create, Delete, Patch, Update
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.kyverno_test import TestDocument, Values
from propolis.policy.model.policy_test import Payload, PolicyTest, TestUser
from propolis.policy.sources.test_answers import answers_of
from propolis.reports.render.policy_apply import JudgedResource, MadeDocument

Fetch = Callable[[frozenset[LookupKey]], Mapping[LookupKey, Answer]]


class Application:
    """Compiled policies with what they may ask for; policies with values of their own are apart.

    Attributes:
        now: The time of all evaluations.
    """

    def __init__(
        self,
        read: PolicyInput,
        values: Values,
        user: TestUser,
        answers: Mapping[LookupKey, Answer],
        *,
        audit_warns: bool,
    ) -> None:
        self.now = clock.now()
        self._audit_warns = audit_warns
        self._files = PolicyTest("", TestDocument(), values=values, user=user)
        prepared = answers_of(TestDocument(), values, (), lambda _names: [])
        self._answers: dict[LookupKey, Answer] = {**answers, **prepared}
        groups = [[one] for one in read.policies] if values.policies else [list(read.policies)]
        self._sets = [
            _Set(group, compile_policies(group, read.exceptions, read.bindings)) for group in groups if group
        ]

    def may_be_for(self, group: str, version: str, kind: str) -> bool:
        """Whether any policy may be for objects of a kind."""
        return any(one.rules.may_be_for(group, version, kind) for one in self._sets)

    def judge(self, resource: Resource, fetch: Fetch) -> tuple[list[Finding], list[MadeDocument]]:
        """Findings on a resource and what was made of it: all policies change it, then all judge it."""
        document = resource.document
        findings: list[Finding] = []
        actions: list[Action] = []
        for one in self._sets:
            if one.changing.rules:
                document = self._run(one, one.changing, resource, document, fetch, findings, actions)
        for one in self._sets:
            if one.judging.rules:
                document = self._run(one, one.judging, resource, document, fetch, findings, actions)
        return findings, _made(document, actions)

    def answer(self, payload: Payload, fetch: Fetch) -> JudgedResource:
        """Findings on a document that is no resource."""
        subject = PolicySubject(payload.resource, mode=payload.mode)
        findings: list[Finding] = []
        for one in self._sets:
            findings += self._told(self._completed(one.judging, subject, fetch))
        return JudgedResource(payload.resource, tuple(findings))

    def _completed(self, rules: PolicySet, subject: PolicySubject, fetch: Fetch) -> Evaluation:
        return complete(lambda answers: evaluate(rules, subject, answers, self.now), self._answers, fetch)

    def _run(
        self,
        one: "_Set",
        rules: PolicySet,
        resource: Resource,
        document: Document,
        fetch: Fetch,
        findings: list[Finding],
        actions: list[Action],
    ) -> Document:
        """Adds what some rules say; the document as they leave it."""
        subject = subject_of(self._files, one.policy, resource, "", document)
        found = self._completed(rules, subject, fetch)
        findings += self._told(found)
        actions += found.actions
        own = [item for item in found.actions if isinstance(item, Patch) and not item.is_existing]
        return own[0].document if own else document

    def _told(self, found: Evaluation) -> Sequence[Finding]:
        if not (self._audit_warns and isinstance(found, Decision)):
            return found.findings
        return [
            msgspec.structs.replace(one, outcome=Outcome.WARN)
            if one.outcome is Outcome.FAIL and one not in found.refusing
            else one
            for one in found.findings
        ]


class _Set:
    """Policies that share their values, compiled; those that change resources apart from the others."""

    def __init__(self, policies: Sequence[AnyPolicy], rules: PolicySet) -> None:
        self.policy = policies[0]
        self.rules = rules
        self.changing = rules.of_phases(Phase.MUTATE)
        self.judging = rules.of_phases(Phase.VERIFY, Phase.JUDGE, Phase.GENERATE, Phase.DELETE)


def _made(document: Document, actions: Sequence[Action]) -> list[MadeDocument]:
    """The resource afterwards where it was changed, then other resources."""
    own = [one for one in actions if isinstance(one, Patch) and not one.is_existing]
    found = []
    if own:
        rules = tuple(dict.fromkeys(rule for one in own for rule in one.rules))
        found.append(MadeDocument("patched", rules, document))
    others = (_other(one) for one in actions if one not in own)
    return found + [one for one in others if one is not None]


def _other(action: Action) -> MadeDocument | None:
    match action:
        case Patch():
            return MadeDocument("patched", action.rules, action.document)
        case Create() | Update():
            return MadeDocument("generated", action.rules, action.document)
        case Delete():
            ref = action.resource
            metadata = {"name": ref.name, **({"namespace": ref.namespace} if ref.namespace else {})}
            document = {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": metadata}
            return MadeDocument("deleted", action.rules, document)
    return None
