"""What `policy lint` says of variables and expressions."""

from typing import Any

import pytest

from propolis.policy.engine.wrong_texts import wrong_texts
from propolis.policy.model.cleanup import parse_cleanup_policy
from propolis.policy.model.parse import parse_policy

MATCH = {"any": [{"resources": {"kinds": ["Pod"]}}]}


def _found(rule: dict[str, Any]) -> list[tuple[str, tuple[str | int, ...]]]:
    document = {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "p"},
        "spec": {"rules": [{"name": "r", "match": MATCH, **rule}]},
    }
    return [(one.message, one.path[2:]) for one in wrong_texts(parse_policy(document))]


def _denies(key: str, **more: Any) -> dict[str, Any]:
    conditions = {"all": [{"key": key, "operator": "Equals", "value": 1}]}
    return {"validate": {"message": "m", "deny": {"conditions": conditions}}, **more}


KEY = ("validate", "deny", "conditions", "all", 0, "key")


@pytest.mark.parametrize(
    "text",
    [
        "{{ request.object.metadata.name }}",
        "{{request.namespace}}-{{ serviceAccountName }}",
        "{{ images.containers.*.registry[] }}",
        "{{ length(request.object.spec.containers[?name == 'x'].ports | [?hostPort > `0`]) }}",
        "{{ {a: request.object.x, b: @}.a }}",
        "{{ request.object.{{ request.object.spec.field }}.[ }}",
        r"\{{ notAVariable.[ }}",
        "{{ config.data.x }}",
        '{{ dashed."x-y" }}',
    ],
)
def test_what_can_be_evaluated(text: str) -> None:
    context = [
        {"name": "config", "configMap": {"name": "c"}},
        {"name": "dashed.more", "variable": {"value": 1}},
    ]
    assert _found(_denies(text, context=context)) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ other.name }}", "nothing gives the variable other"),
        ("{{ length(other) }}", "nothing gives the variable other"),
        ("{{ request.x || other[0].y }}", "nothing gives the variable other"),
        ("{{ request.object | nosuch(@) }}", "unknown function: nosuch"),
        ("{{ }}", "a variable is empty"),
        ("{{ element.name }}", "element is known within foreach only"),
        ("{{ target.metadata.name }}", "the target is not known here"),
    ],
)
def test_what_cannot(text: str, message: str) -> None:
    assert _found(_denies(text)) == [(message, KEY)]


def test_syntax_is_told_where_the_text_stands() -> None:
    [(message, path)] = _found(_denies("{{ request.[ }}"))
    assert "'request.['" in message
    assert path == KEY


def test_expressions_that_stand_without_brackets() -> None:
    context = [{"name": "v", "variable": {"value": {"a": 1}, "jmesPath": "a.["}}]
    foreach = [{"list": "requests.object", "deny": {}}]
    found = _found({"context": context, "validate": {"message": "m", "foreach": foreach}})
    assert [path for _, path in found] == [
        ("context", 0, "variable", "jmesPath"),
        ("validate", "foreach", 0, "list"),
    ]


def test_names_in_attestations_are_those_of_the_statement() -> None:
    conditions = [{"all": [{"key": "{{ predicate.x }}", "operator": "Equals", "value": 1}]}]
    attestations = [{"type": "t", "conditions": conditions}]
    assert _found({"verifyImages": [{"imageReferences": ["*"], "attestations": attestations}]}) == []


def test_keys_are_read_as_well() -> None:
    [(message, path)] = _found({"mutate": {"patchStrategicMerge": {"{{ nothing }}": 1}}})
    assert message == "nothing gives the variable nothing"
    assert path[:2] == ("mutate", "patchStrategicMerge")


def test_assertions() -> None:
    [(message, path)] = _found({"validate": {"assert": {"object": {"(a[)": 1}}}})
    assert "a[" in message
    assert path == ("validate", "assert")


def test_cleanup_policies() -> None:
    document = {
        "apiVersion": "kyverno.io/v2",
        "kind": "ClusterCleanupPolicy",
        "metadata": {"name": "c"},
        "spec": {
            "match": MATCH,
            "schedule": "* * * * *",
            "conditions": {"all": [{"key": "{{ target.x.[ }}", "operator": "Equals", "value": 1}]},
        },
    }
    [found] = wrong_texts(parse_cleanup_policy(document))
    assert found.path == ("conditions", "all", 0, "key")


def test_elements_are_known_in_loops_and_targets_in_mutations() -> None:
    foreach = [{"list": "request.object.x", "deny": {"conditions": {"any": [{"key": "{{ element0 }}"}]}}}]
    for one in foreach:
        one["deny"]["conditions"]["any"][0] |= {"operator": "Equals", "value": "{{ elementIndex }}"}  # type: ignore[index]
    assert _found({"validate": {"message": "m", "foreach": foreach}}) == []
    targets = [{"apiVersion": "v1", "kind": "Pod", "namespace": "a", "name": "b"}]
    patch = {"a": "{{ target.a }}"}
    assert _found({"mutate": {"targets": targets, "patchStrategicMerge": patch}}) == []
    targets[0]["namespace"] = "{{ target.a }}"
    found = _found({"mutate": {"targets": targets, "patchStrategicMerge": patch}})
    assert found == [("the target is not known here", ("mutate", "targets", 0, "namespace"))]
