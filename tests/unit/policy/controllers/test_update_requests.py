"""UpdateRequests are done and deleted; one that cannot be done says why."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from propolis.cluster.api_client import RefusedError
from propolis.policy.controllers import update_requests as module
from propolis.policy.controllers.update_requests import UpdateRequests
from propolis.policy.model.admission_review import AdmissionRequest, ReviewUser
from propolis.policy.model.update_request import (
    AdmissionInfo,
    RequestContext,
    RequestUser,
    RuleContext,
    Trigger,
    UpdateSpec,
    update_request_document,
)
from tests.harness.acting_world import ActingWorld, namespace

POLICY = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: quota}
spec:
  rules:
    - name: RULE
      match: {any: [{resources: {kinds: [Namespace]}}]}
      generate:
        apiVersion: v1
        kind: ConfigMap
        name: made
        namespace: "{{request.object.metadata.name}}"
        synchronize: true
        data:
          data: {by: "{{request.userInfo.username}} {{request.roles[0]}}", operation: "{{request.operation}}"}
"""
PATH = "/apis/kyverno.io/v2/namespaces/propolis/updaterequests/"


class Client:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.errors: list[Exception] = []

    def _ask(self, method: str, path: str, body: bytes | None) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.asked.append((method, path, json.loads(body) if body else None))

    async def delete(self, path: str, _asked: str) -> None:
        self._ask("DELETE", path, None)

    async def patch(self, path: str, _asked: str, operations: bytes) -> bytes:
        self._ask("PATCH", path, operations)
        return b"{}"


class Run:
    """A world with UpdateRequests of one namespace."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.world, self.client = ActingWorld(), Client()
        acting = self.world.acting
        parent = lambda _group, _plural: ""  # noqa: E731  # nothing has a parent here
        self.requests = UpdateRequests(self.client, "propolis", acting, parent)  # type: ignore[arg-type]
        self._runner = runner

    def leave(self, name: str, document: dict[str, Any], **changes: Any) -> None:
        """Admission leaves one."""
        metadata = document["metadata"]
        trigger = Trigger("v1", document["kind"], "", metadata["name"], metadata.get("uid", ""))
        user = RequestUser(("shop:edit",), None, ReviewUser("eva"))
        request = AdmissionRequest(
            uid="1",
            kind={"group": "", "version": "v1", "kind": document["kind"]},
            resource={"group": "", "version": "v1", "resource": "namespaces"},
            name=metadata["name"],
            operation="CREATE",
            user_info=ReviewUser("eva"),
            object=document,
        )
        context = RequestContext(user, AdmissionInfo(request, "CREATE"))
        rules = tuple(RuleContext(one, trigger, delete_downstream=False) for one in ("make", "other"))
        spec = msgspec.structs.replace(UpdateSpec("quota", "generate", "", rules, context), **changes)
        made = update_request_document(spec, "propolis")
        made["metadata"] = {"name": name, "namespace": "propolis", "resourceVersion": "1"}
        self.put(name, made)

    def put(self, name: str, document: dict[str, Any]) -> None:
        self.requests.put(("propolis", name), json.dumps(document).encode())

    def settle(self) -> None:
        async def all_of_it() -> None:
            await self.world.settle()
            while self.requests._to_write:
                await self.requests.write_one()

        self._runner.run(all_of_it())


@pytest.fixture
def run() -> Iterator[Run]:
    with asyncio.Runner() as runner:
        yield Run(runner)


def test_a_request_is_done_as_the_user_who_asked_and_deleted_once_all_its_rules_are_done(run: Run) -> None:
    more = POLICY.partition("  rules:\n")[2].replace("name: made", "name: other")
    run.world.set_policies(a=POLICY.replace("RULE", "make") + more.replace("RULE", "other"))
    run.leave("ur-1", run.world.put(namespace("shop")))
    assert len(run.requests) == 1
    run.settle()
    made = run.world.there["ConfigMap", "shop", "made"]
    assert made["data"] == {"by": "eva shop:edit", "operation": "CREATE"}
    assert ("ConfigMap", "shop", "other") in run.world.there
    assert run.client.asked == [("DELETE", f"{PATH}ur-1", None)]
    assert len(run.requests) == 0


def test_one_that_cannot_be_done_says_why_and_stays(run: Run) -> None:
    run.world.refuses = {"ConfigMap"}
    run.world.set_policies(a=POLICY.replace("RULE", "make"))
    run.leave("ur-1", run.world.put(namespace("shop")))
    run.settle()
    method, path, body = run.client.asked[-1]
    assert (method, path) == ("PATCH", f"{PATH}ur-1/status")
    status = body[0]["value"]
    assert status["state"] == "Failed"
    assert "403 forbidden" in status["message"]
    assert status["retryCount"] > 1
    before = list(run.client.asked)
    run.put("ur-1", {"metadata": {"name": "ur-1"}, "spec": {"policy": "quota"}})  # its own status comes back
    run.settle()
    assert run.client.asked == before


def test_of_those_that_failed_only_the_newest_stay(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FAILED", 2)
    run.world.refuses = {"ConfigMap"}
    run.world.set_policies(a=POLICY.replace("RULE", "make"))
    for name in ("a", "b", "c"):
        run.leave(f"ur-{name}", run.world.put(namespace(name)))
        run.settle()
    assert [path for method, path, _ in run.client.asked if method == "DELETE"] == [f"{PATH}ur-a"]


def test_what_was_made_is_deleted_where_one_says_so(run: Run) -> None:
    run.world.set_policies(a=POLICY.replace("RULE", "make"))
    document = run.world.put(namespace("shop"))
    run.leave("ur-1", document)
    run.settle()
    trigger = Trigger("v1", "Namespace", "", "shop", document["metadata"]["uid"])
    run.leave("ur-2", document, rule_context=(RuleContext("make", trigger, delete_downstream=True),))
    run.settle()
    assert ("ConfigMap", "shop", "made") not in run.world.there


def test_those_that_cannot_be_read_are_told_and_those_that_are_over_deleted(run: Run) -> None:
    run.put("broken", {"spec": {"policy": 1}})
    run.put("empty", {"spec": {"policy": "p"}})
    run.put("over", {"spec": {"policy": "p"}, "status": {"state": "Completed"}})
    run.settle()
    assert run.requests.broken.keys() == {"broken", "empty"}
    assert run.client.asked == [("DELETE", f"{PATH}over", None)]
    run.requests.keep(set())
    assert not run.requests.broken


def test_one_that_is_gone_is_waited_for_no_more(run: Run) -> None:
    run.leave("ur-1", run.world.put(namespace("shop")))
    run.requests.drop(("propolis", "ur-1"))
    run.settle()
    assert run.client.asked == []
    assert len(run.requests) == 0


def test_a_server_that_is_down_is_told_later_and_what_is_gone_is_no_failure(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(_seconds: float) -> None:
        assert "503" in run.requests.problem

    monkeypatch.setattr(asyncio, "sleep", at_once)
    run.put("over", {"spec": {"policy": "p"}, "status": {"state": "Completed"}})
    run.client.errors = [RefusedError("delete", "server", "503", 503, try_again=True)]
    asyncio.run(run.requests.write_one())
    asyncio.run(run.requests.write_one())
    assert (run.client.asked, run.requests.problem) == ([("DELETE", f"{PATH}over", None)], "")
    run.put("over", {"spec": {"policy": "p"}, "status": {"state": "Completed"}})
    run.client.errors = [RefusedError("delete", "server", "404", 404)]
    asyncio.run(run.requests.write_one())
    assert not run.requests._to_write
