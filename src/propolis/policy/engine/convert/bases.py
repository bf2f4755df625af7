"""The least resources of the kinds that a rule names."""

from collections.abc import Iterator
from typing import Any

from propolis.core.resource import Document
from propolis.policy.engine.autogen import CONTROLLERS
from propolis.policy.engine.coverage.directed_documents import whole
from propolis.policy.engine.kinds import parse_kind
from propolis.policy.engine.merging import merged
from propolis.policy.model.rule import PolicyRule

NAME = "example"
_VERSIONS = {kind: text.rpartition("/")[0] for kind, text in CONTROLLERS.items()} | {
    "CronJob": "batch/v1", "Ingress": "networking.k8s.io/v1", "ClusterRole": "rbac.authorization.k8s.io/v1",
    "Role": "rbac.authorization.k8s.io/v1", "RoleBinding": "rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1", "PodDisruptionBudget": "policy/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
}  # fmt: skip
_OF_CLUSTER = frozenset(
    {"Namespace", "ClusterRole", "ClusterRoleBinding", "PersistentVolume", "Node", "StorageClass"}
)
_POD: Document = {"spec": {"containers": [{"name": NAME, "image": "registry.example/app:1"}]}}
MOST_KINDS = 8


def skeletons(rule: PolicyRule) -> Iterator[Document]:
    """For each kind a resource that has little, and one that has all that the rule's pattern speaks of."""
    for text in list(dict.fromkeys(rule.match.kinds()))[:MOST_KINDS]:
        selector = parse_kind(text)
        if selector.kind in ("", "*") or selector.subresource or "*" in selector.kind:
            continue
        plain = _plain(selector.group, selector.version, selector.kind)
        yield plain
        pattern = rule.validation.pattern if rule.validation else None
        full = whole(pattern) if isinstance(pattern, dict) else None
        if isinstance(full, dict):
            yield merged(plain, full)


def group_and_kind(text: str) -> tuple[str, str]:
    """The group that a kind of Kubernetes is of, where the filter does not say."""
    selector = parse_kind(text)
    if selector.group != "*":
        return selector.group, selector.kind
    group, slash, _ = _VERSIONS.get(selector.kind, "v1").partition("/")
    return group if slash else "", selector.kind


def _plain(group: str, version: str, kind: str) -> Document:
    known = _VERSIONS.get(kind, "v1")
    stated = "/".join(part for part in (group, version if version != "*" else "v1") if part not in ("", "*"))
    metadata: dict[str, Any] = {"name": NAME}
    if kind not in _OF_CLUSTER:
        metadata["namespace"] = NAME
    body: Document = {}
    if kind == "Pod":
        body = _POD
    elif kind == "CronJob":
        body = {"spec": {"jobTemplate": {"spec": {"template": _POD}}}}
    elif kind in CONTROLLERS:
        body = {"spec": {"template": {"metadata": {}, **_POD}}}
    else:
        body = {"spec": {}}
    return {"apiVersion": known if group == "*" else stated, "kind": kind, "metadata": metadata, **body}
