# ruff: noqa: S106  # tokens of tests
"""A live cluster, played by a server on 127.0.0.1."""

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from propolis.cluster.api_client import Patience
from propolis.cluster.kubeconfig import Access, ClusterEntry, UserEntry, load_access
from propolis.cluster.observation import Observation
from propolis.cluster.observe import observe_cluster, observe_through
from propolis.cluster.wanted import WANTED
from propolis.core.errors import DocumentError, SourceError
from propolis.core.limits import DEFAULT, Limits
from tests.unit.cluster.fake_api import (
    TOKEN,
    FakeApi,
    cut,
    hang,
    item,
    refusing,
    saying,
    served_from_another_thread,
    serving,
)

PODS, SECRETS, DEPLOYMENTS = "/api/v1/pods", "/api/v1/secrets", "/apis/apps/v1/deployments"
SETS = "/apis/apps/v1/replicasets"
HASTY = Patience(connect_seconds=5, silence_seconds=0.2, request_seconds=5, attempts=3)


class Run:
    """One observation of a fake server, and what the client waited for."""

    def __init__(
        self, api: FakeApi, patience: Patience = HASTY, limits: Limits = DEFAULT, path: str = ""
    ) -> None:
        self.waits: list[float] = []
        self.told: list[tuple[str, int, int | None]] = []
        self.found = asyncio.run(self._run(api, patience, limits, path))

    async def _run(self, api: FakeApi, patience: Patience, limits: Limits, path: str) -> Observation:
        async with serving(api) as address:
            access = Access("test", ClusterEntry(server=address + path), UserEntry(token=TOKEN), Path())
            return await observe_through(
                access, limits, "shop", WANTED, lambda *told: self.told.append(told), patience, self._sleep
            )

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    @property
    def names(self) -> list[str]:
        return [str(resource.ref) for resource in self.found.resources]

    @property
    def problems(self) -> list[str]:
        return [problem.text for problem in self.found.problems]


def owned(name: str, api_version: str, kind: str, owner: str) -> dict[str, Any]:
    made = item(name)
    made["metadata"]["ownerReferences"] = [
        {"apiVersion": api_version, "kind": kind, "name": owner, "controller": True}
    ]
    return made


@pytest.mark.parametrize("is_aggregated", [True, False])
def test_all_kinds_are_found_and_listed(is_aggregated: bool) -> None:  # noqa: FBT001
    api = FakeApi(is_aggregated=is_aggregated)
    api.objects["/api/v1/namespaces"] = [{"metadata": {"name": "shop", "uid": "1"}}]
    api.objects[DEPLOYMENTS] = [item("web", spec={"replicas": 1})]
    api.objects[PODS] = [item("lone", spec={})]
    run = Run(api)
    assert run.names == ["Namespace/shop", "shop/Deployment/web", "shop/Pod/lone"]
    assert run.problems == []
    deployment = run.found.resources[1]
    assert deployment.ref.api_version == "apps/v1"
    assert deployment.ref.cluster == "shop"
    assert deployment.ref.uid == "uid-web"
    assert deployment.document["spec"] == {"replicas": 1}
    assert deployment.origin.path.startswith("http://127.0.0.1:")
    assert run.told[-1] == ("Listing", 7, 7)


def test_a_kind_is_read_page_by_page() -> None:
    api = FakeApi()
    api.objects[PODS] = [item(f"pod-{number}") for number in range(1234)]
    run = Run(api)
    assert len(run.names) == 1234
    assert [request.query.get("continue") for request in api.asked(PODS)] == [None, "500", "1000"]
    assert {request.query["limit"] for request in api.asked(PODS)} == {"500"}


def test_few_kinds_are_listed_at_once() -> None:
    api = FakeApi()
    Run(api)
    assert 1 < api.most_open_requests <= 4


def test_a_server_below_a_path_is_reached() -> None:
    api = FakeApi()
    api.faults["/proxy/api"] = [saying(b'{"kind":"APIGroupDiscoveryList","items":[]}')]
    api.faults["/proxy/apis"] = [saying(b'{"kind":"APIGroupDiscoveryList","items":null}')]
    assert Run(api, path="/proxy/").problems == []


