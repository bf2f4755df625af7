"""Everything that puts Propolis into a cluster, as manifests in the order in which they are applied."""

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from propolis.app.custom_resources import custom_resources
from propolis.app.install_accounts import accounts
from propolis.app.install_options import ADMISSION, OPERATOR, InstallOptions, check_options, labels_of
from propolis.app.install_workloads import ADMISSION_PORT, OPERATOR_PORT, workloads
from propolis.app.policy_permissions import PermissionReport, permissions_for
from propolis.core.resource import Document
from propolis.policy.engine.permissions.grant import Permissions
from propolis.policy.engine.permissions.roles import roles_of

_NAMES: Document = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}
"""Who resolves names in a cluster."""
_FROM_WITHIN: Document = {"from": [{"namespaceSelector": {}}]}
_LEVELS = ("enforce", "audit", "warn")


class Installation(msgspec.Struct, frozen=True):
    """Manifests, and what of policies could not be used or told."""

    documents: tuple[Document, ...]
    report: PermissionReport


def installation(options: InstallOptions, stdin: BinaryIO) -> Installation:
    """Namespace, definitions, accounts, roles, workloads and network policies.

    Policies may come from standard input, as ``-``.

    Raises:
        DocumentError: An option cannot be used, or a path of policies is not there.
    """
    check_options(options)
    report = (
        permissions_for(options.policies, stdin) if options.policies else PermissionReport(Permissions(), 0)
    )
    documents = (
        _namespace(options.namespace),
        *custom_resources(),
        *accounts(options),
        *roles_of(report.permissions.grants, options.namespace, labels_of()),
        *network_policies(options.namespace),
        *workloads(options),
    )
    return Installation(documents, report)


def _namespace(name: str) -> Document:
    """It takes restricted pods alone."""
    levels = {f"pod-security.kubernetes.io/{level}": "restricted" for level in _LEVELS}
    versions = {f"{label}-version": "latest" for label in levels}
    labels = {**labels_of(), **levels, **versions}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def network_policies(namespace: str) -> Iterator[Document]:
    """Nothing gets in or out, but reviews, metrics, names and the API server.

    An API server stands at addresses that no selector knows: reviews may come from anywhere, and its ports
    are open everywhere.
    """
    yield _network_policy("default-deny", namespace, {}, {"policyTypes": ["Ingress", "Egress"]})
    for name, port, sources in ((ADMISSION, ADMISSION_PORT, {}), (OPERATOR, OPERATOR_PORT, _FROM_WITHIN)):
        selector = {"app.kubernetes.io/component": name.partition("-")[2]}
        rules: Document = {
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{**sources, "ports": [_port(port)]}],
            "egress": [
                {"to": [_NAMES], "ports": [_port(53, "UDP"), _port(53)]},
                {"ports": [_port(443), _port(6443)]},
            ],
        }
        yield _network_policy(name, namespace, selector, rules)


def _port(number: int, protocol: str = "TCP") -> Document:
    return {"protocol": protocol, "port": number}


def _network_policy(name: str, namespace: str, selector: dict[str, str], rules: Document) -> Document:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace, "labels": labels_of()},
        "spec": {"podSelector": {"matchLabels": selector} if selector else {}, **rules},
    }
