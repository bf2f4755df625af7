"""Laws of the configuration audit and the RBAC assessment."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis import compliance
from propolis.compliance.engine.rbac.permissions import PermissionIndex
from propolis.compliance.model.grant import Permission
from propolis.compliance.model.rbac import ALL, RoleRule, service_account
from propolis.core.evaluation import Answer, complete
from propolis.core.finding import Finding
from propolis.core.resource import Document, Origin, Resource, reference_of
from tests.property.documents import bent, inventory, objects

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHECKS = compliance.checks()
RULES = compliance.rbac_rules()
HOLDER = service_account("shop", "holder")
RBAC = "rbac.authorization.k8s.io"

pytestmark = pytest.mark.engine


def are_distinct(findings: Iterable[Finding]) -> bool:
    prints = [finding.fingerprint for finding in findings]
    return len(prints) == len(set(prints))


@given(objects())
def test_any_document_is_audited_with_distinct_findings(document: Document) -> None:
    subject = Resource(reference_of(document), document, Origin("any.yaml"))
    evaluation = complete(
        lambda lookups: compliance.config_audit.evaluate(CHECKS, subject, lookups, NOW),
        {},
        lambda keys: dict.fromkeys(keys, Answer()),
    )
    assert are_distinct(evaluation.findings)
    assert all(finding.message for finding in evaluation.findings)


@given(st.lists(objects(), max_size=8))
def test_any_inventory_is_assessed_with_distinct_findings(documents: list[Document]) -> None:
    findings = compliance.rbac.evaluate(RULES, inventory(documents), {}, NOW).findings
    assert are_distinct(findings)
    assert all(finding.message for finding in findings)


POD_SPEC: Document = {
    "automountServiceAccountToken": False,
    "hostAliases": [],
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 20000,
        "fsGroup": 1,
        "supplementalGroups": [1],
        "seLinuxOptions": {"type": "container_t", "user": "", "role": ""},
        "sysctls": [{"name": "kernel.msgmax", "value": "1"}],
        "seccompProfile": {"type": "RuntimeDefault"},
        "windowsOptions": {"hostProcess": False},
    },
    "volumes": [{"name": "a", "hostPath": {"path": "/etc"}}, {"name": "b", "emptyDir": {}}],
    "containers": [
        {
            "name": "web",
            "image": "web:1",
            "env": [{"name": "TOKEN", "value": "s3cr3t-text"}],
            "ports": [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}],
            "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}},
            "volumeMounts": [{"name": "a", "mountPath": "/a"}],
            "securityContext": {
                "capabilities": {"add": ["CHOWN"], "drop": ["ALL"]},
                "seccompProfile": {"type": "Localhost"},
                "appArmorProfile": {"type": "RuntimeDefault"},
                "procMount": "Default",
            },
        }
    ],
}
SOUND: tuple[Document, ...] = (
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "annotations": {"x": "y"}},
        "spec": POD_SPEC,
    },
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"password": "s3cr3t-text"}},
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": {"x": "y"}}},
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a"},
        "spec": {
            "type": "LoadBalancer",
            "loadBalancerSourceRanges": ["10.0.0.0/8"],
            "externalIPs": ["1.2.3.4"],
        },
    },
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "a", "annotations": {"x": "y"}},
        "spec": {"tls": [{"hosts": ["a"]}], "rules": [{"host": "a"}]},
    },
)


@given(st.sampled_from(SOUND).flatmap(bent))
def test_one_wrong_value_in_a_sound_document_stops_nothing(document: Document) -> None:
    subject = Resource(reference_of(document), document, Origin("bent.yaml"))
    evaluation = complete(
        lambda lookups: compliance.config_audit.evaluate(CHECKS, subject, lookups, NOW),
        {},
        lambda keys: dict.fromkeys(keys, Answer()),
    )
    assert are_distinct(evaluation.findings)


SOUND_RBAC: list[Document] = [
    {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "a", "labels": {"for": "b"}},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["x"]}],
    },
    {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "b"},
        "aggregationRule": {
            "clusterRoleSelectors": [
                {"matchExpressions": [{"key": "for", "operator": "In", "values": ["b"]}]}
            ]
        },
    },
    {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "a", "namespace": "shop"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "b"},
        "subjects": [{"kind": "ServiceAccount", "name": "a", "namespace": "shop"}],
    },
    {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "a", "namespace": "shop", "annotations": {"x": "y"}},
    },
]


@given(st.integers(0, len(SOUND_RBAC) - 1).flatmap(lambda place: bent(SOUND_RBAC[place])))
def test_one_wrong_value_in_roles_and_bindings_stops_nothing(document: Document) -> None:
    findings = compliance.rbac.evaluate(RULES, inventory([*SOUND_RBAC, document]), {}, NOW).findings
    assert are_distinct(findings)


PERMISSIONS = sorted(
    {permission for grant in RULES.grants for need in grant.grant.needs for permission in need},
    key=repr,
)
RULE = st.builds(
    lambda verbs, groups, resources: {"verbs": verbs, "apiGroups": groups, "resources": resources},
    st.lists(
        st.sampled_from([ALL, "get", "list", "create", "update", "patch", "delete", "bind"]), min_size=1
    ),
    st.lists(st.sampled_from([ALL, "", "apps", RBAC, "certificates.k8s.io"]), min_size=1, max_size=2),
    st.lists(st.sampled_from(sorted({one.resource for one in PERMISSIONS})), min_size=1, max_size=4),
)


def risky(*roles: list[Document], namespace: str = "") -> set[str]:
    """What an identity may do that holds these roles."""
    documents: list[Document] = []
    for number, rules in enumerate(roles):
        name = f"role-{number}"
        reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}
        subject = {"kind": "ServiceAccount", "name": HOLDER.name, "namespace": HOLDER.namespace}
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
        kind = "RoleBinding" if namespace else "ClusterRoleBinding"
        documents += [
            {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules},
            {
                "apiVersion": f"{RBAC}/v1",
                "kind": kind,
                "metadata": metadata,
                "roleRef": reference,
                "subjects": [subject],
            },
        ]
    return set(compliance.permissions_of(inventory(documents), RULES).risky(HOLDER))


@given(st.lists(RULE, max_size=4), st.lists(RULE, max_size=4), st.sampled_from(["", "shop", "kube-system"]))
def test_two_roles_grant_what_one_role_with_the_rules_of_both_grants(
    one: list[Document], other: list[Document], namespace: str
) -> None:
    assert risky(one, other, namespace=namespace) == risky([*one, *other], namespace=namespace)


@given(st.lists(RULE, max_size=4), RULE)
def test_one_more_rule_takes_no_risk_away(rules: list[Document], more: Document) -> None:
    after = risky([*rules, more])
    assert "everything" in after or risky(rules) <= after


@given(st.lists(RULE, max_size=4), RULE)
def test_what_is_risky_in_a_namespace_is_risky_everywhere_in_some_way(
    rules: list[Document], more: Document
) -> None:
    if risky([*rules, more], namespace="kube-system"):
        assert risky([*rules, more])


@given(RULE)
def test_bits_say_what_the_rule_says(document: Document) -> None:
    rule = RoleRule(
        frozenset(document["verbs"]), frozenset(document["apiGroups"]), frozenset(document["resources"])
    )
    index = PermissionIndex(grant.grant for grant in RULES.grants)
    for permission in PERMISSIONS:
        assert bool(index.of_rule(rule) & index.need((permission,))) is covers(rule, permission)


def covers(rule: RoleRule, permission: Permission) -> bool:
    """The same by hand; the rules made here have no names and no wildcards within resources."""
    wide = ALL in rule.resources
    return (
        not rule.verbs.isdisjoint({permission.verb, ALL})
        and not rule.groups.isdisjoint({permission.group, ALL})
        and (wide or permission.resource in rule.resources)
    )
