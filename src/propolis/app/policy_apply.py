"""Applies policies to resources as an admission of each would, and keeps nothing."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from propolis.app.lookups import InventoryLookups
from propolis.app.pod_security import pod_security_check
from propolis.app.policy_context import objects_of
from propolis.app.policy_inputs import (
    PolicyInput,
    load_payloads,
    read_policy_input,
    read_single,
    with_globals,
)
from propolis.cluster.manifests import observe_manifests
from propolis.core import clock
from propolis.core.action import Action
from propolis.core.errors import DocumentError
from propolis.core.evaluation import Answer, Evaluation, LookupKey, complete
from propolis.core.finding import Finding, Outcome
from propolis.core.inventory import Inventory
from propolis.core.limits import DEFAULT
from propolis.core.resource import Document, Resource
from propolis.lang.quiet_gc import quiet_gc
from propolis.policy.engine.case_subject import subject_of
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.evaluate import Decision, evaluate
from propolis.policy.engine.image_answers import image_answers
from propolis.policy.engine.policy_set import Phase, PolicySet
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.action import Create, Delete, Patch, Update
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.kyverno_test import ContextFile, TestDocument, Values
from propolis.policy.model.policy_test import Payload, PolicyTest, TestUser
from propolis.policy.sources.test_answers import answers_of
from propolis.reports.render.policy_apply import ApplyReport, JudgedResource, MadeDocument


class ApplyInputs(msgspec.Struct, frozen=True):
    """What to apply to what.

    Attributes:
        policies: Files and folders; ``-`` is standard input.
        resources: The same.
        lookups: Files and folders whose objects only answer what policies ask, as a cluster would.
        context: A file of kind Context, with objects and images for the same.
        assignments: Global values, as ``name=value``.
        standard: ``LEVEL:VERSION`` of Pod Security, ``namespaces`` for their labels, or empty.
        pod_security: A file with a PodSecurityConfiguration: defaults and exemptions for namespaces.
        payloads: Modes, and files of documents that are no resources.
        audit_warns: Whether a failure that admission would not refuse is a warning.
    """

    policies: Sequence[str] = ()
    resources: Sequence[str] = ()
    exceptions: Sequence[str] = ()
    lookups: Sequence[str] = ()
    context: Path | None = None
    values: Path | None = None
    assignments: Sequence[str] = ()
    userinfo: Path | None = None
    standard: str = ""
    pod_security: Path | None = None
    payloads: Mapping[str, Sequence[str]] = {}
    audit_warns: bool = False


def apply_policies(inputs: ApplyInputs, stdin: BinaryIO) -> ApplyReport:
    """Judges all resources; documents that cannot be used become problems of the report.

    Raises:
        DocumentError: A path is not there, or values, user or level are wrong.
        SourceError: A file cannot be read.
    """
    if (*inputs.policies, *inputs.resources, *inputs.exceptions, *inputs.lookups).count("-") > 1:
        raise DocumentError("standard input is read once", expected="one - at most")
    values = with_globals(read_single(inputs.values, Values, Values()), inputs.assignments)
    user = read_single(inputs.userinfo, TestUser, TestUser())
    read = read_policy_input(inputs.policies, inputs.exceptions, stdin)
    seen = observe_manifests(inputs.resources, DEFAULT, stdin, keeps_made=True)
    asked = observe_manifests(inputs.lookups, DEFAULT, stdin, keeps_made=True)
    given = read_single(inputs.context, ContextFile, ContextFile())
    known = (*asked.resources, *objects_of(given, str(inputs.context)), *seen.resources)
    inventory = Inventory(known)
    username = str((user.user_info or {}).get("username", ""))
    check = pod_security_check(inputs.standard, inputs.pod_security, inventory, username)
    lookups = InventoryLookups(inventory, read.entries)
    application = _Application(
        read, values, user, image_answers(given), lookups.fetch, audit_warns=inputs.audit_warns
    )
    payloads, unread = load_payloads(inputs.payloads)
    judged: list[JudgedResource] = []
    documents: list[MadeDocument] = []
    with quiet_gc():
        for resource in seen.resources:
            findings, made = application.judge(resource)
            findings += check(resource, application.now) if check else ()
            judged.append(JudgedResource(resource, tuple(findings)))
            documents += made
        judged += map(application.answer, payloads)
    return ApplyReport(
        len(read.policies) + (check is not None),
        tuple(judged),
        tuple(documents),
        (*read.problems, *asked.problems, *seen.problems, *unread),
    )


class _Application:
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
        fetch: Callable[[frozenset[LookupKey]], Mapping[LookupKey, Answer]],
        *,
        audit_warns: bool,
    ) -> None:
        self.now = clock.now()
        self._audit_warns = audit_warns
        self._files = PolicyTest("", TestDocument(), values=values, user=user)
        prepared = answers_of(TestDocument(), values, (), lambda _names: [])
        self._answers: dict[LookupKey, Answer] = {**answers, **prepared}
        self._fetch = fetch
        groups = [[one] for one in read.policies] if values.policies else [list(read.policies)]
        self._sets = [
            _Set(group, compile_policies(group, read.exceptions, read.bindings)) for group in groups if group
        ]

    def judge(self, resource: Resource) -> tuple[list[Finding], list[MadeDocument]]:
        """Findings on a resource and what was made of it: all policies change it, then all judge it."""
        document = resource.document
        findings: list[Finding] = []
        actions: list[Action] = []
        for one in self._sets:
            if one.changing.rules:
                document = self._run(one, one.changing, resource, document, findings, actions)
        for one in self._sets:
            if one.judging.rules:
                document = self._run(one, one.judging, resource, document, findings, actions)
        return findings, _made(document, actions)

    def answer(self, payload: Payload) -> JudgedResource:
        """Findings on a document that is no resource."""
        subject = PolicySubject(payload.resource, mode=payload.mode)
        findings: list[Finding] = []
        for one in self._sets:
            findings += self._told(self._completed(one.judging, subject))
        return JudgedResource(payload.resource, tuple(findings))

    def _completed(self, rules: PolicySet, subject: PolicySubject) -> Evaluation:
        return complete(
            lambda answers: evaluate(rules, subject, answers, self.now), self._answers, self._fetch
        )

    def _run(
        self,
        one: "_Set",
        rules: PolicySet,
        resource: Resource,
        document: Document,
        findings: list[Finding],
        actions: list[Action],
    ) -> Document:
        """Adds what some rules say; the document as they leave it."""
        subject = subject_of(self._files, one.policy, resource, "", document)
        found = self._completed(rules, subject)
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
