"""An operator over a fake API server: policies, metrics, health, how it leaves."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from propolis.app import operator as operators
from propolis.app.admission_policies import PolicyFiles
from propolis.app.operator import Operator
from propolis.app.operator_application import OperatorApplication
from propolis.app.operator_options import OperatorOptions
from propolis.app.operator_policies import ScanPolicies
from propolis.app.operator_telling import Telling
from propolis.core.errors import DocumentError
from propolis.core.resource import Document
from propolis.policy.controllers.subjects import Statement, Subject
from tests.harness import scan_policies as policies
from tests.harness.scanned_cluster import RecordingSink
from tests.unit.cluster.fake_api import TOKEN, serving
from tests.unit.policy.controllers.watched_api import WatchedApi

PODS = "/api/v1/pods"


def pod(name: str, **labels: str) -> Document:
    metadata = {"name": name, "namespace": "shop", "uid": name, "labels": labels}
    return {"metadata": metadata, "spec": {"containers": []}}


def written(folder: Path, *documents: Document) -> Path:
    path = folder / "policies.yaml"
    path.write_text("\n---\n".join(map(json.dumps, documents)))
    return path


def kubeconfig(folder: Path, server: str) -> Path:
    path = folder / "kubeconfig"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(json.dumps(document))
    return path


RULE_LABELS = {
    "policy_name": "labelled",
    "policy_namespace": "-",
    "policy_type": "cluster",
    "policy_validation_mode": "audit",
    "policy_background_mode": "true",
    "rule_name": "has",
    "rule_type": "validate",
    "rule_result": "fail",
    "resource_kind": "Pod",
    "resource_namespace": "shop",
    "resource_request_operation": "create",
    "rule_execution_cause": "background_scan",
    "dry_run": "false",
}
CEL_LABELS = {
    "policy_validation_mode": "enforce",
    "policy_background_mode": "true",
    "policy_name": "cel",
    "policy_namespace": "",
    "resource_kind": "Pod",
    "resource_namespace": "shop",
    "resource_request_operation": "create",
    "execution_cause": "background_scan",
    "result": "fail",
}


def sample(text: str, name: str, labels: dict[str, str]) -> float:
    """The value of one metric with exactly these labels."""
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            if (one.name, one.labels) == (name, labels):
                return one.value
    raise AssertionError(text)


class Run:
    """An operator until something holds."""

    def __init__(self, folder: Path, api: WatchedApi) -> None:
        self.api = api
        self.sink = RecordingSink()
        self.order: list[str] = []
        self.metrics = ""
        self._folder = folder

    def _telling(self, _reader: Any) -> Telling:
        async def know() -> None:
            self.order.append("known")

        async def beside() -> None:
            self.order.append("beside")
            await asyncio.Event().wait()

        def observe(subject: Subject, said: Sequence[Statement], before: Sequence[Statement]) -> None:
            self.order.append(f"{subject.name} {len(before)} {len(said)}")

        return Telling(
            sinks=(self.sink,),
            observers=(observe,),
            before=(know,),
            beside=(beside,),
            settled=(lambda: self.order.append("settled"),),
        )

    async def run(self, steps: Any) -> None:
        async with serving(self.api) as address:
            options = OperatorOptions(
                policies=(str(self._folder / "policies.yaml"),),
                kubeconfig=kubeconfig(self._folder, address),
                port=0,
            )
            operator, leave = Operator(options, self._telling), asyncio.Event()
            task = asyncio.create_task(operator.run(leave))
            try:
                async with asyncio.timeout(20):
                    await self.until(lambda: "settled" in self.order)
                    await steps(operator)
            finally:
                leave.set()
                await task

    async def until(self, holds: Any) -> None:
        while not holds():  # noqa: ASYNC110  # no event tells what a test waits for
            await asyncio.sleep(0)


def test_what_is_there_is_told_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, policies.labelled("team"), policies.cel_policy("cel", "object.metadata.name != 'a'"))
    api = WatchedApi()
    api.objects[PODS] = [pod("a"), pod("b", team="x")]
    run = Run(tmp_path, api)

    async def steps(operator: Operator) -> None:
        assert operator.cluster is not None
        text = operator.cluster.metrics.text().decode()
        for name, labels, value in (
            ("kyverno_policy_results_total", RULE_LABELS, 1),
            ("kyverno_validating_policy_results_total", CEL_LABELS, 1),
            ("kyverno_controller_reconcile_total", {"controller_name": "background-scan-controller"}, 2),
            ("propolis_background_findings", {"outcome": "fail"}, 2),
            ("propolis_background_findings", {"outcome": "pass"}, 2),
            ("propolis_background_settled", {}, 1),
            ("propolis_background_resources", {}, 2),
        ):
            assert sample(text, name, labels) == value, name
        api.change(PODS, pod("a"), "DELETED")
        await run.until(lambda: ("Pod", "shop", "a") not in run.sink.told)
        text = operator.cluster.metrics.text().decode()
        assert sample(text, "propolis_background_findings", {"outcome": "fail"}) == 0

    asyncio.run(run.run(steps))
    assert run.order[0] == "known"
    assert sorted(run.order[1:5]) == ["a 0 2", "b 0 2", "beside", "settled"]
    assert run.order.index("settled") > run.order.index("b 0 2")
    told = capsys.readouterr().err
    assert "2 resources are judged, after" in told
    assert told.endswith("stopped\n")


def test_a_policy_that_cannot_be_used_leaves_those_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(operators, "LOOK_SECONDS", 0.01)
    path = written(tmp_path, policies.labelled("team"))
    api = WatchedApi()
    api.objects[PODS] = [pod("a")]
    run = Run(tmp_path, api)

    async def steps(operator: Operator) -> None:
        path.write_text("kind: ClusterPolicy\napiVersion: kyverno.io/v1\nmetadata: {name: x}\nspec: 5\n")
        await run.until(lambda: "spec" in capsys.readouterr().err)
        assert run.sink.told["Pod", "shop", "a"][0][2] == "fail"
        written(tmp_path, policies.labelled("app"), policies.by_list())
        await run.until(lambda: len(run.sink.told["Pod", "shop", "a"]) == 2)
        assert operator.cluster is not None

    asyncio.run(run.run(steps))


def test_a_term_that_ends_forgets_and_the_next_begins_anew(tmp_path: Path) -> None:
    written(tmp_path, policies.labelled("team"))
    api = WatchedApi()
    api.objects[PODS] = [pod("a")]
    run = Run(tmp_path, api)

    async def steps(operator: Operator) -> None:
        operator.terms.lost()
        await run.until(lambda: operator.cluster is None)
        assert operator._metrics() == b""
        run.order.clear()
        operator.terms.gained()
        await run.until(lambda: "settled" in run.order)
        assert run.order[0] == "known"

    asyncio.run(run.run(steps))


def test_policies_are_compiled_again_where_they_changed_alone(tmp_path: Path) -> None:
    path = written(tmp_path, policies.labelled("team"), policies.by_list())
    found = ScanPolicies(PolicyFiles([str(path)]))
    before = found.rules
    assert asyncio.run(found.look()) is False
    written(tmp_path, policies.labelled("app"), policies.by_list())
    assert asyncio.run(found.look()) is True
    assert found.rules.changed_from(before) == {"ClusterPolicy//labelled"}
    kept = "ClusterPolicy//by-list"
    assert found.rules.units[kept] is before.units[kept]


def test_a_policy_may_be_left_out_of_scans_by_its_label(tmp_path: Path) -> None:
    left_out = policies.labelled("team")
    left_out["metadata"]["labels"] = {"reports.kyverno.io/disabled": "false"}
    found = ScanPolicies(PolicyFiles([str(written(tmp_path, left_out, policies.by_list()))]))
    assert found.rules.units.keys() == {"ClusterPolicy//by-list"}


def test_policies_that_cannot_be_used_at_the_start_end_it(tmp_path: Path) -> None:
    with pytest.raises(DocumentError):
        Operator(OperatorOptions(policies=(str(tmp_path / "absent.yaml"),)))


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/health/liveness", 200, b"ok"),
        ("/health/readiness", 503, b"not yet"),
        ("/metrics", 200, b"a 1\n"),
        ("/other", 404, b"there is nothing here"),
    ],
)
def test_what_is_served(path: str, status: int, body: bytes) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError

    application = OperatorApplication(lambda: b"a 1\n", lambda: False)
    asyncio.run(application({"path": path}, receive, send))
    assert (sent[0]["status"], sent[1]["body"]) == (status, body)
