"""Entries of the corpus that are conditions on bindings and accounts rather than permissions."""

from datetime import UTC, datetime

import pytest

from propolis import compliance
from propolis.compliance.model.rbac import Identity, service_account
from propolis.core.resource import Document
from tests.conformance.rbac.role_sets import RBAC, binding, inventory_of
from tests.harness.corpora import Suite, corpus

SUITE = Suite("rbac", __file__)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
READER: Document = {
    "apiVersion": f"{RBAC}/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "reader"},
    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
}
TO_READER = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "reader"}
NAMESPACE: Document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
CART = service_account("shop", "cart")


def _readers(count: int) -> list[Document]:
    """As many roles, all bound to one service account."""
    found: list[Document] = []
    for number in range(count):
        name = f"reader-{number}"
        found += [READER | {"metadata": {"name": name}}, binding(name, TO_READER | {"name": name}, [CART])]
    return found


def _account(annotations: dict[str, str]) -> list[Document]:
    metadata = {"name": "cart", "namespace": "shop", "annotations": annotations}
    return [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}]


def _crowd(count: int) -> list[Document]:
    users = [Identity("User", f"user-{number}") for number in range(count)]
    return [NAMESPACE, READER, binding("crowd", TO_READER, users, "shop")]


def _role_of(group: str, verbs: list[str], resources: list[str], namespace: str = "") -> list[Document]:
    """A role with one rule, bound."""
    rule = {"apiGroups": [group], "resources": resources, "verbs": verbs}
    return [READER | {"rules": [rule]}, binding("bound", TO_READER, [CART], namespace)]


def _widgets(verbs: list[str], resources: list[str], namespace: str = "") -> list[Document]:
    return _role_of("example.org", verbs, resources, namespace)


ANONYMOUS = [Identity("User", "system:anonymous")]
UNAUTHENTICATED = [Identity("Group", "system:unauthenticated")]
PUBLIC = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "system:public-info-viewer"}
ALLOWED_ROLE = {"apiGroup": RBAC, "kind": "Role", "name": "kubeadm:bootstrap-signer-clusterinfo"}
ENTRIES = {
    "krane:unauthenticated-subject-access": "anonymous-access",
    "krane:subjects-with-non-existing-roles": "role-exists",
    "krane:subjects-with-many-roles": "many-roles",
    "krane:namespaces-with-many-subjects": "many-identities",
    "krane:subjects-with-open-cluster-wide-access": "wildcards-in-role",
    "krane:subjects-with-open-ns-level-access": "wildcards-in-role",
    "krane:subjects-with-rbac-management": "manage-rbac",
    "rbac-police:providerIAM": "cloud-role",
}
"""Entries of the corpus and our rule for each."""
CASES: dict[str, tuple[str, list[Document], bool]] = {
    "a user without credentials": ("anonymous-access", [READER, binding("a", TO_READER, ANONYMOUS)], True),
    "a group without credentials": (
        "anonymous-access",
        [READER, binding("a", TO_READER, UNAUTHENTICATED)],
        True,
    ),
    "the public information of every cluster": (
        "anonymous-access",
        [binding("system:public-info-viewer", PUBLIC, UNAUTHENTICATED)],
        False,
    ),
    "the bootstrap information of kubeadm": (
        "anonymous-access",
        [binding("kubeadm:bootstrap-signer-clusterinfo", ALLOWED_ROLE, ANONYMOUS, "kube-public")],
        False,
    ),
    "a role that is not there": ("role-exists", [binding("a", TO_READER, [CART])], True),
    "a role that is there": ("role-exists", [READER, binding("a", TO_READER, [CART])], False),
    "four roles of one account": ("many-roles", _readers(4), True),
    "three roles of one account": ("many-roles", _readers(3), False),
    "five identities in a namespace": ("many-identities", _crowd(5), True),
    "four identities in a namespace": ("many-identities", _crowd(4), False),
    "a role of AWS": ("cloud-role", _account({"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"}), True),
    "an account of Google": ("cloud-role", _account({"iam.gke.io/gcp-service-account": "x@y"}), True),
    "every verb on something": ("wildcards-in-role", _widgets(["*"], ["widgets"]), True),
    "one verb on everything": ("wildcards-in-role", _widgets(["get"], ["*"]), True),
    "one verb on everything, in a namespace": ("wildcards-in-role", _widgets(["get"], ["*"], "shop"), True),
    "some verbs on something": ("wildcards-in-role", _widgets(["get", "list"], ["widgets"]), False),
    "change of roles": ("manage-rbac", _role_of(RBAC, ["patch"], ["roles"]), True),
    "change of bindings": ("manage-rbac", _role_of(RBAC, ["create"], ["clusterrolebindings"]), True),
    "reading of roles": ("manage-rbac", _role_of(RBAC, ["get"], ["roles"]), False),
    "no role of a cloud": ("cloud-role", _account({"team": "shop"}), False),
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_condition_is_found_where_it_holds(entry: str) -> None:
    corpus("rbac")
    rule = ENTRIES[entry]
    cases = {name: case for name, case in CASES.items() if case[0] == rule}
    assert {is_open for _, _, is_open in cases.values()} == {True, False}
    wrong = [name for name, (_, documents, is_open) in cases.items() if _is_open(rule, documents) != is_open]
    SUITE.settle(entry, is_right=not wrong, why=wrong)


def _is_open(rule: str, documents: list[Document]) -> bool:
    findings = compliance.rbac.evaluate(compliance.rbac_rules(), inventory_of(documents), {}, NOW).findings
    return any(finding.is_open for finding in findings if finding.rule.name == rule)
