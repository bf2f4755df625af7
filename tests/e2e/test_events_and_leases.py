"""Events and leader election on a real API server."""

import asyncio
import json
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from propolis.cluster.api_client import open_client
from propolis.cluster.candidate import Terms
from propolis.cluster.events import EventWriter
from propolis.cluster.kubeconfig import load_access
from propolis.cluster.leases import Leadership
from propolis.core.resource import ResourceRef
from tests.harness.admission import PRIVILEGED, Admission, pod, policy, until
from tests.harness.control_plane import ControlPlane

WAIT_SECONDS = 60
TERMS = Terms(lease_seconds=4, renewal_seconds=2.5, retry_seconds=0.5)
CANDIDATE = """
import asyncio, sys
from pathlib import Path
from propolis.cluster.api_client import open_client
from propolis.cluster.candidate import Terms
from propolis.cluster.kubeconfig import load_access
from propolis.cluster.leases import Leadership

async def main(kubeconfig, namespace, identity):
    async with open_client(load_access([Path(kubeconfig)])) as client:
        stands = Leadership(
            client, namespace, "operator", identity, terms=Terms(4, 2.5, 0.5),
            gained=lambda: print("gained", flush=True), lost=lambda: print("lost", flush=True),
        )
        async with stands:
            await asyncio.to_thread(sys.stdin.read)

asyncio.run(main(*sys.argv[1:]))
"""


