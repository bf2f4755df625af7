"""Rules on the writing of roles, on bindings, service accounts and namespaces, beside the risky grants."""

import msgspec

from propolis.compliance.engine.rbac.wording import rbac_rule
from propolis.core.finding import Rule, Severity

MANY_ROLES = 4
"""Roles of one identity from which on krane asks to look at them."""
MANY_IDENTITIES = 5
"""Identities with rights in one namespace, likewise."""


class BindingRules(msgspec.Struct, frozen=True):
    """All of them, by field."""

    readable: Rule
    wildcards: Rule
    role_exists: Rule
    anonymous: Rule
    everybody: Rule
    masters: Rule
    cluster_admin: Rule
    built_in_role: Rule
    default_account: Rule
    cloud_role: Rule
    many_roles: Rule
    many_identities: Rule

    def all(self) -> tuple[Rule, ...]:
        """Every rule, in the order of the fields."""
        return tuple(getattr(self, field) for field in self.__struct_fields__)


def binding_rules() -> BindingRules:
    """The built-in rules."""
    return BindingRules(
        readable=rbac_rule(
            "rbac-readable",
            "The document is a valid role or binding",
            Severity.MEDIUM,
            "Correct the field that the message names.",
            remedy="",
        ),
        wildcards=rbac_rule(
            "wildcards-in-role",
            "Roles list what they grant",
            Severity.MEDIUM,
            "Replace * by the verbs, resources and groups that are needed.",
        ),
        role_exists=rbac_rule(
            "role-exists",
            "Bindings name roles that exist",
            Severity.LOW,
            "Delete the binding, or create the role: whoever may create it decides what the binding grants.",
            remedy="split-bindings",
        ),
        anonymous=rbac_rule(
            "anonymous-access",
            "Callers without credentials are granted nothing",
            Severity.CRITICAL,
            "Remove system:anonymous and system:unauthenticated from the subjects.",
            remedy="remove-anonymous-access",
        ),
        everybody=rbac_rule(
            "everybody-bound",
            "Nothing is granted to everybody who has credentials",
            Severity.CRITICAL,
            "Name the users, groups or service accounts that need the role.",
            remedy="remove-anonymous-access",
        ),
        masters=rbac_rule(
            "masters-bound",
            "The group system:masters is bound by the cluster alone",
            Severity.CRITICAL,
            "Bind a group of your own; system:masters passes every authorizer and cannot be taken back.",
            remedy="drop-cluster-admin",
        ),
        cluster_admin=rbac_rule(
            "cluster-admin-bound",
            "Nobody but the cluster's own administrators is bound to cluster-admin",
            Severity.CRITICAL,
            "Bind a role with the permissions that are needed instead of cluster-admin.",
            remedy="drop-cluster-admin",
        ),
        built_in_role=rbac_rule(
            "built-in-role-bound",
            "Bindings name roles made for the purpose rather than admin, edit or a system: role",
            Severity.MEDIUM,
            "Bind a role with the permissions that are needed.",
            remedy="narrow-role",
        ),
        default_account=rbac_rule(
            "default-account-bound",
            "Default service accounts are granted nothing",
            Severity.MEDIUM,
            "Give the workload a service account of its own and bind that; every pod gets the default one.",
            remedy="split-bindings",
        ),
        cloud_role=rbac_rule(
            "cloud-role",
            "Service accounts hold no role of the cloud provider",
            Severity.LOW,
            "Check that the cloud role allows only what the workload needs.",
            remedy="narrow-role",
        ),
        many_roles=rbac_rule(
            "many-roles",
            f"Identities have fewer than {MANY_ROLES} roles",
            Severity.INFO,
            "Merge the roles into one that says what the identity is for.",
            remedy="split-bindings",
        ),
        many_identities=rbac_rule(
            "many-identities",
            f"Namespaces are open to fewer than {MANY_IDENTITIES} identities",
            Severity.INFO,
            "Bind groups rather than single identities, and remove those that need nothing here.",
            remedy="split-bindings",
        ),
    )
