"""A control plane for people to try things on: ``make cluster``."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.harness.control_plane.plane import ControlPlane
from tests.harness.control_plane.program import ROOT, NotBuiltError, build

FOLDER = ROOT / ".cache" / "cluster"
POLICIES = ROOT / "examples" / "admission"
SHOP = ROOT / "examples" / "shop"
TOLD = """
A Kubernetes API server runs at {server}, with the example shop and these policies: {policies}

    export KUBECONFIG={kubeconfig}
    alias kubectl='{program} kubectl'
    kubectl get pods -A
    kubectl run web --image=registry.example/web:1 --privileged      # is refused: read why
    kubectl run web --image=registry.example/web:1                   # is let in, and has a label more:
    kubectl get pod web --show-labels
    propolis policy apply {policies} --cluster           # what the policies say of the shop

Edit the policies: a change is in force within a second. There is no node that runs pods. Ctrl-C stops it all.
"""


def main() -> int:
    """Starts it, applies the example, serves admission until it is interrupted."""
    try:
        program = build()
    except NotBuiltError as error:
        sys.stderr.write(f"no control plane: {error}\n")
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, mode=0o700)
    with ControlPlane(program, FOLDER) as plane:
        for _ in range(2):  # namespaces may come after what is in them
            shop = plane.kubectl("apply", "-R", "-f", str(SHOP), "--validate=false")
        sys.stdout.write(f"{len(shop.stdout.splitlines())} objects of the shop are there\n{shop.stderr}")
        told = {"server": plane.server, "kubeconfig": plane.kubeconfig, "program": program}
        sys.stdout.write(TOLD.format(policies=POLICIES.relative_to(ROOT), **told))
        sys.stdout.flush()
        return _admission(plane.kubeconfig)


def _admission(kubeconfig: Path) -> int:
    """Serves in the foreground; an interruption reaches both, and this waits until the server has left."""
    command = [str(Path(sys.executable).parent / "propolis"), "admission", "serve"]
    command += ["--policies", str(POLICIES), "--kubeconfig", str(kubeconfig)]
    with subprocess.Popen(command) as process:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda received, _frame: process.send_signal(received))
        return process.wait()


if __name__ == "__main__":
    sys.exit(main())