def test_what_nobody_judges_is_dropped() -> None:
    api = FakeApi()
    pod = item("a", spec={"x": 1}, status={"phase": "Running"})
    pod["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    pod["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "keep": "me"}
    service = item("b", status={"loadBalancer": {}})
    api.objects[PODS], api.objects["/api/v1/services"] = [pod], [service]
    documents = {resource.ref.kind: resource.document for resource in Run(api).found.resources}
    assert documents["Pod"] == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "shop", "uid": "uid-a", "annotations": {"keep": "me"}},
        "spec": {"x": 1},
    }
    assert "status" in documents["Service"]


def test_of_secrets_only_metadata_is_asked_for_and_kept() -> None:
    api = FakeApi()
    api.objects[SECRETS] = [item("key", data={"password": "c2VjcmV0"}, type="Opaque", kind="Secret")]
    run = Run(api)
    assert "as=PartialObjectMetadataList" in api.asked(SECRETS)[0].headers["Accept"]
    assert run.found.resources[0].document == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "key", "namespace": "shop", "uid": "uid-key"},
    }


def test_what_a_listed_controller_made_is_left_out_and_told() -> None:
    api = FakeApi()
    api.objects[DEPLOYMENTS] = [item("web")]
    api.objects[SETS] = [
        owned("web-1", "apps/v1", "Deployment", "web"),
        owned("lost", "x/v1", "Rollout", "r"),
    ]
    api.objects[PODS] = [
        owned("web-1-a", "apps/v1", "ReplicaSet", "web-1"),
        owned("lost-a", "apps/v1", "ReplicaSet", "lost"),
        owned("node-proxy", "v1", "Node", "n1"),
    ]
    run = Run(api)
    assert run.names == ["shop/Deployment/web", "shop/ReplicaSet/lost", "shop/Pod/node-proxy"]
    (problem,) = run.found.problems
    assert problem.kind == "skipped"
    assert problem.text.startswith("3 objects")


def test_copies_stay_when_their_owner_may_not_be_listed() -> None:
    api = FakeApi()
    api.faults[DEPLOYMENTS] = [refusing(403)]
    api.objects[SETS] = [owned("web-1", "apps/v1", "Deployment", "web")]
    assert Run(api).names == ["shop/ReplicaSet/web-1"]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (403, "grant the verb list on deployments.apps for the whole cluster"),
        (404, "does not serve it any more"),
        (401, "log in again"),
    ],
)
def test_a_refused_kind_is_a_problem_with_its_remedy_and_the_others_go_on(status: int, text: str) -> None:
    api = FakeApi()
    api.faults[DEPLOYMENTS] = [refusing(status, "says the server")]
    api.objects[PODS] = [item("a")]
    run = Run(api)
    assert run.names == ["shop/Pod/a"]
    (problem,) = run.found.problems
    assert problem.kind == "source"
    assert problem.text.startswith("cannot list deployments.apps (http://127.0.0.1:")
    assert f"{status} says the server" in problem.text
    assert text in problem.text
    assert run.waits == []


def test_a_list_that_expires_between_pages_is_begun_again_once() -> None:
    api = FakeApi()
    api.objects[PODS] = [item(f"pod-{number}") for number in range(600)]
    api.faults[PODS] = [None, refusing(410, "too old")]
    run = Run(api)
    assert len(run.names) == len(set(run.names)) == 600
    assert run.problems == []


def test_a_list_that_expires_twice_is_a_problem_and_what_was_read_stays() -> None:
    api = FakeApi()
    api.objects[PODS] = [item(f"pod-{number}") for number in range(600)]
    api.faults[PODS] = [None, refusing(410), None, refusing(410, "too old")]
    run = Run(api)
    assert len(run.names) == 500
    assert "410 too old" in run.problems[0]


def test_a_busy_server_is_asked_again_when_it_says() -> None:
    api = FakeApi()
    api.objects[PODS] = [item("a")]
    api.faults[PODS] = [refusing(429, "slow down", Retry_After="7"), refusing(503)]
    run = Run(api)
    assert run.names == ["shop/Pod/a"]
    assert run.waits == [7.0, 0.5]


