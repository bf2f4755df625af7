"""The subject that a test of policies means: its resource with the request, user and values of its files."""

from typing import Any

import msgspec

from propolis.core.resource import Document, Resource
from propolis.policy.engine.merging import merged, nested
from propolis.policy.engine.subject import PolicySubject, UserInfo
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.kyverno_test import PolicyValues
from propolis.policy.model.policy_test import PolicyTest, TestUser


def subject_of(
    test: PolicyTest, policy: AnyPolicy, resource: Resource, operation: str, document: Document
) -> PolicySubject:
    """The subject for one policy; ``document`` is the resource as policies before have changed it."""
    old = resource.document
    resource = msgspec.structs.replace(resource, document=document)
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
        old=old if chosen == "UPDATE" else None,
        operation=chosen,
        subresource=subresource,
        user=_user(test.user),
        values=merged(values, {"request": {"operation": chosen}}),
        rule_values=_rule_values(test, policy),
    )


def _values(test: PolicyTest, policy: AnyPolicy, resource: Resource) -> dict[str, Any]:
    """Global values, then those of the policy for the resource; keys are dotted paths."""
    flat = dict(test.values.global_values or {})
    for entry in _policy_values(test, policy):
        for item in entry.resources or ():
            if item.name == resource.ref.name:
                flat |= item.values or {}
    return _unflattened(flat)


def _policy_values(test: PolicyTest, policy: AnyPolicy) -> list[PolicyValues]:
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


def _rule_values(test: PolicyTest, policy: AnyPolicy) -> dict[str, dict[str, Any]]:
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
