"""``make cluster``, as the README says: the shop, a refusal, reports, a change of a policy, and an end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.admission import until
from tests.harness.control_plane import NotBuiltError, build
from tests.harness.kwok import PROGRAM

ROOT = Path(__file__).parents[2]
MAKING_SECONDS = 90
LEAVING_SECONDS = 40


class Cluster:
    """The running command."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._kubeconfig = folder / "admin.kubeconfig"
        command = [sys.executable, "-m", "tests.harness.control_plane", str(folder)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def told(self) -> str:
        """What it tells until it is ready."""
        lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            lines.append(line)
            if "Ctrl-C stops it all" in line:
                break
        return "".join(lines)

    def kubectl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self._program), "kubectl", "--kubeconfig", str(self._kubeconfig), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def runs(self, *more: str) -> str:
        """What the API server says against a privileged pod; empty when it is let in."""
        found = self.kubectl("run", "bad", "--image=registry.example/web:1", "--privileged", *more)
        return found.stderr if found.returncode else ""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    try:
        found = Cluster(build(), tmp_path / "cluster")
    except NotBuiltError as error:
        pytest.skip(f"NO CONTROL PLANE: {error}")
    yield found
    if found.process.poll() is None:
        os.killpg(found.process.pid, signal.SIGKILL)
        found.process.wait()
    if found.process.stdout is not None:
        found.process.stdout.close()


def test_the_cluster_does_what_the_readme_says(cluster: Cluster) -> None:
    told = cluster.told()
    assert "29 objects of the shop and 4 policies are there" in told
    until(lambda: cluster.kubectl("get", "cpol").stdout.count("True") >= 2)
    until(lambda: cluster.runs("--dry-run=server"))
    refused = cluster.runs()
    assert "A privileged container can do on its node whatever root can" in refused
    assert cluster.kubectl("run", "web", "--image=registry.example/web:1").returncode == 0
    assert "team=default" in cluster.kubectl("get", "pod", "web", "--show-labels").stdout
    is_seeming = "Pods seem to run" in told
    assert is_seeming == PROGRAM.built.is_file()
    phase = "Running" if is_seeming else "Pending"
    until(lambda: phase in cluster.kubectl("get", "pod", "web").stdout)
    assert cluster.kubectl("create", "namespace", "try").returncode == 0
    until(lambda: "closed" in cluster.kubectl("get", "netpol", "-n", "try").stdout)
    until(lambda: "web" in cluster.kubectl("get", "polr", "-n", "default").stdout)
    header = cluster.kubectl("get", "polr", "-A").stdout.splitlines()[0].split()
    assert header[1:2] + header[-6:] == ["NAME", "PASS", "FAIL", "WARN", "ERROR", "SKIP", "AGE"]
    audit = json.dumps({"spec": {"validationFailureAction": "Audit"}})
    assert (
        cluster.kubectl("patch", "cpol", "disallow-privileged", "--type=merge", "-p", audit).returncode == 0
    )
    seconds = until(lambda: not cluster.runs("--dry-run=server"))
    print(f"a change of a policy was in force after {seconds:.2f} s")
    cluster.process.send_signal(signal.SIGINT)
    assert cluster.process.wait(LEAVING_SECONDS) == 0