def test_a_server_may_not_ask_for_an_endless_wait() -> None:
    api = FakeApi()
    api.faults[PODS] = [
        refusing(429, "wait", Retry_After="999999"),
        refusing(429, "wait", Retry_After="Fri, 1 Jan"),
    ]
    assert Run(api).waits == [HASTY.longest_wait_seconds, 0.5]


def test_a_server_that_stays_busy_is_a_problem_after_some_attempts() -> None:
    api = FakeApi()
    api.faults[PODS] = [refusing(500, "broken")] * 9
    run = Run(api)
    assert len(api.asked(PODS)) == HASTY.attempts
    assert run.problems[0].endswith("500 broken; try again")


def test_a_cut_connection_is_tried_again() -> None:
    api = FakeApi()
    api.objects[PODS] = [item("a")]
    api.faults[PODS] = [cut, cut]
    assert Run(api).names == ["shop/Pod/a"]


def test_a_hanging_server_is_given_up() -> None:
    api = FakeApi()
    api.objects[SECRETS] = [item("a")]
    api.faults[PODS] = [hang] * 9
    run = Run(api)
    assert run.names == ["shop/Secret/a"]
    assert "no answer in time; try again" in run.problems[0]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"items": {}}',
        b'{"items": [}',
        b"\xff",
        b'{"metadata": 1, "items": []}',
        b"null",
    ],
)
def test_an_answer_that_is_no_list_is_a_problem(body: bytes) -> None:
    api = FakeApi()
    api.objects[SECRETS] = [item("a")]
    api.faults[PODS] = [saying(body)]
    run = Run(api)
    assert run.names == ["shop/Secret/a"]
    assert "is no list" in run.problems[0]


def test_odd_items_are_told_once_and_the_others_stay() -> None:
    api = FakeApi()
    deep = b"[" * 300 + b"]" * 300
    items = b'1, {"metadata": {}}, {"metadata": {"name": "a", "x": %b}}, {"metadata": {"name": "b"}}' % deep
    api.faults[PODS] = [saying(b'{"items": [%b]}' % items)]
    run = Run(api)
    assert run.names == ["Pod/b"]
    (problem,) = run.found.problems
    assert problem.kind == "document"
    assert "an item is no object" in problem.text


def test_an_object_that_nests_too_deep_is_a_problem() -> None:
    api = FakeApi()
    deep = b"[" * 300 + b"]" * 300
    api.faults[PODS] = [saying(b'{"items": [{"metadata": {"name": "a"}, "spec": %b}]}' % deep)]
    assert "nest deeper than 200" in Run(api).problems[0]


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones() -> None:
    api = FakeApi()
    api.objects[PODS] = [item(f"pod-{number}", text="x" * 1000) for number in range(60)]
    run = Run(api, limits=Limits(file_bytes=60_000))
    assert len(run.names) == 60
    assert [request.query["limit"] for request in api.asked(PODS)][:2] == ["500", "50"]


def test_an_object_that_is_too_large_alone_is_a_problem() -> None:
    api = FakeApi()
    api.objects[PODS] = [item("a", text="x" * 70_000)]
    (problem,) = Run(api, limits=Limits(file_bytes=60_000)).found.problems
    assert problem.kind == "document"
    assert "at most 60,000 bytes a page" in problem.text


def test_pages_without_end_are_given_up() -> None:
    api = FakeApi()
    page = b'{"metadata": {"continue": "same"}, "items": [{"metadata": {"name": "a"}}]}'
    api.faults[PODS] = [saying(page)] * 9
    run = Run(api)
    assert "no end" in run.problems[0]
    assert len(api.asked(PODS)) == 2


def test_a_redirect_is_not_followed() -> None:
    api = FakeApi()
    api.faults[PODS] = [refusing(302, "over there", Location="http://127.0.0.1:1/")]
    assert "302 over there" in Run(api).problems[0]


