from typing import Any

import msgspec

from propolis.core.finding import Severity
from propolis.policy.engine import compile_policies
from tests.unit.policy.engine.examples import findings, outcome, pod, pod_rule, policy

ANNOTATIONS = {
    "policies.kyverno.io/title": "Pin images",
    "policies.kyverno.io/severity": "high",
    "policies.kyverno.io/category": "Best Practices",
    "propolis.dev/remedy": "pin-image",
    "propolis.dev/remediation": "Name a tag.",
}


def deployment(template: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": {"metadata": {}, "spec": template["spec"]}},
    }


def test_a_finding_carries_what_the_annotations_say() -> None:
    (finding,) = findings(policy(pod_rule("deny: {}"), **ANNOTATIONS), pod())
    rule = finding.rule
    assert (rule.source, rule.policy, rule.name) == ("policy", "p", "r")
    assert (rule.title, rule.severity, rule.category) == ("Pin images", Severity.HIGH, "Best Practices")
    assert (rule.remedy, rule.remediation) == ("pin-image", "Name a tag.")


def test_a_policy_that_is_not_scored_warns() -> None:
    (finding,) = findings(policy(pod_rule("deny: {}"), **{"policies.kyverno.io/scored": "false"}), pod())
    assert finding.outcome == "warn"


def test_rules_for_pods_are_written_for_controllers_too() -> None:
    rules = compile_policies([policy(pod_rule("pattern: {spec: {a: 1}}"))]).rules
    assert [rule.rule.name for rule in rules] == ["r", "autogen-r", "autogen-cronjob-r"]
    (finding,) = findings(policy(pod_rule("pattern: {spec: {hostNetwork: false}}")), deployment(pod()))
    assert finding.rule.name == "autogen-r"
    assert finding.message.endswith("rule autogen-r failed at path /spec/template/spec/hostNetwork/")


def test_the_annotation_names_the_controllers() -> None:
    key = "pod-policies.kyverno.io/autogen-controllers"
    names = {
        text: [
            rule.rule.name for rule in compile_policies([policy(pod_rule("deny: {}"), **{key: text})]).rules
        ]
        for text in ("none", "Deployment", "CronJob", "Deployment,CronJob")
    }
    assert names == {
        "none": ["r"],
        "Deployment": ["r", "autogen-r"],
        "CronJob": ["r", "autogen-cronjob-r"],
        "Deployment,CronJob": ["r", "autogen-r", "autogen-cronjob-r"],
    }


def test_a_rule_that_names_pods_is_not_written_for_controllers() -> None:
    rule = "- name: r\n  match: {any: [{resources: {kinds: [Pod], names: [web]}}]}\n  validate: {deny: {}}\n"
    assert [item.rule.name for item in compile_policies([policy(rule)]).rules] == ["r"]


def test_variables_of_a_written_rule_look_into_the_template() -> None:
    rule = pod_rule(
        "deny: {conditions: {any: [{key: '{{request.object.spec.a}}', operator: Equals, value: 1}]}}"
    )
    document = deployment({"spec": {"a": 1}})
    (finding,) = findings(policy(rule), document)
    assert (finding.rule.name, finding.outcome) == ("autogen-r", "fail")


def test_apply_one_rule_leaves_out_the_others_once_one_has_applied() -> None:
    two = pod_rule("deny: {}") + pod_rule("deny: {}").replace("name: r", "name: s")
    made = policy(two)
    one = msgspec.structs.replace(made, spec=msgspec.structs.replace(made.spec, apply_rules="One"))
    assert [finding.rule.name for finding in findings(one, pod())] == ["r"]


def test_a_namespaced_policy_is_for_its_namespace_alone() -> None:
    made = policy(pod_rule("deny: {}"))
    inside = msgspec.structs.replace(made, kind="Policy", namespace="shop")
    outside = msgspec.structs.replace(made, kind="Policy", namespace="other")
    assert [finding.rule.policy for finding in findings([inside, outside], pod())] == ["shop/p"]


def test_a_policy_that_is_not_for_scans_stays_away_from_them() -> None:
    made = policy(pod_rule("deny: {}"))
    off = msgspec.structs.replace(made, spec=msgspec.structs.replace(made.spec, background=False))
    assert findings(off, pod(), is_background=True) == ()
    assert len(findings(off, pod())) == 1


def test_what_is_not_supported_is_an_error_and_no_pass() -> None:
    rule = pod_rule("deny: {}", "celPreconditions: [{name: a, expression: 'true'}]")
    assert outcome(rule, pod()) == (
        "error",
        "celPreconditions without validate.cel is not supported: this rule was not evaluated",
    )


def test_a_variable_of_the_context_is_computed_when_it_is_named() -> None:
    extra = """
context:
- name: unused
  variable: {jmesPath: request.object.nothing}
- name: first
  variable: {value: {a: [1, 2]}, jmesPath: 'a[0]'}
- name: second
  variable: {jmesPath: request.object.nothing, default: '{{ first }}-x'}
"""
    rule = pod_rule("message: '{{ second }}'\ndeny: {}", extra)
    assert outcome(rule, pod()) == ("fail", "1-x")


def test_entries_that_name_one_another_end_with_an_error() -> None:
    extra = "context:\n- {name: a, variable: {value: '{{ b }}'}}\n- {name: b, variable: {value: '{{ a }}'}}"
    rule = pod_rule("deny: {conditions: {any: [{key: '{{ b }}', operator: Equals, value: 1}]}}", extra)
    assert outcome(rule, pod())[0] == "error"


def test_images_are_taken_apart() -> None:
    rule = pod_rule("message: '{{ images.containers.app.reference }}'\ndeny: {}")
    assert outcome(rule, pod()) == ("fail", "docker.io/nginx:1.27")


def test_a_resource_nested_too_deep_is_an_error() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    rule = pod_rule(
        "deny: {conditions: {any: [{key: '{{request.object.spec.a}}', operator: Equals, value: [[]]}]}}"
    )
    assert outcome(rule, pod(a=deep)) in (
        ("pass", "validation rule 'r' passed."),
        ("error", "the resource is nested too deep for this rule"),
    )
