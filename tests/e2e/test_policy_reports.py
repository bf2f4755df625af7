"""Reports as objects on a real API server: what kubectl shows, who deletes them, what is written again."""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from propolis.cluster.api_client import open_client
from propolis.cluster.kubeconfig import load_access
from propolis.core.finding import Finding, Outcome, Reported, Rule
from propolis.core.resource import ResourceRef
from propolis.reports.sinks.layouts import Layout, ReportChoice, ResourceReports
from propolis.reports.sinks.namespace_reports import NamespaceReports
from propolis.reports.sinks.policy_reports import PolicyReports
from tests.harness.control_plane import ControlPlane

WAIT_SECONDS = 60
PAUSE_SECONDS = 0.1
KYVERNO = Reported("ClusterPolicy", "kyverno", "high", (("process", "background scan"),))


@pytest.fixture(scope="module")
def plane(served_kinds: ControlPlane) -> ControlPlane:
    """With the definitions of reports."""
    return served_kinds


def kubectl(plane: ControlPlane, *arguments: str, stdin: str | None = None) -> str:
    done = plane.kubectl(*arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(plane: ControlPlane, kind: str, namespace: str) -> list[dict[str, Any]]:
    found = json.loads(kubectl(plane, "get", kind, "-n", namespace, "-o", "json", "--show-managed-fields"))[
        "items"
    ]
    assert isinstance(found, list)
    return found


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < end, "it does not come true"
        time.sleep(PAUSE_SECONDS)


def made(plane: ControlPlane, namespace: str, *names: str) -> list[ResourceRef]:
    """ConfigMaps that are there."""
    for name in names:
        kubectl(plane, "create", "configmap", name, "-n", namespace)
    found = {
        one["metadata"]["name"]: one["metadata"]["uid"] for one in objects(plane, "configmap", namespace)
    }
    return [ResourceRef("v1", "ConfigMap", name, namespace, uid=found[name]) for name in names]


def finding(at: ResourceRef, outcome: str, number: int = 0, message: str = "no") -> Finding:
    rule = Rule("policy", f"policy-{number:04}", "check", category="Tests", reported=KYVERNO)
    return Finding(rule, at, Outcome(outcome), message)


Work = Callable[[PolicyReports], Awaitable[None]]


def reporting(
    plane: ControlPlane, work: Work, layout: Layout | None = None, told: list[str] | None = None
) -> PolicyReports:
    """One process that reports, from its start to when it has nothing left to do."""

    async def run() -> PolicyReports:
        async with open_client(load_access([Path(plane.kubeconfig)])) as client:
            tell = (lambda _text: None) if told is None else told.append
            reports = PolicyReports(client, layout, tell=tell)
            await reports.load()
            running = asyncio.create_task(reports.run())
            try:
                await work(reports)
                async with asyncio.timeout(WAIT_SECONDS):
                    await reports.drained()
            finally:
                running.cancel()
            return reports

    return asyncio.run(run())


def putting(findings: dict[ResourceRef, list[Finding]], *, settled: bool = False) -> Work:
    async def work(reports: PolicyReports) -> None:
        for at, found in findings.items():
            reports.put(at, found)
        if settled:
            reports.settled()

    return work


def test_kubectl_shows_reports_and_they_go_with_their_resource(plane: ControlPlane, namespace: str) -> None:
    web, other = made(plane, namespace, "web", "other")
    reporting(
        plane,
        putting(
            {
                web: [finding(web, "fail"), finding(web, "pass", 1), finding(web, "warn", 2)],
                other: [finding(other, "error")],
            }
        ),
    )
    header, *rows = kubectl(plane, "get", "polr", "-n", namespace).splitlines()
    assert header.split() == ["NAME", "KIND", "NAME", "PASS", "FAIL", "WARN", "ERROR", "SKIP", "AGE"]
    shown = sorted(row.split()[:-1] for row in rows)
    assert shown == sorted(
        [
            [web.uid, "ConfigMap", "web", "1", "1", "1", "0", "0"],
            [other.uid, "ConfigMap", "other", "0", "0", "0", "1", "0"],
        ]
    )
    (report,) = (one for one in objects(plane, "polr", namespace) if one["metadata"]["name"] == web.uid)
    assert report["metadata"]["managedFields"][0]["manager"] == "propolis-reports"
    assert report["results"][0] | {"timestamp": None} == {
        "source": "kyverno", "policy": "policy-0000", "rule": "check", "result": "fail", "scored": True,
        "message": "no", "severity": "high", "category": "Tests",
        "properties": {"process": "background scan"}, "timestamp": None,
    }  # fmt: skip
    kubectl(plane, "delete", "configmap", "web", "-n", namespace)
    until(lambda: [one["metadata"]["name"] for one in objects(plane, "polr", namespace)] == [other.uid])


def test_another_process_writes_only_what_changed_and_keeps_times(
    plane: ControlPlane, namespace: str
) -> None:
    pods = made(plane, namespace, "a", "b", "c")
    reporting(plane, putting({at: [finding(at, "fail"), finding(at, "pass", 1)] for at in pods}))
    before = {one["metadata"]["name"]: one for one in objects(plane, "polr", namespace)}
    a, b, _ = pods
    kubectl(plane, "annotate", "polr", a.uid, "seen=yes", "-n", namespace)
    version = objects(plane, "polr", namespace)
    changed = {at: [finding(at, "fail"), finding(at, "pass" if at != b else "skip", 1)] for at in pods[:2]}
    done = reporting(plane, putting(changed, settled=True))
    after = {one["metadata"]["name"]: one for one in objects(plane, "polr", namespace)}
    assert after[a.uid] in version
    assert done.counts["written"] == 1
    assert sorted(after) == sorted([a.uid, b.uid])
    assert after[b.uid]["results"][0]["timestamp"] == before[b.uid]["results"][0]["timestamp"]
    assert after[b.uid]["summary"] == {"pass": 0, "fail": 1, "warn": 0, "error": 0, "skip": 1}


def test_cluster_scoped_resources_have_cluster_reports(plane: ControlPlane, namespace: str) -> None:
    uid = json.loads(kubectl(plane, "get", "namespace", namespace, "-o", "json"))["metadata"]["uid"]
    at = ResourceRef("v1", "Namespace", namespace, uid=uid)
    reporting(plane, putting({at: [finding(at, "fail")]}))
    row = kubectl(plane, "get", "cpolr", uid, "--no-headers").split()
    assert row[:-1] == [uid, "Namespace", namespace, "0", "1", "0", "0", "0"]


def test_what_is_too_large_for_one_object_is_several(plane: ControlPlane, namespace: str) -> None:
    (at,) = made(plane, namespace, "large")
    found = [finding(at, "fail", number, "m" * 2000) for number in range(1500)]
    done = reporting(plane, putting({at: found}))
    reports = objects(plane, "polr", namespace)
    assert sum(len(one["results"]) for one in reports) == 1500
    assert (len(reports), done.counts["refused"]) == (4, 0)
    versions = {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in reports}
    reporting(plane, putting({at: [*found[1:], finding(at, "pass")]}))
    now = {
        one["metadata"]["name"]: one["metadata"]["resourceVersion"]
        for one in objects(plane, "polr", namespace)
    }
    assert sum(now[name] != versions[name] for name in versions) == 1


def test_reports_of_namespaces_name_their_resources(plane: ControlPlane, namespace: str) -> None:
    pods = made(plane, namespace, "a", "b")
    layout = NamespaceReports(ReportChoice(managed_by="propolis"))
    reporting(plane, putting({at: [finding(at, "fail")] for at in pods}), layout)
    (report,) = objects(plane, "polr", namespace)
    assert report["metadata"]["name"] == "propolis"
    assert sorted(one["resources"][0]["name"] for one in report["results"]) == ["a", "b"]


def test_an_api_server_that_starts_again_in_the_middle_gets_all_reports(
    plane: ControlPlane, namespace: str
) -> None:
    real = made(plane, namespace, *(f"map-{number}" for number in range(10)))

    async def work(reports: PolicyReports) -> None:
        for at in real[:5]:
            reports.put(at, [finding(at, "fail")])
        await asyncio.to_thread(plane.stop, "kube-apiserver")
        for at in real:
            reports.put(at, [finding(at, "fail", message="during")])
        await asyncio.to_thread(plane.start_api_server)

    reporting(plane, work)
    found = objects(plane, "polr", namespace)
    assert sorted(one["metadata"]["name"] for one in found) == sorted(at.uid for at in real)
    assert {one["results"][0]["message"] for one in found} == {"during"}


def test_reports_for_namespaces_that_are_gone_are_forgotten(plane: ControlPlane) -> None:
    told: list[str] = []
    at = ResourceRef("v1", "ConfigMap", "x", f"gone-{uuid.uuid4().hex[:8]}", uid=str(uuid.uuid4()))
    done = reporting(plane, putting({at: [finding(at, "fail")]}), told=told)
    assert (done.counts["gone"], told) == (1, [])


def test_credentials_that_may_not_write_reports_are_told_what_is_missing(
    plane: ControlPlane, namespace: str
) -> None:
    token = kubectl(plane, "create", "token", "default", "-n", namespace).strip()
    config = json.loads(plane.kubeconfig.read_text())
    config["users"] = [{"name": config["users"][0]["name"], "user": {"token": token}}]
    file = plane.folder / f"{namespace}.kubeconfig"
    file.write_text(json.dumps(config))
    kubectl(
        plane, "create", "clusterrole", f"read-{namespace}", "--verb=list,get",
        "--resource=policyreports.wgpolicyk8s.io,clusterpolicyreports.wgpolicyk8s.io",
    )  # fmt: skip
    kubectl(
        plane, "create", "clusterrolebinding", f"read-{namespace}", f"--clusterrole=read-{namespace}",
        f"--serviceaccount={namespace}:default",
    )  # fmt: skip
    pods = made(plane, namespace, "a", "b")
    told: list[str] = []

    async def run() -> PolicyReports:
        async with open_client(load_access([file])) as client:
            reports = PolicyReports(client, ResourceReports(ReportChoice()), tell=told.append)
            await reports.load()
            for at in pods:
                reports.put(at, [finding(at, "fail")])
            running = asyncio.create_task(reports.run())
            async with asyncio.timeout(WAIT_SECONDS):
                await reports.drained()
            running.cancel()
            return reports

    done = asyncio.run(run())
    assert done.counts["refused"] == 2
    assert len(told) == 1
    assert 'cannot patch resource "policyreports"' in told[0]
