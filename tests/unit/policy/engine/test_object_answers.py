from typing import Any

import pytest

from propolis.core.evaluation import Answer
from propolis.core.resource import Origin
from propolis.policy import lookups
from propolis.policy.engine.object_answers import ObjectAnswers
from propolis.policy.model.global_context import parse_global_context_entry


def named(kind: str, name: str, namespace: str = "", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "labels": {"app": name}} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}


POD, OTHER = named("Pod", "web", "shop"), named("Pod", "web", "other")
ENTRY = parse_global_context_entry(
    {
        "apiVersion": "kyverno.io/v2alpha1",
        "kind": "GlobalContextEntry",
        "metadata": {"name": "pods"},
        "spec": {
            "kubernetesResource": {"version": "v1", "resource": "pods", "namespace": "shop"},
            "projections": [{"name": "names", "jmesPath": "[].metadata.name"}],
        },
    },
    Origin(""),
)
ANSWERS = ObjectAnswers([POD, OTHER, named("Namespace", "shop"), named("ConfigMap", "settings")], [ENTRY])


def call(path: str) -> Answer:
    return ANSWERS.answer(lookups.api_call_key("GET", path))


def test_a_call_finds_one_object_or_a_list() -> None:
    assert call("/api/v1/namespaces/shop/pods/web").value == POD
    assert call("/api/v1/namespaces/shop/pods/api").value is None
    assert call("/api/v1/pods?labelSelector=app=web").value["items"] == [POD, OTHER]
    assert call("/api/v1/pods?fieldSelector=metadata.namespace=other").value == {
        "apiVersion": "v1",
        "kind": "PodList",
        "metadata": {},
        "items": [OTHER],
    }
    assert call("/apis/apps/v1/deployments").value["items"] == []


def test_a_call_that_only_a_cluster_answers_is_an_error() -> None:
    assert "needs a live cluster" in call("/version").error
    posted = ANSWERS.answer(lookups.api_call_key("POST", "/api/v1/pods", "{}"))
    assert "needs a live cluster" in posted.error
    assert "no label selector" in call("/api/v1/pods?labelSelector=a~b").error


def test_namespaces_and_config_maps_are_found_by_name() -> None:
    assert ANSWERS.answer(lookups.namespace_key("shop")).value["kind"] == "Namespace"
    assert ANSWERS.answer(lookups.config_map_key("default", "settings")).value["kind"] == "ConfigMap"
    assert ANSWERS.answer(lookups.config_map_key("shop", "settings")).value is None


@pytest.mark.parametrize(
    ("projection", "value"),
    [("", [POD]), ("names", ["web"])],
)
def test_a_global_entry_is_what_its_kind_has(projection: str, value: object) -> None:
    assert ANSWERS.answer(lookups.global_context_key("pods", projection)).value == value


def test_an_unknown_entry_is_not_there_and_an_unknown_projection_is_an_error() -> None:
    assert ANSWERS.answer(lookups.global_context_key("nodes")) == Answer()
    assert "no projection" in ANSWERS.answer(lookups.global_context_key("pods", "ages")).error
