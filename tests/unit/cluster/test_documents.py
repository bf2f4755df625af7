from typing import Any

import pytest

from propolis.cluster.documents import Remark, objects_in


def pod(**metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}


def remark_on(document: Any) -> Remark:
    (found,) = objects_in(document)
    assert isinstance(found, Remark)
    return found


def test_an_object_is_given_as_it_is() -> None:
    document = pod(name="a", labels={"x": "y"}, annotations=None)
    assert list(objects_in(document)) == [document]


def test_a_generated_name_is_a_name() -> None:
    assert list(objects_in(pod(generateName="a-"))) == [pod(generateName="a-")]


@pytest.mark.parametrize(
    "document", [None, "text", 1, [], ["a"], {}, {"kind": "Pod"}, {"apiVersion": "v2", "name": "x"}]
)
def test_what_does_not_say_what_it_is_is_no_object_and_no_error(document: Any) -> None:
    remark = remark_on(document)
    assert not remark.is_error
    assert "no Kubernetes object" in remark.text


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"apiVersion": 1, "kind": "Pod"}, "apiVersion is no text"),
        ({"apiVersion": "v1", "kind": 7}, "kind is no text"),
        ({"apiVersion": "v1", "kind": ""}, "kind is no text"),
        ({"apiVersion": "v1", "kind": "Pod"}, "Pod has no metadata"),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": []}, "metadata is no map"),
        (pod(), "metadata.name is missing"),
        (pod(name=""), "metadata.name is missing"),
        (pod(name=12), "metadata.name is no text"),
        (pod(name="a", namespace=True), "metadata.namespace is no text"),
        (pod(name="{{ .Release.Name }}"), "metadata.name holds a template"),
        (pod(name="a", labels=["x"]), "metadata.labels is no map"),
        (pod(name="a", labels={"x": 1}), "metadata.labels.x is no text"),
        (pod(name="a", annotations={"on": True}), "metadata.annotations.on is no text"),
    ],
)
def test_an_object_of_wrong_shape_is_an_error_that_names_the_field(document: Any, text: str) -> None:
    remark = remark_on(document)
    assert remark.is_error
    assert remark.text == text
    assert remark.expected


def test_an_empty_label_is_empty_text_as_the_api_server_takes_it() -> None:
    assert list(objects_in(pod(name="a", labels={"x": None}))) == [pod(name="a", labels={"x": ""})]


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("kustomize.config.k8s.io/v1beta1", "Kustomization"),
        ("kind.x-k8s.io/v1alpha4", "Cluster"),
        ("kubeadm.k8s.io/v1beta4", "ClusterConfiguration"),
        ("v1", "Config"),
        ("authorization.k8s.io/v1", "SubjectAccessReview"),
        ("cli.kyverno.io/v1alpha1", "Test"),
        ("example.com/v1", "ToolSettings"),
    ],
)
def test_files_of_tools_are_no_objects_and_no_errors(api_version: str, kind: str) -> None:
    remark = remark_on({"apiVersion": api_version, "kind": kind})
    assert not remark.is_error
    assert remark.expected


def test_a_list_gives_its_items() -> None:
    listed = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": [pod(name="a"), pod(name="b")]}
    assert list(objects_in(listed)) == [pod(name="a"), pod(name="b")]


def test_items_of_a_typed_list_inherit_its_kind() -> None:
    listed = {
        "apiVersion": "apps/v1",
        "kind": "DeploymentList",
        "items": [{"metadata": {"name": "a"}}, {"kind": "Other", "metadata": {"name": "b"}}],
    }
    assert list(objects_in(listed)) == [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}},
        {"apiVersion": "apps/v1", "kind": "Other", "metadata": {"name": "b"}},
    ]


def test_a_list_within_a_list_is_unpacked_too() -> None:
    inner = {"apiVersion": "v1", "kind": "List", "items": [pod(name="a")]}
    assert list(objects_in({"apiVersion": "v1", "kind": "List", "items": [inner]})) == [pod(name="a")]


def test_a_bad_item_of_a_list_is_an_error_and_the_others_go_on() -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [pod(name="a"), "text", {"x": 1}, pod(name="b")]}
    first, second, third, fourth = objects_in(listed)
    assert (first, fourth) == (pod(name="a"), pod(name="b"))
    assert isinstance(second, Remark)
    assert isinstance(third, Remark)
    assert second.is_error
    assert second.path == ("items", 1)
    assert third.text == "items[2] is no Kubernetes object: it has no apiVersion"


def test_an_object_whose_kind_ends_with_list_is_no_list() -> None:
    document = {"apiVersion": "example.com/v1", "kind": "AllowList", "metadata": {"name": "a"}, "items": [1]}
    assert list(objects_in(document)) == [document]


def test_items_that_are_no_list_are_an_error() -> None:
    assert remark_on({"apiVersion": "v1", "kind": "List", "items": {}}).text == "items is no list"
    assert list(objects_in({"apiVersion": "v1", "kind": "List", "items": None})) == []
