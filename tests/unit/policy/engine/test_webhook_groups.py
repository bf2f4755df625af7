from typing import Any

import pytest

from propolis.policy.engine.webhook_conditions import usable
from propolis.policy.engine.webhook_groups import WebhookGroup, group_of, merged_selectors
from propolis.policy.model.cel.match import NamedExpression
from propolis.policy.sources.documents import read_policies

RULES = """
apiVersion: kyverno.io/v1
kind: KIND
metadata: {name: NAME, namespace: NAMESPACE}
spec:
  failurePolicy: Ignore
  webhookConfiguration: WEBHOOK
  rules:
    - name: r
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate: {deny: {}}
"""
CEL = """
apiVersion: policies.kyverno.io/v1
kind: KIND
metadata: {name: p, namespace: NAMESPACE}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [RESOURCE]}]
"""
VALIDATIONS = "  validations: [{expression: 'true'}]\n"
MUTATIONS = """  mutations:
    - patchType: ApplyConfiguration
      applyConfiguration: {expression: "Object{spec: Object.spec{a: 1}}"}
"""


def of_rules(
    webhook: str = "{}", name: str = "p", kind: str = "ClusterPolicy", namespace: str = ""
) -> WebhookGroup:
    text = RULES.replace("WEBHOOK", webhook).replace("KIND", kind).replace("NAMESPACE", namespace or '""')
    return _only(text.replace("NAME", name))


def of_cel(
    more: str = "",
    resource: str = "secrets",
    kind: str = "ValidatingPolicy",
    namespace: str = "",
    **options: Any,
) -> WebhookGroup:
    text = CEL + (MUTATIONS if "Mutating" in kind else VALIDATIONS) + more
    text = text.replace("RESOURCE", resource).replace("KIND", kind)
    return _only(text.replace("NAMESPACE", namespace or '""'), **options)


def _only(text: str, **options: Any) -> WebhookGroup:
    read = read_policies(text.encode(), "p.yaml")
    assert not read.errors
    return group_of(read.policies[0], **options)


def texts(group: WebhookGroup) -> list[tuple[str, str]]:
    return [(one.name, one.expression) for one in group.conditions or ()]


CONDITION = "{matchConditions: [{name: c, expression: request.operation == 'CREATE'}], failurePolicy: Fail}"


def test_policies_that_want_nothing_special_share_by_failure_policy_and_wait_at_least_the_default() -> None:
    assert of_rules() == WebhookGroup("ignore", "ignore", "ignore")
    assert of_rules("{timeoutSeconds: 5}").timeout_seconds == 10
    assert of_rules("{timeoutSeconds: 25}") == WebhookGroup("ignore", "ignore", "ignore", timeout_seconds=25)
    assert of_cel() == WebhookGroup("fail", "fail", "fail")


def test_a_policy_with_conditions_has_its_own_webhook_under_its_name() -> None:
    found = of_rules(CONDITION)
    assert (found.key, found.suffix) == ("fail/finegrained/p", "fail-finegrained-p")
    assert texts(found) == [("c", "request.operation == 'CREATE'")]


def test_a_policy_of_a_namespace_is_asked_about_that_alone() -> None:
    found = of_rules(CONDITION, kind="Policy", namespace="shop")
    assert (found.key, found.suffix) == ("fail/finegrained/shop/p", "fail-finegrained.shop.p")
    assert found.is_namespaced
    assert found.namespace_selector == {
        "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["shop"]}]
    }
    other = of_cel(
        "  webhookConfiguration: {timeoutSeconds: 3}\n", kind="NamespacedValidatingPolicy", namespace="a"
    )
    assert (other.key, other.suffix, other.timeout_seconds) == ("fail/nvpol/a/p", "fail-nvpol.a.p", 3)


