"""Runs a test of policies: evaluates its resources and compares with what it expects.

Follows the semantics of ``kyverno test`` (Kyverno cmd/cli/kubectl-kyverno/commands/test @ 111e07b):
an expectation without resources, or whose resources are not there, is about every resource; a
policy that answers for a resource with no result of the rule has excluded it, and that is right.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from propolis.core.evaluation import Answer, LookupKey, complete
from propolis.core.finding import Finding
from propolis.core.resource import Resource
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.evidence import UnsupportedEvidence
from propolis.policy.engine.merging import merged, nested
from propolis.policy.engine.policy_set import PolicySet
from propolis.policy.engine.subject import PolicySubject, UserInfo
from propolis.policy.model.kyverno_test import Expectation, PolicyValues
from propolis.policy.model.policy import Policy
from propolis.policy.model.policy_test import PolicyTest, TestUser

EXCLUDED = "Excluded"
NOT_FOUND = "Not found"
INVALID = "Invalid policy"
CEL = frozenset({"validate.cel", "celPreconditions"})
"""Features that wait for an engine of CEL."""


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


class _Run:
    """The evaluations of one test; each policy, resource and operation is evaluated once."""

    def __init__(self, test: PolicyTest, now: datetime) -> None:
        self._test = test
        self._now = now
        self._others = {other.name for other in test.others}
        self._sets = {
            policy.name: (policy, compile_policies([policy], test.exceptions)) for policy in test.policies
        }
        self._found: dict[tuple[str, int, str], tuple[Finding, ...]] = {}

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
        resources = list(enumerate(self._test.resources))
        chosen = [index for name in wanted for index, resource in resources if _is_named(resource, name)]
        return chosen or [index for index, _ in resources]

    def _resource_rows(self, item: Expectation, name: str, index: int) -> list[Row]:
        resource = str(self._test.resources[index].ref)
        if name not in self._sets:
            reason = INVALID if name in self._test.invalid else NOT_FOUND
            return [_row(self._test, item, resource, "", reason, is_passed=reason == INVALID)]
        policy, compiled = self._sets[name]
        found = [
            finding
            for finding in self._findings(policy, compiled, index, item.operation)
            if not item.rule or finding.rule.name in _names(item.rule)
        ]
        if not found:
            return [_row(self._test, item, resource, "", EXCLUDED, is_passed=True)]
        return [self._compared(item, finding, resource) for finding in found]

    def _compared(self, item: Expectation, finding: Finding, resource: str) -> Row:
        actual = str(finding.outcome)
        is_passed = actual == item.result
        reason = "Ok" if is_passed else f"want {item.result}, got {actual}: {finding.message}"
        row = _row(self._test, item, resource, actual, reason, is_passed=is_passed, rule=finding.rule.name)
        is_waiting = isinstance(finding.evidence, UnsupportedEvidence) and finding.evidence.feature in CEL
        return msgspec.structs.replace(row, is_waiting=is_waiting)

    def _findings(
        self, policy: Policy, compiled: PolicySet, index: int, operation: str
    ) -> tuple[Finding, ...]:
        key = (policy.name, index, operation)
        if key not in self._found:
            subject = _subject(self._test, policy, self._test.resources[index], operation)
            lookups = dict(self._test.answers)
            evaluation = complete(
                lambda answers: evaluate(compiled, subject, answers, self._now), lookups, _absent
            )
            self._found[key] = evaluation.findings
        return self._found[key]


def _absent(keys: frozenset[LookupKey]) -> Mapping[LookupKey, Answer]:
    """What the files of a test do not hold does not exist."""
    return dict.fromkeys(keys, Answer())


def _names(rule: str) -> tuple[str, ...]:
    return rule, f"autogen-{rule}", f"autogen-cronjob-{rule}"


def _is_named(resource: Resource, name: str) -> bool:
    namespace, slash, plain = name.partition("/")
    if not slash:
        return resource.ref.name == name
    return (resource.ref.namespace, resource.ref.name) == (namespace, plain)


def _subject(test: PolicyTest, policy: Policy, resource: Resource, operation: str) -> PolicySubject:
    values = _values(test, policy, resource)
    request = values.get("request")
    stated = request.get("operation") if isinstance(request, dict) else None
    chosen = operation or (stated if isinstance(stated, str) else "") or "CREATE"
    if isinstance(request, dict) and isinstance(request.get("object"), dict):
        document = merged(resource.document, request["object"])
        resource = msgspec.structs.replace(resource, document=document)
    parent, subresource = _parent(test, resource)
    return PolicySubject(
        resource=parent,
        old=resource.document if chosen == "UPDATE" else None,
        operation=chosen,
        subresource=subresource,
        user=_user(test.user),
        values=merged(values, {"request": {"operation": chosen}}),
        rule_values=_rule_values(test, policy),
    )


def _values(test: PolicyTest, policy: Policy, resource: Resource) -> dict[str, Any]:
    """Global values, then those of the policy for the resource; keys are dotted paths."""
    flat = dict(test.values.global_values or {})
    for entry in _policy_values(test, policy):
        for item in entry.resources or ():
            if item.name == resource.ref.name:
                flat |= item.values or {}
    return _unflattened(flat)


def _policy_values(test: PolicyTest, policy: Policy) -> list[PolicyValues]:
    return [entry for entry in test.values.policies or () if entry.name == policy.name]


def _unflattened(flat: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in flat.items():
        result = merged(result, nested(split_path(key), value))
    return result


def split_path(text: str) -> list[str]:
    """Parts of a dotted path; a part in double quotes may hold dots."""
    parts: list[str] = [""]
    is_quoted = False
    for character in text:
        if character == '"':
            is_quoted = not is_quoted
        elif character == "." and not is_quoted:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _rule_values(test: PolicyTest, policy: Policy) -> dict[str, dict[str, Any]]:
    """Values of single rules; of values for a foreach the first counts, as Kyverno has it."""
    found: dict[str, dict[str, Any]] = {}
    for entry in _policy_values(test, policy):
        for rule in entry.rules or ():
            flat = dict(rule.values or {})
            flat |= {key: value[0] for key, value in (rule.foreach_values or {}).items() if value}
            found[rule.name] = _unflattened(flat)
    return found


def _user(user: TestUser | None) -> UserInfo:
    if user is None:
        return UserInfo()
    info = user.user_info or {}
    return UserInfo(
        username=str(info.get("username", "")),
        uid=str(info.get("uid", "")),
        groups=tuple(info.get("groups") or ()),
        extra=dict(info.get("extra") or {}),
        roles=user.roles or (),
        cluster_roles=user.cluster_roles or (),
    )


def _parent(test: PolicyTest, resource: Resource) -> tuple[Resource, str]:
    """A subresource counts as its parent's kind with the name of the subresource."""
    ref = resource.ref
    for entry in test.values.subresources or ():
        found, parent = entry.subresource, entry.parent_resource
        version = f"{found.group}/{found.version}" if found.group else found.version
        if (ref.api_version, ref.kind) == (version, found.kind):
            parent_version = f"{parent.group}/{parent.version}" if parent.group else parent.version
            renamed = msgspec.structs.replace(ref, api_version=parent_version, kind=parent.kind)
            return msgspec.structs.replace(resource, ref=renamed), found.name.partition("/")[2]
    return resource, ""
