"""Roles, bindings and identities of rbac.authorization.k8s.io/v1 as data."""

from typing import TypeAlias

import msgspec

from propolis.core.resource import ResourceRef
from propolis.lang.label_selector import Selector
from propolis.lang.listing import some

GROUP = "rbac.authorization.k8s.io"
SERVICE_ACCOUNT = "ServiceAccount"
USER = "User"
USER_GROUP = "Group"
ALL = "*"
DEFAULT_NAMESPACE = "default"
WORDS_SHOWN = 8
RoleKey: TypeAlias = tuple[str, str, str]
"""Kind, namespace and name of a role; the namespace of a ClusterRole is empty."""


class RoleRule(msgspec.Struct, frozen=True):
    """One rule of a role: any of the verbs on any of the resources.

    Attributes:
        groups: API groups; the core group is the empty text.
        resources: Plural names, with ``/`` for subresources.
        names: Names of objects; empty means all.
        index: Its place in the role.
        taken_from: The ClusterRole from which an aggregated role has it; empty for its own.
    """

    verbs: frozenset[str]
    groups: frozenset[str]
    resources: frozenset[str]
    names: frozenset[str] = frozenset()
    index: int = 0
    taken_from: str = ""

    @property
    def place(self) -> str:
        """``rules[2]``, or ``rules[2] of ClusterRole part``."""
        return f"rules[{self.index}]{f' of ClusterRole {self.taken_from}' if self.taken_from else ''}"

    @property
    def text(self) -> str:
        """``get, list on secrets`` with group and names where they matter."""
        groups = some(sorted(group for group in self.groups if group))
        names = f" named {some(sorted(self.names))}" if self.names else ""
        what = f"{some(sorted(self.verbs), WORDS_SHOWN)} on {some(sorted(self.resources), WORDS_SHOWN)}"
        return f"{what}{f' ({groups})' if groups else ''}{names}"


class Role(msgspec.Struct, frozen=True):
    """A Role or a ClusterRole.

    Attributes:
        aggregates: Selectors of ClusterRoles whose rules it takes over.
        labels: Its own labels, by which others take over its rules.
    """

    ref: ResourceRef
    rules: tuple[RoleRule, ...]
    aggregates: tuple[Selector, ...] = ()
    labels: dict[str, str] = {}  # msgspec copies the default

    @property
    def namespace(self) -> str:
        """Where it stands; empty for a ClusterRole, whatever its document says."""
        return "" if self.ref.kind == "ClusterRole" else self.ref.namespace or DEFAULT_NAMESPACE

    @property
    def key(self) -> RoleKey:
        """By which bindings find it."""
        return self.ref.kind, self.namespace, self.ref.name

    @property
    def is_built_in(self) -> bool:
        """Whether the API server makes it and puts it back when it is changed."""
        return self.ref.kind == "ClusterRole" and is_built_in_name(self.ref.name)


def is_built_in_name(name: str) -> bool:
    """Whether a ClusterRole of this name comes with every cluster."""
    return name in ("cluster-admin", "admin", "edit", "view") or name.startswith("system:")


class Identity(msgspec.Struct, frozen=True, order=True):
    """Who is granted something: a user, a group or a service account.

    Attributes:
        namespace: Of a service account; empty for the others.
    """

    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        """``ServiceAccount shop/cart``, ``User jane``, ``Group devs``."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def groups(self) -> tuple["Identity", ...]:
        """Groups to which it belongs by what it is; those of users are not known to the cluster."""
        if self.kind != SERVICE_ACCOUNT:
            return ()
        names = ("system:serviceaccounts", f"system:serviceaccounts:{self.namespace}", "system:authenticated")
        return tuple(Identity(USER_GROUP, name) for name in names)


def service_account(namespace: str, name: str) -> Identity:
    """The identity of a service account."""
    return Identity(SERVICE_ACCOUNT, name, namespace)


class Binding(msgspec.Struct, frozen=True):
    """A RoleBinding or a ClusterRoleBinding.

    Attributes:
        namespace: Where it grants; empty for the whole cluster.
        role_kind: ``Role`` or ``ClusterRole``.
    """

    ref: ResourceRef
    namespace: str
    role_kind: str
    role_name: str
    identities: tuple[Identity, ...]

    @property
    def role_key(self) -> RoleKey:
        """Of the role that it names; a RoleBinding finds the Roles of its own namespace."""
        return self.role_kind, self.namespace if self.role_kind == "Role" else "", self.role_name
