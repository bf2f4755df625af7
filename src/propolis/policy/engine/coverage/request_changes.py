"""Other requests around what a rule's filters name: names, namespaces, labels, kinds, operations, users."""

from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.core.resource import Document, reference_of
from propolis.policy.engine.autogen import CONTROLLERS
from propolis.policy.engine.explain.near_values import PLACEHOLDER, around
from propolis.policy.engine.explain.subjects import with_document
from propolis.policy.engine.merging import merged
from propolis.policy.engine.subject import PolicySubject, UserInfo
from propolis.policy.model.match import MatchResources, ResourceDescription, ResourceFilter

OPERATIONS = ("CREATE", "UPDATE", "DELETE", "CONNECT")
_API_VERSIONS = {kind: text.rpartition("/")[0] for kind, text in CONTROLLERS.items()} | {
    "CronJob": "batch/v1"
}


def changed_requests(subject: PolicySubject, matches: list[MatchResources]) -> Iterator[PolicySubject]:
    """Requests that differ from one in a single thing that some filter asks about."""
    for match in matches:
        for item in match.filters():
            if item.resources is not None:
                yield from _described(subject, item.resources)
            yield from _asked_by(subject, item)


def _described(subject: PolicySubject, wanted: ResourceDescription) -> Iterator[PolicySubject]:
    document = subject.resource.document
    for name in (*((wanted.name,) if wanted.name else ()), *(wanted.names or ())):
        for text in _texts(name):
            yield _with_metadata(subject, {"name": text})
    for name in wanted.namespaces or ():
        for text in _texts(name):
            yield _with_metadata(subject, {"namespace": text})
    for field, pairs in (("annotations", wanted.annotations), ("labels", _labels(wanted.selector))):
        metadata = document.get("metadata")
        present = metadata.get(field) if isinstance(metadata, dict) else None
        present = present if isinstance(present, dict) else {}
        for key, value in (pairs or {}).items():
            yield _with_metadata(subject, {field: {**present, _texts(key)[0]: _texts(value)[0]}})
            yield _with_metadata(
                subject, {field: {name: text for name, text in present.items() if name != key}}
            )
    for kind in wanted.kinds or ():
        yield _of_kind(subject, kind)
    for operation in OPERATIONS if wanted.operations else ():
        yield with_operation(subject, operation)


def with_operation(subject: PolicySubject, operation: str) -> PolicySubject:
    """The same resource in another request; values name the operation too."""
    values = merged(subject.values, {"request": {"operation": operation}})
    old = subject.resource.document if operation == "UPDATE" else None
    return msgspec.structs.replace(subject, operation=operation, values=values, old=old)


def _texts(pattern: str) -> list[str]:
    """Texts on both sides of a wildcard."""
    found = [text for text in around(pattern, None) if isinstance(text, str) and text]
    return found or [PLACEHOLDER]


def _labels(selector: dict[str, Any] | None) -> dict[str, str]:
    """Labels that a selector asks for: those it lists, of each expression the first value."""
    if not selector:
        return {}
    listed = selector.get("matchLabels")
    found = {str(key): str(value) for key, value in listed.items()} if isinstance(listed, dict) else {}
    for item in selector.get("matchExpressions") or ():
        if isinstance(item, dict) and "key" in item:
            values = item.get("values")
            found[str(item["key"])] = str(values[0]) if isinstance(values, list) and values else PLACEHOLDER
    return found


def _with_metadata(subject: PolicySubject, fields: dict[str, Any]) -> PolicySubject:
    document = subject.resource.document
    metadata = document.get("metadata")
    whole = {**(metadata if isinstance(metadata, dict) else {}), **fields}
    return _referenced(subject, {**document, "metadata": whole})


def _of_kind(subject: PolicySubject, text: str) -> PolicySubject:
    *before, kind = text.split("/")
    version = "/".join(before) or _API_VERSIONS.get(kind, "v1")
    return _referenced(subject, {**subject.resource.document, "apiVersion": version, "kind": kind})


def _referenced(subject: PolicySubject, document: Document) -> PolicySubject:
    """The subject of a document that may be another resource."""
    changed = with_document(subject, document)
    ref = reference_of(document, subject.resource.ref.cluster)
    return msgspec.structs.replace(changed, resource=msgspec.structs.replace(changed.resource, ref=ref))


def _asked_by(subject: PolicySubject, item: ResourceFilter) -> Iterator[PolicySubject]:
    user = subject.user
    stranger = UserInfo(username=PLACEHOLDER, groups=(PLACEHOLDER,))
    if item.subjects or item.roles or item.cluster_roles:
        yield msgspec.structs.replace(subject, user=stranger)
    for role in item.roles or ():
        yield msgspec.structs.replace(subject, user=msgspec.structs.replace(user or stranger, roles=(role,)))
    for role in item.cluster_roles or ():
        yield msgspec.structs.replace(subject, user=msgspec.structs.replace(stranger, cluster_roles=(role,)))
    for one in item.subjects or ():
        name = _texts(one.name)[0]
        account = f"system:serviceaccount:{one.namespace or ''}:{name}"
        found = {
            "Group": UserInfo(username=PLACEHOLDER, groups=(name,)),
            "ServiceAccount": UserInfo(username=account),
        }.get(one.kind, UserInfo(username=name))
        yield msgspec.structs.replace(subject, user=found)
