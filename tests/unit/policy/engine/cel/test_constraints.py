"""Match constraints: rules, scopes, names, selectors, exclusions, subresources."""

from typing import Any

import pytest

from propolis.core.evaluation import Answer
from propolis.policy.engine.cel.constraints import decided_by_index
from propolis.policy.lookups import namespace_key
from propolis.policy.model.cel.match import MatchConstraints, ResourceRule
from tests.unit.policy.engine.cel_examples import cel_policy, said
from tests.unit.policy.engine.examples import pod

RULE = 'apiGroups: [""], apiVersions: [v1], resources: [{}], operations: [{}]'


def matches(constraints: str, document: dict[str, Any] | None = None, **fields: Any) -> bool:
    policy = cel_policy(f'matchConstraints: {{{constraints}}}\nvalidations: [{{expression: "true"}}]')
    shop = Answer({"metadata": {"labels": {"team": "a"}}})
    lookups = {namespace_key("shop"): shop}
    return said(policy, document or pod(), lookups, **fields)[0] == "pass"


@pytest.mark.parametrize(
    ("resources", "operations", "operation", "subresource", "expected"),
    [
        ("pods", "CREATE", "CREATE", "", True),
        ("pods", "CREATE", "UPDATE", "", False),
        ("pods", '"*"', "DELETE", "", True),
        ('"*"', "CREATE", "CREATE", "", True),
        ('"*/*"', "CREATE", "CREATE", "", True),
        ("services", "CREATE", "CREATE", "", False),
        ("pods", "CREATE", "CREATE", "exec", False),
        ("pods/exec", "CREATE", "CREATE", "exec", True),
        ('"pods/*"', "CREATE", "CREATE", "exec", True),
        ('"pods/*"', "CREATE", "CREATE", "", False),
        ('"*/scale"', "CREATE", "CREATE", "exec", False),
        ('"*/exec"', "CREATE", "CREATE", "exec", True),
        ('"*"', "CREATE", "CREATE", "exec", False),
    ],
)
def test_rules_name_resources_operations_and_subresources(
    resources: str, operations: str, operation: str, subresource: str, *, expected: bool
) -> None:
    rules = f"resourceRules: [{{{RULE.format(resources, operations)}}}]"
    assert matches(rules, operation=operation, subresource=subresource) is expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("scope: Namespaced", True),
        ("scope: Cluster", False),
        ('scope: "*"', True),
        ("resourceNames: [web]", True),
        ("resourceNames: [other]", False),
    ],
)
def test_rules_may_ask_for_a_scope_and_for_names(more: str, *, expected: bool) -> None:
    assert matches(f"resourceRules: [{{{RULE.format('pods', 'CREATE')}, {more}}}]") is expected


@pytest.mark.parametrize(("name", "expected"), [("web", True), ("other", False)])
def test_a_name_that_will_be_generated_matches_by_its_beginning(name: str, *, expected: bool) -> None:
    document = pod()
    document["metadata"] = {"namespace": "shop", "generateName": "web-"}
    rules = f"resourceRules: [{{{RULE.format('pods', 'CREATE')}, resourceNames: [{name}]}}]"
    assert matches(rules, document) is expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("objectSelector: {matchLabels: {app: web}}", True),
        ("objectSelector: {matchLabels: {app: other}}", False),
        ("objectSelector: {matchExpressions: [{key: app, operator: Nonsense}]}", False),
        ("namespaceSelector: {matchLabels: {team: a}}", True),
        ("namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}", True),
        ("namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [a]}]}", False),
        (f"excludeResourceRules: [{{{RULE.format('pods', 'UPDATE')}}}]", True),
        (f"excludeResourceRules: [{{{RULE.format('pods', 'CREATE')}}}]", False),
    ],
)
def test_selectors_and_exclusions_come_on_top(more: str, *, expected: bool) -> None:
    document = pod()
    document["metadata"]["labels"] = {"app": "web"}
    assert matches(f"resourceRules: [{{{RULE.format('pods', 'CREATE')}}}], {more}", document) is expected


def test_the_object_selector_holds_for_the_old_object_too() -> None:
    old = pod()
    old["metadata"]["labels"] = {"app": "web"}
    rules = f"resourceRules: [{{{RULE.format('pods', 'UPDATE')}}}]"
    selector = "objectSelector: {matchLabels: {app: web}}"
    assert matches(f"{rules}, {selector}", pod(), old=old, operation="UPDATE")


def test_a_namespace_is_selected_by_its_own_labels_and_other_cluster_objects_always() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n", "labels": {"a": "b"}}}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}
    rules = f"resourceRules: [{{{RULE.format('namespaces, nodes', 'CREATE')}}}]"
    selector = "namespaceSelector: {matchLabels: {a: c}}"
    assert not matches(f"{rules}, {selector}", namespace)
    assert matches(f"{rules}, {selector}", node)


def test_several_rules_are_alternatives_with_operations_of_their_own() -> None:
    rules = f"resourceRules: [{{{RULE.format('pods', 'UPDATE')}}}, {{{RULE.format('services', 'CREATE')}}}]"
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "shop"}}
    assert matches(rules, service)
    assert not matches(rules, pod())
    assert not matches(rules, service, operation="UPDATE")


def test_a_namespaced_policy_is_for_its_namespace_alone() -> None:
    text = 'validations: [{expression: "true"}]'
    for namespace, outcome in (("shop", "pass"), ("other", "none")):
        policy = cel_policy(text, "NamespacedValidatingPolicy", namespace=namespace)
        assert said(policy, pod())[0] == outcome


def test_a_policy_without_constraints_is_for_no_request() -> None:
    assert said(cel_policy('matchConstraints:\nvalidations: [{expression: "true"}]'), pod())[0] == "none"


def test_only_constraints_that_an_index_knows_whole_need_no_test() -> None:
    rule = ResourceRule(("",), ("v1",), ("CREATE",), ("pods",))
    assert decided_by_index(MatchConstraints((rule,)))
    assert not decided_by_index(MatchConstraints((rule,), object_selector={"matchLabels": {"a": "b"}}))
    assert not decided_by_index(MatchConstraints((rule,), (rule,)))
    assert not decided_by_index(MatchConstraints((ResourceRule(resource_names=("a",)),)))
    assert not decided_by_index(
        MatchConstraints((rule, ResourceRule(("",), ("v1",), ("DELETE",), ("pods",))))
    )


def test_rules_without_operations_are_for_none_but_in_the_kinds_of_the_api_server() -> None:
    constraints = '{resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [pods]}]}'
    text = f'matchConstraints: {constraints}\nvalidations: [{{expression: "true"}}]'
    assert said(cel_policy(text), pod())[0] == "none"
    assert said(cel_policy(text, "ValidatingAdmissionPolicy"), pod())[0] == "pass"
