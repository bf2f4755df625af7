"""Parameters: objects by name or labels, each judged in turn."""

from typing import Any

import pytest

from propolis.core.evaluation import Answer, LookupKey, MissingLookups
from propolis.policy.lookups import resources_key
from tests.unit.policy.engine.cel_examples import binding, cel_policy, decided, said
from tests.unit.policy.engine.examples import pod

SPEC = """
    paramKind: {apiVersion: v1, kind: ConfigMap}
    validations: [{expression: "object.spec.containers.size() <= int(params.data.most)", message: m}]
"""
VAP = "ValidatingAdmissionPolicy"
BY_NAME = "{validationActions: [Deny], paramRef: {name: limits, parameterNotFoundAction: %s}}"


def config(most: int, namespace: str = "shop") -> dict[str, Any]:
    metadata = {"name": "limits", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"most": str(most)}}


def key(namespace: str = "shop", name: str = "limits", selector: str = "") -> LookupKey:
    return resources_key("v1", "ConfigMap", namespace, name, selector)


@pytest.mark.parametrize(("most", "expected"), [(1, ("pass", "success")), (0, ("fail", "m"))])
def test_expressions_see_the_object_of_the_name(most: int, expected: tuple[str, str]) -> None:
    bound = binding(BY_NAME % "Deny")
    lookups = {key(): Answer([config(most)])}
    assert said(cel_policy(SPEC, VAP), pod(), lookups, bindings=(bound,)) == expected


def test_all_objects_of_a_selector_must_be_met() -> None:
    bound = binding(
        "{validationActions: [Deny], "
        "paramRef: {selector: {matchLabels: {a: b}}, parameterNotFoundAction: Deny}}"
    )
    found = key(name="", selector='{"matchLabels":{"a":"b"}}')
    for limits, outcome in (((1, 2), "pass"), ((1, 0), "fail")):
        lookups = {found: Answer([config(most) for most in limits])}
        assert said(cel_policy(SPEC, VAP), pod(), lookups, bindings=(bound,))[0] == outcome


@pytest.mark.parametrize(("action", "outcome"), [("Allow", "none"), ("Deny", "error")])
def test_the_binding_says_what_it_means_that_there_is_none(action: str, outcome: str) -> None:
    lookups = {key(): Answer([]), key(""): Answer([])}
    found = said(cel_policy(SPEC, VAP), pod(), lookups, bindings=(binding(BY_NAME % action),))
    assert found[0] == outcome


def test_a_kind_of_the_cluster_is_found_without_a_namespace() -> None:
    one = config(1)
    del one["metadata"]["namespace"]
    lookups = {key(): Answer([]), key(""): Answer([one, config(0, "other")])}
    found = said(cel_policy(SPEC, VAP), pod(), lookups, bindings=(binding(BY_NAME % "Deny"),))
    assert found[0] == "pass"


def test_the_world_is_asked_for_them() -> None:
    with pytest.raises(MissingLookups) as asked:
        decided(cel_policy(SPEC, VAP), pod(), bindings=(binding(BY_NAME % "Deny"),))
    assert asked.value.keys == {key()}


def test_a_failed_look_up_is_an_error() -> None:
    lookups = {key(): Answer(error="forbidden")}
    found = said(cel_policy(SPEC, VAP), pod(), lookups, bindings=(binding(BY_NAME % "Deny"),))
    assert found == ("error", "failed to find params: forbidden")
