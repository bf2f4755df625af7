from typing import Any

import pytest
import yaml

from propolis.policy.engine.convert.conversion import ADMISSION, RuleConversion, convert_policy
from propolis.policy.model import Policy, parse_policy
from tests.unit.policy.engine.examples import pod_rule, policy


def converted(rules: str, target: str = "auto", **annotations: str) -> RuleConversion:
    (found,) = convert_policy(policy(rules, **annotations), target)
    return found


def spec(rules: str, **annotations: str) -> dict[str, Any]:
    found = converted(rules, **annotations)
    assert found.documents, found.reason
    document: dict[str, Any] = found.documents[0]["spec"]
    return document


def check(validate: str, extra: str = "") -> str:
    text: str = spec(pod_rule(validate, extra))["validations"][0]["expression"]
    return text


def test_a_pattern_becomes_an_expression_on_the_pod() -> None:
    found = check("pattern: {spec: {containers: [{image: '!*:latest'}]}}")
    assert found == (
        "has(object.spec.containers) &&\n"
        "object.spec.containers.all(container, has(container.image) && !container.image.endsWith(':latest'))"
    )


def test_optional_and_forbidden_keys() -> None:
    assert (
        check("pattern: {spec: {=(hostNetwork): false}}")
        == "!has(object.spec.hostNetwork) || object.spec.hostNetwork == false"
    )
    assert check("pattern: {spec: {X(nodeName): null}}") == "!has(object.spec.nodeName)"


def test_a_condition_of_a_pattern_decides_whether_the_policy_applies() -> None:
    found = spec(pod_rule("pattern: {spec: {(hostNetwork): true, nodeName: x}}"))
    assert found["matchConditions"] == [
        {"name": "applies", "expression": "has(object.spec.hostNetwork) && object.spec.hostNetwork == true"}
    ]
    assert "nodeName == 'x'" in found["validations"][0]["expression"]


def test_preconditions_on_the_operation_become_operations() -> None:
    found = spec(
        pod_rule(
            "deny: {}",
            "preconditions: {all: [{key: \"{{request.operation || 'BACKGROUND'}}\", "
            "operator: AnyIn, value: [CREATE]}]}",
        )
    )
    assert found["matchConstraints"]["resourceRules"][0]["operations"] == ["CREATE"]
    assert "matchConditions" not in found


def test_deletions_are_judged_by_the_object_that_goes() -> None:
    found = spec(
        pod_rule(
            "deny: {conditions: {all: [{key: '{{request.object.spec.nodeName}}', "
            "operator: Equals, value: x}]}}"
        )
    )
    assert found["matchConstraints"]["resourceRules"][0]["operations"] == ["CREATE", "UPDATE", "DELETE"]
    assert found["validations"][0]["expression"] == (
        "(request.operation == 'DELETE') ? (oldObject.spec.nodeName != 'x') : (object.spec.nodeName != 'x')"
    )


def test_a_condition_that_may_be_an_error_is_one_whatever_comes_after_it() -> None:
    found = check(
        "deny: {conditions: {all: [{key: '{{request.object.spec.nodeName}}', operator: Equals, value: x}, "
        "{key: '{{request.object.spec.schedulerName}}', operator: Equals, value: y}]}}"
    )
    assert "object.spec.nodeName == 'x') ? (object.spec.schedulerName == 'y') : false" in found


def test_keys_with_wildcards_match_constants_too() -> None:
    found = check(
        "deny: {conditions: {any: [{key: '{{request.object.spec.nodeName}}', "
        "operator: AnyIn, value: [x, y]}]}}"
    )
    assert "object.spec.nodeName in ['x', 'y']" in found
    assert "object.spec.nodeName.matches('[*?]')" in found


def test_controllers_that_the_annotation_names_are_those_of_autogen() -> None:
    rules = pod_rule("pattern: {spec: {hostNetwork: false}}")
    found = spec(rules, **{"pod-policies.kyverno.io/autogen-controllers": "Deployment,CronJob"})
    assert found["autogen"] == {"podControllers": {"controllers": ["cronjobs", "deployments"]}}
    assert "autogen" not in spec(rules)
    assert spec(rules, **{"pod-policies.kyverno.io/autogen-controllers": "none"})["autogen"] == {
        "podControllers": {"controllers": []}
    }


def test_an_admission_policy_has_a_binding_and_names_controllers_itself() -> None:
    found = converted(pod_rule("pattern: {spec: {hostNetwork: false}}"), ADMISSION)
    kinds = [one["kind"] for one in found.documents]
    assert kinds == ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"] * 3
    assert found.documents[1]["spec"]["policyName"] == found.documents[0]["metadata"]["name"] == "cpol-p"
    assert (
        "object.spec.template.spec.hostNetwork" in found.documents[2]["spec"]["validations"][0]["expression"]
    )


