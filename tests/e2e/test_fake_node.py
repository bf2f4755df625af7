"""Pods that run, on a node that only says so: what a Deployment makes is judged as it becomes."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import scan_policies as policies
from tests.harness.admission import PROPOLIS, WAIT_SECONDS, until
from tests.harness.control_plane import ControlPlane

REPLICAS = 3
PHASE = "{{ request.object.status.phase || 'none' }}"


@pytest.fixture
def operator(served_kinds: ControlPlane, namespace: str, tmp_path: Path) -> Iterator[None]:
    """Judges the pods of one namespace: those that do not run fail."""
    policy = policies.cluster_policy("running", policies.deny("running", PHASE, "NotEquals", "Running"))
    rule = policy["spec"]["rules"][0]
    rule["match"] = {"any": [{"resources": {"kinds": ["Pod"], "namespaces": [namespace]}}]}
    (tmp_path / "policy.yaml").write_text(json.dumps(policy))
    command = [str(PROPOLIS), "operator", "--policies", str(tmp_path / "policy.yaml"), "--port", "0"]
    command += ["--kubeconfig", str(served_kinds.kubeconfig), "--no-native"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    yield
    process.terminate()
    told = process.communicate(timeout=WAIT_SECONDS)[1]
    assert process.returncode == 0, told
    assert "Traceback" not in told


class Shop:
    """A Deployment of one namespace, and what is reported of its pods."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self._plane = plane
        self._namespace = namespace

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        done = self._plane.kubectl(*arguments, "-n", self._namespace, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, node: str) -> None:
        container = {"name": "app", "image": "registry.example/web:1"}
        spec = {**({"nodeName": node} if node else {}), "containers": [container]}
        labels = {"app": "web"}
        deployment = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {
                "replicas": REPLICAS,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": spec},
            },
        }
        self.kubectl("apply", "-f", "-", stdin=json.dumps(deployment))

    def reported(self) -> list[tuple[str, str]]:
        """Of each pod its name and the result, in order."""
        items: list[Any] = json.loads(self.kubectl("get", "policyreports", "-o", "json"))["items"]
        return sorted(
            (item["scope"]["name"], result["result"])
            for item in items
            if item["scope"]["kind"] == "Pod"
            for result in item["results"]
        )

    def pods(self) -> list[str]:
        return sorted(self.kubectl("get", "pods", "-o", "name").replace("pod/", "").split())


@pytest.mark.usefixtures("operator")
def test_pods_are_judged_as_they_become(control_plane: ControlPlane, namespace: str, fake_node: str) -> None:
    shop = Shop(control_plane, namespace)
    shop.apply("")
    until(lambda: [result for _, result in shop.reported()] == ["fail"] * REPLICAS)
    shop.apply(fake_node)
    shop.kubectl("wait", "--for=condition=Available", "deployment/web", f"--timeout={WAIT_SECONDS}s")
    shop.kubectl("rollout", "status", "deployment/web", f"--timeout={WAIT_SECONDS}s")
    until(lambda: len(shop.pods()) == REPLICAS)
    until(lambda: shop.reported() == [(name, "pass") for name in shop.pods()])
    shop.kubectl("scale", "deployment/web", "--replicas=1")
    until(lambda: len(shop.reported()) == 1)
    assert shop.reported() == [(name, "pass") for name in shop.pods()]
