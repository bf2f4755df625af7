"""Mutating policies that change what exists."""

from typing import Any

import pytest

from propolis.core.evaluation import Answer, MissingLookups
from propolis.policy.engine.cel.existing import MOST_TARGETS
from propolis.policy.lookups import api_call_key
from propolis.policy.model.action import Patch
from tests.unit.policy.engine.cel_examples import cel_policy, decided, said
from tests.unit.policy.engine.examples import pod

MUTATION = """
    evaluation: {mutateExisting: {enabled: true}}
    mutations:
      - patchType: ApplyConfiguration
        applyConfiguration:
          expression: >-
            Object{metadata: Object.metadata{labels: Object.metadata.labels{seen: object.metadata.name}}}
"""
RULES = 'resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [configmaps], operations: [CREATE]}]'
LIST = "/api/v1/configmaps"


def config(name: str, namespace: str = "shop", **labels: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def answers(*items: dict[str, Any], path: str = LIST) -> dict[Any, Answer]:
    return {
        api_call_key("GET", path): Answer({"apiVersion": "v1", "kind": "ConfigMapList", "items": list(items)})
    }


def patched(
    targets: str, lookups: dict[Any, Answer], kind: str = "MutatingPolicy", **metadata: Any
) -> list[str]:
    policy = cel_policy(f"{MUTATION}    targetMatchConstraints: {{{targets}}}", kind, **metadata)
    decision = decided(policy, pod(), lookups)
    return [
        f"{one.resource.name} {one.document['metadata']['labels']['seen']}"
        for one in decision.actions
        if isinstance(one, Patch) and one.is_existing
    ]


def test_resources_that_rules_name_are_changed_whatever_operation_they_name() -> None:
    assert patched(RULES, answers(config("a"), config("b", "other"))) == ["a a", "b b"]


def test_the_trigger_is_changed_too() -> None:
    policy = cel_policy(f"{MUTATION}    targetMatchConstraints: {{{RULES}}}", "MutatingPolicy")
    own = [one for one in decided(policy, pod(), answers()).actions if isinstance(one, Patch)]
    assert [one.is_existing for one in own] == [False]


def test_selectors_and_names_choose_among_them() -> None:
    chosen = f"{RULES}, objectSelector: {{matchLabels: {{a: b}}}}"
    assert patched(chosen, answers(config("a", a="b"), config("b"))) == ["a a"]
    named = RULES.replace("resources:", "resourceNames: [b], resources:")
    assert patched(named, answers(config("a"), config("b"))) == ["b b"]


def test_the_world_is_asked_for_them() -> None:
    with pytest.raises(MissingLookups) as asked:
        patched(RULES, {})
    assert asked.value.keys == {api_call_key("GET", LIST)}


def test_items_of_a_list_have_the_kind_of_the_list() -> None:
    bare = {"metadata": {"name": "a", "namespace": "shop"}}
    assert patched(RULES, answers(bare)) == ["a a"]


def test_a_namespaced_policy_lists_and_changes_its_namespace_alone() -> None:
    lookups = answers(config("a"), config("b", "other"), path="/api/v1/namespaces/shop/configmaps")
    assert patched(RULES, lookups, "NamespacedMutatingPolicy", namespace="shop") == ["a a"]


def test_a_trigger_that_the_policy_is_not_for_changes_nothing() -> None:
    spec = f"""{MUTATION}
    matchConditions: [{{name: c, expression: "object.kind != 'Pod'"}}]
    targetMatchConstraints: {{{RULES}}}
    """
    assert not decided(cel_policy(spec, "MutatingPolicy"), pod()).actions


def test_what_is_as_it_should_be_gives_no_action() -> None:
    assert patched(RULES, answers(config("a", seen="a"))) == []


def test_an_expression_gives_the_targets() -> None:
    made = "{'apiVersion': dyn('v1'), 'kind': dyn('ConfigMap'), 'metadata': dyn({'name': 'c'})}"
    chosen = f"expression: \"{{'items': [{made}]}}\""
    assert patched(chosen, {}) == ["c c"]


@pytest.mark.parametrize(
    ("targets", "lookups", "message"),
    [
        (RULES, {api_call_key("GET", LIST): Answer(error="forbidden")}, "forbidden"),
        (RULES.replace("configmaps", '"*"'), {}, "cannot be listed"),
        ("expression: \"'text'\"", {}, "must be an object"),
        (
            "expression: \"{'items': [1]}\"",
            {},
            "not a valid Kubernetes object",
        ),
        ("expression: object.spec.nothing", {}, "no such key: nothing"),
    ],
)
def test_targets_that_cannot_be_had_are_an_error(targets: str, lookups: Any, message: str) -> None:
    policy = cel_policy(f"{MUTATION}    targetMatchConstraints: {{{targets}}}", "MutatingPolicy")
    outcome, text = said(policy, pod(), lookups)
    assert outcome == "error"
    assert message in text


def test_targets_have_an_end() -> None:
    many = answers(*(config(f"c{number}") for number in range(MOST_TARGETS + 1)))
    policy = cel_policy(f"{MUTATION}    targetMatchConstraints: {{{RULES}}}", "MutatingPolicy")
    assert "more than" in said(policy, pod(), many)[1]
