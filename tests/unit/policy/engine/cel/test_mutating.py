"""MutatingPolicy and MutatingAdmissionPolicy: objects that are applied, JSON patches, in order."""

from typing import Any

import pytest

from propolis.policy.model.action import Patch
from tests.unit.policy.engine.cel_examples import cel_policy, decided, said
from tests.unit.policy.engine.examples import pod


def mutation(expression: str, patch: str = "applyConfiguration") -> str:
    kind = "ApplyConfiguration" if patch == "applyConfiguration" else "JSONPatch"
    return f"{{patchType: {kind}, {patch}: {{expression: {expression!r}}}}}"


def changed(
    spec: str, document: dict[str, Any], kind: str = "MutatingPolicy", **fields: Any
) -> dict[str, Any]:
    decision = decided(cel_policy(spec, kind), document, **fields)
    assert [one.outcome for one in decision.findings] == ["pass"]
    patches = [one for one in decision.actions if isinstance(one, Patch)]
    return patches[0].document if patches else document


LABEL = 'Object{metadata: Object.metadata{labels: Object.metadata.labels{team: "a"}}}'


@pytest.mark.parametrize("kind", ["MutatingPolicy", "MutatingAdmissionPolicy"])
def test_an_object_is_applied(kind: str) -> None:
    more = ", reinvocationPolicy: Never" if kind == "MutatingAdmissionPolicy" else ""
    found = changed(f"{{mutations: [{mutation(LABEL)}]{more}}}", pod(), kind)
    assert found["metadata"]["labels"] == {"team": "a"}


def test_a_json_patch_is_applied() -> None:
    patch = '[JSONPatch{op: "add", path: "/metadata/labels", value: {"a": "b"}}]'
    assert changed(f"mutations: [{mutation(patch, 'jsonPatch')}]", pod())["metadata"]["labels"] == {"a": "b"}


def test_a_test_that_fails_leaves_the_object_as_it_is() -> None:
    patch = (
        '[JSONPatch{op: "test", path: "/metadata/name", value: "other"}, '
        'JSONPatch{op: "remove", path: "/metadata/name"}]'
    )
    assert changed(f"mutations: [{mutation(patch, 'jsonPatch')}]", pod()) == pod()


def test_every_mutation_sees_what_those_before_it_did() -> None:
    patch = '[JSONPatch{op: "add", path: "/metadata/labels/copy", value: object.metadata.labels.team}]'
    spec = f"mutations: [{mutation(LABEL)}, {mutation(patch, 'jsonPatch')}]"
    assert changed(spec, pod())["metadata"]["labels"] == {"team": "a", "copy": "a"}


def test_conditions_see_variables() -> None:
    spec = f"""
        variables: [{{name: v, expression: object.metadata.name}}]
        matchConditions: [{{name: c, expression: "variables.v == 'other'"}}]
        mutations: [{mutation(LABEL)}]
    """
    assert said(cel_policy(spec, "MutatingPolicy"), pod())[0] == "skip"


@pytest.mark.parametrize(
    ("expression", "patch", "message"),
    [
        ("object.spec.nothing", "applyConfiguration", "no such key: nothing"),
        ('Object{spec: Object.metadata{a: "b"}}', "applyConfiguration", "type mismatch"),
        ('[JSONPatch{op: "remove", path: "/nothing"}]', "jsonPatch", "JSON Patch:"),
        ('[JSONPatch{op: "nonsense", path: "/a"}]', "jsonPatch", "JSON Patch:"),
        ('[JSONPatch{op: "add", path: "/spec/no/way", value: 1}]', "jsonPatch", "JSON Patch:"),
        ('[JSONPatch{op: "replace", path: "", value: 1}]', "jsonPatch", "JSON Patch: the object is gone"),
        ("object", "applyConfiguration", "the expression gives no Object"),
        ("object", "jsonPatch", "the expression gives no list of JSONPatch"),
        ("[object]", "jsonPatch", "something else than JSONPatch"),
    ],
)
def test_what_is_no_change_is_an_error_and_changes_nothing(expression: str, patch: str, message: str) -> None:
    decision = decided(cel_policy(f"mutations: [{mutation(expression, patch)}]", "MutatingPolicy"), pod())
    (found,) = decision.findings
    assert found.outcome == "error"
    assert found.message.startswith("failed to evaluate policy: ")
    assert message in found.message
    assert not decision.actions


def test_a_deletion_is_not_changed() -> None:
    spec = f"""
        matchConstraints:
          resourceRules: [{{apiGroups: [""], apiVersions: [v1], resources: [pods], operations: ["*"]}}]
        mutations: [{mutation(LABEL)}]
    """
    assert said(cel_policy(spec, "MutatingPolicy"), pod(), operation="DELETE") == ("none", "")


def test_atomic_parts_need_the_policy_to_say_so() -> None:
    patch = 'Object{spec: Object.spec{nodeSelector: Object.spec.nodeSelector{a: "b"}}}'
    assert said(cel_policy(f"mutations: [{mutation(patch)}]", "MutatingPolicy"), pod())[0] == "error"
    spec = f"evaluation: {{useServerSideApply: true}}\nmutations: [{mutation(patch)}]"
    assert changed(spec, pod())["spec"]["nodeSelector"] == {"a": "b"}


def test_a_mutation_of_pods_stands_for_templates() -> None:
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "namespace": "shop"},
        "spec": {"template": pod()},
    }
    patch = "Object{spec: Object.spec{hostname: object.spec.containers[0].name}}"
    found = changed(f"mutations: [{mutation(patch)}]", document)
    assert found["spec"]["template"]["spec"]["hostname"] == "app"