@pytest.mark.parametrize("name", ["Upper Case", "a/b", "x" * 250])
def test_names_that_cannot_stand_in_a_path_are_replaced_by_a_digest(name: str) -> None:
    found = of_rules(CONDITION, name=f'"{name}"')
    assert found.key.startswith("fail/finegrained/x-")
    assert len(found.key) == len("fail/finegrained/x-") + 32
    assert found.key != of_rules(CONDITION, name=f'"{name}."').key


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("  matchConditions: [{name: c, expression: 'true'}]\n", "fail/vpol/p"),
        ("  webhookConfiguration: {timeoutSeconds: 3}\n", "fail/vpol/p"),
        ("  failurePolicy: Ignore\n", "ignore"),
        (
            "  matchConditions: [{name: c, expression: \"resource.Get('v1', 'a', 'b', 'c') == null\"}]\n",
            "fail",
        ),
        ("  matchConditions: [{name: c, expression: namespaceObject.metadata.name == 'a'}]\n", "fail"),
    ],
)
def test_a_policy_in_cel_has_its_own_webhook_where_it_states_what_webhooks_can_do(
    more: str, key: str
) -> None:
    assert of_cel(more).key == key


def test_exact_matches_need_a_webhook_of_their_own_with_the_selectors_of_the_policy() -> None:
    read = read_policies(
        (CEL + "    matchPolicy: Exact\n    objectSelector: {matchLabels: {a: b}}\n" + VALIDATIONS)
        .replace("RESOURCE", "secrets")
        .replace("KIND", "ValidatingPolicy")
        .replace("NAMESPACE", '""')
        .encode(),
        "p.yaml",
    )
    found = group_of(read.policies[0])
    assert (found.key, found.is_exact, found.object_selector) == (
        "fail/vpol/p",
        True,
        {"matchLabels": {"a": "b"}},
    )


def test_conditions_of_a_policy_on_pods_are_told_apart_by_the_resource_of_the_request() -> None:
    found = of_cel("  matchConditions: [{name: c, expression: object.spec.hostPID}]\n", resource="pods")
    names, expressions = zip(*texts(found), strict=True)
    assert names == ("autogen-c", "autogen-defaults-c", "autogen-cronjobs-c")
    assert expressions[0] == (
        "!(request.resource.group == '' && request.resource.resource == 'pods') || (object.spec.hostPID\n)"
    )
    assert "object.spec.jobTemplate.spec.template.spec.hostPID" in expressions[2]
    assert len(usable(found.conditions or ())) == 3


def test_mutations_in_cel_are_called_again_only_where_they_say_so() -> None:
    once = of_cel(kind="MutatingPolicy")
    assert (once.key, once.suffix, once.is_reinvoked) == ("fail/once", "fail-once", False)
    again = of_cel("  reinvocationPolicy: IfNeeded\n", kind="MutatingPolicy")
    assert (again.key, again.is_reinvoked) == ("fail", True)


def test_policies_in_cel_may_stand_apart() -> None:
    assert of_cel(are_apart=True).key == "fail/cel"
    assert of_cel(kind="MutatingPolicy", are_apart=True).suffix == "fail-cel-once"


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        ([("a", "true"), ("b", "object.")], 0),
        ([("a", "true"), ("b", "params.x == 1")], 0),
        ([("a", "true"), ("b", "namespaceObject == null")], 1),
        ([("a", "true"), ("a", "false")], 0),
        ([("a b", "true")], 0),
        ([(f"n{number}", "true") for number in range(64)], 64),
        ([(f"n{number}", "true") for number in range(65)], 0),
    ],
)
def test_only_conditions_that_an_api_server_takes_are_written(
    conditions: list[tuple[str, str]], left: int
) -> None:
    assert len(usable([NamedExpression(*one) for one in conditions])) == left


def test_selectors_are_joined() -> None:
    term = {"key": "k", "operator": "Exists"}
    assert merged_selectors(None, None) is None
    assert merged_selectors({"matchLabels": {"a": "b"}}, None, {"matchExpressions": [term]}) == {
        "matchLabels": {"a": "b"},
        "matchExpressions": [term],
    }
    assert merged_selectors({}) == {}
