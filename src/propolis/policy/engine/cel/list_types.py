"""How fields of Kubernetes' own kinds merge when they are applied: lists by keys, sets, what is whole.

Facts from the ``x-kubernetes-list-type``, ``-list-map-keys`` and ``-map-type`` of the API's OpenAPI documents
(v1.36). A list that is not named here is whole (atomic), a map or object merges field by field.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec


class Keyed(msgspec.Struct, frozen=True):
    """A list whose elements are told apart by some fields; ``defaults`` stand for absent ones."""

    keys: tuple[str, ...]
    element: Mapping[str, Any] = {}
    defaults: Mapping[str, Any] = {}


class Whole(msgspec.Struct, frozen=True):
    """A map or object that is replaced, never merged."""


class Set(msgspec.Struct, frozen=True):
    """A list of texts, each once."""


Merging: TypeAlias = Mapping[str, Any]
"""Fields that do not merge as the default has it, by name: `Keyed`, `Whole`, `Set`, or fields again."""

WHOLE, SET = Whole(), Set()
BY_NAME = Keyed(("name",))
CONDITIONS = Keyed(("type",))

METADATA: Merging = {"ownerReferences": Keyed(("uid",)), "finalizers": SET}
SELECTOR: Merging = {"selector": WHOLE}
KEY_REF: Merging = {
    "configMapKeyRef": WHOLE,
    "secretKeyRef": WHOLE,
    "fieldRef": WHOLE,
    "resourceFieldRef": WHOLE,
}
CONTAINER: Merging = {
    "env": Keyed(("name",), {"valueFrom": KEY_REF}),
    "ports": Keyed(("containerPort", "protocol"), defaults={"protocol": "TCP"}),
    "volumeMounts": Keyed(("mountPath",)),
    "volumeDevices": Keyed(("devicePath",)),
    "resources": {"claims": BY_NAME},
}
_REFERENCE = WHOLE  # LocalObjectReference is atomic
VOLUME: Merging = {
    "cephfs": {"secretRef": _REFERENCE},
    "csi": {"nodePublishSecretRef": _REFERENCE},
    "flexVolume": {"secretRef": _REFERENCE},
    "iscsi": {"secretRef": _REFERENCE},
    "rbd": {"secretRef": _REFERENCE},
}
POD: Merging = {
    "containers": Keyed(("name",), CONTAINER),
    "initContainers": Keyed(("name",), CONTAINER),
    "ephemeralContainers": Keyed(("name",), CONTAINER),
    "volumes": Keyed(("name",), VOLUME),
    "imagePullSecrets": BY_NAME,
    "hostAliases": Keyed(("ip",)),
    "topologySpreadConstraints": Keyed(("topologyKey", "whenUnsatisfiable"), {"labelSelector": WHOLE}),
    "schedulingGates": BY_NAME,
    "resourceClaims": BY_NAME,
    "nodeSelector": WHOLE,
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": WHOLE}},
}
TEMPLATE: Merging = {"metadata": METADATA, "spec": POD}
STATUS: Merging = {"conditions": CONDITIONS}


def _workload(**more: Any) -> Merging:
    return {"spec": {**SELECTOR, "template": TEMPLATE, **more}, "status": STATUS}


KINDS: Mapping[tuple[str, str], Merging] = {
    ("", "Pod"): {"spec": POD, "status": STATUS},
    ("", "PodTemplate"): {"template": TEMPLATE},
    ("", "ReplicationController"): {"spec": {"selector": WHOLE, "template": TEMPLATE}},
    ("apps", "Deployment"): _workload(),
    ("apps", "ReplicaSet"): _workload(),
    ("apps", "DaemonSet"): _workload(),
    ("apps", "StatefulSet"): _workload(),
    ("batch", "Job"): _workload(),
    ("batch", "CronJob"): {"spec": {"jobTemplate": _workload()}},
    ("", "Service"): {
        "spec": {
            "ports": Keyed(("port", "protocol"), defaults={"protocol": "TCP"}),
            "selector": WHOLE,
        },
        "status": STATUS,
    },
    ("", "ServiceAccount"): {"secrets": BY_NAME},
    ("", "Namespace"): {"status": STATUS},
    ("", "Node"): {"spec": {"podCIDRs": SET}, "status": STATUS},
    ("", "ConfigMap"): {},
    ("", "Secret"): {},
    ("", "PersistentVolumeClaim"): {"spec": {"selector": WHOLE, "dataSource": WHOLE}, "status": STATUS},
    ("", "PersistentVolume"): {"spec": {"claimRef": WHOLE, "nodeAffinity": {"required": WHOLE}}},
    ("", "LimitRange"): {},
    ("", "ResourceQuota"): {"spec": {"scopeSelector": WHOLE}},
    ("networking.k8s.io", "Ingress"): {"spec": {"defaultBackend": {"resource": WHOLE}}},
    ("networking.k8s.io", "NetworkPolicy"): {"spec": {"podSelector": WHOLE}},
    ("policy", "PodDisruptionBudget"): {"spec": {"selector": WHOLE}, "status": STATUS},
    ("autoscaling", "HorizontalPodAutoscaler"): {"spec": {"scaleTargetRef": WHOLE}, "status": STATUS},
    ("rbac.authorization.k8s.io", "Role"): {},
    ("rbac.authorization.k8s.io", "ClusterRole"): {"aggregationRule": {}},
    ("rbac.authorization.k8s.io", "RoleBinding"): {"roleRef": WHOLE},
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): {"roleRef": WHOLE},
    ("storage.k8s.io", "StorageClass"): {},
    ("scheduling.k8s.io", "PriorityClass"): {},
}
"""Group and kind, and what of them does not merge as the default has it."""


def merging_of(group: str, kind: str) -> Merging | None:
    """How a kind merges; None for one that is not Kubernetes' own."""
    found = KINDS.get((group, kind))
    return None if found is None else {"metadata": METADATA, **found}
