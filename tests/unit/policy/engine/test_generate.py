from typing import Any

import pytest
import yaml

from propolis.core.evaluation import Answer, Evaluation, LookupKey, complete
from propolis.core.finding import Outcome
from propolis.policy.engine import compile_policies, evaluate
from propolis.policy.engine.evaluate import Decision
from propolis.policy.engine.generate import MOST_TARGETS
from propolis.policy.engine.object_answers import ObjectAnswers
from propolis.policy.model import parse_policy
from propolis.policy.model.action import Create, Delete, Update
from tests.unit.policy.engine.examples import NOW, subject

NAMESPACE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": "shop", "uid": "u1"},
}
DATA = (
    "{apiVersion: v1, kind: ConfigMap, name: base, namespace: shop, synchronize: %s, data: {data: {a: '1'}}}"
)


def evaluated(
    generate: str, existing: list[dict[str, Any]], namespace: str = "", extra: str = "", **fields: Any
) -> Evaluation:
    kind = "Policy" if namespace else "ClusterPolicy"
    kinds = "ConfigMap" if namespace else "Namespace"
    rule = f"{{name: r, match: {{any: [{{resources: {{kinds: [{kinds}]{extra}}}}}]}}, generate: {generate}}}"
    document = {
        "apiVersion": "kyverno.io/v1",
        "kind": kind,
        "metadata": {"name": "p", "namespace": namespace},
        "spec": {"rules": [yaml.safe_load(rule)]},
    }
    rules = compile_policies([parse_policy(document)])
    trigger = subject(config_map("trigger", namespace) if namespace else NAMESPACE, **fields)

    def fetch(keys: frozenset[LookupKey]) -> dict[LookupKey, Answer]:
        return dict(ObjectAnswers(existing).fetch(keys))

    return complete(lambda answers: evaluate(rules, trigger, answers, NOW), {}, fetch)


def config_map(name: str, namespace: str, **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, **fields.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **fields}


def test_what_is_not_there_is_created_with_the_labels_of_its_rule() -> None:
    evaluation = evaluated(DATA % "false", [])
    assert [finding.outcome for finding in evaluation.findings] == [Outcome.PASS]
    (action,) = evaluation.actions
    assert isinstance(action, Create)
    assert (str(action.resource), action.rules) == ("shop/ConfigMap/base", ("p/r",))
    assert action.document["data"] == {"a": "1"}
    labels = action.document["metadata"]["labels"]
    assert labels["app.kubernetes.io/managed-by"] == "kyverno"
    assert labels["generate.kyverno.io/policy-name"] == "p"
    assert labels["generate.kyverno.io/trigger-uid"] == "u1"


def test_what_differs_is_brought_back_only_when_the_rule_synchronizes() -> None:
    other = config_map("base", "shop", data={"a": "2"})
    assert not evaluated(DATA % "false", [other]).actions
    (action,) = evaluated(DATA % "true", [other]).actions
    assert isinstance(action, Update)


def test_what_was_generated_and_is_unchanged_is_left_alone() -> None:
    (created,) = evaluated(DATA % "true", []).actions
    assert isinstance(created, Create)
    kept = {**created.document, "status": {"x": 1}}
    kept["metadata"] = {**kept["metadata"], "resourceVersion": "7"}
    assert not evaluated(DATA % "true", [kept]).actions


def test_what_a_rule_made_goes_with_its_trigger_but_not_what_others_made() -> None:
    (created,) = evaluated(DATA % "true", []).actions
    assert isinstance(created, Create)
    (action,) = evaluated(DATA % "true", [created.document], operation="DELETE").actions
    assert isinstance(action, Delete)
    assert not evaluated(DATA % "true", [config_map("base", "shop")], operation="DELETE").actions
    assert evaluated(DATA % "false", [created.document], operation="DELETE") == Decision()


def test_a_rule_for_deletions_generates_on_them() -> None:
    evaluation = evaluated(DATA % "true", [], extra=", operations: [DELETE]", operation="DELETE")
    assert [type(action) for action in evaluation.actions] == [Create]


