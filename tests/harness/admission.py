"""A running admission server in front of a real API server, as its users start it."""

import json
import os
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from tests.harness.control_plane import ControlPlane
from tests.harness.control_plane.plane import free_ports

Document = dict[str, Any]
WAIT_SECONDS = 60
"""A deadline, not a measure: machines that run tests may be busy."""
PROPOLIS = Path(sys.executable).parent / "propolis"

PRIVILEGED = {
    "name": "no-privileged",
    "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
    "validate": {
        "message": "Privileged containers: never.",
        "pattern": {"spec": {"containers": [{"=(securityContext)": {"=(privileged)": "false"}}]}},
    },
}


def policy(name: str, namespace: str, *rules: Document, action: str = "Enforce") -> Document:
    """A policy for one namespace."""
    placed = json.loads(json.dumps(rules))
    for rule in placed:
        for item in rule["match"]["any"]:
            item["resources"]["namespaces"] = [namespace]
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": name},
        "spec": {"validationFailureAction": action, "rules": placed},
    }


def pod(name: str, *, privileged: bool = False) -> Document:
    container = {
        "name": "c",
        "image": "registry.example/web:1",
        "securityContext": {"privileged": privileged},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container]},
    }


def config_map(name: str, **data: str) -> Document:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


class Admission:
    """A running admission server, and the API server that asks it."""

    def __init__(self, plane: ControlPlane, namespace: str, folder: Path) -> None:
        self.plane = plane
        self.namespace = namespace
        self.folder = folder / "policies"
        self.folder.mkdir()
        self.store = folder / "records" / "store.db"
        self.name = f"propolis-{namespace}"
        self.environment: dict[str, str] = {}
        self._process: subprocess.Popen[str] | None = None
        self._listener = threading.Thread()
        self.address = ""
        self.told: list[str] = []
        self.port = 0

    def start(self, *policies: Document, from_cluster: bool = False, more: Sequence[str] = ()) -> None:
        """Starts it with some policies, or those of the cluster, and more options."""
        if policies:
            self.write(*policies)
        self.port = free_ports(1)[0]
        command = [str(PROPOLIS), "admission", "serve", "--name", self.name, "--port", str(self.port)]
        command += ["--from-cluster"] if from_cluster else ["--policies", str(self.folder)]
        if "--kubeconfig" not in more:
            command += ["--kubeconfig", str(self.plane.kubeconfig)]
        if "--certificates" not in more:
            command += ["--certificates", str(self.folder.parent / "ca")]
        command += ["--store", str(self.store)]
        environment = {**os.environ, **self.environment}  # noqa: TID251  # of a child
        self._process = subprocess.Popen(
            [*command, *more], stderr=subprocess.PIPE, text=True, env=environment
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.told.append(line.rstrip())
            if line.startswith("Admission: "):
                self.address = line.split()[1]
                self._listen(self._process.stderr)
                return
        raise AssertionError(f"the process ended with {self._process.wait()}: {self.told[-5:]}")

    def _listen(self, stream: IO[str]) -> None:
        """Keeps what it tells, so that its pipe never fills."""

        def listen() -> None:
            with stream:
                for line in stream:
                    self.told.append(line.rstrip())

        self._listener = threading.Thread(target=listen, daemon=True)
        self._listener.start()

    def replayed(self, *policies: Document) -> Document:
        """What ``admission replay`` tells of policies on what has been recorded."""
        path = self.folder.parent / "replayed.yaml"
        path.write_text("\n---\n".join(map(json.dumps, policies)))
        command = [str(PROPOLIS), "admission", "replay", "--policy", str(path), "--store", str(self.store)]
        found = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=False)
        if found.returncode:
            return {"summary": {"requests": 0}, "problem": found.stderr}
        return dict(json.loads(found.stdout))

    def write(self, *policies: Document) -> None:
        """Puts policies in the place of those that are there."""
        made = self.folder.parent / "new.yaml"
        made.write_text("\n---\n".join(map(json.dumps, policies)))
        made.replace(self.folder / "policies.yaml")

    def stop(self) -> int:
        """Asks it to stop and waits."""
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(WAIT_SECONDS)
        finally:
            self._forget()

    def kill(self) -> None:
        """Ends it without a chance to say goodbye."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._forget()

    @property
    def process(self) -> subprocess.Popen[str]:
        """The process that serves."""
        assert self._process is not None
        return self._process

    def metrics(self) -> str:
        """What it counts."""
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(f"{self.address}/metrics", context=trust) as answer:
            return str(answer.read().decode())

    def _forget(self) -> None:
        self._process = None
        self._listener.join(WAIT_SECONDS)

    def clean(self) -> None:
        """Leaves nothing behind that asks a server that is gone."""
        if self._process is not None:
            self.kill()
        for kind in ("validating", "mutating"):
            label = f"propolis.dev/admission={self.name}"
            self.plane.kubectl("delete", f"{kind}webhookconfiguration", "-l", label, "--ignore-not-found")

    def apply(self, document: Document, *more: str) -> subprocess.CompletedProcess[str]:
        """Asks the API server for an object."""
        arguments = ("apply", "-n", self.namespace, "-f", "-", "--validate=false", *more)
        return self.plane.kubectl(*arguments, stdin=json.dumps(document))

    def refuses(self, document: Document) -> str:
        """What it is refused with, in a trial that changes nothing; empty when it is let in."""
        found = self.apply(document, "--dry-run=server")
        return found.stderr if found.returncode else ""


def until(holds: Callable[[], object], seconds: float = WAIT_SECONDS) -> float:
    """Seconds until something holds: what an API server has read takes effect when it has."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        if holds():
            return time.monotonic() - begin
    raise AssertionError(f"it does not hold after {seconds} s")
