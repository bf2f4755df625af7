"""Accounts of an installation, and what each is permitted whatever policies there are.

Nothing may be written that belongs to others: webhook configurations have the names that admission gives, the
Secret, settings and Leases are those of the installation's namespace. What policies need comes beside it.
"""

from collections.abc import Iterable, Iterator

from propolis.app.install_options import ADMISSION, OPERATOR, SETTINGS, InstallOptions, labels_of
from propolis.core.resource import Document
from propolis.policy.model.schema.kinds import KINDS, REPORTS
from propolis.policy.model.update_request import PLURAL

RBAC = "rbac.authorization.k8s.io"
WEBHOOKS = ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]
MOST_CONFIGURATIONS = 9
"""Of webhooks: where one would be too large, others follow with a number."""
_READ = ["get", "list", "watch"]
_WRITE = ["create", "patch", "update"]


def accounts(options: InstallOptions) -> Iterator[Document]:
    """Service accounts without a token that comes by itself, and the roles that are bound to them."""
    namespace = options.namespace
    for name in (ADMISSION, OPERATOR):
        yield {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": namespace, "labels": labels_of(_component(name))},
            "automountServiceAccountToken": False,
        }
    yield from _bound("ClusterRole", ADMISSION, _admission(), namespace)
    yield from _bound("Role", ADMISSION, _admission_in_its_namespace(), namespace)
    yield from _bound("ClusterRole", OPERATOR, _operator(), namespace)
    yield from _bound("Role", OPERATOR, _operator_in_its_namespace(), namespace)


def _component(name: str) -> str:
    return name.partition("-")[2]


def _bound(kind: str, account: str, rules: Iterable[Document], namespace: str) -> Iterator[Document]:
    name = f"propolis:{_component(account)}"
    metadata: Document = {"name": name, "labels": labels_of(_component(account))}
    if kind == "Role":
        metadata["namespace"] = namespace
    version = f"{RBAC}/v1"
    yield {"apiVersion": version, "kind": kind, "metadata": metadata, "rules": list(rules)}
    yield {
        "apiVersion": version,
        "kind": f"{kind}Binding",
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }


def _rule(group: str, resources: list[str], verbs: list[str], names: list[str] | None = None) -> Document:
    rule: Document = {"apiGroups": [group], "resources": resources, "verbs": verbs}
    return {**rule, "resourceNames": names} if names else rule


def _admission() -> Iterator[Document]:
    """Who is in which namespace, who asks, the policies, events, and its own webhooks."""
    yield _rule("", ["namespaces"], _READ)
    yield _rule(RBAC, ["rolebindings", "clusterrolebindings"], _READ)
    yield from _policies()
    numbered = [f"{ADMISSION}-{number}" for number in range(2, MOST_CONFIGURATIONS + 1)]
    own = [ADMISSION, f"{ADMISSION}-policies", *numbered]
    yield _rule("events.k8s.io", ["events"], _WRITE)
    group = "admissionregistration.k8s.io"
    yield _rule(group, WEBHOOKS, ["list", "create"])
    yield _rule(group, WEBHOOKS, ["get", "patch", "update", "delete"], own)


def _admission_in_its_namespace() -> Iterator[Document]:
    """The authority that replicas share, a Lease for each of them, the settings, what is left to be done."""
    yield _rule("", ["secrets"], ["create"])
    yield _rule("", ["secrets"], [*_READ, "patch", "update"], [ADMISSION])
    yield _rule("", ["configmaps"], _READ, [SETTINGS])
    yield _rule("coordination.k8s.io", ["leases"], [*_READ, *_WRITE, "delete"])
    yield _rule("kyverno.io", [PLURAL], ["create"])


def _operator() -> Iterator[Document]:
    """The policies and their statuses, policies of the API server, reports and events."""
    yield _rule("", ["namespaces"], _READ)
    yield from _policies()
    for group, plurals in _plurals():
        yield _rule(group, [f"{plural}/status" for plural in plurals], ["get", "patch", "update"])
    yield _rule("admissionregistration.k8s.io", WEBHOOKS, ["list"])
    native = ["validatingadmissionpolicies", "validatingadmissionpolicybindings"]
    yield _rule("admissionregistration.k8s.io", native, _READ)
    reports = [one.plural for one in KINDS if one.group == REPORTS]
    yield _rule(REPORTS, reports, [*_READ, *_WRITE, "delete"])
    yield _rule("events.k8s.io", ["events"], _WRITE)


def _operator_in_its_namespace() -> Iterator[Document]:
    yield _rule("coordination.k8s.io", ["leases"], ["create"])
    yield _rule("coordination.k8s.io", ["leases"], ["get", "patch", "update"], [OPERATOR])
    yield _rule("", ["configmaps"], _READ, [SETTINGS])
    yield _rule("kyverno.io", [PLURAL, f"{PLURAL}/status"], [*_READ, "patch", "update", "delete"])


def _policies() -> Iterator[Document]:
    """What is served, and the policies."""
    yield _rule("apiextensions.k8s.io", ["customresourcedefinitions"], _READ)
    for group, plurals in _plurals():
        yield _rule(group, plurals, _READ)


def _plurals() -> Iterator[tuple[str, list[str]]]:
    """Policies, exceptions and global entries by group."""
    groups = dict.fromkeys(one.group for one in KINDS if one.group != REPORTS)
    for group in groups:
        yield group, [one.plural for one in KINDS if one.group == group]
