"""Which events a set of findings gives, in the words that people and tools know.

Follows Kyverno pkg/event, pkg/webhooks/utils/event.go and pkg/controllers/report/utils/events.go @ v1.19.1.
One thing differs: at admission Kyverno tells of rules that passed, too, where another of the policy failed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from propolis.core.finding import Finding, Outcome, Reported
from propolis.core.resource import Document, ResourceRef
from propolis.policy.engine.evidence import ExceptionEvidence
from propolis.policy.engine.told_secrets import secrets_of, without

VIOLATION, APPLIED, ERROR, SKIPPED = "PolicyViolation", "PolicyApplied", "PolicyError", "PolicySkipped"
REASONS = frozenset({VIOLATION, APPLIED, ERROR, SKIPPED})
BLOCKED, PASSED, MUTATED, NONE = "Resource Blocked", "Resource Passed", "Resource Mutated", "None"
ADMISSION, SCAN = "kyverno-admission", "kyverno-scan"
"""What Kyverno calls who tells: alerts select by it."""

_NOT_TOLD = frozenset({Outcome.PASS, Outcome.SKIP})
_API_VERSIONS = {
    "ClusterPolicy": "kyverno.io/v1",
    "Policy": "kyverno.io/v1",
    "PolicyException": "kyverno.io/v2",
    "ValidatingAdmissionPolicy": "admissionregistration.k8s.io/v1",
    "MutatingAdmissionPolicy": "admissionregistration.k8s.io/v1",
}
_CEL = "policies.kyverno.io/v1beta1"
"""As Kyverno tells of policies in CEL, whatever version they were written in."""

UidOf = Callable[[str, str, str], str]
"""The uid of a policy or an exception by kind, namespace and name; empty for one that is not known."""


class PolicyEvent(msgspec.Struct, frozen=True):
    """An event to be told.

    Attributes:
        regarding: What it is about, in whose namespace it is.
        related: What it has to do with.
    """

    reason: str
    action: str
    note: str
    regarding: ResourceRef
    related: ResourceRef | None = None


class EventChoice(msgspec.Struct, frozen=True):
    """Which events are told.

    Attributes:
        success: Whether resources that meet their policies are an event (``generateSuccessEvents``).
        success_actions: Of those, actions that alone are told; empty for all.
        omitted: Reasons that are not told (``omitEvents``).
    """

    success: bool = False
    success_actions: frozenset[str] = frozenset()
    omitted: frozenset[str] = frozenset()

    def wants(self, event: PolicyEvent) -> bool:
        """Whether an event is told."""
        if event.reason in self.omitted or not event.regarding.name:
            return False
        if event.reason != APPLIED:
            return True
        return self.success and (not self.success_actions or event.action in self.success_actions)


def scan_events(
    findings: Sequence[Finding],
    choice: EventChoice,
    uid_of: UidOf = lambda _kind, _namespace, _name: "",
    document: Document | None = None,
) -> list[PolicyEvent]:
    """What a scan tells of one resource.

    Args:
        findings: All of the resource.
        choice: Which events are told.
        uid_of: The uids of policies.
        document: The resource, whose secrets notes must not tell.
    """
    return _chosen(_of_scan(findings, uid_of), choice, document)


def admission_events(
    findings: Sequence[Finding],
    refusing: Sequence[Finding],
    choice: EventChoice,
    uid_of: UidOf = lambda _kind, _namespace, _name: "",
    document: Document | None = None,
) -> list[PolicyEvent]:
    """What admission tells of one request: of one that is refused, only why, on the policies.

    Args:
        findings: All of the request.
        refusing: Those for which it is refused.
        choice: Which events are told.
        uid_of: The uids of policies.
        document: The object, whose secrets notes must not tell.
    """
    if refusing:
        blocking = (_on_policy(finding, uid_of, blocked=True) for finding in refusing)
        return _chosen(blocking, choice, document)
    return _chosen(_of_admission(findings, uid_of), choice, document)


def failure_event(finding: Finding, error: str, uid_of: UidOf) -> PolicyEvent:
    """What could not be done that a policy asked for."""
    named = "/".join(part for part in (_name(finding), finding.rule.name) if part)
    note = f"policy {named} error: {error}"
    return PolicyEvent(ERROR, NONE, note, _policy(finding, uid_of), finding.resource)


def _of_scan(findings: Sequence[Finding], uid_of: UidOf) -> Iterator[PolicyEvent]:
    for of_policy in _by_policy(findings):
        for finding in of_policy:
            if finding.outcome not in _NOT_TOLD:
                yield _on_resource(finding)
                yield _on_policy(finding, uid_of)
        for finding in of_policy:
            yield from _exceptions(finding, uid_of)
        if all(finding.status is not Outcome.FAIL for finding in of_policy):
            yield from _applied(of_policy[0], uid_of)


def _of_admission(findings: Sequence[Finding], uid_of: UidOf) -> Iterator[PolicyEvent]:
    for of_policy in _by_policy(findings):
        told = [finding for finding in of_policy if finding.outcome not in _NOT_TOLD]
        for finding in told:
            yield _on_policy(finding, uid_of)
            yield _on_resource(finding)
        if told:
            continue
        if any(finding.outcome is Outcome.SKIP for finding in of_policy):
            for finding in of_policy:
                yield from _exceptions(finding, uid_of)
        else:
            yield from _applied(of_policy[0], uid_of)


def _by_policy(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings of policies, those of each together."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        reported = finding.rule.reported
        if reported is not None:
            found.setdefault((reported.kind, finding.rule.policy), []).append(finding)
    return list(found.values())


def _on_policy(finding: Finding, uid_of: UidOf, *, blocked: bool = False) -> PolicyEvent:
    rule = f" [{finding.rule.name}]" if finding.rule.name else ""
    note = f"{_path(finding.resource)}:{rule} {finding.status}"
    note += " (blocked)" if blocked else ""
    note += f"; {finding.message}" if finding.message else ""
    action = BLOCKED if blocked else PASSED
    return PolicyEvent(VIOLATION, action, note, _policy(finding, uid_of), finding.resource)


def _on_resource(finding: Finding) -> PolicyEvent:
    note = f"policy {_name(finding)}/{finding.rule.name} {finding.status}: {finding.message}"
    return PolicyEvent(VIOLATION, PASSED, note, finding.resource)


def _applied(finding: Finding, uid_of: UidOf) -> Iterator[PolicyEvent]:
    match _reported(finding).does:
        case "judges":
            action, note = PASSED, f"{_path(finding.resource)}: pass"
        case "changes":
            action, note = MUTATED, f"{_path(finding.resource)} is successfully mutated"
        case _:
            return
    yield PolicyEvent(APPLIED, action, note, _policy(finding, uid_of), finding.resource)


def _exceptions(finding: Finding, uid_of: UidOf) -> Iterator[PolicyEvent]:
    """On each exception that let a resource off from a rule, and on the policy; policies in CEL tell none."""
    evidence = finding.evidence
    if finding.outcome is not Outcome.SKIP or not isinstance(evidence, ExceptionEvidence):
        return
    if _reported(finding).source != "kyverno":
        return
    rule, ref = finding.rule, finding.resource
    path = "/".join(part for part in (ref.kind, ref.namespace, ref.name) if part)
    note = f"resource {path} was skipped from policy rule {rule.policy}/{rule.name}"
    for key in evidence.exceptions:
        namespace, _, name = key.rpartition("/")
        yield PolicyEvent(SKIPPED, PASSED, note, _object("PolicyException", namespace, name, uid_of), ref)
    keys = ", ".join(evidence.exceptions)
    note = f"resource {path} was skipped from rule {rule.name} due to policy exceptions {keys}"
    yield PolicyEvent(SKIPPED, PASSED, note, _policy(finding, uid_of), ref)


def _policy(finding: Finding, uid_of: UidOf) -> ResourceRef:
    namespace, _, name = finding.rule.policy.rpartition("/")
    return _object(_reported(finding).kind, namespace, name, uid_of)


def _object(kind: str, namespace: str, name: str, uid_of: UidOf) -> ResourceRef:
    uid = uid_of(kind, namespace, name)
    return ResourceRef(_API_VERSIONS.get(kind, _CEL), kind, name, namespace, uid=uid)


def _reported(finding: Finding) -> Reported:
    reported = finding.rule.reported
    return reported if reported is not None else Reported("", finding.rule.source)


def _name(finding: Finding) -> str:
    return finding.rule.policy.rpartition("/")[2]


def _path(ref: ResourceRef) -> str:
    return f"{ref.kind} {ref.namespace}/{ref.name}" if ref.namespace else f"{ref.kind} {ref.name}"


def _chosen(
    events: Iterable[PolicyEvent], choice: EventChoice, document: Document | None
) -> list[PolicyEvent]:
    chosen = [event for event in events if choice.wants(event)]
    secrets = secrets_of(document) if chosen and document is not None else ()
    if not secrets:
        return chosen
    return [msgspec.structs.replace(event, note=without(event.note, secrets)) for event in chosen]
