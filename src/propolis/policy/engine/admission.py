"""Between a request to an API server and the engine: its subject, and what a decision answers.

The text of a refusal has the layout of Kyverno's (pkg/webhooks/utils/block.go, pkg/webhooks/resource/vpol and
ivpol @ v1.19.1): people, tests and alerts read it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import msgspec

from propolis.core.finding import Finding, Outcome
from propolis.core.resource import Origin, Resource, ResourceRef
from propolis.policy.engine.cel.evidence import CelEvidence
from propolis.policy.engine.evaluate import Decision
from propolis.policy.engine.subject import PolicySubject, UserInfo
from propolis.policy.model.action import Patch
from propolis.policy.model.admission_review import AdmissionRequest, AdmissionResponse, Status

FORBIDDEN, FAILED = 403, 500
MOST_WARNING_BYTES = 4096
"""Of all warnings: the API server cuts what is beyond."""
MOST_MESSAGE_BYTES = 32 * 1024

_CEL_KINDS = ("ValidatingPolicy", "MutatingPolicy")
"""Ends of the kinds of policies in CEL, ImageValidatingPolicies among them, that judge requests."""
_ORIGIN = Origin("admission")
_TOLD = frozenset({Outcome.FAIL, Outcome.ERROR, Outcome.WARN})

ParentKind = Callable[[str, str], str]
"""The kind that a group and a name in paths stand for; empty for one that is not known."""

Roles = tuple[tuple[str, ...], tuple[str, ...]]
"""Roles, as ``namespace:name``, and cluster roles that are bound to a user."""


def request_subject(request: AdmissionRequest, parent: ParentKind, roles: Roles = ((), ())) -> PolicySubject:
    """The subject of a request.

    A request to a subresource counts as one to the kind that has it, as policies name it (``Pod/exec``).

    Args:
        request: As the API server asks.
        parent: Tells kinds by their names in paths.
        roles: What is bound to the user.
    """
    is_delete = request.operation == "DELETE"
    document = (request.old_object if is_delete else request.object) or {}
    resource = Resource(_reference(request, document, parent), document, _ORIGIN)
    return PolicySubject(
        resource=resource,
        old=request.old_object if request.operation == "UPDATE" else None,
        operation=request.operation,
        subresource=request.sub_resource,
        user=_user(request, roles),
        request=_more_fields(request),
    )


def _reference(request: AdmissionRequest, document: Mapping[str, Any], parent: ParentKind) -> ResourceRef:
    group, version, kind = (request.kind.get(part, "") for part in ("group", "version", "kind"))
    if request.sub_resource:
        found = parent(request.resource.get("group", ""), request.resource.get("resource", ""))
        if found:
            kind = found
            group, version = (request.resource.get(part, "") for part in ("group", "version"))
    is_namespace = (group, kind) == ("", "Namespace")
    return ResourceRef(
        api_version=f"{group}/{version}" if group else version,
        kind=kind,
        name=request.name or _name(document),
        namespace="" if is_namespace else request.namespace,
    )


def _name(document: Mapping[str, Any]) -> str:
    """The name of an object that the server has not named yet."""
    metadata = document.get("metadata")
    fields = metadata if isinstance(metadata, dict) else {}
    name = fields.get("name") or fields.get("generateName")
    return name if isinstance(name, str) else ""


def _user(request: AdmissionRequest, roles: Roles) -> UserInfo:
    user = request.user_info
    return UserInfo(
        username=user.username,
        uid=user.uid,
        groups=user.groups or (),
        extra={key: list(items) for key, items in (user.extra or {}).items()},
        roles=roles[0],
        cluster_roles=roles[1],
    )


def _more_fields(request: AdmissionRequest) -> dict[str, Any]:
    """What ``request`` holds beside the objects and the user."""
    return {
        "uid": request.uid,
        "kind": request.kind,
        "resource": request.resource,
        "subResource": request.sub_resource,
        "requestKind": request.request_kind or request.kind,
        "requestResource": request.request_resource or request.resource,
        "requestSubResource": request.request_sub_resource,
        "name": request.name,
        "namespace": request.namespace,
        "dryRun": bool(request.dry_run),
        "options": request.options,
    }


def answer_of(
    uid: str, subject: PolicySubject, decision: Decision, warning: Collection[str], *, may_change: bool
) -> AdmissionResponse:
    """What a decision tells the API server.

    Args:
        uid: Of the request.
        subject: What was judged.
        decision: What the rules say of it.
        warning: Policies, as findings name them, whose violations the user is told though they do not refuse.
        may_change: Whether this is a mutating webhook, which may answer with a patch.
    """
    warnings = _warnings(one for one in decision.findings if one.rule.policy in warning) if warning else ()
    if decision.refusing:
        return refusal(uid, _blocked(subject, decision.refusing), warnings)
    response = AdmissionResponse(
        uid, allowed=True, warnings=warnings, audit_annotations=_annotations(decision.findings)
    )
    patch = _patch(decision) if may_change and subject.operation != "DELETE" else None
    return (
        response if patch is None else msgspec.structs.replace(response, patch=patch, patch_type="JSONPatch")
    )


def refusal(
    uid: str, message: str, warnings: tuple[str, ...] = (), code: int = FORBIDDEN
) -> AdmissionResponse:
    """The answer that refuses a request."""
    text = message if len(message) <= MOST_MESSAGE_BYTES else f"{message[:MOST_MESSAGE_BYTES]}..."
    return AdmissionResponse(uid, allowed=False, status=Status(text, code=code), warnings=warnings)


def _blocked(subject: PolicySubject, refusing: Iterable[Finding]) -> str:
    """Each policy with its rules and what they say; policies in CEL alone one after another."""
    found = list(refusing)
    if all(map(_is_of_cel, found)):
        return "; ".join(map(_cel_line, found))
    policies: dict[str, list[Finding]] = {}
    for finding in found:
        policies.setdefault(finding.rule.policy, []).append(finding)
    lines = [f"{policy}:\n{''.join(map(_rule_line, own))}" for policy, own in sorted(policies.items())]
    ref = subject.resource.ref
    named = f"{ref.kind}/{ref.namespace}/{ref.name}"
    return f"\n\nresource {named} was blocked due to the following policies \n\n{''.join(lines)}"


def _is_of_cel(finding: Finding) -> bool:
    reported = finding.rule.reported
    return reported is not None and reported.kind.endswith(_CEL_KINDS)


def _cel_line(finding: Finding) -> str:
    """What a policy in CEL says; its name alone, in whatever namespace it is."""
    what = "error" if finding.outcome is Outcome.ERROR else "failed"
    return f"Policy {finding.rule.policy.rpartition('/')[2]} {what}: {finding.message}"


def _rule_line(finding: Finding) -> str:
    return f"  {finding.rule.name or finding.rule.policy}: {_quoted(finding.message)}\n"


def _quoted(text: str) -> str:
    """A text as a value in YAML: quoted where it would mean something else."""
    is_plain = text.isprintable() and text[:1].isalnum() and ": " not in text and " #" not in text
    if is_plain and text[-1] not in ": ":
        return text
    return "'" + text.replace("'", "''").replace("\n", "\n\n    ") + "'"


def _warnings(findings: Iterable[Finding]) -> tuple[str, ...]:
    """One line for each violation, as many as the API server passes on."""
    lines: list[str] = []
    left = MOST_WARNING_BYTES
    for finding in findings:
        if finding.outcome not in _TOLD:
            continue
        rule = finding.rule
        line = f"policy {rule.policy}{f'.{rule.name}' if rule.name else ''}: {finding.message}"
        line = _cel_line(finding) if _is_of_cel(finding) else line
        left -= len(line.encode())
        if left < 0:
            break
        lines.append(line)
    return tuple(lines)


def _annotations(findings: Iterable[Finding]) -> dict[str, str]:
    """Audit annotations of policies in CEL, each under its policy's name."""
    return {
        f"{finding.rule.policy.replace('/', '.')}.{key}": text
        for finding in findings
        if finding.evidence is not None and isinstance(finding.evidence, CelEvidence)
        for key, text in finding.evidence.annotations.items()
    }


def _patch(decision: Decision) -> bytes | None:
    """The JSON patch of the request's object; None where nothing changes it."""
    for action in decision.actions:
        if isinstance(action, Patch) and not action.is_existing:
            return msgspec.json.encode(action.operations)
    return None
