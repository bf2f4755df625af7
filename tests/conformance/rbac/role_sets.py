"""Builds roles and bindings that grant exactly the permissions that an entry of the corpus names."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from propolis.compliance.model.rbac import Identity, service_account
from propolis.core.inventory import Inventory
from propolis.core.resource import Document, Origin, Resource, reference_of

RBAC = "rbac.authorization.k8s.io"
HOLDER = service_account("shop", "holder")
CONTROLLERS = {
    "": ["replicationcontrollers"],
    "apps": ["deployments", "daemonsets", "statefulsets", "replicasets"],
    "batch": ["jobs", "cronjobs"],
}
PODS_AND_CONTROLLERS = "pods and pod controllers"


class Permission(NamedTuple):
    """One verb on one resource of one group; on all objects, or one by name."""

    group: str
    resource: str
    verb: str
    name: str = ""


def permissions_of(need: Document) -> list[Permission]:
    """Every single permission that meets a need, with the words of the corpus made plain."""
    if "any_of" in need:
        return [permission for one in need["any_of"] for permission in permissions_of(one)]
    verbs = need.get("verbs_any_of") or need["verbs"]
    found = []
    for group in need["apiGroups"]:
        for resource in need["resources"]:
            for name in _resources(group, resource):
                found += [
                    Permission(group, name, verb)
                    for verb in _verbs(
                        verbs, is_controller=resource == PODS_AND_CONTROLLERS and name != "pods"
                    )
                ]
    return found


def _resources(group: str, resource: str) -> list[str]:
    if resource != PODS_AND_CONTROLLERS:
        return [resource]
    return (["pods"] if not group else []) + CONTROLLERS[group]


def _verbs(verbs: list[str], *, is_controller: bool) -> Iterator[str]:
    """``update and patch (controllers only)`` and ``get or list (only while ...)`` as verbs."""
    for verb in verbs:
        words, _, condition = verb.partition(" (")
        if "controllers only" in condition and not is_controller:
            continue
        yield from words.replace(" and ", " or ").split(" or ")


def role_set(permissions: list[Permission], namespace: str) -> Inventory:
    """A role and a binding for each permission, so that only their union can meet a combination."""
    documents: list[Document] = []
    for number, permission in enumerate(permissions):
        documents += [_role(permission, number), _binding(number, namespace)]
    return inventory_of(documents)


def inventory_of(documents: list[Document]) -> Inventory:
    """An inventory of documents."""
    return Inventory(Resource(reference_of(one), one, Origin("made")) for one in documents)


def _role(permission: Permission, number: int) -> Document:
    rule: dict[str, Any] = {
        "apiGroups": [permission.group],
        "resources": [permission.resource],
        "verbs": [permission.verb],
    }
    if permission.name:
        rule["resourceNames"] = [permission.name]
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": f"part-{number}"},
        "rules": [rule],
    }


def _binding(number: int, namespace: str) -> Document:
    role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": f"part-{number}"}
    return binding(f"part-{number}", role, [HOLDER], namespace)


def binding(name: str, role: Document, identities: list[Identity], namespace: str = "") -> Document:
    """A ClusterRoleBinding, or a RoleBinding where a namespace is given."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": metadata,
        "roleRef": role,
        "subjects": [
            {"kind": one.kind, "name": one.name} | ({"namespace": one.namespace} if one.namespace else {})
            for one in identities
        ],
    }
