from typing import Any

import pytest

from propolis.policy.engine.explain.explanation import RuleExplanation
from propolis.policy.engine.explain.trace import ERROR, MET, SKIPPED, UNMET
from tests.unit.policy.engine.examples import ALICE, pod, pod_rule
from tests.unit.policy.engine.explain.explained import explained, lines, node

pytestmark = pytest.mark.engine

LATEST = pod_rule("message: m\npattern: {spec: {containers: [{image: '!*:latest'}]}}")


def test_a_leaf_tells_what_it_asks_what_was_found_and_where_both_stand() -> None:
    document = pod(containers=[{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:latest"}])
    leaf = node(latest(document), "element", "[1]").children[0]
    assert (leaf.text, leaf.outcome, leaf.value) == ('image: "!*:latest"', UNMET, '"b:latest"')
    assert leaf.source == ("spec", "rules", 0, "validate", "pattern", "spec", "containers", 0, "image")
    assert leaf.target == ("spec", "containers", 1, "image")


def latest(document: dict[str, Any]) -> RuleExplanation:
    return explained(LATEST, document)


def test_leaves_behind_the_first_departure_are_told_too() -> None:
    document = pod(containers=[{"name": "a", "image": "a:latest"}, {"name": "b", "image": "b:latest"}])
    assert [one for one in lines(latest(document)) if "image" in one] == [
        '        leaf image: "!*:latest": not met',
        '        leaf image: "!*:latest": not met',
    ]


def test_keys_that_a_condition_leaves_out_name_it() -> None:
    rule = pod_rule("pattern: {spec: {'(hostNetwork)': true, dnsPolicy: Default}}")
    found = explained(rule, pod())
    assert found.outcome == "skip"
    left_out = node(found, "key", "dnsPolicy")
    assert (left_out.outcome, left_out.note) == (SKIPPED, "left out by (hostNetwork)")


def test_an_anchor_whose_key_is_nowhere_makes_an_error() -> None:
    rule = pod_rule("pattern: {spec: {'^(volumes)': [{name: x}], dnsPolicy: Default}}")
    found = explained(rule, pod())
    assert found.outcome == "error"
    assert node(found, "pattern").note == "the resource has no key for ^(volumes)"


@pytest.mark.parametrize(
    ("pattern", "outcome"),
    [
        ("{spec: {'X(hostPID)': 'null'}}", "fail"),
        ("{spec: {'=(hostPID)': false}}", "fail"),
        ("{spec: {'=(hostIPC)': false}}", "pass"),
        ("{spec: {'<(hostPID)': false, dnsPolicy: x}}", "skip"),
        ("{spec: {'^(containers)': [{name: app}]}}", "pass"),
        ("{spec: {'^(containers)': [{name: other}]}}", "fail"),
        ("{spec: {containers: [{'(name)': other, image: x}]}}", "skip"),
        ("{metadata: {labels: {'app*': '?*'}}}", "fail"),
        ("{metadata: {labels: {'te?m': '?*'}}}", "pass"),
        ("{spec: {containers: []}}", "fail"),
        ("{spec: [1]}", "fail"),
    ],
)
def test_traces_of_anchors_agree_with_the_engine(pattern: str, outcome: str) -> None:
    document = pod(hostPID=True)
    document["metadata"]["labels"] = {"team": "shop"}
    assert explained(pod_rule(f"pattern: {pattern}"), document).outcome == outcome


def test_every_alternative_of_any_pattern_has_a_branch() -> None:
    rule = pod_rule("anyPattern: [{spec: {hostPID: true}}, {spec: {containers: [{name: app}]}}]")
    found = explained(rule, pod())
    assert [(one.what, one.outcome) for one in node(found, "anyPattern").children] == [
        ("alternative", UNMET),
        ("alternative", MET),
    ]


CONDITIONS = """
deny:
  conditions:
    any:
      - {key: '{{ request.object.spec.hostPID || `false` }}', operator: Equals, value: true}
      - {key: '{{ request.object.metadata.name }}', operator: AnyIn, value: [web]}
    all:
      - {key: a, operator: Equals, value: a}
"""


def test_conditions_tell_resolved_keys_results_and_what_was_not_needed() -> None:
    found = explained(pod_rule(CONDITIONS), pod())
    assert found.outcome == "fail"
    first, second = node(found, "conditions", "any").children
    assert (first.outcome, first.value) == (UNMET, "key = false")
    assert (second.outcome, second.value) == (MET, 'key = "web"')
    assert second.source == ("spec", "rules", 0, "validate", "deny", "conditions", "any", 1)
    assert [one.text for one in second.children] == ["request.object.metadata.name"]


def test_a_condition_behind_the_one_that_decides_is_marked() -> None:
    found = explained(pod_rule(CONDITIONS), pod(hostPID=True))
    assert node(found, "conditions", "any").children[1].note == "not needed"


def test_a_variable_that_cannot_be_resolved_is_an_error_with_its_reason() -> None:
    rule = pod_rule("deny: {conditions: {any: [{key: '{{ nowhere }}', operator: Equals, value: 1}]}}")
    found = explained(rule, pod())
    assert found.outcome == "error"
    assert node(found, "condition").outcome == ERROR
    assert "nowhere" in node(found, "variable").note


def test_preconditions_that_do_not_hold_end_the_trace() -> None:
    extra = "preconditions: {all: [{key: '{{ request.operation }}', operator: Equals, value: DELETE}]}"
    found = explained(pod_rule("pattern: {spec: {hostPID: true}}", extra), pod())
    assert found.outcome == "skip"
    assert [one.what for one in found.nodes] == ["match", "preconditions"]
    assert node(found, "condition").value == 'key = "CREATE"'


CONTEXT = """
context:
  - name: used
    variable: {jmesPath: 'request.object.metadata.name'}
  - name: unused
    variable: {value: 1}
"""


def test_context_entries_tell_their_values_or_that_nothing_asked() -> None:
    rule = pod_rule("deny: {conditions: {any: [{key: '{{ used }}', operator: Equals, value: x}]}}", CONTEXT)
    used, unused = (one for one in explained(rule, pod()).nodes if one.what == "context")
    assert (used.value, used.source) == ('"web"', ("spec", "rules", 0, "context", 0))
    assert [one.text for one in used.children] == ["request.object.metadata.name"]
    assert unused.note == "nothing asked for it"


def test_what_the_trace_loads_beside_the_engine_changes_no_outcome() -> None:
    context = "context: [{name: broken, variable: {jmesPath: 'request.object.spec.nowhere'}}]"
    rule = pod_rule(
        "deny: {conditions: {any: [{key: a, operator: Equals, value: a},"
        " {key: '{{ broken }}', operator: Equals, value: 1}]}}",
        context,
    )
    found = explained(rule, pod())
    assert found.outcome == "fail"
    assert [one.outcome for one in node(found, "conditions").children] == [MET, ERROR]


FOREACH = """
foreach:
  - list: request.object.spec.containers
    preconditions: {all: [{key: '{{ element.name }}', operator: NotEquals, value: skipped}]}
    pattern: {image: '*:1'}
"""


def test_elements_of_a_foreach_tell_their_index_and_place() -> None:
    names = (("a", "a:1"), ("skipped", "s"), ("b", "b:2"))
    document = pod(containers=[{"name": name, "image": image} for name, image in names])
    found = explained(pod_rule(FOREACH), document)
    elements = [one for one in node(found, "foreach").children if one.what == "element"]
    assert [(one.text, one.outcome, one.target) for one in elements] == [
        ("[0]", MET, ("spec", "containers", 0)),
        ("[1]", SKIPPED, ("spec", "containers", 1)),
        ("[2]", UNMET, ("spec", "containers", 2)),
    ]


def test_a_list_that_is_not_there_says_so() -> None:
    rule = pod_rule("foreach: [{list: request.object.spec.volumes, pattern: {name: x}}]")
    found = explained(rule, pod())
    assert found.outcome == "nothing"
    assert "volumes" in node(found, "foreach").note


def test_every_control_of_a_pod_security_level_has_a_line() -> None:
    rule = pod_rule("podSecurity: {level: baseline, version: v1.30}")
    found = explained(rule, pod(hostPID=True))
    controls = {one.text: one.outcome for one in node(found, "podSecurity").children}
    assert controls["Host Namespaces"] == UNMET
    assert controls["Privileged Containers"] == MET
    assert len(controls) == 12


def test_a_control_that_is_excluded_says_so() -> None:
    rule = pod_rule("podSecurity: {level: baseline, exclude: [{controlName: Host Namespaces}]}")
    found = explained(rule, pod(hostPID=True))
    assert found.outcome == "pass"
    assert node(found, "control", "Host Namespaces").note == "let off by exclude"


def test_leaves_of_an_assertion_tell_what_they_want() -> None:
    rule = pod_rule("assert: {object: {spec: {(length(containers)): 2, '~containers': {name: app}}}}")
    found = explained(rule, pod())
    assert found.outcome == "fail"
    assert node(found, "leaf", "(length(containers))").outcome == UNMET
    assert node(found, "element").outcome == MET


MATCH = """
- name: r
  match:
    all:
      - resources: {kinds: [Pod], namespaces: [kube-*]}
      - subjects: [{kind: Group, name: dev}]
  exclude: {any: [{resources: {names: [web]}}]}
  validate: {pattern: {spec: {hostPID: true}}}
"""


def test_every_field_of_every_filter_tells_what_the_request_has() -> None:
    found = explained(MATCH, pod(), user=ALICE)
    assert found.outcome == "no match"
    assert lines(found) == [
        "match all: not met",
        "  filter: not met",
        "    kinds Pod: met",
        "    namespaces kube-*: not met",
        "  filter: met",
        '    subjects [{"kind":"Group","name":"dev"}]: met',
        "exclude any: skipped",
        "  filter: met",
        "    names web: met",
    ]
    assert node(found, "namespaces").value == '"shop"'
    assert node(found, "namespaces").target == ("metadata", "namespace")


EXCEPTION = {
    "apiVersion": "kyverno.io/v2",
    "kind": "PolicyException",
    "metadata": {"name": "e", "namespace": "shop"},
    "spec": {
        "exceptions": [{"policyName": "p", "ruleNames": ["r"]}],
        "match": {"any": [{"resources": {"kinds": ["Pod"], "names": ["web"]}}]},
    },
}


def test_an_exception_tells_whether_it_lets_the_resource_off() -> None:
    found = explained(LATEST, pod(), exceptions=(EXCEPTION,))
    assert found.outcome == "skip"
    assert node(found, "exception").note == "lets the resource off"
    other = pod()
    other["metadata"]["name"] = "other"
    assert node(explained(LATEST, other, exceptions=(EXCEPTION,)), "exception").note == "does not match"


def test_a_generated_rule_names_the_places_of_the_rule_that_it_was_made_of() -> None:
    template = {"spec": {"containers": [{"name": "a", "image": "a:latest"}]}}
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": template},
    }
    leaf = node(explained(LATEST, document, "autogen-r"), "leaf", "image")
    assert leaf.source == ("spec", "rules", 0, "validate", "pattern", "spec", "containers", 0, "image")
    assert leaf.target == ("spec", "template", "spec", "containers", 0, "image")


def test_a_mutation_tells_its_change() -> None:
    rule = LATEST.split("  validate:", maxsplit=1)[0]
    found = explained(f"{rule}  mutate: {{patchStrategicMerge: {{spec: {{hostPID: false}}}}}}\n", pod())
    assert [dict(one) for one in found.changes[0].operations] == [
        {"op": "add", "path": "/spec/hostPID", "value": False}
    ]


def test_nodes_beyond_the_limit_decide_and_are_counted() -> None:
    containers = [{"name": f"c{index}", "image": "a:1"} for index in range(500)]
    document = pod(containers=[*containers, {"name": "last", "image": "a:latest"}])
    found = explained(LATEST, document, most_nodes=50)
    assert found.outcome == "fail"
    assert len(lines(found)) < 60
    assert found.untold > 400


def test_a_value_that_is_large_is_told_in_short() -> None:
    document = pod(containers=[{"name": "a", "image": "x" * 5_000}])
    found = explained(pod_rule("pattern: {spec: {containers: [{image: y}]}}"), document)
    assert len(node(found, "leaf").value) < 300
