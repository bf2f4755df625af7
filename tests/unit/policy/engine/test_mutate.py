from typing import Any

import pytest
import yaml

from propolis.core.evaluation import Answer, Evaluation, Lookups, MissingLookups
from propolis.core.finding import Outcome
from propolis.policy.engine import compile_policies, evaluate
from propolis.policy.engine.evaluate import Decision
from propolis.policy.lookups import resources_key
from propolis.policy.model import parse_policy
from propolis.policy.model.action import Patch
from tests.unit.policy.engine.examples import NOW, pod, policy, subject

MATCH = "match: {any: [{resources: {kinds: [Pod]}}]}"


def rule(mutate: str, name: str = "r", extra: str = "") -> str:
    text = "\n".join("    " + line for line in mutate.strip("\n").splitlines())
    return f"- name: {name}\n  {MATCH}\n  {extra}\n  mutate:\n{text}\n"


def evaluated(
    rules: str, document: dict[str, Any], lookups: Lookups | None = None, **fields: Any
) -> Evaluation:
    return evaluate(compile_policies([policy(rules)]), subject(document, **fields), lookups or {}, NOW)


def mutated(mutate: str, document: dict[str, Any]) -> dict[str, Any]:
    evaluation = evaluated(rule(mutate), document)
    assert [finding.outcome for finding in evaluation.findings] == [Outcome.PASS], evaluation.findings[
        0
    ].message
    (action,) = evaluation.actions
    assert isinstance(action, Patch)
    return action.document


def outcome(mutate: str, document: dict[str, Any]) -> tuple[str, str]:
    (finding,) = evaluated(rule(mutate), document).findings
    return str(finding.outcome), finding.message


TWO = [{"name": "a", "image": "nginx:latest"}, {"name": "b", "image": "redis:7"}]


def test_containers_merge_by_name_and_other_fields_join() -> None:
    patch = "patchStrategicMerge: {metadata: {labels: {team: x}}, spec: {containers: [{name: b, tty: true}]}}"
    found = mutated(patch, pod(containers=TWO))
    assert found["metadata"]["labels"] == {"team": "x"}
    assert found["spec"]["containers"] == [{**TWO[1], "tty": True}, TWO[0]]


def test_ports_are_told_apart_by_number_and_protocol() -> None:
    document = pod(containers=[{"name": "a", "ports": [{"containerPort": 53}]}])
    patch = (
        "patchStrategicMerge: {spec: {containers: [{name: a, ports: [{containerPort: 53, protocol: UDP}]}]}}"
    )
    ports = mutated(patch, document)["spec"]["containers"][0]["ports"]
    assert ports == [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}]


def test_lists_without_a_key_are_replaced_and_null_removes() -> None:
    document = pod(tolerations=[{"key": "a"}], hostNetwork=True)
    patch = "patchStrategicMerge: {spec: {tolerations: [{key: b}], hostNetwork: null}}"
    spec = mutated(patch, document)["spec"]
    assert spec["tolerations"] == [{"key": "b"}]
    assert "hostNetwork" not in spec


def test_a_list_of_a_custom_kind_is_replaced() -> None:
    document = {
        "apiVersion": "x.io/v1",
        "kind": "Pod",
        "metadata": {"name": "w"},
        "spec": {"containers": TWO},
    }
    patch = "patchStrategicMerge: {spec: {containers: [{name: c}]}}"
    assert mutated(patch, document)["spec"]["containers"] == [{"name": "c"}]


def test_a_directive_removes_an_element() -> None:
    patch = "patchStrategicMerge: {spec: {containers: [{name: a, $patch: delete}]}}"
    assert mutated(patch, pod(containers=TWO))["spec"]["containers"] == [TWO[1]]


def test_a_condition_chooses_the_elements_and_keeps_their_order() -> None:
    patch = 'patchStrategicMerge: {spec: {containers: [{(image): "*:latest", imagePullPolicy: Always}]}}'
    found = mutated(patch, pod(containers=[TWO[1], TWO[0]]))["spec"]["containers"]
    assert found == [{**TWO[0], "imagePullPolicy": "Always"}, TWO[1]]


def test_what_is_there_is_not_added_and_each_element_decides_for_itself() -> None:
    patch = "patchStrategicMerge: {spec: {containers: [{(name): '*', +(imagePullPolicy): Always}]}}"
    document = pod(containers=[{**TWO[0], "imagePullPolicy": "Never"}, TWO[1]])
    found = {item["name"]: item["imagePullPolicy"] for item in mutated(patch, document)["spec"]["containers"]}
    assert found == {"a": "Never", "b": "Always"}


def test_a_global_condition_is_for_the_whole_patch() -> None:
    patch = """
patchStrategicMerge:
  spec: {containers: [{<(image): "corp/*"}], imagePullSecrets: [{name: corp}]}
"""
    assert mutated(patch, pod(containers=[{"name": "a", "image": "corp/x"}]))["spec"]["imagePullSecrets"]
    assert outcome(patch, pod(containers=TWO)) == ("skip", "no patches applied")


def test_a_patch_that_changes_nothing_is_skipped() -> None:
    patch = "patchStrategicMerge: {metadata: {name: web}}"
    assert outcome(patch, pod()) == ("skip", "no patches applied")
    assert not evaluated(rule(patch), pod()).actions