def test_a_rule_in_cel_keeps_its_expressions() -> None:
    found = spec(
        pod_rule("cel: {expressions: [{expression: 'object.spec.hostNetwork != true', message: bad}]}")
    )
    assert found["validations"] == [{"expression": "object.spec.hostNetwork != true", "message": "bad"}]


def test_messages_with_variables_become_expressions_where_they_cannot_fail() -> None:
    found = spec(pod_rule("message: 'not in {{request.namespace}}'\npattern: {spec: {hostNetwork: false}}"))
    assert found["validations"][0]["messageExpression"] == "'not in ' + request.namespace"


MUTATION = """
- name: r
  match: {any: [{resources: {kinds: [ConfigMap]}}]}
  mutate: %s
"""


def test_a_patch_becomes_an_object_that_is_applied_where_it_changes_something() -> None:
    found = spec(MUTATION % "{patchStrategicMerge: {metadata: {labels: {team/x: a}}}}")
    assert found["mutations"][0]["patchType"] == "ApplyConfiguration"
    assert "labels: {'team/x': 'a'}" in found["mutations"][0]["applyConfiguration"]["expression"]
    assert "object.metadata.labels['team/x'] == 'a'" in found["matchConditions"][0]["expression"]


def test_what_server_side_apply_takes_whole_becomes_a_json_patch() -> None:
    found = spec(
        "- name: r\n  match: {any: [{resources: {kinds: [Pod]}}]}\n"
        "  mutate: {patchStrategicMerge: {spec: {dnsConfig: {options: [{name: ndots, value: '1'}]}}}}\n"
    )
    (one,) = found["mutations"]
    assert one["patchType"] == "JSONPatch"
    assert "path: '/spec/dnsConfig/options'" in one["jsonPatch"]["expression"]


def test_a_json_patch_keeps_its_operations() -> None:
    found = spec(MUTATION % "{patchesJson6902: '- {op: add, path: /data/a, value: b}'}")
    assert (
        "JSONPatch{op: 'add', path: '/data/a', value: 'b'}"
        in found["mutations"][0]["jsonPatch"]["expression"]
    )


def test_what_is_generated_is_applied_with_its_variables() -> None:
    found = spec(
        """
- name: r
  match: {any: [{resources: {kinds: [Namespace]}}]}
  generate:
    apiVersion: v1
    kind: ConfigMap
    name: made
    namespace: "{{request.object.metadata.name}}"
    synchronize: true
    data: {data: {a: b}}
"""
    )
    assert found["evaluation"]["synchronize"] == {"enabled": True}
    assert found["generate"][0]["expression"].startswith("generator.Apply(string(object.metadata.name), [{")


REFUSED = {
    "podSecurity: {level: baseline, version: latest}": "pod security",
    "pattern: {spec: {nodeName: '{{request.object.metadata.labels.x}}'}}": "may hold an operator",
    "deny: {conditions: {all: [{key: '{{ random(`4`) }}', operator: Equals}]}}": "function random()",
    "pattern: {spec: {containers: []}}": "empty list",
}


@pytest.mark.parametrize("validate", REFUSED)
def test_what_has_no_sure_translation_is_refused_with_the_reason(validate: str) -> None:
    found = converted(pod_rule(validate))
    assert not found.documents
    assert REFUSED[validate] in found.reason


def test_roles_are_refused() -> None:
    rules = pod_rule("deny: {}", "exclude: {any: [{clusterRoles: [cluster-admin]}]}")
    assert "roles" in converted(rules).reason


def namespaced(rules: str) -> Policy:
    return parse_policy({
        "apiVersion": "kyverno.io/v1", "kind": "Policy", "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"rules": yaml.safe_load(rules)},
    })  # fmt: skip


def test_a_policy_of_a_namespace_stays_one() -> None:
    (found,) = convert_policy(namespaced(pod_rule("pattern: {spec: {hostNetwork: false}}")))
    assert found.documents[0]["kind"] == "NamespacedValidatingPolicy"
    assert found.documents[0]["metadata"]["namespace"] == "shop"


def test_each_rule_of_several_becomes_a_policy_named_after_it() -> None:
    rules = pod_rule("pattern: {spec: {hostNetwork: false}}")
    names = [
        one.documents[0]["metadata"]["name"]
        for one in convert_policy(policy(rules + rules.replace("name: r", "name: other")))
    ]
    assert names == ["p-r", "p-other"]


def test_what_a_json_patch_needs_above_it_is_made_first() -> None:
    found = spec(MUTATION % "{patchesJson6902: '- {op: add, path: /metadata/finalizers/-, value: b}'}")
    assert found["mutations"][0]["jsonPatch"]["expression"].splitlines() == [
        (
            "(has(object.metadata.finalizers) ? [] : "
            "[JSONPatch{op: 'add', path: '/metadata/finalizers', value: []}]) +"
        ),
        "[JSONPatch{op: 'add', path: '/metadata/finalizers/-', value: 'b'}]",
    ]
