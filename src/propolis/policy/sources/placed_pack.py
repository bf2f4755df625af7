"""Policies of the pack as one namespace or one cluster wants them: enforced, or for one namespace alone."""

from collections.abc import Iterable, Iterator
from typing import Any

from propolis.core.resource import Document
from propolis.policy.sources.scopes import is_cluster_scoped

_NAMESPACED = {"ClusterPolicy": "Policy"}
_CEL = "policies.kyverno.io/"
_ACTIONS = ("failureAction", "validationFailureAction")


def enforced_document(document: Document) -> Document:
    """The policy with every violation refused."""
    spec = document.get("spec")
    if not isinstance(spec, dict):
        return document
    if str(document.get("apiVersion")).startswith(_CEL):
        spec = {**spec, "validationActions": ["Deny"]} if "validationActions" in spec else spec
    else:
        spec = _with_actions(spec)
    return {**document, "spec": spec}


def _with_actions(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_actions(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: "Enforce" if key in _ACTIONS and isinstance(item, str) else _with_actions(item)
        for key, item in value.items()
    }


def namespaced_document(document: Document, namespace: str) -> Document | None:
    """The policy for one namespace; None for one that cannot be.

    That is one about what is in no namespace, one that names namespaces, or one that generates in CEL: such
    expressions say in which namespace.
    """
    kind = str(document.get("kind"))
    spec = document.get("spec")
    if not isinstance(spec, dict) or kind == "GeneratingPolicy":
        return None
    if _names_namespaces(spec) or not _is_for_namespaces(document, spec):
        return None
    if str(document.get("apiVersion")).startswith(_CEL):
        kind = f"Namespaced{kind}"
    else:
        kind = _NAMESPACED.get(kind, kind)
    metadata = document.get("metadata") or {}
    return {**document, "kind": kind, "metadata": {**metadata, "namespace": namespace}}


def _names_namespaces(value: Any) -> bool:
    """Whether it selects namespaces, as one of a namespace must not."""
    if isinstance(value, list):
        return any(map(_names_namespaces, value))
    if not isinstance(value, dict):
        return False
    return any(
        key in ("namespaces", "namespaceSelector") or _names_namespaces(item) for key, item in value.items()
    )


def _is_for_namespaces(document: Document, spec: Document) -> bool:
    """Whether any kind that it is about is in namespaces, as far as the names of kinds tell."""
    if str(document.get("apiVersion")).startswith(_CEL):
        rules = (spec.get("matchConstraints") or {}).get("resourceRules") or []
        return any(set(rule.get("resources") or ()) - _CLUSTER_RESOURCES for rule in rules)
    kinds = set(_kinds(rule.get("match") for rule in spec.get("rules") or ()))
    return any(not is_cluster_scoped(*_group_and_kind(kind)) for kind in kinds)


_CLUSTER_RESOURCES = frozenset(
    {
        "namespaces", "nodes", "persistentvolumes", "clusterroles", "clusterrolebindings", "storageclasses",
        "customresourcedefinitions", "validatingwebhookconfigurations", "mutatingwebhookconfigurations",
    }
)  # fmt: skip


def _group_and_kind(text: str) -> tuple[str, str]:
    """API version and kind of a name such as ``rbac.authorization.k8s.io/v1/ClusterRole``."""
    version, _, kind = text.rpartition("/")
    return version or _WELL_KNOWN.get(kind, "v1"), kind


_WELL_KNOWN = {
    "ClusterRole": "rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
    "StorageClass": "storage.k8s.io/v1",
    "ValidatingWebhookConfiguration": "admissionregistration.k8s.io/v1",
    "MutatingWebhookConfiguration": "admissionregistration.k8s.io/v1",
}


def _kinds(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, dict):
            found = value.get("kinds")
            yield from found if isinstance(found, list) else ()
            yield from _kinds(value.values())
        elif isinstance(value, list):
            yield from _kinds(value)
