"""Risky grants that lead to the whole cluster.

Permissions and scopes follow the facts of rbac-police (2022-11) and krane (2026-08).
"""

from propolis.compliance.engine.rbac.wording import (
    CERTIFICATES,
    CHANGE,
    MAKE_OR_CHANGE,
    RBAC,
    grant,
    on,
    on_controllers,
)
from propolis.compliance.model.grant import Need, Scope
from propolis.core.finding import Severity

COMMON_VERBS = ("get", "list", "watch", "create", "update", "patch", "delete")
ALL_VERBS: tuple[Need, ...] = tuple(on("*", verb) for verb in COMMON_VERBS)
"""Every verb that resources know, on every resource of the core group."""

GRANTS = (
    grant(
        "everything",
        Severity.CRITICAL,
        "do everything",
        "List the verbs and resources that are needed instead of *.",
        Scope.CLUSTER,
        *ALL_VERBS,
        known_as=("rbac-police:cluster_admin", "krane:subjects-with-open-cluster-wide-access", "KSV-0044"),
        remedy="drop-cluster-admin",
    ),
    grant(
        "everything-in-namespace",
        Severity.HIGH,
        "do everything in a namespace",
        "List the verbs and resources that are needed instead of *.",
        Scope.NAMESPACE,
        *ALL_VERBS,
        known_as=("krane:subjects-with-open-ns-level-access", "KSV-0112"),
    ),
    grant(
        "approve-csrs",
        Severity.CRITICAL,
        "issue client certificates of any identity",
        "Take away update on certificatesigningrequests/approval or approve on signers.",
        Scope.CLUSTER,
        on("certificatesigningrequests/approval", CHANGE, CERTIFICATES),
        on("signers", "approve", CERTIFICATES),
        on("certificatesigningrequests", "create", CERTIFICATES),
        on("certificatesigningrequests", ("get", "list", "watch"), CERTIFICATES),
        known_as=("rbac-police:approve_csrs",),
    ),
    grant(
        "assign-service-account",
        Severity.CRITICAL,
        "run pods under powerful service accounts",
        "Grant the right to make pods and their controllers in single, unprivileged namespaces.",
        Scope.PRIVILEGED,
        (*on("pods", "create"), *on_controllers(MAKE_OR_CHANGE)),
        known_as=("rbac-police:assign_sa", "KSV-0048"),
    ),
    grant(
        "bind-roles",
        Severity.CRITICAL,
        "bind any role to itself",
        "Take away bind, or name the roles that may be bound in resourceNames.",
        Scope.PRIVILEGED,
        on(("rolebindings", "clusterrolebindings", "roles", "clusterroles"), "bind", RBAC),
        known_as=(
            "rbac-police:bind_roles",
            "krane:risky-create-rolebinding-role",
            "krane:risky-create-rolebinding-clusterrole",
            "KSV-0050",
        ),
    ),
    grant(
        "escalate-roles",
        Severity.CRITICAL,
        "put more rights into roles than it has",
        "Take away escalate on roles and clusterroles.",
        Scope.PRIVILEGED,
        on(("roles", "clusterroles"), "escalate", RBAC),
        known_as=("rbac-police:escalate_roles", "KSV-0050"),
    ),
    grant(
        "impersonate",
        Severity.CRITICAL,
        "act as other users, groups or service accounts",
        "Take away impersonate, or name the identities in resourceNames.",
        Scope.ANY,
        (
            *on(("users", "groups", "serviceaccounts"), "impersonate"),
            *on("userextras", "impersonate", "authentication.k8s.io"),
        ),
        known_as=(
            "rbac-police:impersonate",
            "krane:risky-impersonate-privileged-groups",
            "krane:risky-any-resource-impersonate",
            "krane:risky-any-verb-users",
            "krane:risky-any-verb-groups",
            "KSV-0043",
        ),
    ),
    grant(
        "issue-token-secrets",
        Severity.CRITICAL,
        "make token Secrets for powerful service accounts",
        "Grant the right to write Secrets in single, unprivileged namespaces.",
        Scope.PRIVILEGED,
        on("secrets", MAKE_OR_CHANGE),
        known_as=("rbac-police:issue_token_secrets", "KSV-0041"),
    ),
    grant(
        "retrieve-token-secrets",
        Severity.CRITICAL,
        "read Secrets of powerful service accounts",
        "Name the Secrets in resourceNames, or grant it in single, unprivileged namespaces.",
        Scope.PRIVILEGED,
        on("secrets", ("get", "list"), is_for_all=True),
        known_as=("rbac-police:retrieve_token_secrets", "KSV-0041"),
    ),
    grant(
        "token-request",
        Severity.CRITICAL,
        "ask for tokens of powerful service accounts",
        "Name the service accounts in resourceNames, or grant it in single, unprivileged namespaces.",
        Scope.PRIVILEGED,
        on("serviceaccounts/token", "create"),
        known_as=("rbac-police:token_request",),
    ),
    grant(
        "modify-aws-auth",
        Severity.CRITICAL,
        "map itself to system:masters on EKS",
        "Name the ConfigMaps in resourceNames, or grant it outside of kube-system.",
        Scope.KUBE_SYSTEM,
        on("configmaps", CHANGE, name="aws-auth"),
        known_as=("rbac-police:eks_modify_aws_auth", "KSV-0115"),
    ),
    grant(
        "control-webhooks",
        Severity.HIGH,
        "read or change every object that is admitted",
        "Take away create, update and patch on webhook configurations.",
        Scope.ANY,
        on(
            ("validatingwebhookconfigurations", "mutatingwebhookconfigurations"),
            MAKE_OR_CHANGE,
            "admissionregistration.k8s.io",
        ),
        known_as=("rbac-police:control_webhooks", "KSV-0114"),
    ),
    grant(
        "manage-rbac",
        Severity.HIGH,
        "change roles and bindings",
        "Leave roles and bindings to the cluster's administrators.",
        Scope.ANY,
        on(
            ("roles", "clusterroles", "rolebindings", "clusterrolebindings"),
            ("create", "update", "patch", "delete", "deletecollection"),
            RBAC,
        ),
        known_as=(
            "krane:subjects-with-rbac-management",
            "krane:risky-any-verb-roles",
            "krane:risky-any-verb-clusterroles",
            "krane:risky-any-verb-rolebindings",
            "krane:risky-any-verb-clusterrolebindings",
            "krane:risky-create-clusterrolebinding",
            "krane:risky-add-rolebinding",
            "KSV-0051",
            "KSV-0052",
            "KSV-0055",
        ),
    ),
)
