"""Applying fields: how lists and objects merge, what is refused."""

from typing import Any

import pytest

from propolis.lang.cel.errors import EvaluationError
from propolis.policy.engine.cel.apply import MOST_LEVELS, apply_object
from tests.unit.policy.engine.examples import pod


def names(found: dict[str, Any]) -> list[str]:
    return [one["name"] for one in found["spec"]["containers"]]


def containers(*named: str) -> list[dict[str, Any]]:
    return [{"name": name} for name in named]


def test_fields_merge_and_neither_side_is_changed() -> None:
    document = pod(hostname="a", dnsConfig={"nameservers": ["1"]})
    patch = {"spec": {"hostname": "b", "priority": 1}}
    found = apply_object(document, patch)
    assert found["spec"]["hostname"] == "b"
    assert found["spec"]["priority"] == 1
    assert found["spec"]["dnsConfig"] == {"nameservers": ["1"]}
    assert document["spec"]["hostname"] == "a"
    assert patch == {"spec": {"hostname": "b", "priority": 1}}


def test_kind_and_version_of_a_patch_do_not_count() -> None:
    assert apply_object(pod(), {"apiVersion": "x", "kind": "Y"}) == pod()


def test_elements_with_the_same_keys_merge() -> None:
    found = apply_object(pod(), {"spec": {"containers": [{"name": "app", "tty": True}]}})
    assert found["spec"]["containers"] == [{"name": "app", "image": "nginx:1.27", "tty": True}]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (("a", "b"), ("c",), ["a", "b", "c"]),
        (("a", "b"), ("b", "a"), ["b", "a"]),
        (("a", "b", "c"), ("c", "d"), ["a", "b", "c", "d"]),
        (("a", "b", "c"), ("d", "b"), ["a", "d", "b", "c"]),
        ((), ("a",), ["a"]),
    ],
)
def test_shared_elements_come_in_the_order_of_the_patch(
    old: tuple[str, ...], new: tuple[str, ...], expected: list[str]
) -> None:
    found = apply_object(pod(containers=containers(*old)), {"spec": {"containers": containers(*new)}})
    assert names(found) == expected


def test_an_absent_key_with_a_default_stands_for_the_default() -> None:
    document = pod(containers=[{"name": "a", "ports": [{"containerPort": 80}]}])
    port = {"containerPort": 80, "protocol": "TCP", "name": "http"}
    patch = {"spec": {"containers": [{"name": "a", "ports": [port]}]}}
    assert apply_object(document, patch)["spec"]["containers"][0]["ports"] == [port]


def test_an_element_without_its_keys_is_refused() -> None:
    with pytest.raises(EvaluationError, match=r"lacks its keys \(name\)"):
        apply_object(pod(), {"spec": {"containers": [{"image": "x"}]}})


def test_a_set_has_each_text_once() -> None:
    document = pod()
    document["metadata"]["finalizers"] = ["a", "b"]
    found = apply_object(document, {"metadata": {"finalizers": ["b", "c"]}})
    assert found["metadata"]["finalizers"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("patch", "path"),
    [
        ({"spec": {"nodeSelector": {"a": "b"}}}, ".spec.nodeSelector"),
        ({"spec": {"containers": [{"name": "app", "command": ["sh"]}]}}, ".spec.containers[0].command"),
        ({"spec": {"tolerations": []}}, ".spec.tolerations"),
    ],
)
def test_what_is_whole_may_only_be_replaced_where_the_policy_says_so(
    patch: dict[str, Any], path: str
) -> None:
    with pytest.raises(EvaluationError) as caught:
        apply_object(pod(), patch)
    assert caught.value.message.endswith(f"may not mutate atomic arrays, maps or structs: {path}")
    found = apply_object(pod(), patch, may_replace=True)
    key = next(iter(patch["spec"]))
    assert key == "containers" or found["spec"][key] == patch["spec"][key]


def test_lists_of_other_kinds_are_replaced_whole() -> None:
    document = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "l": [1, 2]}
    assert apply_object(document, {"l": [3]})["l"] == [3]


def test_a_patch_has_an_end() -> None:
    deep: dict[str, Any] = {}
    document: dict[str, Any] = {"apiVersion": "example.com/v1", "kind": "Widget", **deep}
    for _ in range(MOST_LEVELS + 2):
        deep = {"a": deep}
    with pytest.raises(EvaluationError, match="levels"):
        apply_object({**document, **deep}, deep)
