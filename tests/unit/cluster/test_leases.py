"""Leader election over an API server on 127.0.0.1, on a clock that the test turns."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from propolis.cluster.api_client import ApiClient, Patience, open_client
from propolis.cluster.candidate import Candidate, Lease, Terms
from propolis.cluster.kubeconfig import Access, ClusterEntry, UserEntry
from propolis.cluster.leases import Clocks, Leadership
from tests.unit.cluster.fake_api import TOKEN, FakeApi, refusal, refusing, saying, serving

FOLDER = "/apis/coordination.k8s.io/v1/namespaces/system/leases"
PATH = f"{FOLDER}/operator"
NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)


class LeaseApi(FakeApi):
    """Keeps one lease as an API server does."""

    def __init__(self, **spec: Any) -> None:
        super().__init__()
        self.version = 1
        self.spec: dict[str, Any] | None = spec or None
        self.is_down = False

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.is_down:
            return refusal(500, "down")
        if self.faults.get(request.path):
            return await super()._answer(request)
        if request.method == "GET":
            return refusal(404, "not found") if self.spec is None else self.lease()
        body = await request.json()
        given = body["metadata"].get("resourceVersion", "")
        if given != (str(self.version) if self.spec else ""):
            return refusal(409, "the object has been modified")
        assert (request.method, request.path) == (("PUT", PATH) if given else ("POST", FOLDER))
        self.put(**body["spec"])
        return self.lease()

    def put(self, **spec: Any) -> None:
        self.spec = spec
        self.version += 1

    def lease(self) -> web.Response:
        return web.json_response({"metadata": {"resourceVersion": str(self.version)}, "spec": self.spec})


class Time:
    """A clock that only sleeping turns; ``script`` runs after each sleep and says whether to go on."""

    def __init__(self, script: Callable[[int], object]) -> None:
        self.seconds = 1000.0
        self.sleeps: list[float] = []
        self.is_over = asyncio.Event()
        self._script = script

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.seconds += seconds
        if self._script(len(self.sleeps)) == "over":
            self.is_over.set()
            await asyncio.Event().wait()

    @property
    def clocks(self) -> Clocks:
        return Clocks(lambda: self.seconds, lambda: NOW, self.sleep)


def stand(
    api: LeaseApi,
    script: Callable[[int, Leadership], object],
    patience: Patience = Patience(attempts=1),  # noqa: B008  # frozen
) -> list[str]:
    """What a candidate named ``me`` was told until the script said "over"."""
    told: list[str] = []

    async def run() -> None:
        async with serving(api) as address:
            access = Access("test", ClusterEntry(server=address), UserEntry(token=TOKEN), Path())
            async with open_client(access, patience) as client:
                await told_by(client)

    async def told_by(client: ApiClient) -> None:
        time = Time(lambda count: script(count, leadership))
        leadership = Leadership(
            client, "system", "operator", "me",
            gained=lambda: told.append("gained"), lost=lambda: told.append("lost"), clocks=time.clocks,
        )  # fmt: skip
        async with leadership:
            await time.is_over.wait()
            told.append("leads" if leadership.is_leader else "waits")

    asyncio.run(run())
    return told


def test_the_first_candidate_makes_the_lease_renews_it_and_gives_it_up_at_its_end() -> None:
    api = LeaseApi()
    specs = []

    def script(count: int, _leadership: Leadership) -> object:
        specs.append(dict(api.spec or {}))
        return "over" if count == 3 else None

    assert stand(api, script) == ["gained", "leads", "lost"]
    moment = "2026-01-02T03:04:05.000006Z"
    assert specs[0] == {
        "holderIdentity": "me", "leaseDurationSeconds": 15, "leaseTransitions": 0,
        "acquireTime": moment, "renewTime": moment,
    }  # fmt: skip
    assert [request.method for request in api.requests] == ["GET", "POST", "PUT", "PUT", "GET", "PUT"]
    assert api.spec is not None
    assert (api.spec["holderIdentity"], api.spec["leaseDurationSeconds"]) == ("", 1)


def test_a_lease_that_is_renewed_is_not_taken_whatever_its_times_say() -> None:
    api = LeaseApi(holderIdentity="other", leaseDurationSeconds=15, renewTime="1970-01-01T00:00:00.000000Z")

    def script(count: int, leadership: Leadership) -> object:
        assert leadership.holder == "other"
        api.put(holderIdentity="other", leaseDurationSeconds=15)
        return "over" if count == 30 else None

    assert stand(api, script) == ["waits"]
    assert api.spec is not None
    assert api.spec["holderIdentity"] == "other"


def test_a_lease_that_nobody_renews_is_taken_after_its_duration() -> None:
    api = LeaseApi(holderIdentity="other", leaseDurationSeconds=15, leaseTransitions=4)
    counts: list[int] = []

    def script(count: int, leadership: Leadership) -> object:
        counts.append(count)
        return "over" if leadership.is_leader else None

    assert stand(api, script) == ["gained", "leads", "lost"]
    assert 15 / 2.4 <= len(counts) <= 15 / 2 + 2
    assert api.spec is not None
    assert api.spec["leaseTransitions"] == 5


def test_a_lease_that_was_given_up_is_taken_at_once() -> None:
    api = LeaseApi(holderIdentity="", leaseDurationSeconds=1)
    assert stand(api, lambda _count, _leadership: "over") == ["gained", "leads", "lost"]


def test_a_leader_whose_server_is_down_gives_up_before_others_take_over() -> None:
    api = LeaseApi()
    lost_after: list[float] = []

    def script(count: int, leadership: Leadership) -> object:
        api.is_down = True
        if leadership.is_leader:
            lost_after.append(count * 2)
            return None
        assert "500 down" in leadership.problem
        return "over"

    told = stand(api, script)
    assert told[:2] == ["gained", "waits"]
    assert max(lost_after) < 10


def test_a_leader_that_comes_back_to_its_server_in_time_goes_on() -> None:
    api = LeaseApi()

    def script(count: int, _leadership: Leadership) -> object:
        api.is_down = count < 4
        return "over" if count == 12 else None

    assert stand(api, script) == ["gained", "leads", "lost"]


def test_a_renewal_whose_answer_was_lost_is_looked_up_and_goes_on() -> None:
    api = LeaseApi()

    def script(count: int, _leadership: Leadership) -> object:
        if count == 1:
            api.version += 1  # the renewal was written, the leader does not know
        return "over" if count == 4 else None

    assert stand(api, script) == ["gained", "leads", "lost"]


def test_a_leader_that_finds_another_in_its_place_stops() -> None:
    api = LeaseApi()

    def script(count: int, _leadership: Leadership) -> object:
        if count == 1:
            api.put(holderIdentity="other", leaseDurationSeconds=15)
        return "over" if count == 3 else None

    assert stand(api, script) == ["gained", "lost", "waits"]


def test_answers_that_cannot_be_used_are_problems_and_it_tries_again() -> None:
    api = LeaseApi()
    api.faults[PATH] = [refusing(403, "not you"), saying(b"[]"), saying(b"{"), refusing(409)]
    problems: list[str] = []

    def script(count: int, leadership: Leadership) -> object:
        problems.append(leadership.problem)
        return "over" if count == 5 else None

    assert stand(api, script)[-2:] == ["leads", "lost"]
    assert "403 not you" in problems[0]
    assert "cannot be read" in problems[1]
    assert "cannot be read" in problems[2]


def test_identities_and_names_stay_within_their_place_of_the_path() -> None:
    leadership = Leadership(None, "../x", "a/b", "me")  # type: ignore[arg-type]  # asks nothing here
    assert leadership._path == "/apis/coordination.k8s.io/v1/namespaces/..%2Fx/leases/a%2Fb"


def test_a_lease_without_a_duration_counts_as_long_as_ones_own() -> None:
    candidate = Candidate("me", Terms())
    assert candidate.looked(Lease("1", "other"), 0) is None
    assert candidate.looked(Lease("1", "other"), 14.9) is None
    assert candidate.looked(Lease("1", "other"), 15) is not None


@pytest.mark.parametrize(
    "terms", [(15, 15.0, 2.0), (10, 15.0, 2.0), (15, 2.0, 2.0), (15, 10.0, 0.0)], ids=str
)
def test_terms_under_which_two_could_lead_are_refused(terms: tuple[int, float, float]) -> None:
    with pytest.raises(ValueError, match="must hold"):
        Terms(*terms)
