"""The guide that protects a namespace, step by step on a real API server."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.admission import PROPOLIS, Admission, pod, until
from tests.harness.control_plane import ControlPlane

SAFE: dict[str, Any] = {
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def safe_pod(name: str) -> dict[str, Any]:
    found = pod(name)
    found["spec"]["containers"][0]["securityContext"] = SAFE
    return found


class Walk:
    """Admission and the operator of one cluster, and the commands of the guide."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.namespace = admission.namespace
        self._operator: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.admission.start(from_cluster=True)
        command = [str(PROPOLIS), "operator", "--from-cluster", "--no-native", "--port", "0"]
        command += ["--kubeconfig", str(self.admission.plane.kubeconfig)]
        self._operator = subprocess.Popen(command, stderr=subprocess.DEVNULL, text=True)

    def stop(self) -> None:
        if self._operator is not None:
            self._operator.terminate()
            self._operator.wait()

    def propolis(self, *arguments: str) -> str:
        found = subprocess.run([str(PROPOLIS), *arguments], capture_output=True, text=True, check=False)
        assert found.returncode in (0, 1), found.stderr
        return found.stdout

    def apply(self, text: str) -> None:
        found = self.admission.plane.kubectl("apply", "-f", "-", stdin=text)
        assert found.returncode == 0, found.stderr

    def pack(self, *more: str) -> str:
        return self.propolis(
            "policy", "pack", "pod-security", "--format", "yaml", "--namespace", self.namespace, *more
        )

    def report(self, name: str) -> dict[str, int]:
        """The summary of the report of a pod; empty while there is none."""
        found = self.admission.plane.kubectl("get", "polr", "-n", self.namespace, "-o", "json")
        for one in json.loads(found.stdout)["items"]:
            if one["scope"]["name"] == name:
                return dict(one["summary"])
        return {}

    def ready(self) -> bool:
        """Whether all policies of the namespace say so."""
        found = self.admission.plane.kubectl("get", "pol,nvpol", "-n", self.namespace, "-o", "json")
        items = json.loads(found.stdout)["items"]
        return bool(items) and all(_is_ready(one.get("status") or {}) for one in items)


def _is_ready(status: dict[str, Any]) -> bool:
    conditions = (status.get("conditionStatus") or status).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions) or bool(
        (status.get("conditionStatus") or {}).get("ready")
    )


@pytest.fixture
def walk(policy_kinds: ControlPlane, admission: Admission) -> Iterator[Walk]:
    assert policy_kinds is admission.plane
    found = Walk(admission)
    try:
        yield found
    finally:
        found.stop()


def test_the_guide_holds(walk: Walk, tmp_path: Path) -> None:
    namespace, admission = walk.namespace, walk.admission
    assert admission.apply(pod("before", privileged=True)).returncode == 0
    kubeconfig = ("--kubeconfig", str(admission.plane.kubeconfig))
    looked = walk.propolis(
        "policy", "apply", "pack:pod-security", "--cluster", *kubeconfig, "--namespace", namespace
    )
    assert "disallow-privileged" in looked
    walk.start()
    walk.apply(walk.pack())
    until(walk.ready)
    until(lambda: walk.report("before").get("fail"))
    assert admission.apply(pod("reported", privileged=True)).returncode == 0
    until(lambda: walk.report("reported").get("fail"))
    walk.apply(walk.pack("--enforce"))
    until(lambda: admission.refuses(pod("web", privileged=True)))
    assert f"{namespace}/disallow-privileged:" in admission.refuses(pod("web", privileged=True))
    until(lambda: admission.apply(safe_pod("good"), "--dry-run=server").returncode == 0)
    agent = safe_pod("agent-1")
    agent["spec"]["containers"][0]["securityContext"] = {
        **SAFE,
        "privileged": True,
        "allowPrivilegeEscalation": True,
    }
    assert admission.refuses(agent)
    agent["metadata"]["namespace"] = namespace
    (tmp_path / "agent.json").write_text(json.dumps(agent))
    (tmp_path / "policies.yaml").write_text(walk.pack("--enforce"))
    files = ("--policy", str(tmp_path / "policies.yaml"), "--resource", str(tmp_path / "agent.json"))
    exception = walk.propolis("policy", "create", "exception", "node-agent", "--namespace", namespace, *files)
    walk.apply(exception)
    until(lambda: not admission.refuses(agent))
    assert admission.apply(agent).returncode == 0
    until(lambda: walk.report("agent-1").get("skip"))
    assert admission.refuses(pod("other", privileged=True))
    walk.apply(walk.pack())
    until(lambda: not admission.refuses(pod("web", privileged=True)))
