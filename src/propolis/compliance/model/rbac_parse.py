"""Documents of rbac.authorization.k8s.io to data; a wrong shape is an error with its field."""

from typing import Any

from propolis.compliance.model.rbac import (
    DEFAULT_NAMESPACE,
    SERVICE_ACCOUNT,
    USER,
    USER_GROUP,
    Binding,
    Identity,
    Role,
    RoleRule,
)
from propolis.core.errors import DocumentError, Place
from propolis.core.resource import Document, Resource
from propolis.lang.label_selector import Selector, compile_selector, text_labels


def parse_role(resource: Resource) -> Role:
    """A Role or ClusterRole.

    Raises:
        DocumentError: With the place of the document and the path of the field.
    """
    try:
        rules = _items(resource.document.get("rules"), "rules")
        return Role(
            ref=resource.ref,
            rules=tuple(_rule(item, index) for index, item in enumerate(rules)),
            aggregates=tuple(_aggregates(resource.document.get("aggregationRule"))),
            labels=text_labels(resource.labels),
        )
    except DocumentError as error:
        raise error.at(Place(resource.origin.path, resource.origin.line)) from None


def parse_binding(resource: Resource) -> Binding:
    """A RoleBinding or ClusterRoleBinding.

    Raises:
        DocumentError: With the place of the document and the path of the field.
    """
    try:
        return _binding(resource)
    except DocumentError as error:
        raise error.at(Place(resource.origin.path, resource.origin.line)) from None


def _binding(resource: Resource) -> Binding:
    role = resource.document.get("roleRef")
    if not isinstance(role, dict) or role.get("kind") not in ("Role", "ClusterRole"):
        raise DocumentError("roleRef names no role", expected="kind Role or ClusterRole, and a name")
    name, is_clusters = role.get("name"), resource.ref.kind == "ClusterRoleBinding"
    if not isinstance(name, str) or not name:
        raise DocumentError("roleRef.name is missing", expected="the name of the role")
    namespace = "" if is_clusters else resource.ref.namespace or DEFAULT_NAMESPACE
    subjects = _items(resource.document.get("subjects"), "subjects")
    return Binding(
        ref=resource.ref,
        namespace=namespace,
        role_kind=role["kind"],
        role_name=name,
        identities=tuple(_identity(item, index, namespace) for index, item in enumerate(subjects)),
    )


def _identity(document: Document, index: int, namespace: str) -> Identity:
    """A subject; a service account without a namespace is taken to be in that of the binding."""
    kind, name = document.get("kind"), document.get("name")
    if kind not in (SERVICE_ACCOUNT, USER, USER_GROUP):
        raise DocumentError(
            f"subjects[{index}].kind: {kind!r} is not known", expected="ServiceAccount, User or Group"
        )
    if not isinstance(name, str) or not name:
        raise DocumentError(f"subjects[{index}].name is missing", expected="a name")
    if kind != SERVICE_ACCOUNT:
        return Identity(kind, name)
    own = document.get("namespace")
    return Identity(kind, name, own if isinstance(own, str) and own else namespace)


def _rule(document: Document, index: int) -> RoleRule:
    def texts(field: str) -> frozenset[str]:
        return _texts(document.get(field), f"rules[{index}].{field}")

    return RoleRule(
        verbs=texts("verbs"),
        groups=texts("apiGroups"),
        resources=texts("resources"),
        names=texts("resourceNames"),
        index=index,
    )


def _aggregates(document: Any) -> list[Selector]:
    """Selectors of an aggregation rule; absent is none."""
    if document is None:
        return []
    if not isinstance(document, dict):
        raise DocumentError("aggregationRule is not a map", expected="clusterRoleSelectors")
    path = "aggregationRule.clusterRoleSelectors"
    selectors = _items(document.get("clusterRoleSelectors"), path)
    return [compile_selector(item, f"{path}[{index}]") for index, item in enumerate(selectors)]


def _items(value: Any, path: str) -> list[Document]:
    """A list of maps; absent is empty."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise DocumentError(f"{path} is not a list of maps", expected="a list")
    return value


def _texts(value: Any, path: str) -> frozenset[str]:
    """A list of texts; absent is empty."""
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise DocumentError(f"{path} is not a list of texts", expected="a list of texts")
    return frozenset(value)
