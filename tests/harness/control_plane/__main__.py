"""A control plane for people to try things on: ``make cluster``."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.harness.control_plane.plane import ControlPlane
from tests.harness.control_plane.program import build
from tests.harness.go_program import ROOT, NotBuiltError
from tests.harness.kwok import PROGRAM, FakeNode

DEFAULT = ROOT / ".cache" / "cluster"
POLICIES = ROOT / "examples" / "admission"
SHOP = ROOT / "examples" / "shop"
PROPOLIS = str(Path(sys.executable).parent / "propolis")
READY_SECONDS = 60
_COMMANDS = (["admission", "serve"], ["operator", "--act"])
TOLD = """
A Kubernetes API server runs at {server}, with the example shop, the policies of {policies} as objects,
admission at its door, and an operator that judges what is there and does what policies want.
In another terminal:

    export KUBECONFIG={kubeconfig}
    alias kubectl='{program} kubectl'
    kubectl get cpol,mpol                                            # in force: READY True
    kubectl run web --image=registry.example/web:1 --privileged      # is refused: read why
    kubectl run web --image=registry.example/web:1                   # is let in, and has a label more:
    kubectl get pod web --show-labels
    kubectl create namespace try; kubectl get netpol -n try          # a policy closes new namespaces
    kubectl get polr -A                                              # what the policies say of the shop
    kubectl get events -A --field-selector reason=PolicyViolation
    kubectl edit cpol disallow-privileged                            # Audit: in force within a second
    propolis admission replay --store {store} --policy pack:pod-security

{pods} Ctrl-C stops it all.
"""


def main(folder: Path) -> int:
    """Starts it in a folder, applies the example, serves until it is interrupted."""
    try:
        program = build()
    except NotBuiltError as error:
        sys.stderr.write(f"no control plane: {error}\n")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    with ControlPlane(program, folder) as plane, ExitStack() as stack:
        pods = _add_node(plane, folder, stack)
        _furnish(plane)
        told = {"server": plane.server, "kubeconfig": plane.kubeconfig, "program": program, "pods": pods}
        store = folder / "propolis.db"
        return _served(
            plane.kubeconfig,
            store,
            lambda: _tell(TOLD.format(policies=POLICIES.relative_to(ROOT), store=store, **told)),
        )


def _add_node(plane: ControlPlane, folder: Path, stack: ExitStack) -> str:
    """A node on which pods seem to run, where kwok was built; what is to be told of it."""
    if not PROGRAM.built.is_file():
        return "There is no node, so pods stay Pending (make kwok builds a fake one)."
    stack.enter_context(FakeNode(plane, PROGRAM.built, folder)).place_pods()
    return "Pods seem to run: their node is fake."


def _furnish(plane: ControlPlane) -> None:
    """Definitions, the shop, the policies."""
    definitions = subprocess.run(
        [PROPOLIS, "install", "--crds-only"], check=True, capture_output=True, text=True
    )
    plane.kubectl("apply", "--server-side", "-f", "-", stdin=definitions.stdout)
    plane.kubectl("wait", "--for=condition=Established", "crd", "--all", f"--timeout={READY_SECONDS}s")
    plane.kubectl("create", "namespace", "propolis")
    for _ in range(2):  # namespaces may come after what is in them
        shop = plane.kubectl("apply", "-R", "-f", str(SHOP), "--validate=false")
    applied = plane.kubectl("apply", "-R", "-f", str(POLICIES))
    made = len(shop.stdout.splitlines())
    _tell(f"{made} objects of the shop and {len(applied.stdout.splitlines())} policies are there\n")
    sys.stderr.write(shop.stderr + applied.stderr)


def _served(kubeconfig: Path, store: Path, ready: Callable[[], None]) -> int:
    """Serves in the foreground; an interruption reaches all, and this waits until they have left."""
    shared = ["--port", "0", "--from-cluster", "--kubeconfig", str(kubeconfig), "--store", str(store)]
    processes = [subprocess.Popen([PROPOLIS, *command, *shared]) for command in _COMMANDS]

    def pass_on(received: int, _frame: object) -> None:
        for one in processes:
            one.send_signal(received)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, pass_on)
    time.sleep(2)
    ready()
    codes = [one.wait() for one in processes]
    return max(codes)


def _tell(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else DEFAULT))
