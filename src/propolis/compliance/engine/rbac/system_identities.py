"""Identities and bindings that come with every cluster.

Names follow kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy and kubeadm.
"""

from propolis.compliance.model.rbac import SERVICE_ACCOUNT, Binding, Identity

ANONYMOUS = frozenset({"system:anonymous", "system:unauthenticated"})
EVERYBODY = frozenset({"system:authenticated", "system:serviceaccounts"})
MASTERS = frozenset({"system:masters"})
PREFIXES = ("system:", "kubeadm:")
PUBLIC_BINDINGS = frozenset(
    {
        "system:public-info-viewer",
        "system:basic-user",
        "system:discovery",
        "system:service-account-issuer-discovery",
        "kubeadm:bootstrap-signer-clusterinfo",
    }
)
"""Bindings by which a cluster shows its version, its APIs and its keys to callers."""


def is_of_cluster(identity: Identity) -> bool:
    """Whether it is a part of the cluster itself; the groups of everybody are not."""
    if identity.kind == SERVICE_ACCOUNT:
        return identity.namespace == "kube-system"
    open_to_all = identity.name in ANONYMOUS | EVERYBODY or identity.name.startswith(
        "system:serviceaccounts:"
    )
    return identity.name.startswith(PREFIXES) and not open_to_all


def is_made_by_cluster(binding: Binding) -> bool:
    """Whether the API server or kubeadm makes the binding."""
    return binding.ref.name.startswith(PREFIXES) or binding.ref.name == "cluster-admin"


def is_public_by_design(binding: Binding) -> bool:
    """Whether the binding is one by which every cluster answers everybody."""
    return binding.ref.name in PUBLIC_BINDINGS and binding.role_name in PUBLIC_BINDINGS
