"""A node on which pods seem to run: kwok says what a kubelet would say, and runs nothing.

There is no scheduler: a pod names its node, or `FakeNode.place_pods` has the API server name it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from tests.harness.control_plane.plane import ControlPlane
from tests.harness.go_program import GoProgram, NotBuiltError

NODE = "fake-node"
READY_SECONDS = 60
STOP_SECONDS = 10
PLACING = "pods-are-placed"
GROUP = "admissionregistration.k8s.io"
PROGRAM = GoProgram(
    name="kwok", folder="kwok", what="kwok", variables={"sigs.k8s.io/kwok/pkg/consts.Version": "0.8.0"}
)


class FakeNode:
    """One node of a control plane. A context manager; the node goes with it.

    The process ends when this one does, also when it is killed: it reads a pipe that closes then.
    """

    def __init__(self, plane: ControlPlane, program: Path, folder: Path) -> None:
        self._plane = plane
        self._program = program
        self._log = folder / "kwok.log"
        self._running: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._create(_node())
            self._start()
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_raised: object) -> None:
        for what in (f"node/{NODE}", f"mutatingadmissionpolicy/{PLACING}"):
            self._plane.kubectl("delete", what, "--ignore-not-found", "--wait=false")
        if self._running is None:
            return
        self._running.terminate()
        if self._running.stdin is not None:
            self._running.stdin.close()
        try:
            self._running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()

    def place_pods(self) -> None:
        """From about a second later on, pods that name no node are on this one."""
        for document in _placing():
            self._create(document)

    def _create(self, document: dict[str, Any]) -> None:
        made = self._plane.kubectl("apply", "-f", "-", stdin=json.dumps(document))
        if made.returncode:
            raise AssertionError(made.stderr)

    def _start(self) -> None:
        flags = {
            "kubeconfig": self._plane.kubeconfig,
            "config": PROGRAM.source / "stages.yaml",
            "manage-single-node": NODE,
            "node-ip": "127.0.0.1",
        }
        path = os.environ["PATH"]  # noqa: TID251  # a test's setting
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                [str(self._program), *(f"--{name}={value}" for name, value in flags.items())],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._log.parent,
                env={"PATH": path, "HOME": str(self._log.parent), "KWOK_ENDS_WITH_STDIN": "1"},
            )

    def _wait(self) -> None:
        ready = self._plane.kubectl(
            "wait", "--for=condition=Ready", f"node/{NODE}", f"--timeout={READY_SECONDS}s"
        )
        if ready.returncode:
            log = self._log.read_text(errors="replace")
            raise AssertionError(f"the node is not ready: {ready.stderr}{log[-2000:]}")


def _node() -> dict[str, Any]:
    labels = {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux", "type": "kwok"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE, "labels": labels}}


def _placing() -> tuple[dict[str, Any], dict[str, Any]]:
    """A policy of the API server that changes pods, and its binding."""
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
    change = f'Object{{spec: Object.spec{{nodeName: "{NODE}"}}}}'
    spec = {
        "matchConstraints": {"resourceRules": [pods]},
        "matchConditions": [{"name": "names-no-node", "expression": "!has(object.spec.nodeName)"}],
        "reinvocationPolicy": "Never",
        "failurePolicy": "Fail",
        "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": change}}],
    }
    head = {"apiVersion": f"{GROUP}/v1", "metadata": {"name": PLACING}}
    return (
        {**head, "kind": "MutatingAdmissionPolicy", "spec": spec},
        {**head, "kind": "MutatingAdmissionPolicyBinding", "spec": {"policyName": PLACING}},
    )


def main() -> int:
    """Builds kwok: ``make kwok``."""
    try:
        PROGRAM.build()
    except NotBuiltError as error:
        sys.stderr.write(f"no kwok: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