def kubectl(plane: ControlPlane, *arguments: str) -> str:
    done = plane.kubectl(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def events(plane: ControlPlane, namespace: str) -> list[dict[str, Any]]:
    found = kubectl(plane, "get", "events.v1.events.k8s.io", "-n", namespace, "-o", "json")
    return [one for one in json.loads(found)["items"] if one["reportingController"] == "kyverno-scan"]


def telling(plane: ControlPlane, work: Callable[[EventWriter], Awaitable[None]]) -> EventWriter:
    async def run() -> EventWriter:
        async with open_client(load_access([Path(plane.kubeconfig)])) as client:
            writer = EventWriter(client, "kyverno-scan", "one")
            running = asyncio.create_task(writer.run())
            async with asyncio.timeout(WAIT_SECONDS):
                await work(writer)
                await writer.drained()
            running.cancel()
            return writer

    return asyncio.run(run())


def test_kubectl_describe_shows_what_was_told(control_plane: ControlPlane, namespace: str) -> None:
    kubectl(control_plane, "create", "configmap", "web", "-n", namespace)
    found = json.loads(kubectl(control_plane, "get", "configmap", "web", "-n", namespace, "-o", "json"))
    at = ResourceRef("v1", "ConfigMap", "web", namespace, uid=found["metadata"]["uid"])
    policy = ResourceRef("kyverno.io/v1", "ClusterPolicy", "roots")

    async def work(writer: EventWriter) -> None:
        for _ in range(3):
            writer.tell("PolicyViolation", at, policy, "Resource Passed", "policy roots/a fail: no")
            await writer.drained()
        writer.tell("PolicyApplied", at, None, "Resource Passed", "ü" * 2000)

    writer = telling(control_plane, work)
    assert writer.problem == ""
    described = kubectl(control_plane, "describe", "configmap", "web", "-n", namespace)
    assert "PolicyViolation" in described
    assert "policy roots/a fail: no" in described
    series, applied = sorted(events(control_plane, namespace), key=lambda one: one["type"], reverse=True)
    assert (series["series"]["count"], series["type"], applied["type"]) == (2, "Warning", "Normal")
    assert "series" not in applied


def test_events_about_what_is_in_no_namespace_are_taken(control_plane: ControlPlane, namespace: str) -> None:
    policy = ResourceRef("kyverno.io/v1", "ClusterPolicy", f"Policy:{namespace}_")
    role = ResourceRef("rbac.authorization.k8s.io/v1", "ClusterRole", f"system:{namespace}.:x")
    gone = ResourceRef("v1", "Pod", "web", f"{namespace}-gone")

    async def work(writer: EventWriter) -> None:
        writer.tell("PolicyError", policy, gone, "None", "no")
        writer.tell("PolicyError", role, None, "None", "no")
        writer.tell("PolicyError", gone, None, "None", "no")

    writer = telling(control_plane, work)
    names = {one["regarding"]["name"] for one in events(control_plane, "default")}
    assert {policy.name, role.name} <= names
    assert (writer.counts["written"], writer.counts["failed"]) == (2, 1)


@contextmanager
def candidate(plane: ControlPlane, namespace: str, identity: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", textwrap.dedent(CANDIDATE), str(plane.kubeconfig), namespace, identity]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def lease(plane: ControlPlane, namespace: str) -> dict[str, Any]:
    found = json.loads(kubectl(plane, "get", "lease", "operator", "-n", namespace, "-o", "json"))["spec"]
    assert isinstance(found, dict)
    return found


def test_a_leader_that_is_killed_is_followed_and_one_that_leaves_at_once(
    control_plane: ControlPlane, namespace: str
) -> None:
    with candidate(control_plane, namespace, "first") as first:
        assert told(first) == "gained"
        with candidate(control_plane, namespace, "second") as second:
            first.kill()
            assert told(second) == "gained"
            after = lease(control_plane, namespace)
            assert (after["holderIdentity"], after["leaseTransitions"]) == ("second", 1)
            with candidate(control_plane, namespace, "third") as third:
                second.communicate()
                left = lease(control_plane, namespace)
                assert left["holderIdentity"] in ("", "third")
                assert told(third) == "gained"


def test_a_leader_whose_api_server_stops_leads_no_more_until_it_is_back(
    control_plane: ControlPlane, namespace: str
) -> None:
    changes: list[str] = []
    changed = asyncio.Event()

    def note(word: str) -> None:
        changes.append(word)
        changed.set()

    async def run() -> None:
        async with open_client(load_access([Path(control_plane.kubeconfig)])) as client:
            stands = Leadership(
                client, namespace, "operator", "me", terms=TERMS,
                gained=lambda: note("gained"), lost=lambda: note("lost"),
            )  # fmt: skip
            async with asyncio.timeout(WAIT_SECONDS), stands:
                await changed.wait()
                for _ in range(2):
                    changed.clear()
                    await asyncio.to_thread(control_plane.stop, "kube-apiserver")
                    if changes[-1] == "gained":
                        await changed.wait()
                    assert not stands.is_leader
                    changed.clear()
                    await asyncio.to_thread(control_plane.start_api_server)
                    await changed.wait()
                    assert stands.is_leader

    asyncio.run(run())
    assert changes == ["gained", "lost", "gained", "lost", "gained", "lost"]
    assert lease(control_plane, namespace)["holderIdentity"] == ""


def _reasons(admission: Admission, namespace: str) -> list[tuple[str, str, str]]:
    found = admission.plane.kubectl("get", "events.events.k8s.io", "-n", namespace, "-o", "json")
    return sorted(
        (one["reason"], one["regarding"]["kind"], one["reportingController"])
        for one in json.loads(found.stdout)["items"]
    )


def test_admission_tells_of_refusals_and_of_what_it_let_in(admission: Admission, namespace: str) -> None:
    refusing, telling = (
        policy("refusing", namespace, PRIVILEGED),
        policy("telling", namespace, PRIVILEGED, action="Audit"),
    )
    admission.start(refusing)
    until(lambda: admission.refuses(pod("a", privileged=True)))
    assert admission.apply(pod("a", privileged=True)).returncode
    blocked = ("PolicyViolation", "ClusterPolicy", "kyverno-admission")
    default = until(lambda: blocked in _reasons(admission, "default"))
    print(f"a refusal was an event after {default:.1f} s")
    admission.write(telling)
    until(lambda: not admission.refuses(pod("a", privileged=True)))
    assert admission.apply(pod("a", privileged=True)).returncode == 0
    until(lambda: ("PolicyViolation", "Pod", "kyverno-admission") in _reasons(admission, namespace))
