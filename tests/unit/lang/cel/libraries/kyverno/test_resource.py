from typing import Any

import pytest

from propolis.core.evaluation import Answer, LookupKey, MissingLookups
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kyverno.resource import (
    GroupVersionResource,
    ResourceContext,
    resource_library,
)
from propolis.lang.cel.libraries.kyverno.world import API_CALL, RESOURCE_NAME
from tests.harness.cel import run

CLUSTER, TENANT = resource_library(), resource_library("tenant")
IT = ResourceContext()
POD = {"kind": "Pod"}


def _get(path: str, method: str = "GET", body: str = "") -> LookupKey:
    return LookupKey(API_CALL, (method, path, body))


def _asked(library: Any, overload_id: str, *arguments: Any) -> LookupKey:
    with pytest.raises(MissingLookups) as caught:
        run(library, overload_id, IT, *arguments)
    (key,) = caught.value.keys
    return key


def test_a_resource_is_asked_by_its_path() -> None:
    named = ("resource_get_string_string_string_string_camel", "v1", "pods", "default", "web")
    assert _asked(CLUSTER, *named) == _get("/api/v1/namespaces/default/pods/web")
    assert run(CLUSTER, named[0], IT, *named[1:], answers={_asked(CLUSTER, *named): Answer(POD)}) == POD


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("apps/v1", "deployments", "ns", "a"), "/apis/apps/v1/namespaces/ns/deployments/a"),
        (("v1", "nodes", "", "n"), "/api/v1/nodes/n"),
        (("v1", "pods/log", "ns", "a"), "/api/v1/namespaces/ns/pods/a/log"),
        (
            ("rbac.authorization.k8s.io/v1", "clusterroles", "", "system:x"),
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:x",
        ),
        (("v1", "configmaps", "ns", "a b"), "/api/v1/namespaces/ns/configmaps/a%20b"),
    ],
)
def test_paths_are_those_of_the_api_server(arguments: tuple[str, ...], path: str) -> None:
    assert _asked(CLUSTER, "resource_get_string_string_string_string_pascal", *arguments) == _get(path)


@pytest.mark.parametrize(
    "arguments",
    [
        ("v1", "pods", "ns", "../../secrets/x"),
        ("v1", "pods", "../x", "a"),
        ("v1", "pods", "ns", ".."),
        ("v1", "pods", "ns", "a%2f"),
        ("", "pods", "ns", "a"),
        ("v1", "", "ns", "a"),
        ("v1", "pods/", "ns", "a"),
    ],
)
def test_a_name_cannot_leave_its_place_in_the_path(arguments: tuple[str, ...]) -> None:
    with pytest.raises(EvaluationError, match="cannot stand in the path"):
        run(CLUSTER, "resource_get_string_string_string_string_camel", IT, *arguments)


def test_a_resource_that_does_not_exist_is_null_and_one_without_name_an_error() -> None:
    overload_id = "resource_get_string_string_string_string_camel"
    key = _get("/api/v1/namespaces/ns/pods/a")
    assert run(CLUSTER, overload_id, IT, "v1", "pods", "ns", "a", answers={key: Answer()}) is None
    with pytest.raises(EvaluationError, match="name is required"):
        run(CLUSTER, overload_id, IT, "v1", "pods", "ns", "")


def test_the_errors_of_the_world_are_errors_of_the_expression() -> None:
    answers = {_get("/api/v1/namespaces/ns/pods/a"): Answer(error="forbidden")}
    with pytest.raises(EvaluationError, match="failed to get resource: forbidden"):
        run(
            CLUSTER,
            "resource_get_string_string_string_string_camel",
            IT,
            "v1",
            "pods",
            "ns",
            "a",
            answers=answers,
        )


def test_a_list_may_be_narrowed_by_labels() -> None:
    assert _asked(CLUSTER, "resource_list_string_string_string_camel", "v1", "pods", "") == _get(
        "/api/v1/pods"
    )
    labels = {"b": "2", "app.io/a": "1"}
    found = _asked(CLUSTER, "resource_list_string_string_string_map_camel", "v1", "pods", "ns", labels)
    assert found == _get("/api/v1/namespaces/ns/pods?labelSelector=app.io%2Fa%3D1%2Cb%3D2")


def test_a_list_of_what_the_server_does_not_know_is_an_error() -> None:
    answers = {_get("/api/v1/things"): Answer()}
    with pytest.raises(EvaluationError, match="could not find the requested resource"):
        run(CLUSTER, "resource_list_string_string_string_camel", IT, "v1", "things", "", answers=answers)


def test_a_kind_is_found_by_its_name() -> None:
    key = LookupKey(RESOURCE_NAME, ("apps/v1", "Deployment"))
    overload_id = "convert_to_gvr_string_string_camel"
    found = run(CLUSTER, overload_id, IT, "apps/v1", "Deployment", answers={key: Answer("deployments")})
    assert found == GroupVersionResource("apps/v1", "deployments")
    assert _asked(CLUSTER, "resource_get_gvr_string_string_camel", found, "ns", "a") == _get(
        "/apis/apps/v1/namespaces/ns/deployments/a"
    )
    assert _asked(CLUSTER, "list_resources_gvr_string_map_pascal", found, "", {"a": "b"}) == _get(
        "/apis/apps/v1/deployments?labelSelector=a%3Db"
    )
    with pytest.raises(EvaluationError, match="no matches for kind"):
        run(CLUSTER, overload_id, IT, "apps/v1", "Deployment", answers={key: Answer()})


def test_a_resource_is_made_by_a_post() -> None:
    body = {"kind": "SubjectAccessReview", "spec": {"user": "<a>"}}
    text = '{"kind":"SubjectAccessReview","spec":{"user":"\\u003ca\\u003e"}}'
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    arguments = ("authorization.k8s.io/v1", "subjectaccessreviews")
    assert _asked(CLUSTER, "resource_post_string_string_map_camel", *arguments, body) == _get(
        path, "POST", text
    )
    assert _asked(CLUSTER, "resource_post_string_string_string_map_camel", *arguments, "ns", body) == _get(
        "/apis/authorization.k8s.io/v1/namespaces/ns/subjectaccessreviews", "POST", text
    )


def test_a_policy_of_a_namespace_sees_that_namespace_only() -> None:
    asked = [
        _asked(TENANT, "resource_get_string_string_string_camel", "v1", "pods", "a"),
        _asked(TENANT, "resource_list_string_string_camel", "v1", "pods"),
        _asked(TENANT, "resource_list_string_string_map_pascal", "v1", "pods", {"a": "b"}),
        _asked(TENANT, "list_resources_gvr_camel", GroupVersionResource("v1", "pods")),
        _asked(TENANT, "resource_get_gvr_string_camel", GroupVersionResource("v1", "pods"), "a"),
        _asked(TENANT, "resource_post_string_string_map_camel", "v1", "pods", POD),
    ]
    assert all(key.arguments[1].startswith("/api/v1/namespaces/tenant/pods") for key in asked)
