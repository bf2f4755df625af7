from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.core.resource import Origin
from propolis.policy.model import is_policy, parse_policy


def document(**rule: Any) -> dict[str, Any]:
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "p"},
        "spec": {"rules": [{"name": "r", "match": {"any": []}, **rule}]},
    }


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "p.yaml:3: spec.rules[0]: a rule does one thing; expected one of validate, mutate"),
        ({"validate": {}}, "spec.rules[0].validate: validate says 0 things"),
        ({"validate": {"patern": {}}}, "spec.rules[0].validate.patern: Object contains unknown field"),
        ({"validate": {"pattern": {}, "deny": {}}}, "validate says 2 things"),
        ({"validate": {"anyPattern": {}}}, "spec.rules[0].validate.anyPattern: this is not a list"),
        ({"validate": {"foreach": [{"pattern": {}}]}}, "validate.foreach[0].list: the list is missing"),
        ({"validate": {"message": 3}}, "spec.rules[0].validate.message: Expected `str"),
        ({"match": {"any": [{}], "all": [{}]}, "validate": {"deny": {}}}, "any and all stand side by side"),
        ({"name": "", "validate": {"deny": {}}}, "spec.rules[0].name: the name of a rule has 1 to 63"),
    ],
)
def test_a_wrong_rule_is_told_with_its_place(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(DocumentError) as error:
        parse_policy(document(**rule), Origin("p.yaml", 3))
    assert message in str(error.value)


def test_line_and_column_come_from_the_caller() -> None:
    with pytest.raises(DocumentError) as error:
        parse_policy(document(), Origin("p.yaml"), lambda path: (len(path), 7))
    assert str(error.value).startswith("p.yaml:3:7: spec.rules[0]: ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spec": {"rules": []}}, "spec.rules: the policy has no rules"),
        ({"spec": []}, "spec: this is not an object"),
        ({"metadata": {}}, "metadata.name: this is not a name"),
        ({"specs": {}}, "specs: unknown field"),
        ({"kind": "Pod"}, "kind: this is not a policy"),
        ({"spec": {"rules": [3]}}, "spec.rules[0]: Expected `object`"),
    ],
)
def test_a_wrong_policy_is_told_with_its_place(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DocumentError, match="policy.yaml:7") as error:
        parse_policy(document(validate={"deny": {}}) | change, Origin("policy.yaml", 7))
    assert message in str(error.value)


def test_two_rules_of_one_name_are_told() -> None:
    twice = document(validate={"deny": {}})
    twice["spec"]["rules"] *= 2
    with pytest.raises(DocumentError, match=r"spec.rules\[1\].name: two rules are called 'r'"):
        parse_policy(twice)


def test_a_policy_keeps_its_settings() -> None:
    found = document(validate={"deny": {}, "failureAction": "Enforce"})
    found["kind"], found["metadata"] = "Policy", {"name": "p", "namespace": "n", "labels": {"a": "b"}}
    found["spec"] |= {"background": False, "applyRules": "One"}
    policy = parse_policy(found)
    assert (policy.namespace, policy.labels, policy.spec.background) == ("n", {"a": "b"}, False)
    assert policy.spec.apply_rules == "One"
    assert policy.spec.rules[0].validation is not None
    assert policy.spec.rules[0].validation.failure_action == "Enforce"


def test_other_documents_are_no_policies() -> None:
    assert not is_policy({"apiVersion": "v1", "kind": "Pod"})
    assert not is_policy({"apiVersion": "policies.kyverno.io/v1", "kind": "ValidatingPolicy"})
    assert is_policy({"apiVersion": "kyverno.io/v2beta1", "kind": "ClusterPolicy"})
