"""Workloads of an installation, hardened as the restricted level of Pod Security asks and further.

No process is root, none writes outside of its volumes, none has a capability; tokens are mounted where they
are needed, last an hour and are renewed.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from propolis.app.install_options import ADMISSION, OPERATOR, SETTINGS, InstallOptions, labels_of
from propolis.core.resource import Document

USER = 65532
"""User and group of the image."""
ADMISSION_PORT, OPERATOR_PORT = 9443, 9444
OPERATORS = 2
"""One leads; the other takes over."""
TOKEN_SECONDS = 3600
LEAVE_SECONDS = 30
STORE = "/var/lib/propolis"
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_HOST = "kubernetes.io/hostname"
_LABELS = "app.kubernetes.io/component"


def workloads(options: InstallOptions) -> Iterator[Document]:
    """Admission behind its Service and the operator, with budgets of disruptions."""
    namespace = options.namespace
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(ADMISSION, namespace),
        "spec": {
            "selector": _selector(ADMISSION),
            "ports": [{"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP"}],
        },
    }
    yield _deployment(ADMISSION, options, options.replicas, _admission(options))
    yield _deployment(OPERATOR, options, OPERATORS, _operator(options))
    for name in (ADMISSION, OPERATOR):
        yield {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": _metadata(name, namespace),
            "spec": {
                "maxUnavailable": 1,
                "selector": {"matchLabels": _selector(name)},
                "unhealthyPodEvictionPolicy": "AlwaysAllow",
            },
        }


def _metadata(name: str, namespace: str) -> Document:
    return {"name": name, "namespace": namespace, "labels": labels_of(_component(name))}


def _component(name: str) -> str:
    return name.partition("-")[2]


def _selector(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": "propolis", _LABELS: _component(name)}


def _admission(options: InstallOptions) -> Document:
    namespace = options.namespace
    arguments = [
        *("admission", "serve", "--from-cluster"),
        *("--host", "0.0.0.0", "--port", str(ADMISSION_PORT)),  # noqa: S104  # within its pod
        *("--service", f"{namespace}/{ADMISSION}"),
        *("--certificates", f"secret:{namespace}/{ADMISSION}"),
        *("--settings", f"{namespace}/{SETTINGS}"),
        *("--operator-account", f"system:serviceaccount:{namespace}:{OPERATOR}"),
    ]
    return _container("admission", options.image, arguments, ("https", ADMISSION_PORT, "HTTPS"), "512Mi")


def _operator(options: InstallOptions) -> Document:
    arguments = [
        *("operator", "--from-cluster", "--lease", f"{options.namespace}/{OPERATOR}"),
        *("--settings", f"{options.namespace}/{SETTINGS}"),
        *("--act", "--namespace", options.namespace),
        *("--host", "0.0.0.0", "--port", str(OPERATOR_PORT)),  # noqa: S104  # within its pod
    ]
    return _container("operator", options.image, arguments, ("metrics", OPERATOR_PORT, "HTTP"), "1Gi")


def _container(
    name: str, image: str, arguments: Iterable[str], port: tuple[str, int, str], memory: str
) -> Document:
    port_name, number, scheme = port
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": list(arguments),
        "env": [
            {"name": "PROPOLIS_STORE", "value": f"{STORE}/propolis.db"},
            {"name": "PROPOLIS_CACHE", "value": f"{STORE}/cache"},
        ],
        "ports": [{"name": port_name, "containerPort": number, "protocol": "TCP"}],
        "startupProbe": _probe("/health/liveness", port_name, scheme, period=2, failures=60),
        "livenessProbe": _probe("/health/liveness", port_name, scheme, period=10, failures=6),
        "readinessProbe": _probe("/health/readiness", port_name, scheme, period=5, failures=3),
        "resources": {
            "requests": {"cpu": "100m", "memory": memory, "ephemeral-storage": "64Mi"},
            "limits": {"cpu": "2", "memory": memory, "ephemeral-storage": "2Gi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [
            {"name": "account", "mountPath": ACCOUNT, "readOnly": True},
            {"name": "store", "mountPath": STORE},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  # a volume of the pod
        ],
    }


def _probe(path: str, port: str, scheme: str, *, period: int, failures: int) -> Document:
    return {
        "httpGet": {"path": path, "port": port, "scheme": scheme},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def _deployment(name: str, options: InstallOptions, replicas: int, container: Document) -> Document:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(name, options.namespace),
        "spec": {
            "replicas": replicas,
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": _selector(name)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {"metadata": {"labels": labels_of(_component(name))}, "spec": _pod(name, container)},
        },
    }


def _pod(name: str, container: Document) -> Document:
    return {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "hostNetwork": False,
        "hostPID": False,
        "hostIPC": False,
        "terminationGracePeriodSeconds": LEAVE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "affinity": _apart(name),
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": _selector(name)},
            }
        ],
        "containers": [container],
        "volumes": list(_volumes()),
    }


def _apart(name: str) -> Document:
    """Replicas on nodes of their own where there are enough."""
    term = {"topologyKey": _HOST, "labelSelector": {"matchLabels": _selector(name)}}
    wanted: list[dict[str, Any]] = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": wanted}}


def _volumes() -> Iterator[Document]:
    """The token, the authority of the API server and the namespace as clients expect them; room to write."""
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources: list[Document] = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": TOKEN_SECONDS}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    yield {"name": "account", "projected": {"defaultMode": 0o440, "sources": sources}}
    yield {"name": "store", "emptyDir": {"sizeLimit": "1Gi"}}
    yield {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}