@pytest.mark.parametrize(
    ("mutate", "message"),
    [
        ("patchStrategicMerge: {spec: {=(x): 1}}", "the anchor =(x) has no meaning"),
        ("patchStrategicMerge: {spec: {containers: [{image: x}]}}", "has no name"),
        ("patchStrategicMerge: {metadata: {labels: {a: '{{ nothing }}'}}}", "variable substitution failed"),
        (
            "patchesJson6902: '- {op: replace, path: /x, value: 1}'",
            "failed to patch resource: nothing is at /x",
        ),
        ("patchesJson6902: '- {op: ['", "failed to patch resource"),
        ("patchesJson6902: '- {op: add, path: \"\", value: 1}'", "leaves no object"),
        ("foreach: [{list: nothing.there, patchesJson6902: x}]", "failed to evaluate list nothing.there"),
    ],
)
def test_a_patch_that_cannot_be_applied_is_an_error(mutate: str, message: str) -> None:
    assert outcome(mutate, pod())[0] == "error"
    assert message in outcome(mutate, pod())[1]


def test_json_patches_may_hold_variables() -> None:
    patch = """
patchesJson6902: |-
  - op: add
    path: /metadata/labels/from
    value: "{{ request.object.metadata.name }}"
"""
    assert mutated(patch, pod())["metadata"]["labels"] == {"from": "web"}


def test_foreach_goes_through_nested_lists() -> None:
    patch = """
foreach:
- list: request.object.spec.containers
  foreach:
  - list: element0.env
    preconditions: {all: [{key: "{{ element1.name }}", operator: Equals, value: OLD}]}
    patchesJson6902: |-
      - {op: replace, path: "/spec/containers/{{ elementIndex0 }}/env/{{ elementIndex1 }}/name", value: NEW}
"""
    env = [{"name": "KEEP"}, {"name": "OLD"}]
    found = mutated(patch, pod(containers=[{"name": "a", "env": env}]))
    assert [item["name"] for item in found["spec"]["containers"][0]["env"]] == ["KEEP", "NEW"]


def test_descending_removes_by_index_what_ascending_would_miss() -> None:
    patch = """
foreach:
- list: request.object.spec.volumes
  order: Descending
  patchesJson6902: '[{"op": "remove", "path": "/spec/volumes/{{elementIndex}}"}]'
"""
    assert mutated(patch, pod(volumes=[{"name": "a"}, {"name": "b"}, {"name": "c"}]))["spec"]["volumes"] == []


def test_later_rules_see_what_earlier_ones_changed() -> None:
    first = rule("patchStrategicMerge: {metadata: {labels: {a: x}}}", "one")
    label = "'{{ request.object.metadata.labels.a }}y'"
    second = rule(f"patchStrategicMerge: {{metadata: {{labels: {{b: {label}}}}}}}", "two")
    check = f"- name: c\n  {MATCH}\n  validate: {{pattern: {{metadata: {{labels: {{b: xy}}}}}}}}\n"
    evaluation = evaluated(check + first + second, pod())
    assert [finding.rule.name for finding in evaluation.findings] == ["one", "two", "c"]
    assert {finding.outcome for finding in evaluation.findings} == {Outcome.PASS}
    (action,) = evaluation.actions
    assert isinstance(action, Patch)
    assert action.rules == ("p/one", "p/two")
    assert action.operations == ({"op": "add", "path": "/metadata/labels", "value": {"a": "x", "b": "xy"}},)


def test_a_rule_for_pods_changes_the_template_of_a_deployment() -> None:
    template = {"spec": {"containers": TWO}}
    metadata = {"name": "w", "namespace": "shop"}
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {"template": template},
    }
    found = mutated("patchStrategicMerge: {spec: {containers: [{(image): '*:latest', tty: true}]}}", document)
    assert found["spec"]["template"]["spec"]["containers"][0] == {**TWO[0], "tty": True}


def test_a_scan_and_a_deletion_change_nothing() -> None:
    patch = rule("patchStrategicMerge: {metadata: {labels: {a: x}}}")
    assert evaluated(patch, pod(), is_background=True) == Decision()
    assert not evaluated(patch, pod(), operation="DELETE").actions


TARGETS = """
targets: [{apiVersion: v1, kind: Secret, namespace: shop, name: "{{ request.object.metadata.name }}*",
  preconditions: {all: [{key: "{{ target.type }}", operator: Equals, value: Opaque}]}}]
patchStrategicMerge: {metadata: {labels: {of: "{{ target.metadata.name }}"}}}
"""
SECRETS = [
    {"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": {"name": name, "namespace": "shop"}}
    for name, kind in (("web-a", "Opaque"), ("web-b", "x"), ("web-c", "Opaque"))
]


def test_targets_are_asked_for_and_changed_one_by_one() -> None:
    with pytest.raises(MissingLookups) as question:
        evaluated(rule(TARGETS), pod())
    key = resources_key("v1", "Secret", "shop", "web*")
    assert question.value.keys == {key}
    evaluation = evaluated(rule(TARGETS), pod(), {key: Answer(SECRETS)})
    assert [finding.outcome for finding in evaluation.findings] == [Outcome.PASS]
    assert [(action.resource.name, action.is_existing) for action in evaluation.actions] == [  # type: ignore[attr-defined]
        ("web-a", True),
        ("web-c", True),
    ]


def test_targets_that_cannot_be_listed_are_an_error() -> None:
    answers = {resources_key("v1", "Secret", "shop", "web*"): Answer(error="forbidden")}
    (finding,) = evaluated(rule(TARGETS), pod(), answers).findings
    assert (finding.outcome, finding.message) == (Outcome.ERROR, "failed to list Secret: forbidden")


def test_a_namespaced_policy_changes_nothing_elsewhere() -> None:
    document = {
        "apiVersion": "kyverno.io/v1",
        "kind": "Policy",
        "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"rules": yaml.safe_load(rule(TARGETS.replace("namespace: shop", "namespace: kube-system")))},
    }
    rules = compile_policies([parse_policy(document)])
    (finding,) = evaluate(rules, subject(pod()), {}, NOW).findings
    assert finding.outcome is Outcome.ERROR
    assert "not in the policy's namespace" in finding.message
