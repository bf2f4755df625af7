"""Strategies for documents: any JSON, and Kubernetes objects of odd shape."""

import copy
from typing import Any

from hypothesis import strategies as st

from propolis.core.inventory import Inventory
from propolis.core.resource import Document, Origin, Resource, reference_of

KINDS = (
    ("v1", "Pod"),
    ("apps/v1", "Deployment"),
    ("batch/v1", "CronJob"),
    ("v1", "Service"),
    ("v1", "ConfigMap"),
    ("v1", "Namespace"),
    ("v1", "ServiceAccount"),
    ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
)
FIELDS = st.sampled_from(
    [
        "spec", "template", "jobTemplate", "metadata", "name", "namespace", "labels", "annotations",
        "containers", "initContainers", "volumes", "securityContext", "capabilities", "add", "drop",
        "seccompProfile", "type", "env", "value", "ports", "hostPort", "containerPort", "resources",
        "limits", "cpu", "image", "hostPath", "path", "selector", "podSelector", "matchLabels",
        "matchExpressions", "key", "operator", "values", "ingress", "egress", "from", "to", "ipBlock",
        "cidr", "except", "policyTypes", "rules", "verbs", "apiGroups", "aggregationRule",
        "clusterRoleSelectors", "roleRef", "kind", "subjects", "webhooks", "data", "externalIPs",
        "backendRefs", "host", "http", "paths", "backend", "service", "ownerReferences", "controller",
    ]
)  # fmt: skip
WORDS = st.sampled_from(
    [
        "",
        "*",
        "web",
        "TCP",
        "ALL",
        "In",
        "Role",
        "ClusterRole",
        "User",
        "ServiceAccount",
        "10.0.0.0/8",
        "Ingress",
    ]
)
TEXT = st.lists(st.sampled_from(list("aZ9é*/{}[]:-. \0")), max_size=8).map("".join)
"""Not `st.text`, which reads the whole of Unicode from a file."""
LEAVES = st.none() | st.booleans() | st.integers(-1, 70000) | WORDS | TEXT | st.floats(width=16)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=25,
)


@st.composite
def objects(draw: st.DrawFn) -> Document:
    """An object of a known kind whose fields hold anything."""
    api_version, kind = draw(st.sampled_from(KINDS))
    fields = draw(st.dictionaries(FIELDS, VALUES, max_size=5))
    metadata = {"name": draw(st.sampled_from(["a", "b"])), "namespace": draw(st.sampled_from(["", "shop"]))}
    return fields | {"apiVersion": api_version, "kind": kind, "metadata": metadata | draw(_metadata())}


def _metadata() -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries(
        {}, optional={"labels": VALUES, "annotations": VALUES, "ownerReferences": VALUES}
    )


@st.composite
def bent(draw: st.DrawFn, document: Document) -> Document:
    """A sound document with one value, anywhere in it, replaced by something else."""
    found = copy.deepcopy(document)
    here: Any = found
    while True:
        keys = sorted(here) if isinstance(here, dict) else range(len(here))
        key = draw(st.sampled_from(list(keys)))
        if not here[key] or not isinstance(here[key], dict | list) or draw(st.integers(0, 5)) == 0:
            here[key] = draw(VALUES)
            return found
        here = here[key]


def inventory(documents: list[Document]) -> Inventory:
    """The documents as observed."""
    return Inventory(Resource(reference_of(one), one, Origin("any.yaml")) for one in documents)
