from typing import Any

import pytest

from propolis.policy.engine.explain.patch_search import MOST_WORK
from tests.unit.policy.engine.examples import pod, pod_rule
from tests.unit.policy.engine.explain.explained import advised, operations

pytestmark = pytest.mark.engine


def with_image(*images: str) -> dict[str, Any]:
    return pod(containers=[{"name": f"c{index}", "image": image} for index, image in enumerate(images)])


@pytest.mark.parametrize(
    ("pattern", "spec", "expected"),
    [
        ("{'=(hostPID)': false}", {"hostPID": True}, ("replace", "/spec/hostPID", False)),
        ("{'X(hostPID)': 'null'}", {"hostPID": True}, ("remove", "/spec/hostPID", None)),
        ("{hostPID: false}", {}, ("add", "/spec/hostPID", False)),
        ("{priority: '>= 5'}", {"priority": 1}, ("replace", "/spec/priority", 5)),
        ("{priority: '10-20'}", {"priority": 25}, ("replace", "/spec/priority", 10)),
        ("{priority: '<5'}", {"priority": 7}, ("replace", "/spec/priority", 4)),
        ("{priority: '!7'}", {"priority": 7}, ("replace", "/spec/priority", 8)),
        ("{dnsPolicy: 'Default | None'}", {"dnsPolicy": "x"}, ("replace", "/spec/dnsPolicy", "Default")),
        (
            "{securityContext: {runAsNonRoot: true}}",
            {},
            ("add", "/spec/securityContext", {"runAsNonRoot": True}),
        ),
        ("{volumes: [{'X(hostPath)': 'null'}]}", {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]},
         ("remove", "/spec/volumes/0/hostPath", None)),
    ],
)  # fmt: skip
def test_patterns_are_met_by_one_change(
    pattern: str, spec: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert operations(pod_rule(f"pattern: {{spec: {pattern}}}"), pod(**spec)) == [expected]


def test_a_forbidden_tag_is_replaced_and_the_rest_of_the_image_kept() -> None:
    rule = pod_rule("pattern: {spec: {containers: [{image: '*:* & !*:latest'}]}}")
    found = advised(rule, with_image("r.example/a/b:latest", "c:1"))
    assert [one["value"] for one in found.operations] == ["r.example/a/b:change-me"]
    assert "change-me" in found.note


def test_every_element_that_departs_is_changed() -> None:
    rule = pod_rule("pattern: {spec: {containers: [{securityContext: {privileged: false}}]}}")
    containers = [{"name": "a", "securityContext": {"privileged": True}}, {"name": "b"}]
    assert operations(rule, pod(containers=containers)) == [
        ("replace", "/spec/containers/0/securityContext/privileged", False),
        ("add", "/spec/containers/1/securityContext", {"privileged": False}),
    ]


def test_the_cheapest_alternative_is_taken_and_others_are_told() -> None:
    rule = pod_rule("anyPattern: [{spec: {a: 1, b: 2}}, {spec: {c: 3}}]")
    found = advised(rule, pod())
    assert [one["path"] for one in found.operations] == ["/spec/c"]
    assert [[one["path"] for one in other.operations] for other in found.others] == [["/spec/a", "/spec/b"]]


def test_replacing_beats_removing_and_removing_beats_adding() -> None:
    rule = pod_rule("anyPattern: [{spec: {added: 1}}, {spec: {'X(hostPID)': 'null'}}]")
    assert operations(rule, pod(hostPID=True)) == [("remove", "/spec/hostPID", None)]


def test_an_object_leaves_a_list_only_where_nothing_else_helps() -> None:
    rule = pod_rule("pattern: {spec: {containers: [{a: 1, b: 2, c: 3, d: 4}]}}")
    (change,) = operations(
        rule, pod(containers=[{"name": "only"}, {"name": "x", "a": 1, "b": 2, "c": 3, "d": 4}])
    )[:1]
    assert change[0] == "add"


@pytest.mark.parametrize(
    ("condition", "spec", "expected"),
    [
        ("{key: '{{ request.object.spec.hostPID || `false` }}', operator: Equals, value: true}",
         {"hostPID": True}, ("replace", "/spec/hostPID", False)),
        ("{key: '{{ request.object.spec.priority }}', operator: GreaterThan, value: 5}",
         {"priority": 9}, ("replace", "/spec/priority", 5)),
        ("{key: '{{ request.object.spec.dnsPolicy }}', operator: AnyNotIn, value: [Default]}",
         {"dnsPolicy": "x"}, ("replace", "/spec/dnsPolicy", "Default")),
    ],
)  # fmt: skip
def test_conditions_are_broken_by_one_change(
    condition: str, spec: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert operations(pod_rule(f"deny: {{conditions: {{any: [{condition}]}}}}"), pod(**spec)) == [expected]


def test_all_conditions_of_any_are_broken() -> None:
    rule = pod_rule(
        "deny: {conditions: {any: ["
        "{key: '{{ request.object.spec.hostPID || `false` }}', operator: Equals, value: true},"
        "{key: '{{ request.object.spec.hostIPC || `false` }}', operator: Equals, value: true}]}}"
    )
    assert operations(rule, pod(hostPID=True, hostIPC=True)) == [
        ("replace", "/spec/hostPID", False),
        ("replace", "/spec/hostIPC", False),
    ]


def test_only_the_elements_that_a_condition_is_about_are_changed() -> None:
    rule = pod_rule(
        "deny: {conditions: {all: [{key: '{{ request.object.spec.containers[].capabilities.add[] }}',"
        " operator: AnyNotIn, value: [CHOWN]}]}}"
    )
    containers = [{"name": "a", "capabilities": {"add": ["CHOWN", "NET_RAW"]}}]
    assert operations(rule, pod(containers=containers)) == [
        ("replace", "/spec/containers/0/capabilities/add/1", "CHOWN")
    ]


FOREACH = """
foreach:
  - list: request.object.spec.containers
    deny:
      conditions:
        all:
          - key: ALL
            operator: AnyNotIn
            value: "{{ element.securityContext.capabilities.drop[] || `[]` }}"
"""


def test_what_is_absent_is_made_for_every_element_of_a_foreach() -> None:
    wanted = {"capabilities": {"drop": ["ALL"]}}
    assert operations(pod_rule(FOREACH), with_image("a", "b")) == [
        ("add", "/spec/containers/0/securityContext", wanted),
        ("add", "/spec/containers/1/securityContext", wanted),
    ]


def test_a_pod_is_made_to_fit_a_level_of_pod_security() -> None:
    rule = pod_rule("podSecurity: {level: restricted, version: v1.30}")
    found = advised(rule, pod(hostNetwork=True))
    paths = [one["path"] for one in found.operations]
    assert "/spec/hostNetwork" in paths
    assert "/spec/containers/0/securityContext" in paths


def test_a_workload_is_changed_in_its_template() -> None:
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": pod(hostPID=True)},
    }
    rule = pod_rule("pattern: {spec: {'=(hostPID)': false}}")
    assert operations(rule, document, "autogen-r") == [("replace", "/spec/template/spec/hostPID", False)]


def test_a_resource_keeps_its_name_and_namespace() -> None:
    rule = pod_rule("pattern: {metadata: {namespace: '!shop'}}")
    found = advised(rule, pod())
    assert found.document is None
    assert found.note == "no change was found"


def test_a_rule_that_no_resource_passes_has_no_change() -> None:
    assert advised(pod_rule("deny: {}"), pod()).document is None


def test_the_search_ends_with_its_budget() -> None:
    rule = pod_rule(
        "deny: {conditions: {any: [{key: '{{ request.object.metadata.name }}', operator: Equals, value: web},"
        " {key: '{{ request.object.spec.priority }}', operator: GreaterThan, value: 5}]}}"
    )
    whole = advised(rule, pod(priority=9))
    assert (whole.document, whole.note) == (None, "no change was found")
    assert whole.evaluations > 2
    found = advised(rule, pod(priority=9), most=2)
    assert (found.evaluations, found.note) == (2, "no change was found within the budget")


def test_a_change_that_is_large_is_not_told() -> None:
    containers = [{"name": f"c{index}"} for index in range(300)]
    rule = pod_rule("pattern: {spec: {containers: [{image: x}]}}")
    assert advised(rule, pod(containers=containers)).document is None


def test_a_huge_resource_ends_the_search_in_bounds() -> None:
    containers = [{"name": f"c{index}", "image": "a:latest"} for index in range(2_000)]
    rule = pod_rule("foreach: [{list: request.object.spec.containers, pattern: {image: '!*:latest'}}]")
    found = advised(rule, pod(containers=containers))
    assert found.document is None
    assert found.evaluations <= MOST_WORK // 2_000