def test_a_copy_leaves_behind_what_belongs_to_its_source() -> None:
    owned = {"uid": "x", "resourceVersion": "3", "ownerReferences": [{"uid": "o"}], "labels": {"a": "b"}}
    source = config_map("base", "default", data={"a": "1"}, metadata=owned, status={"x": 1})
    clone = "{apiVersion: v1, kind: ConfigMap, name: base, namespace: '{{ request.object.metadata.name }}', "
    clone += "clone: {namespace: default, name: base}}"
    (action,) = evaluated(clone, [source]).actions
    assert isinstance(action, Create)
    metadata = action.document["metadata"]
    assert metadata.keys() == {"name", "namespace", "labels"}
    assert (metadata["namespace"], metadata["labels"]["a"]) == ("shop", "b")
    assert "status" not in action.document


def test_a_source_that_is_not_there_is_an_error() -> None:
    clone = (
        "{apiVersion: v1, kind: ConfigMap, name: b, namespace: shop, clone: {namespace: default, name: base}}"
    )
    (finding,) = evaluated(clone, []).findings
    assert (finding.outcome, finding.message) == (
        Outcome.ERROR,
        "source resource ConfigMap default/base not found",
    )


def test_a_list_of_copies_takes_all_that_the_selector_selects() -> None:
    sources = [
        config_map(name, namespace, metadata={"labels": {"sync": wanted}})
        for name, namespace, wanted in (("a", "default", "y"), ("b", "default", "n"), ("c", "default", "y"))
    ]
    clones = "{namespace: shop, cloneList: {namespace: default, kinds: [v1/ConfigMap], "
    clones += "selector: {matchLabels: {sync: y}}}}"
    assert [action.resource.name for action in evaluated(clones, sources).actions] == ["a", "c"]


def test_foreach_generates_for_each_element_that_meets_the_conditions() -> None:
    each = """{foreach: [{list: "['a','b','c']", apiVersion: v1, kind: ConfigMap, name: "m-{{ element }}",
      namespace: shop, data: {},
      preconditions: {all: [{key: "{{ element }}", operator: NotEquals, value: b}]}}]}"""
    assert [action.resource.name for action in evaluated(each, []).actions] == ["m-a", "m-c"]


def test_a_rule_generates_no_more_than_the_limit() -> None:
    listed = """{foreach: [{list: "split('%s', ',')", apiVersion: v1, kind: ConfigMap,
      name: "m-{{ elementIndex }}", namespace: shop, data: {}}]}"""
    evaluation = evaluated(listed % ("," * MOST_TARGETS), [])
    (finding,) = evaluation.findings
    assert finding.message == f"the rule generates more than {MOST_TARGETS} resources"


def test_all_elements_ask_at_once() -> None:
    listed = """{foreach: [{list: "split('%s', ',')", apiVersion: v1, kind: ConfigMap,
      name: "m-{{ elementIndex }}", namespace: shop, data: {}}]}"""
    assert len(evaluated(listed % ("," * 99), []).actions) == 100


@pytest.mark.parametrize(
    ("generate", "message"),
    [
        (
            "{apiVersion: v1, kind: ConfigMap, name: x, namespace: other, data: {}}",
            "not in the policy's namespace",
        ),
        (
            "{apiVersion: v1, kind: ConfigMap, name: x, namespace: shop, clone: {namespace: other, name: y}}",
            "the source of a copy is not in",
        ),
        (
            "{namespace: shop, cloneList: {namespace: other, kinds: [v1/Secret]}}",
            "the source of copies is not in",
        ),
        ("{apiVersion: v1, kind: ConfigMap, name: 'x*', namespace: shop, data: {}}", "is no name"),
        ("{apiVersion: v1, kind: ConfigMap, name: x, namespace: shop, data: [1]}", "is no object"),
    ],
)
def test_a_namespaced_policy_stays_in_its_namespace(generate: str, message: str) -> None:
    evaluation = evaluated(generate, [], namespace="shop")
    (finding,) = evaluation.findings
    assert finding.outcome is Outcome.ERROR
    assert message in finding.message
    assert not evaluation.actions


def test_what_has_no_data_is_generated_with_its_name_alone() -> None:
    evaluation = evaluated("{apiVersion: foo/v1, kind: Foo, name: x, namespace: shop}", [])
    (action,) = evaluation.actions
    assert isinstance(action, Create)
    assert action.document["apiVersion"] == "foo/v1"
    assert "data" not in action.document
