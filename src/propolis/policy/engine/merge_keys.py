"""Lists of Kubernetes' own kinds that a strategic merge merges element by element, and their keys.

Facts from the Kubernetes API (``x-kubernetes-patch-merge-key`` and ``x-kubernetes-list-map-keys`` of the
OpenAPI document, v1.34). Every other list is replaced as a whole, and so are all lists of custom kinds.
"""

from collections.abc import Mapping

import msgspec


class Shape(msgspec.Struct, frozen=True):
    """What is known of a value.

    Attributes:
        keys: For a list: the fields that tell elements apart; empty when it is replaced.
        is_set: For a list of scalars: whether new ones join it.
        element: Type of the elements of a list, or of the object itself.
    """

    keys: tuple[str, ...] = ()
    is_set: bool = False
    element: str = ""


def _by(*keys: str, of: str = "") -> Shape:
    return Shape(keys, element=of)


def _is(name: str) -> Shape:
    return Shape(element=name)


_SET = Shape(is_set=True)
UNKNOWN = Shape()
DEFAULTS = {"protocol": "TCP"}
"""What a field of a composite key means where it is absent."""

_TYPES: dict[str, dict[str, Shape]] = {
    "Metadata": {"finalizers": _SET, "ownerReferences": _by("uid")},
    "Container": {
        "env": _by("name"),
        "ports": _by("containerPort", "protocol"),
        "volumeDevices": _by("devicePath"),
        "volumeMounts": _by("mountPath"),
    },
    "PodSpec": {
        "containers": _by("name", of="Container"),
        "ephemeralContainers": _by("name", of="Container"),
        "hostAliases": _by("ip"),
        "imagePullSecrets": _by("name"),
        "initContainers": _by("name", of="Container"),
        "resourceClaims": _by("name"),
        "schedulingGates": _by("name"),
        "topologySpreadConstraints": _by("topologyKey", "whenUnsatisfiable"),
        "volumes": _by("name"),
    },
    "PodStatus": {"conditions": _by("type"), "hostIPs": _by("ip"), "podIPs": _by("ip")},
    "Pod": {"metadata": _is("Metadata"), "spec": _is("PodSpec"), "status": _is("PodStatus")},
    "Conditions": {"conditions": _by("type")},
    "ControllerSpec": {"template": _is("Pod")},
    "Controller": {
        "metadata": _is("Metadata"), "spec": _is("ControllerSpec"), "status": _is("Conditions"),
    },
    "CronJobSpec": {"jobTemplate": _is("Controller")},
    "CronJob": {"metadata": _is("Metadata"), "spec": _is("CronJobSpec")},
    "PodTemplate": {"metadata": _is("Metadata"), "template": _is("Pod")},
    "ServiceSpec": {"ports": _by("port", "protocol")},
    "Service": {"metadata": _is("Metadata"), "spec": _is("ServiceSpec"), "status": _is("Conditions")},
    "ServiceAccount": {"metadata": _is("Metadata"), "secrets": _by("name")},
    "NodeSpec": {"podCIDRs": _SET},
    "NodeStatus": {"addresses": _by("type"), "conditions": _by("type")},
    "Node": {"metadata": _is("Metadata"), "spec": _is("NodeSpec"), "status": _is("NodeStatus")},
    "Webhooks": {"metadata": _is("Metadata"), "webhooks": _by("name", of="Webhook")},
    "Webhook": {"matchConditions": _by("name")},
    "AdmissionPolicySpec": {"matchConditions": _by("name"), "variables": _by("name")},
    "AdmissionPolicy": {"metadata": _is("Metadata"), "spec": _is("AdmissionPolicySpec")},
    "DriversSpec": {"drivers": _by("name")},
    "Drivers": {"metadata": _is("Metadata"), "spec": _is("DriversSpec")},
    "Object": {"metadata": _is("Metadata"), "status": _is("Conditions")},
}  # fmt: skip

_ROOTS = {
    ("", "Pod"): "Pod",
    ("", "PodTemplate"): "PodTemplate",
    ("", "ReplicationController"): "Controller",
    ("apps", "DaemonSet"): "Controller",
    ("apps", "Deployment"): "Controller",
    ("apps", "ReplicaSet"): "Controller",
    ("apps", "StatefulSet"): "Controller",
    ("batch", "Job"): "Controller",
    ("batch", "CronJob"): "CronJob",
    ("", "Service"): "Service",
    ("", "ServiceAccount"): "ServiceAccount",
    ("", "Node"): "Node",
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): "Webhooks",
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): "Webhooks",
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"): "AdmissionPolicy",
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): "AdmissionPolicy",
    ("storage.k8s.io", "CSINode"): "Drivers",
}

_OWN_GROUPS = frozenset({"", "apps", "autoscaling", "batch", "extensions", "policy"})


def root_shape(api_version: str, kind: str) -> Shape:
    """The shape of a document; `UNKNOWN` for custom kinds."""
    group, slash, _ = api_version.partition("/")
    group = group if slash else ""
    if group in _OWN_GROUPS or group.endswith(".k8s.io"):
        return Shape(element=_ROOTS.get((group, kind), "Object"))
    return UNKNOWN


def field_shape(parent: Shape, field: str) -> Shape:
    """The shape of a field of an object, or of an object in a list."""
    return _TYPES.get(parent.element, _NOTHING).get(field, UNKNOWN)


_NOTHING: Mapping[str, Shape] = {}
