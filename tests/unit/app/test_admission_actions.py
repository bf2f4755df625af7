"""Requests that were let in leave UpdateRequests where a policy makes or changes something after them."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from propolis.app import admission_actions
from propolis.app.admission_actions import AdmissionActions
from propolis.app.admission_metrics import AdmissionMetrics
from propolis.app.admission_rules import admission_rules
from propolis.app.admission_service import NOBODYS_WORLD, AdmissionService
from propolis.cluster.api_client import RefusedError
from propolis.core.errors import SourceError
from propolis.core.evaluation import Answer, LookupKey
from propolis.policy.model.update_request import parse_update_request
from propolis.policy.sources.documents import read_policies

GENERATE = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: quotas}
spec:
  rules:
    - name: quota
      match: {any: [{resources: {kinds: [Namespace], selector: {matchLabels: {team: "*"}}}}]}
      generate:
        apiVersion: v1
        kind: ConfigMap
        name: quota
        namespace: "{{request.object.metadata.name}}"
        data: {data: {a: b}}
"""
MUTATE = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: touch}
spec:
  rules:
    - name: secrets
      match: {any: [{resources: {kinds: [Namespace]}}]}
      mutate:
        targets: [{apiVersion: v1, kind: Secret, name: a, namespace: b}]
        patchStrategicMerge: {metadata: {labels: {a: b}}}
"""


class Client:
    """Takes documents, after some errors."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.posted: list[tuple[str, dict[str, Any]]] = []

    async def post(self, path: str, _asked: str, body: bytes) -> bytes:
        if self.errors:
            raise self.errors.pop(0)
        self.posted.append((path, json.loads(body)))
        return b"{}"


async def nothing(_key: LookupKey) -> Answer:
    return Answer(error="nobody knows")


async def at_once(_seconds: float) -> None:
    return None


def actions(
    client: Client, told: Callable[[str], None] = lambda _text: None, account: str = ""
) -> AdmissionActions:
    return AdmissionActions(client, "propolis", lambda: nothing, told, account, at_once)  # type: ignore[arg-type]


def review(team: str | None = "a", **fields: Any) -> bytes:
    metadata = {"name": "shop", "uid": "7", "labels": {"team": team} if team else {}, "managedFields": [{}]}
    request = {
        "uid": "1",
        "kind": {"group": "", "version": "v1", "kind": "Namespace"},
        "resource": {"group": "", "version": "v1", "resource": "namespaces"},
        "operation": "CREATE",
        "name": "shop",
        "userInfo": {"username": "ann", "groups": ["team"]},
        "object": {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata},
        **fields,
    }
    return json.dumps(
        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    ).encode()


def asked(
    client: Client, text: str, *bodies: bytes, webhook: str = "fail/acting", account: str = ""
) -> AdmissionActions:
    """What comes of reviews."""
    read = read_policies(text.encode(), "policy.yaml")
    assert not read.errors
    service = AdmissionService(admission_rules(read.policies), NOBODYS_WORLD, AdmissionMetrics())
    found = service.actions = actions(client, account=account)

    async def run() -> None:
        for body in bodies:
            answer = json.loads(await service.review("validate", webhook, body, 10))
            assert answer["response"]["allowed"]
        while found._waiting:
            await found.leave(found._waiting.popleft())

    asyncio.run(run())
    return found


def test_a_request_leaves_one_for_each_policy() -> None:
    client = Client()
    asked(client, f"{GENERATE}---{MUTATE}", review())
    assert {path for path, _ in client.posted} == {"/apis/kyverno.io/v2/namespaces/propolis/updaterequests"}
    specs = {one["spec"]["policy"]: one["spec"] for _, one in client.posted}
    assert {name: spec["requestType"] for name, spec in specs.items()} == {
        "touch": "mutate",
        "quotas": "generate",
    }
    assert [one["rule"] for one in specs["quotas"]["ruleContext"]] == ["quota"]
    parsed = parse_update_request(json.dumps({"spec": specs["quotas"]}).encode()).spec
    assert parsed.rule_context is not None
    assert (parsed.rule_context[0].trigger.kind, parsed.rule_context[0].trigger.uid) == ("Namespace", "7")
    assert parsed.context.user_info.user_info.username == "ann"
    request = parsed.context.admission_request_info.admission_request
    assert request is not None
    assert request.object is not None
    assert "managedFields" not in request.object["metadata"]


def test_what_no_rule_is_for_leaves_nothing() -> None:
    client = Client()
    found = asked(client, GENERATE, review(team=None), review(dryRun=True))
    assert client.posted == []
    assert found.counts == {"nothing": 1}


def test_requests_of_the_operator_leave_nothing() -> None:
    client = Client()
    asked(client, GENERATE, review(), account="ann")
    assert client.posted == []


def test_other_webhooks_leave_nothing() -> None:
    client = Client()
    asked(client, GENERATE, review(), webhook="fail")
    assert client.posted == []


def test_a_server_that_is_down_is_asked_again_and_a_refusal_is_the_end() -> None:
    down = SourceError("leave", "server", "no answer", try_again=True)
    absent = RefusedError("leave", "server", "404 not found", 404)
    client = Client(down, absent)
    assert asked(client, GENERATE, review()).counts["written"] == 1
    refused = Client(RefusedError("leave", "server", "403 forbidden", 403))
    found = asked(refused, GENERATE, review())
    assert (found.counts["lost"], refused.posted) == (1, [])


def test_too_many_that_wait_are_lost_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_actions, "MOST_WAITING", 1)
    client = Client()
    found = asked(client, GENERATE, review(), review())
    assert (found.counts["lost"], found.counts["written"]) == (1, 1)
    told = {
        sample.labels.get("state"): sample.value for family in found.collect() for sample in family.samples
    }
    assert told["lost"] == 1
