"""Whether an API server would take a document: what it refuses need not be judged alike.

Names of fields tell their types, as they do in every kind of Kubernetes; fields of unknown names may hold
anything.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from propolis.core.resource import Document
from propolis.core.workload import POD_PATHS, pod_spec
from propolis.lang.quantity import parse_quantity
from propolis.policy.engine.convert.always import WITH_SPEC
from propolis.policy.engine.convert.leaves import FLAGS, SCALAR_LISTS, TEXT_MAPS, WHOLE_NUMBERS
from propolis.policy.engine.pod_security.shape import misshapen

_TEXTS = frozenset({
    "image", "imagePullPolicy", "kind", "apiVersion", "name", "namespace", "generateName", "hostIP",
    "mountPath",
    "path", "serviceAccountName", "schedulerName", "storageClassName", "externalName", "host", "nodeName",
    "procMount", "type", "user", "role", "secretName", "uid", "schedule", "apiGroup", "resourceVersion",
    "priorityClassName",
})  # fmt: skip
_LISTS = frozenset({
    "containers", "initContainers", "ephemeralContainers", "volumes", "volumeMounts", "ports", "env",
    "envFrom", "rules", "subjects", "ownerReferences", "sysctls", "volumeClaimTemplates", "paths",
    "options", "tls",
    "imagePullSecrets", "tolerations", "hostAliases", "matchExpressions",
})  # fmt: skip
_OBJECTS = frozenset({
    "metadata", "securityContext", "resources", "hostPath", "secret", "emptyDir", "configMap", "http",
    "roleRef", "strategy", "livenessProbe", "readinessProbe", "capabilities", "seccompProfile",
    "seLinuxOptions",
    "windowsOptions", "valueFrom", "secretKeyRef", "secretRef", "exec", "template", "jobTemplate",
    "dnsConfig",
})  # fmt: skip


Types = dict[tuple[str, ...], set[str]]
"""Types of values that were seen in each place; elements of lists share one."""


def types_of(documents: Iterable[Document]) -> Types:
    """What stands where in resources that are known to be right."""
    found: Types = {}
    for document in documents:
        for path, value in _walk(document, (str(document.get("kind")),)):
            found.setdefault(path, set()).add(_type(value))
    return found


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if value is None:
        return
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, (*path, str(key)))
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item, (*path, ""))


def _type(value: Any) -> str:
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def is_like(document: Document, types: Types) -> bool:
    """Whether every value has a type that was seen in its place, where one was."""
    root = (str(document.get("kind")),)
    return all(_type(value) in types.get(path, {_type(value)}) for path, value in _walk(document, root))


def is_admitted(document: Document) -> bool:
    """Whether a document has the shape that its kind needs."""
    if not isinstance(document.get("metadata"), dict):
        return False
    if document.get("kind") in WITH_SPEC and not isinstance(document.get("spec"), dict):
        return False
    is_workload = document.get("kind") in POD_PATHS
    if is_workload and (pod_spec(document) is None or misshapen(document)):
        return False
    return _fits(document, ())


def _fits(value: Any, path: tuple[str, ...]) -> bool:
    name = path[-1] if path else ""
    above = path[-2] if len(path) > 1 else ""
    if value is None:
        return not path
    if above in TEXT_MAPS:
        return isinstance(value, str)
    if above in ("limits", "requests"):
        return not isinstance(value, str) or parse_quantity(value) is not None
    if not _is_of_type(value, name):
        return False
    if isinstance(value, dict):
        return all(_fits(item, (*path, key)) for key, item in value.items())
    if isinstance(value, list):
        return all(_fits(item, (*path, "")) for item in value) and _is_even(value, name)
    return True


def _is_even(items: list[Any], name: str) -> bool:
    """Lists of objects hold objects only, other lists nothing else."""
    if name in _LISTS:
        return all(isinstance(item, dict) for item in items)
    if name in WHOLE_NUMBERS:
        return all(type(item) is int for item in items)
    return name not in SCALAR_LISTS or all(isinstance(item, str) for item in items)


def _is_of_type(value: Any, name: str) -> bool:
    if name in TEXT_MAPS or name in ("limits", "requests"):
        return isinstance(value, dict)
    if name == "resources" and isinstance(value, list):
        return True
    if name in _LISTS or (name in SCALAR_LISTS and name != "resources"):
        return isinstance(value, list)
    if name in WHOLE_NUMBERS:
        return type(value) is int
    if name in FLAGS:
        return isinstance(value, bool)
    if name in _OBJECTS:
        return isinstance(value, dict)
    return name not in _TEXTS or isinstance(value, str | dict)
