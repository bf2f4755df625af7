"""Look-ups of policies, answered by a server on 127.0.0.1."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from propolis.app.live_lookups import LiveLookups, access_spec, is_api_path
from propolis.cluster.api_client import Patience
from propolis.cluster.kubeconfig import Access, ClusterEntry, UserEntry
from propolis.cluster.live import LiveCluster
from propolis.core.errors import SourceError
from propolis.core.evaluation import Answer, LookupKey
from propolis.policy import lookups
from propolis.policy.model.global_context import parse_global_context_entry
from tests.unit.cluster.fake_api import (
    TOKEN,
    FakeApi,
    cut,
    item,
    refusing,
    saying,
    served_from_another_thread,
)

PODS, SECRETS = "/api/v1/pods", "/api/v1/secrets"
HASTY = Patience(connect_seconds=5, silence_seconds=1, request_seconds=5, attempts=2, first_wait_seconds=0)
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"

ENTRY = parse_global_context_entry(
    {
        "apiVersion": "kyverno.io/v2alpha1",
        "kind": "GlobalContextEntry",
        "metadata": {"name": "pods"},
        "spec": {
            "kubernetesResource": {"version": "v1", "resource": "pods", "namespace": "shop"},
            "projections": [{"name": "names", "jmesPath": "[].metadata.name"}],
        },
    }
)


@contextmanager
def _live(api: FakeApi) -> Iterator[LiveCluster]:
    with served_from_another_thread(api) as address:
        access = Access("test", ClusterEntry(server=address), UserEntry(token=TOKEN), Path())
        with LiveCluster(access, HASTY) as live:
            yield live


def _answer(api: FakeApi, kind: str, *arguments: str) -> Answer:
    key = LookupKey(kind, arguments)
    with _live(api) as live:
        return live.run(LiveLookups(live.reader, (ENTRY,)).answer(key))


def test_objects_by_name() -> None:
    api = FakeApi()
    found = {"metadata": {"name": "c", "resourceVersion": "7"}, "data": {"a": "1"}}
    api.documents["/api/v1/namespaces/shop/configmaps/c"] = found
    assert _answer(api, lookups.CONFIG_MAP, "shop", "c") == Answer(found, "7")
    assert _answer(api, lookups.CONFIG_MAP, "shop", "d") == Answer()
    assert _answer(api, lookups.NAMESPACE, "shop") == Answer()


def test_a_name_stays_one_part_of_the_path() -> None:
    api = FakeApi()
    assert _answer(api, lookups.CONFIG_MAP, "shop", "../../secrets/s") == Answer()
    assert api.requests[-1].raw_path == "/api/v1/namespaces/shop/configmaps/..%2F..%2Fsecrets%2Fs"


def test_calls_of_the_api() -> None:
    api = FakeApi()
    api.objects[PODS] = [item("a")]
    found = _answer(api, lookups.API_CALL, "GET", "/api/v1/pods?labelSelector=a%3Db&watch=", "")
    assert [pod["metadata"]["name"] for pod in found.value["items"]] == ["a"]
    assert dict(api.asked(PODS)[0].query) == {"labelSelector": "a=b", "watch": ""}
    assert "has no such thing" in _answer(api, lookups.API_CALL, "GET", "/api/v1/nothing", "").error


def test_a_post_brings_its_body() -> None:
    api = FakeApi()
    api.documents[REVIEWS] = {"status": {"allowed": True}}
    assert _answer(api, lookups.API_CALL, "POST", REVIEWS, '{"spec": {}}').value["status"] == {
        "allowed": True
    }
    assert api.posted == [(REVIEWS, {"spec": {}})]


@pytest.mark.parametrize(
    "text",
    ["http://elsewhere/x", "//elsewhere/x", "api/v1/pods", "/api/../x", "/api/%2e%2e/x", "/api//x", ""],
)
def test_paths_that_lead_elsewhere_are_not_asked(text: str) -> None:
    api = FakeApi()
    assert "no path of the API server" in _answer(api, lookups.API_CALL, "GET", text, "").error
    assert {request.path for request in api.requests} == {"/api", "/apis"}


def test_paths() -> None:
    assert is_api_path("/version")
    assert not is_api_path("/")


def test_a_post_that_breaks_is_not_made_again() -> None:
    api = FakeApi()
    api.faults[REVIEWS] = [cut, saying(b"{}")]
    assert _answer(api, lookups.API_CALL, "POST", REVIEWS, "{}").error
    assert len(api.asked(REVIEWS)) == 1


def test_a_post_that_was_turned_away_is_made_again() -> None:
    api = FakeApi()
    api.faults[REVIEWS] = [refusing(429), saying(b'{"a": 1}')]
    assert _answer(api, lookups.API_CALL, "POST", REVIEWS, "{}") == Answer({"a": 1})


def test_resources_with_their_whole_content() -> None:
    api = FakeApi()
    api.objects[SECRETS] = [item("a", data={"x": "eA=="}), item("b", namespace="other")]
    found = _answer(api, lookups.RESOURCES, "v1", "Secret", "*", "a*", "")
    assert [secret["data"] for secret in found.value] == [{"x": "eA=="}]
    found = _answer(api, lookups.RESOURCES, "v1", "Secret", "other", "", "")
    assert [secret["metadata"]["name"] for secret in found.value] == ["b"]
    api.faults["/api/v1/namespaces/other/pods"] = [refusing(403)]
    assert "403" in _answer(api, lookups.RESOURCES, "v1", "Pod", "other", "", "").error


def test_kinds_by_the_names_of_their_paths() -> None:
    assert _answer(FakeApi(), lookups.RESOURCE_NAME, "apps/v1", "Deployment") == Answer("deployments")
    assert "no Nothing" in _answer(FakeApi(), lookups.RESOURCE_NAME, "v1", "Nothing").error


def test_global_entries() -> None:
    api = FakeApi()
    path = "/api/v1/namespaces/shop/pods"
    api.documents[path] = {"metadata": {"resourceVersion": "9"}, "items": [item("a"), item("b")]}
    assert _answer(api, lookups.GLOBAL_CONTEXT, "pods", "names") == Answer(["a", "b"], "9")
    assert "no projection" in _answer(api, lookups.GLOBAL_CONTEXT, "pods", "other").error
    assert "no global context entry" in _answer(api, lookups.GLOBAL_CONTEXT, "none", "").error


def test_what_a_user_may_do() -> None:
    api = FakeApi()
    api.documents[REVIEWS] = {"status": {"allowed": False, "reason": "no rule"}}
    user = json.dumps({"username": "u", "groups": ["g"], "extra": {"scopes": ["s"]}})
    arguments = (user, "resource", "apps", "deployments", "", "shop", "web", "get", "", "a=b")
    assert _answer(api, "authorization", *arguments) == Answer({"allowed": False, "reason": "no rule"})
    [(_, review)] = api.posted
    assert review["spec"]["user"] == "u"
    assert review["spec"]["extra"] == {"scopes": ["s"]}
    assert review["spec"]["resourceAttributes"] == {
        "group": "apps",
        "resource": "deployments",
        "subresource": "",
        "namespace": "shop",
        "name": "web",
        "verb": "get",
        "labelSelector": {"rawSelector": "a=b"},
    }
    assert access_spec((user, "path", "/healthz", "get"))["nonResourceAttributes"] == {
        "path": "/healthz",
        "verb": "get",
    }


@pytest.mark.parametrize("kind", [lookups.SERVICE_CALL, lookups.HTTP_CALL, lookups.IMAGE_DATA])
def test_what_a_cluster_does_not_tell_from_outside(kind: str) -> None:
    assert f"look-up {kind}" in _answer(FakeApi(), kind, "GET", "http://x").error


@pytest.mark.parametrize("body", [b"no JSON", b"[" * 100_000])
def test_an_answer_that_is_no_json(body: bytes) -> None:
    api = FakeApi()
    api.faults["/api/v1/namespaces/shop"] = [saying(body)]
    assert "no JSON" in _answer(api, lookups.NAMESPACE, "shop").error


def test_a_server_that_refuses_the_credentials() -> None:
    with pytest.raises(SourceError, match="credentials"), _live(FakeApi(token="other")):  # noqa: S106
        pass
