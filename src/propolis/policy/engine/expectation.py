"""Runs a test of policies: evaluates its resources and compares with what it expects.

Follows the semantics of ``kyverno test`` (Kyverno cmd/cli/kubectl-kyverno/commands/test @ 111e07b):
an expectation without resources, or whose resources are not there, is about every resource; a
policy that answers for a resource with no result of the rule has excluded it, and that is right.
"""

from datetime import datetime

import msgspec

from propolis.core.action import Action
from propolis.core.evaluation import Evaluation, complete
from propolis.core.finding import Finding
from propolis.core.resource import Document, Resource
from propolis.policy.engine.case_answers import CaseAnswers
from propolis.policy.engine.case_documents import expected_document, is_expected
from propolis.policy.engine.case_subject import subject_of
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.formatting import shown
from propolis.policy.engine.policy_set import Phase, PolicySet
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.action import Create, Patch, PolicyAction, Update
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.policy import MODES
from propolis.policy.model.kyverno_test import Expectation
from propolis.policy.model.policy_test import PolicyTest

EXCLUDED = "Excluded"
NOT_FOUND = "Not found"
INVALID = "Invalid policy"


class Row(msgspec.Struct, frozen=True):
    """One comparison: an expectation on one resource and rule.

    Attributes:
        actual: The outcome; empty when there was none.
        reason: ``Ok``, `EXCLUDED`, `NOT_FOUND`, `INVALID`, or what differs.
        is_waiting: Whether the policy is of a kind that this engine does not evaluate.
    """

    test: str
    policy: str
    rule: str
    kind: str
    resource: str
    expected: str
    actual: str
    is_passed: bool
    reason: str = ""
    is_waiting: bool = False


def check(test: PolicyTest, now: datetime) -> list[Row]:
    """The rows of a test, in the order of its expectations."""
    if test.errors:
        text = "; ".join(map(str, test.errors))
        return [_row(test, item, "", "", text, is_passed=False) for item in test.document.results]
    run = _Run(test, now)
    return [row for item in test.document.results for row in run.rows(item)]


def _row(
    test: PolicyTest,
    item: Expectation,
    resource: str,
    actual: str,
    reason: str,
    *,
    is_passed: bool,
    rule: str = "",
) -> Row:
    return Row(
        test=test.document.title,
        policy=item.policy,
        rule=rule or item.rule,
        kind=item.kind,
        resource=resource,
        expected=item.result,
        actual=actual,
        is_passed=is_passed,
        reason=reason,
    )


class _Outcome(msgspec.Struct, frozen=True):
    """What one policy made of one resource: its findings, its document afterwards, further documents."""

    findings: tuple[Finding, ...]
    document: Document
    actions: tuple[Action, ...]


