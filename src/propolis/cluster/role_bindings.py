"""Which roles are bound to a user, from RoleBindings and ClusterRoleBindings.

Follows kubernetes.io/docs/reference/access-authn-authz/rbac: subjects are users, groups and service accounts.
A RoleBinding may bind a ClusterRole in its namespace; roles are named as Kyverno names them,
``namespace:name``.
"""

from collections.abc import Iterable

import msgspec

_ACCOUNT = "system:serviceaccount:"


class Subject(msgspec.Struct, frozen=True):
    """A user, group or service account."""

    kind: str = ""
    name: str = ""
    namespace: str = ""


class RoleRef(msgspec.Struct, frozen=True):
    """A Role or ClusterRole."""

    kind: str = ""
    name: str = ""


class _Metadata(msgspec.Struct, frozen=True):
    namespace: str = ""


class RoleBinding(msgspec.Struct, frozen=True, rename="camel"):
    """A RoleBinding, or a ClusterRoleBinding, which is in no namespace."""

    metadata: _Metadata = _Metadata()
    role_ref: RoleRef = RoleRef()
    subjects: tuple[Subject, ...] | None = None


class BoundRoles:
    """An index of bindings by their subjects."""

    def __init__(self, bindings: Iterable[RoleBinding]) -> None:
        self._bound: dict[tuple[str, str], list[tuple[bool, str]]] = {}
        for binding in bindings:
            role = _role(binding)
            for subject in binding.subjects or ():
                self._bound.setdefault(_known_as(subject, binding), []).append(role)

    def of(self, username: str, groups: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Roles and cluster roles of a user, each once, in order."""
        keys = [("User", username), *(("Group", group) for group in groups)]
        found = {role for key in keys for role in self._bound.get(key, ())}
        roles = sorted(name for is_cluster, name in found if not is_cluster)
        return tuple(roles), tuple(sorted(name for is_cluster, name in found if is_cluster))


def _role(binding: RoleBinding) -> tuple[bool, str]:
    ref = binding.role_ref
    is_cluster = ref.kind == "ClusterRole"
    return is_cluster, ref.name if is_cluster else f"{binding.metadata.namespace}:{ref.name}"


def _known_as(subject: Subject, binding: RoleBinding) -> tuple[str, str]:
    """A service account is a user with a name of its own form."""
    if subject.kind == "ServiceAccount":
        return "User", f"{_ACCOUNT}{subject.namespace or binding.metadata.namespace}:{subject.name}"
    return subject.kind, subject.name
