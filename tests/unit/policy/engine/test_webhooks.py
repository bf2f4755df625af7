from typing import Any

import pytest

from propolis.core.resource import Document, Origin
from propolis.policy.engine.webhooks import NEVER, ServedKind, webhook_rules
from propolis.policy.model import parse_policy
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.parse import parse_cel_policy

SERVED = [
    ServedKind("", "v1", "Pod", "pods"),
    ServedKind("", "v1", "ConfigMap", "configmaps"),
    ServedKind("apps", "v1", "Deployment", "deployments"),
    ServedKind("batch", "v1", "CronJob", "cronjobs"),
    ServedKind("coordination.k8s.io", "v1", "Lease", "leases"),
    ServedKind("example.dev", "v1alpha1", "Thing", "things"),
]
ALL = ("CREATE", "UPDATE", "DELETE", "CONNECT")
Row = tuple[str, str, tuple[str, ...], tuple[str, ...]]


def policy(resources: Document, autogen: str = "none", **body: Any) -> AnyPolicy:
    rule = {"name": "r", "match": {"any": [{"resources": resources}]}, **(body or {"validate": {"deny": {}}})}
    annotations = {"pod-policies.kyverno.io/autogen-controllers": autogen}
    return parse_policy(
        {
            "apiVersion": "kyverno.io/v1",
            "kind": "ClusterPolicy",
            "metadata": {"name": "p", "annotations": annotations},
            "spec": {"rules": [rule]},
        }
    )


def cel(rule: Document, kind: str = "ValidatingPolicy", **spec: Any) -> AnyPolicy:
    checks = {"validations": [{"expression": "true"}]} if kind == "ValidatingPolicy" else {}
    document = {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": kind,
        "metadata": {"name": "p"},
        "spec": {"matchConstraints": {"resourceRules": [rule]}, **checks, **spec},
    }
    return parse_cel_policy(document, Origin(""), lambda _: (0, 0))


def rows(*policies: AnyPolicy) -> list[Row]:
    return [
        (one.group, one.version, one.resources, one.operations) for one in webhook_rules(policies, SERVED)
    ]


def test_a_policy_on_pods_asks_for_ephemeral_containers_too() -> None:
    assert rows(policy({"kinds": ["Pod"]})) == [("", "*", ("pods", "pods/ephemeralcontainers"), ALL)]


def test_operations_are_those_that_the_policy_names() -> None:
    found = rows(policy({"kinds": ["ConfigMap"], "operations": ["DELETE", "CREATE"]}))
    assert found == [("", "*", ("configmaps",), ("CREATE", "DELETE"))]


def test_a_policy_that_changes_resources_asks_for_what_can_be_changed() -> None:
    change = {"patchStrategicMerge": {"metadata": {"labels": {"a": "b"}}}}
    assert rows(policy({"kinds": ["ConfigMap"]}, mutate=change)) == [
        ("", "*", ("configmaps",), ("CREATE", "UPDATE"))
    ]


def test_group_and_version_are_those_of_the_selector() -> None:
    assert rows(policy({"kinds": ["apps/v1/Deployment"]})) == [("apps", "v1", ("deployments",), ALL)]
    assert rows(policy({"kinds": ["batch/v1/Deployment"]})) == []


def test_a_subresource_is_asked_for_alone() -> None:
    assert rows(policy({"kinds": ["Pod/exec"], "operations": ["CONNECT"]})) == [
        ("", "*", ("pods/exec",), ("CONNECT",))
    ]


def test_what_is_made_for_controllers_is_asked_for() -> None:
    pattern = {"pattern": {"spec": {"hostNetwork": "false"}}}
    found = rows(policy({"kinds": ["Pod"]}, autogen="Deployment,CronJob", validate=pattern))
    assert [(group, resources) for group, _, resources, _ in found] == [
        ("", ("pods", "pods/ephemeralcontainers")),
        ("apps", ("deployments",)),
        ("batch", ("cronjobs",)),
    ]


@pytest.mark.parametrize("kinds", [["*"], ["*/*"], ["coordination.k8s.io/v1/Lease"], ["Lease"]])
def test_no_policy_asks_for_leases(kinds: list[str]) -> None:
    named = {(group, one) for group, _, resources, _ in rows(policy({"kinds": kinds})) for one in resources}
    assert not named & NEVER


def test_a_wildcard_asks_for_every_kind_that_is_served() -> None:
    names = {one for _, _, resources, _ in rows(policy({"kinds": ["*"]})) for one in resources}
    assert names == {"pods", "pods/ephemeralcontainers", "configmaps", "deployments", "cronjobs", "things"}


def test_a_resource_is_asked_for_once_whatever_many_policies_say() -> None:
    same = policy({"kinds": ["ConfigMap"], "operations": ["CREATE"]})
    other = policy({"kinds": ["v1/ConfigMap"], "operations": ["CREATE", "DELETE"]})
    assert rows(same, other, same) == [
        ("", "*", ("configmaps",), ("CREATE",)),
        ("", "v1", ("configmaps",), ("DELETE",)),
    ]


def test_a_rule_of_cel_is_taken_as_it_is() -> None:
    rule = {
        "apiGroups": ["example.dev"],
        "apiVersions": ["v2"],
        "operations": ["CREATE"],
        "resources": ["widgets", "widgets/scale"],
    }
    assert rows(cel(rule)) == [("example.dev", "v2", ("widgets", "widgets/scale"), ("CREATE",))]


def test_wildcards_of_cel_are_written_out() -> None:
    rule = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}
    found = {(group, resources) for group, _, resources, _ in rows(cel(rule))}
    assert ("example.dev", ("things",)) in found
    assert not any(group == "coordination.k8s.io" for group, _ in found)


def test_a_filter_without_kinds_may_be_for_any() -> None:
    assert len(rows(policy({"names": ["web"]}))) == 4