class _Run:
    """The evaluations of one test; each policy, resource and operation is evaluated once."""

    def __init__(self, test: PolicyTest, now: datetime) -> None:
        self._test = test
        self._now = now
        self._resources = [*test.resources, *(one.resource for one in test.payloads)]
        self._modes = ["" for _ in test.resources] + [one.mode for one in test.payloads]
        self._objects = CaseAnswers(test)
        self._others = {other.name for other in test.others}
        self._sets = {
            policy.name: (
                policy,
                compile_policies([policy], test.exceptions, test.bindings, lists_parameters=True),
            )
            for policy in test.policies
        }
        self._found: dict[tuple[int, str], dict[str, _Outcome]] = {}

    def rows(self, item: Expectation) -> list[Row]:
        """The rows of one expectation."""
        name = item.policy.rpartition("/")[2]
        if name in self._others and name not in self._sets:
            row = _row(self._test, item, "", "", "a kind of policy that is not evaluated", is_passed=False)
            return [msgspec.structs.replace(row, is_waiting=True)]
        chosen = self._chosen(item)
        return [row for index in chosen for row in self._resource_rows(item, name, index)]

    def _chosen(self, item: Expectation) -> list[int]:
        """The resources that an expectation is about: those it names, or all."""
        wanted = item.resources or ((item.resource,) if item.resource else ())
        resources = list(enumerate(self._resources))
        chosen = [index for name in wanted for index, resource in resources if _is_named(resource, name)]
        return chosen or [index for index, _ in resources]

    def _resource_rows(self, item: Expectation, name: str, index: int) -> list[Row]:
        resource = str(self._resources[index].ref)
        if name not in self._sets:
            reason = INVALID if name in self._test.invalid else NOT_FOUND
            return [_row(self._test, item, resource, "", reason, is_passed=reason == INVALID)]
        outcome = self._outcomes(index, item.operation)[name]
        found = [
            finding
            for finding in outcome.findings
            if not (item.rule and finding.rule.name) or finding.rule.name in _names(item.rule)
        ]
        if not found:
            return [_row(self._test, item, resource, "", EXCLUDED, is_passed=True)]
        return [row for finding in found for row in self._compared(item, finding, outcome, resource)]

    def _compared(self, item: Expectation, finding: Finding, outcome: _Outcome, resource: str) -> list[Row]:
        """One row, or one for each document that is compared with a file."""
        actual = str(finding.outcome)
        is_passed = actual == item.result
        reason = "Ok" if is_passed else f"want {item.result}, got {actual}: {finding.message}"
        row = _row(self._test, item, resource, actual, reason, is_passed=is_passed, rule=finding.rule.name)
        files, documents = _compared_documents(item, finding, outcome)
        expected = [document for name in files for document in self._test.files.get(name, ())]
        if not (files and documents):
            return [row]
        rows = [_document_row(row, item, one, expected_document(expected, one)) for one in documents]
        return [row for row in rows if row is not None]

    def _outcomes(self, index: int, operation: str) -> dict[str, _Outcome]:
        """What each policy says. All mutate the resource in turn, then all judge what came of it."""
        key = (index, operation)
        if key in self._found:
            return self._found[key]
        document = self._resources[index].document
        mutated: dict[str, _Outcome] = {}
        for name, (policy, rules) in self._sets.items():
            evaluation = self._evaluated(policy, rules.of_phases(Phase.MUTATE), index, operation, document)
            own = [item for item in evaluation.actions if isinstance(item, Patch) and not item.is_existing]
            document = own[0].document if own else document
            mutated[name] = _Outcome(evaluation.findings, document, evaluation.actions)
        found: dict[str, _Outcome] = {}
        for name, (policy, rules) in self._sets.items():
            rest = rules.of_phases(Phase.VERIFY, Phase.JUDGE, Phase.GENERATE, Phase.DELETE)
            evaluation = self._evaluated(policy, rest, index, operation, document)
            found[name] = _Outcome(
                (*mutated[name].findings, *evaluation.findings),
                mutated[name].document,
                (*mutated[name].actions, *evaluation.actions),
            )
        self._found[key] = found
        return found

    def _evaluated(
        self, policy: AnyPolicy, rules: PolicySet, index: int, operation: str, document: Document
    ) -> Evaluation:
        resource, mode = self._resources[index], self._modes[index]
        if mode:
            subject = PolicySubject(resource, mode=mode)
        else:
            subject = subject_of(self._test, policy, resource, operation, document)
        return complete(
            lambda answers: evaluate(rules, subject, answers, self._now),
            dict(self._test.answers),
            self._objects.fetch,
        )


def _compared_documents(
    item: Expectation, finding: Finding, outcome: _Outcome
) -> tuple[list[str], list[Document]]:
    """The files that an expectation names, and the documents of a rule that are compared with them."""
    label = f"{finding.rule.policy}/{finding.rule.name}"
    made = [
        action for action in outcome.actions if isinstance(action, PolicyAction) and label in action.rules
    ]
    patched = item.patched_resources or item.patched_resource
    if patched:
        existing = [action.document for action in made if isinstance(action, Patch) and action.is_existing]
        return [patched], existing or [outcome.document]
    names = [name for name in (item.generated_resource, *item.generated_resources) if name]
    return names, [action.document for action in made if isinstance(action, Create | Update)]


def _document_row(row: Row, item: Expectation, actual: Document, expected: Document | None) -> Row | None:
    """The row of one document; None for one that is in no file and need not be."""
    if expected is None:
        if not item.fail_on_missing_resources:
            return None
        return msgspec.structs.replace(row, is_passed=False, reason="the resource is not in the file")
    if is_expected(actual, expected):
        return row
    return msgspec.structs.replace(row, is_passed=False, reason=f"the resource differs: {shown(actual)}")


def _names(rule: str) -> tuple[str, ...]:
    return rule, f"autogen-{rule}", f"autogen-cronjob-{rule}"


def _is_named(resource: Resource, name: str) -> bool:
    if resource.ref.kind in MODES and not resource.ref.api_version:
        return resource.ref.name == name.removeprefix("./")
    namespace, slash, plain = name.partition("/")
    if not slash:
        return resource.ref.name == name
    return (resource.ref.namespace, resource.ref.name) == (namespace, plain)
