"""What the client writes, and how it gets in from within a pod."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from propolis.cluster.api_client import ApiClient, Patience, RefusedError, open_client
from propolis.cluster.in_cluster import in_cluster_access
from propolis.cluster.kubeconfig import Access, ClusterEntry, UserEntry
from tests.unit.cluster.fake_api import TOKEN, FakeApi, cut, refusing, serving

PATH = "/apis/apps/v1/namespaces/shop/deployments/web"
HASTY = Patience(attempts=3, first_wait_seconds=0)


def with_client(api: FakeApi, work: Callable[[ApiClient], Awaitable[object]]) -> object:
    async def run() -> object:
        async with serving(api) as address:
            access = Access("test", ClusterEntry(server=address), UserEntry(token=TOKEN), Path())
            async with open_client(access, HASTY) as client:
                return await work(client)

    return asyncio.run(run())


def test_an_object_is_applied_as_this_programs_fields() -> None:
    api = FakeApi()
    bodies = []

    async def answer(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.read())
        return web.json_response({"kind": "Deployment"}, status=201)

    api.faults[PATH] = [answer]
    found = with_client(api, lambda client: client.apply(PATH, "write it", b'{"spec": {}}'))
    (request,) = api.requests
    assert (found, bodies) == (b'{"kind": "Deployment"}', [b'{"spec": {}}'])
    assert (request.method, request.content_type) == ("PATCH", "application/apply-patch+yaml")
    assert dict(request.query) == {"fieldManager": "propolis", "force": "true"}


def test_applying_is_tried_again_for_it_says_the_same_each_time() -> None:
    api = FakeApi()

    async def good(_request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    api.faults[PATH] = [cut, refusing(503), good]
    with_client(api, lambda client: client.apply(PATH, "write it", b"{}"))
    assert len(api.requests) == 3


def test_a_patch_is_not_sent_again_where_it_may_have_been_heard() -> None:
    api = FakeApi()
    api.faults[PATH] = [refusing(503), refusing(429)]
    with pytest.raises(RefusedError, match="503"):
        with_client(api, lambda client: client.patch(PATH, "patch it", b"[]"))
    assert [request.content_type for request in api.requests] == ["application/json-patch+json"]


def test_what_is_not_there_is_deleted_already() -> None:
    api = FakeApi()
    with_client(api, lambda client: client.delete(PATH, "delete it"))
    assert [request.method for request in api.requests] == ["DELETE"]


def test_a_deletion_that_is_refused_is_an_error() -> None:
    api = FakeApi()
    api.faults[PATH] = [refusing(403, "not you")]
    with pytest.raises(RefusedError, match="cannot delete it .*: 403 not you"):
        with_client(api, lambda client: client.delete(PATH, "delete it"))


def test_a_pod_has_the_access_of_its_service_account(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc")
    (tmp_path / "ca.crt").write_text("certificate")
    access = in_cluster_access("10.96.0.1", "443", tmp_path)
    assert access is not None
    assert access.cluster.server == "https://10.96.0.1:443"
    assert access.cluster.certificate_authority == str(tmp_path / "ca.crt")
    assert access.user.token_file == str(tmp_path / "token")
    six = in_cluster_access("fd00::1", "", tmp_path)
    assert six is not None
    assert six.cluster.server == "https://[fd00::1]:443"


def test_outside_of_a_pod_there_is_no_such_access(tmp_path: Path) -> None:
    assert in_cluster_access("", "443", tmp_path) is None
    assert in_cluster_access("10.96.0.1", "443", tmp_path) is None


def test_a_client_that_asks_too_often_waits_its_turn() -> None:
    waits: list[float] = []

    async def run() -> None:
        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        api = FakeApi()
        async with serving(api) as address:
            access = Access("test", ClusterEntry(server=address), UserEntry(token=TOKEN), Path())
            patience = Patience(requests_a_second=1)
            async with open_client(access, patience, sleep) as client:
                for _ in range(3):
                    await client.delete(PATH, "delete it")

    asyncio.run(run())
    assert len(waits) == 2
    assert 0 < waits[0] < waits[1] <= 2
