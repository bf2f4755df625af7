"""The access of a program that runs in a pod: its service account.

Follows kubernetes.io/docs/tasks/run-application/access-api-from-pod. The token is a file that the kubelet
renews; it is read again as those of kubeconfigs are.
"""

from pathlib import Path

from propolis.cluster.kubeconfig import Access, ClusterEntry, UserEntry

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
CONTEXT = "in-cluster"


def in_cluster_access(host: str, port: str, folder: Path = SERVICE_ACCOUNT) -> Access | None:
    """The access of this pod; None outside of one.

    Args:
        host: What ``KUBERNETES_SERVICE_HOST`` says.
        port: What ``KUBERNETES_SERVICE_PORT`` says.
        folder: Where the service account is mounted.
    """
    token, authority = folder / "token", folder / "ca.crt"
    if not host or not token.is_file():
        return None
    name = f"[{host}]" if ":" in host else host
    cluster = ClusterEntry(
        server=f"https://{name}:{port or '443'}",
        certificate_authority=str(authority) if authority.is_file() else "",
    )
    return Access(CONTEXT, cluster, UserEntry(token_file=str(token)), folder)
