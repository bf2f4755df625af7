"""Whether a workload has the shape that its pods need: what has not is no pod, so no check may pass on it.

Field names and types follow the Kubernetes API reference (core/v1 PodSpec, v1.37). Null stands for absent,
and fields that are not listed do not count, as when the API server decodes an object.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from propolis.core.resource import Document
from propolis.core.workload import POD_PATHS
from propolis.lang.quantity import parse_quantity

Shape: TypeAlias = "str | list[Shape] | Mapping[str, Shape]"
"""``text``, ``number``, ``flag``, ``quantity``, ``port``; a list of one shape; fields by name, ``*`` any."""

TEXTS: Shape = ["text"]
TEXT_MAP: Shape = {"*": "text"}
QUANTITIES: Shape = {"*": "quantity"}
SELECTOR: Shape = {
    "matchLabels": TEXT_MAP,
    "matchExpressions": [{"key": "text", "operator": "text", "values": TEXTS}],
}
PROFILE: Shape = {"type": "text", "localhostProfile": "text"}
SELINUX: Shape = {"user": "text", "role": "text", "type": "text", "level": "text"}
WINDOWS: Shape = {
    "gmsaCredentialSpecName": "text", "gmsaCredentialSpec": "text", "runAsUserName": "text",
    "hostProcess": "flag",
}  # fmt: skip
CONTAINER_SECURITY: Shape = {
    "capabilities": {"add": TEXTS, "drop": TEXTS}, "privileged": "flag", "seLinuxOptions": SELINUX,
    "windowsOptions": WINDOWS, "runAsUser": "number", "runAsGroup": "number", "runAsNonRoot": "flag",
    "readOnlyRootFilesystem": "flag", "allowPrivilegeEscalation": "flag", "procMount": "text",
    "seccompProfile": PROFILE, "appArmorProfile": PROFILE,
}  # fmt: skip
POD_SECURITY: Shape = {
    "seLinuxOptions": SELINUX, "windowsOptions": WINDOWS, "runAsUser": "number", "runAsGroup": "number",
    "runAsNonRoot": "flag", "supplementalGroups": ["number"], "supplementalGroupsPolicy": "text",
    "fsGroup": "number", "sysctls": [{"name": "text", "value": "text"}], "fsGroupChangePolicy": "text",
    "seccompProfile": PROFILE, "appArmorProfile": PROFILE, "seLinuxChangePolicy": "text",
}  # fmt: skip
_HANDLER: dict[str, Shape] = {
    "exec": {"command": TEXTS},
    "httpGet": {
        "path": "text", "port": "port", "host": "text", "scheme": "text",
        "httpHeaders": [{"name": "text", "value": "text"}],
    },
    "tcpSocket": {"port": "port", "host": "text"},
}  # fmt: skip
HANDLER: Shape = {**_HANDLER, "sleep": {"seconds": "number"}}
PROBE: Shape = {
    **_HANDLER, "grpc": {"port": "number", "service": "text"}, "initialDelaySeconds": "number",
    "timeoutSeconds": "number", "periodSeconds": "number", "successThreshold": "number",
    "failureThreshold": "number", "terminationGracePeriodSeconds": "number",
}  # fmt: skip
NAMED: Shape = {"name": "text", "optional": "flag"}
KEY: Shape = {"name": "text", "key": "text", "optional": "flag"}
FIELD: Shape = {"apiVersion": "text", "fieldPath": "text"}
ITEMS: Shape = [{"key": "text", "path": "text", "mode": "number"}]
RESOURCES: Shape = {
    "limits": QUANTITIES, "requests": QUANTITIES, "claims": [{"name": "text", "request": "text"}],
}  # fmt: skip
CONTAINER: Shape = {
    "name": "text", "image": "text", "command": TEXTS, "args": TEXTS, "workingDir": "text",
    "ports": [
        {
            "name": "text", "hostPort": "number", "containerPort": "number", "protocol": "text",
            "hostIP": "text",
        }
    ],
    "envFrom": [{"prefix": "text", "configMapRef": NAMED, "secretRef": NAMED}],
    "env": [
        {
            "name": "text", "value": "text",
            "valueFrom": {
                "fieldRef": FIELD, "configMapKeyRef": KEY, "secretKeyRef": KEY,
                "resourceFieldRef": {"containerName": "text", "resource": "text", "divisor": "quantity"},
            },
        }
    ],
    "resources": RESOURCES, "resizePolicy": [{"resourceName": "text", "restartPolicy": "text"}],
    "restartPolicy": "text",
    "volumeMounts": [
        {
            "name": "text", "readOnly": "flag", "recursiveReadOnly": "text", "mountPath": "text",
            "subPath": "text", "mountPropagation": "text", "subPathExpr": "text",
        }
    ],
    "volumeDevices": [{"name": "text", "devicePath": "text"}],
    "livenessProbe": PROBE, "readinessProbe": PROBE, "startupProbe": PROBE,
    "lifecycle": {"postStart": HANDLER, "preStop": HANDLER, "stopSignal": "text"},
    "terminationMessagePath": "text", "terminationMessagePolicy": "text", "imagePullPolicy": "text",
    "securityContext": CONTAINER_SECURITY, "stdin": "flag", "stdinOnce": "flag", "tty": "flag",
    "targetContainerName": "text",
}  # fmt: skip
_FILES: dict[str, Shape] = {"items": ITEMS, "optional": "flag"}
DOWNWARD: Shape = [{"path": "text", "fieldRef": FIELD, "mode": "number"}]
VOLUME: Shape = {
    "name": "text", "hostPath": {"path": "text", "type": "text"},
    "emptyDir": {"medium": "text", "sizeLimit": "quantity"},
    "secret": {"secretName": "text", "defaultMode": "number", **_FILES},
    "configMap": {"name": "text", "defaultMode": "number", **_FILES},
    "nfs": {"server": "text", "path": "text", "readOnly": "flag"},
    "persistentVolumeClaim": {"claimName": "text", "readOnly": "flag"},
    "downwardAPI": {"items": DOWNWARD, "defaultMode": "number"},
    "projected": {
        "defaultMode": "number",
        "sources": [
            {
                "secret": {"name": "text", **_FILES}, "configMap": {"name": "text", **_FILES},
                "downwardAPI": {"items": DOWNWARD},
                "serviceAccountToken": {"audience": "text", "expirationSeconds": "number", "path": "text"},
            }
        ],
    },
    "csi": {"driver": "text", "readOnly": "flag", "fsType": "text", "volumeAttributes": TEXT_MAP},
    "image": {"reference": "text", "pullPolicy": "text"},
    "ephemeral": {"volumeClaimTemplate": {}},
    **{
        name: {}
        for name in (
            "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "fc", "flexVolume",
            "flocker", "gcePersistentDisk", "gitRepo",
            "glusterfs", "iscsi", "photonPersistentDisk", "portworxVolume",
            "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume",
        )
    },
}  # fmt: skip
POD: Shape = {
    "volumes": [VOLUME], "initContainers": [CONTAINER], "containers": [CONTAINER],
    "ephemeralContainers": [CONTAINER], "restartPolicy": "text", "terminationGracePeriodSeconds": "number",
    "activeDeadlineSeconds": "number", "dnsPolicy": "text", "nodeSelector": TEXT_MAP,
    "serviceAccountName": "text", "serviceAccount": "text", "automountServiceAccountToken": "flag",
    "nodeName": "text", "hostNetwork": "flag", "hostPID": "flag", "hostIPC": "flag",
    "shareProcessNamespace": "flag", "securityContext": POD_SECURITY, "imagePullSecrets": [{"name": "text"}],
    "hostname": "text", "subdomain": "text", "affinity": {}, "schedulerName": "text",
    "tolerations": [
        {"key": "text", "operator": "text", "value": "text", "effect": "text", "tolerationSeconds": "number"}
    ],
    "hostAliases": [{"ip": "text", "hostnames": TEXTS}], "priorityClassName": "text", "priority": "number",
    "dnsConfig": {"nameservers": TEXTS, "searches": TEXTS, "options": [{"name": "text", "value": "text"}]},
    "readinessGates": [{"conditionType": "text"}], "runtimeClassName": "text", "enableServiceLinks": "flag",
    "preemptionPolicy": "text", "overhead": QUANTITIES,
    "topologySpreadConstraints": [
        {
            "maxSkew": "number", "topologyKey": "text", "whenUnsatisfiable": "text",
            "labelSelector": SELECTOR, "minDomains": "number",
            "nodeAffinityPolicy": "text", "nodeTaintsPolicy": "text",
            "matchLabelKeys": TEXTS,
        }
    ],
    "setHostnameAsFQDN": "flag", "os": {"name": "text"}, "hostUsers": "flag",
    "schedulingGates": [{"name": "text"}], "resources": RESOURCES, "hostnameOverride": "text",
}  # fmt: skip

_WORDS = {bool: "flag", str: "text", int: "number", float: "fraction", dict: "object", list: "list"}


def misshapen(document: Document) -> str:
    """What first departs from the shape of a workload; empty where nothing does."""
    path = POD_PATHS.get(str(document.get("kind")), ("spec",))
    shape = POD
    for key in reversed(path):
        shape = {key: shape}
    return next(_departures(document, shape, ""), "")


def _departures(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if value is None:
        return
    if isinstance(shape, str):
        if not _is_scalar(value, shape):
            yield f"{path} is {_word(value)}, expected {shape}"
    elif isinstance(shape, list):
        if type(value) is not list:
            yield f"{path} is {_word(value)}, expected list"
            return
        for index, item in enumerate(value):
            yield from _departures(item, shape[0], f"{path}[{index}]")
    elif type(value) is not dict:
        yield f"{path} is {_word(value)}, expected object"
    else:
        every = shape.get("*")
        for key, item in value.items():
            inner = every or shape.get(key)
            if inner is not None:
                yield from _departures(item, inner, f"{path}.{key}".lstrip("."))


def _is_scalar(value: Any, shape: str) -> bool:
    kind = type(value)
    match shape:
        case "text":
            return kind is str
        case "flag":
            return kind is bool
        case "number":
            return kind is int or (kind is float and value.is_integer())
        case "port":
            return kind in (int, str)
        case _:
            return kind in (int, float) or (kind is str and parse_quantity(value) is not None)


def _word(value: Any) -> str:
    return _WORDS.get(type(value), type(value).__name__)
