"""Authorities in a Secret, and replicas by Leases, against an API server in memory."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from propolis.app.admission_authorities import AUTHORITY_LASTS, Authorities, first_authorities
from propolis.app.admission_keeping import MOST_ATTEMPTS, InSecret
from propolis.app.admission_replicas import FORGET, LEASE_SECONDS, Replicas
from propolis.cluster.api_client import ApiClient, RefusedError
from propolis.core.errors import DocumentError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DAY = timedelta(days=1)


class Api:
    """Objects by path, each with a version; ``before_write`` is what somebody else does first."""

    server = "memory"

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.before_write: Callable[[], None] = lambda: None
        self._version = 0

    async def get(self, path: str, asked: str, _accept: str, _query: object) -> bytes:
        if path.endswith("/leases"):
            return json.dumps({"items": list(self.objects.values())}).encode()
        if path not in self.objects:
            raise RefusedError(asked, self.server, "404", 404)
        return json.dumps(self.objects[path]).encode()

    async def post(self, path: str, asked: str, body: bytes) -> bytes:
        self.before_write()
        document = json.loads(body)
        path = f"{path}/{document['metadata']['name']}"
        if path in self.objects:
            raise RefusedError(asked, self.server, "409", 409)
        return self.put(path, document)

    async def apply(self, path: str, asked: str, body: bytes) -> bytes:
        self.before_write()
        document = json.loads(body)
        version = document["metadata"].get("resourceVersion")
        if version and self.objects[path]["metadata"]["resourceVersion"] != version:
            raise RefusedError(asked, self.server, "409", 409)
        return self.put(path, document)

    async def delete(self, path: str, _asked: str) -> None:
        self.objects.pop(path, None)

    def put(self, path: str, document: dict[str, Any]) -> bytes:
        self._version += 1
        document["metadata"]["resourceVersion"] = str(self._version)
        self.objects[path] = document
        return b"{}"


def kept_in(api: Api) -> InSecret:
    return InSecret(cast("ApiClient", api), "propolis", "admission")


def due(api: Api, now: datetime = NOW) -> Authorities:
    return asyncio.run(kept_in(api).due(now))


def test_whoever_comes_first_makes_the_authority_and_others_take_it() -> None:
    api = Api()
    assert due(api) == due(api)


def test_two_who_make_it_at_the_same_time_agree() -> None:
    api, other = Api(), first_authorities(NOW)

    def be_quicker() -> None:
        api.before_write = lambda: None
        api.put("/api/v1/namespaces/propolis/secrets/admission", document(other))

    api.before_write = be_quicker
    assert due(api) == other


def test_two_who_renew_it_at_the_same_time_agree() -> None:
    api = Api()
    old = due(api, NOW - AUTHORITY_LASTS + 30 * DAY)
    renewed: list[Authorities] = []

    def be_quicker() -> None:
        api.before_write = lambda: None
        mine = Authorities(old.current, first_authorities(NOW).current)
        renewed.append(mine)
        api.put("/api/v1/namespaces/propolis/secrets/admission", document(mine))

    api.before_write = be_quicker
    assert due(api) == renewed[0]


def test_one_who_is_never_quick_enough_gives_up() -> None:
    api, times = Api(), [0]
    due(api, NOW - AUTHORITY_LASTS - DAY)
    path = "/api/v1/namespaces/propolis/secrets/admission"

    def be_quicker() -> None:
        times[0] += 1
        api.put(path, api.objects[path])

    api.before_write = be_quicker
    with pytest.raises(SourceError, match="somebody else was quicker"):
        due(api)
    assert times[0] == MOST_ATTEMPTS


def test_an_empty_secret_that_somebody_made_before_is_filled() -> None:
    api = Api()
    path = "/api/v1/namespaces/propolis/secrets/admission"
    api.put(path, {"metadata": {"name": "admission"}})
    assert due(api) == due(api)
    assert api.objects[path]["data"]["ca.crt"]


@pytest.mark.parametrize("data", [{"ca.crt": "bm8="}, {"ca.crt": 1}, [], {"ca.crt": "?"}])
def test_a_damaged_secret_is_an_error_of_the_input(data: object) -> None:
    api = Api()
    path = "/api/v1/namespaces/propolis/secrets/admission"
    api.put(path, {"metadata": {"name": "admission"}, "data": data})
    with pytest.raises(DocumentError):
        due(api)


def document(authorities: Authorities) -> dict[str, Any]:
    return InSecret._document(kept_in(Api()), authorities, "")


def replicas(api: Api, count: int) -> list[Replicas]:
    found = [Replicas(cast("ApiClient", api), "propolis", "admission") for _ in range(count)]
    for one in found:
        asyncio.run(one.renew(NOW))
    return found


def test_only_the_last_replica_is_told_that_it_is_the_last() -> None:
    api = Api()
    found = replicas(api, 3)
    assert [asyncio.run(one.leave(NOW)) for one in found] == [False, False, True]
    assert api.objects == {}


def test_a_replica_that_was_killed_counts_until_its_lease_ends() -> None:
    api = Api()
    found = replicas(api, 2)
    end = NOW + timedelta(seconds=LEASE_SECONDS)
    assert asyncio.run(found[0].are_there(end - timedelta(seconds=1)))
    assert not asyncio.run(found[0].are_there(end))


def test_replicas_that_are_gone_for_long_are_forgotten_whatever_way_a_clock_has_jumped() -> None:
    api = Api()
    first, _ = replicas(api, 2)
    asyncio.run(first.renew(NOW - 365 * DAY))  # a clock that has gone back forgets nobody
    assert len(api.objects) == 2
    asyncio.run(first.renew(NOW + FORGET + timedelta(seconds=LEASE_SECONDS)))
    assert len(api.objects) == 1
    assert asyncio.run(first.leave(NOW + 365 * DAY))
