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


ANONYMOUS = [Identity("User", "system:anonymous")]
UNAUTHENTICATED = [Identity("Group", "system:unauthenticated")]
PUBLIC = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "system:public-info-viewer"}
ALLOWED_ROLE = {"apiGroup": RBAC, "kind": "Role", "name": "kubeadm:bootstrap-signer-clusterinfo"}
ENTRIES = {
    "anonymous-access": "krane:unauthenticated-subject-access",
    "role-exists": "krane:subjects-with-non-existing-roles",
    "many-roles": "krane:subjects-with-many-roles",
    "many-identities": "krane:namespaces-with-many-subjects",
    "cloud-role": "rbac-police:providerIAM",
}
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
    "no role of a cloud": ("cloud-role", _account({"team": "shop"}), False),
}


@pytest.mark.parametrize(("rule", "documents", "is_open"), CASES.values(), ids=CASES)
def test_a_condition_is_found_where_it_holds(rule: str, documents: list[Document], is_open: bool) -> None:  # noqa: FBT001  # a column of the table
    corpus("rbac")
    findings = compliance.rbac.evaluate(compliance.rbac_rules(), inventory_of(documents), {}, NOW).findings
    judged = [finding for finding in findings if finding.rule.name == rule]
    assert judged
    assert any(finding.is_open for finding in judged) is is_open