def test_a_group_that_does_not_answer_is_a_problem_of_its_own() -> None:
    api = FakeApi(is_aggregated=False)
    api.faults["/apis/metrics.k8s.io/v1"] = [refusing(503, "down")] * 9
    api.objects[PODS] = [item("a")]
    run = Run(api)
    assert run.names == ["shop/Pod/a"]
    assert "metrics.k8s.io" in run.problems[0]


def test_discovery_that_is_refused_ends_the_observation() -> None:
    with pytest.raises(SourceError, match="401 Unauthorized; the credentials are refused"):
        Run(FakeApi(token="another"))


@pytest.mark.parametrize("body", [b"{", b'{"items": [1]}', b"[]"])
def test_discovery_that_is_no_list_ends_the_observation(body: bytes) -> None:
    api = FakeApi()
    api.faults["/api"] = [saying(body)]
    with pytest.raises(SourceError, match="no such list"):
        Run(api)


@pytest.mark.parametrize(
    ("cluster", "user", "error"),
    [
        (ClusterEntry(server="http://127.0.0.1:1"), UserEntry(), SourceError),
        (ClusterEntry(server="ftp://127.0.0.1"), UserEntry(), DocumentError),
        (ClusterEntry(server="127.0.0.1:6443"), UserEntry(), DocumentError),
        (
            ClusterEntry(server="http://127.0.0.1:1", proxy_url="socks5://127.0.0.1:1"),
            UserEntry(),
            DocumentError,
        ),
        (ClusterEntry(server="http://127.0.0.1:1"), UserEntry(token="a\nb"), DocumentError),
        (ClusterEntry(server="http://127.0.0.1:1"), UserEntry(auth_provider={"name": "gcp"}), DocumentError),
        (ClusterEntry(server="http://127.0.0.1:1"), UserEntry(token_file="/nothing"), SourceError),
    ],
)
def test_an_access_that_cannot_be_used_ends_the_observation(
    cluster: ClusterEntry, user: UserEntry, error: type[Exception]
) -> None:
    async def sleep(seconds: float) -> None:
        del seconds

    with pytest.raises(error):
        asyncio.run(
            observe_through(
                Access("test", cluster, user, Path()), DEFAULT, "", WANTED, lambda *_: None, HASTY, sleep
            )
        )


def test_a_token_that_expired_in_between_is_read_again(tmp_path: Path) -> None:
    api = FakeApi()
    api.objects[PODS] = [item("a")]
    path = tmp_path / "token"
    path.write_text("expired")

    async def sleep(seconds: float) -> None:
        del seconds
        path.write_text(TOKEN)

    async def run() -> Observation:
        async with serving(api) as address:
            access = Access("test", ClusterEntry(server=address), UserEntry(token_file=str(path)), Path())
            return await observe_through(access, DEFAULT, "", WANTED, lambda *_: None, HASTY, sleep)

    assert len(asyncio.run(run()).resources) == 1


def test_a_proxy_is_asked_in_place_of_the_server() -> None:
    api = FakeApi()
    api.objects[PODS] = [item("a")]

    async def run() -> Observation:
        async with serving(api) as address:
            cluster = ClusterEntry(server="http://cluster.invalid", proxy_url=address)
            access = Access("test", cluster, UserEntry(token=TOKEN), Path())
            return await observe_through(access, DEFAULT, "", WANTED, lambda *_: None, HASTY, asyncio.sleep)

    assert len(asyncio.run(run()).resources) == 1
    assert api.requests[0].headers["Host"] == "cluster.invalid"


def test_the_context_names_the_cluster_and_the_collector_works_again(tmp_path: Path) -> None:
    api = FakeApi()
    api.objects[PODS] = [item("a")]
    gc.enable()
    with served_from_another_thread(api) as address:
        config = tmp_path / "config"
        config.write_text(
            "current-context: shop\n"
            "contexts: [{name: shop, context: {cluster: c, user: u}}]\n"
            f"clusters: [{{name: c, cluster: {{server: '{address}'}}}}]\n"
            f"users: [{{name: u, user: {{token: {TOKEN}}}}}]\n"
        )
        observation = observe_cluster(load_access([config]))
    assert [resource.ref.cluster for resource in observation.resources] == ["shop"]
    assert gc.isenabled()
