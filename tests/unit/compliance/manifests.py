"""A workload and other resources that pass every check, and ways to break them."""

import copy
from typing import Any

from propolis.core.resource import Document, Origin, Resource, reference_of

CONTAINER: Document = {
    "name": "web",
    "image": "registry.example/shop/web:1.4.2",
    "env": [{"name": "LOG_LEVEL", "value": "info"}],
    "ports": [{"containerPort": 8080}],
    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsUser": 20000,
        "runAsGroup": 20000,
        "capabilities": {"drop": ["ALL"]},
    },
}
POD_SPEC: Document = {
    "automountServiceAccountToken": False,
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "volumes": [{"name": "scratch", "emptyDir": {}}],
    "containers": [CONTAINER],
}
DEPLOYMENT: Document = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"replicas": 2, "template": {"metadata": {"labels": {"app": "web"}}, "spec": POD_SPEC}},
}


def resource(document: Document) -> Resource:
    """The document as observed."""
    return Resource(reference_of(document), document, Origin("shop.yaml", 3))


def changed(document: Document, path: str, value: Any) -> Document:
    """A copy with one field set; ``path`` is written with dots and ``[n]``; None removes the field."""
    found = copy.deepcopy(document)
    *parents, last = _steps(path)
    here: Any = found
    for step in parents:
        here = here[step] if isinstance(step, int) else here.setdefault(step, {})
    if value is None:
        del here[last]
    else:
        here[last] = value
    return found


def broken_pod(path: str, value: Any) -> Document:
    """The Deployment with one field of its pod spec set."""
    return changed(DEPLOYMENT, f"spec.template.spec.{path}", value)


def broken_container(path: str, value: Any) -> Document:
    """The Deployment with one field of its container set."""
    return broken_pod(f"containers[0].{path}", value)


def _steps(path: str) -> list[str | int]:
    """Keys and places of a path; ``\\.`` is a dot within a key."""
    words = path.replace("\\.", "\0").replace("[", ".[").split(".")
    return [int(word[1:-1]) if word.startswith("[") else word.replace("\0", ".") for word in words if word]
