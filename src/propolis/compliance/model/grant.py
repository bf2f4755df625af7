"""A risky grant: permissions that give an identity more than its work needs."""

import enum

import msgspec

from propolis.core.finding import Evidence, Rule

CLUSTER_SCOPED = frozenset(
    {
        "certificatesigningrequests", "certificatesigningrequests/approval", "signers", "clusterroles",
        "clusterrolebindings", "nodes", "nodes/status", "nodes/proxy", "users", "groups", "userextras",
        "validatingwebhookconfigurations", "mutatingwebhookconfigurations", "persistentvolumes",
    }
)  # fmt: skip
"""Resources outside of namespaces: a RoleBinding that names them grants nothing."""


class Scope(enum.StrEnum):
    """Where permissions must hold to be risky."""

    CLUSTER = "the whole cluster"
    PRIVILEGED = "the whole cluster or a privileged namespace"
    KUBE_SYSTEM = "the whole cluster or kube-system"
    ANY = "the whole cluster or any namespace"
    WEAK = "a namespace that is not privileged"
    NAMESPACE = "any namespace, but not the whole cluster"


class Permission(msgspec.Struct, frozen=True):
    """One verb on one resource; ``*`` is met by a literal ``*`` alone.

    Attributes:
        group: API group; the core group is the empty text.
        name: An object on which the permission must hold; a rule that names others does not count.
        is_for_all: Whether a rule that names objects does not count at all.
    """

    group: str
    resource: str
    verb: str
    name: str = ""
    is_for_all: bool = False


Need = tuple[Permission, ...]
"""Permissions of which one is enough."""


class RiskyGrant(msgspec.Struct, frozen=True):
    """A combination of permissions.

    Attributes:
        power: What it lets its holder do, as the rest of a sentence ("read every Secret").
        needs: All of them must be met, by all roles of an identity together.
        known_as: Ids of the same fact elsewhere (``rbac-police:list_secrets``, ``KSV-0041``).
    """

    rule: Rule
    power: str
    scope: Scope
    needs: tuple[Need, ...]
    known_as: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Name of the rule."""
        return self.rule.name


class GrantEvidence(Evidence, frozen=True):
    """Who holds a risky grant, and by what.

    Attributes:
        identities: The holders, as text.
        bindings: What binds them, as ``Kind/name`` or ``namespace/Kind/name``.
        roles: What the bindings name.
        permissions: The rules of the roles that give the permissions.
        scopes: Namespaces, or ``cluster``.
    """

    identities: tuple[str, ...] = ()
    bindings: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
