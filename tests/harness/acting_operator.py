"""A running operator that carries out what policies want, as its users start it."""

import json
import subprocess
import threading
import urllib.request
from collections.abc import Sequence
from typing import IO

from tests.harness.admission import PROPOLIS, WAIT_SECONDS
from tests.harness.control_plane import ControlPlane


class ActingOperator:
    """One process."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self.told: list[str] = []
        self.address = ""
        self._plane = plane
        self._namespace = namespace
        self._process: subprocess.Popen[str] | None = None
        self._listener = threading.Thread()

    def start(self, *more: str) -> None:
        """Starts it; more options tell its policies. Returns once it has looked at all that is there."""
        command = [str(PROPOLIS), "operator", "--act", "--namespace", self._namespace, "--reports", "none"]
        command += ["--kubeconfig", str(self._plane.kubeconfig), "--port", "0", "--no-native"]
        self._process = subprocess.Popen([*command, *more], stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.told.append(line.rstrip())
            if line.startswith("Operator: "):
                self.address = line.split()[1]
            if "resources are judged" in line:
                self._listen(self._process.stderr)
                return
        raise AssertionError(f"the process ended with {self._process.wait()}: {self.told[-5:]}")

    def _listen(self, stream: IO[str]) -> None:
        def listen() -> None:
            with stream:
                self.told.extend(line.rstrip() for line in stream)

        self._listener = threading.Thread(target=listen, daemon=True)
        self._listener.start()

    def metrics(self) -> str:
        """What it counts."""
        with urllib.request.urlopen(self.address) as answer:
            return str(answer.read().decode())

    def stop(self) -> None:
        """Asks it to stop, and waits."""
        if self._process is not None:
            self._process.terminate()
            assert self._process.wait(WAIT_SECONDS) == 0, "\n".join(self.told)
            self._process = None
            self._listener.join(WAIT_SECONDS)


def applied(plane: ControlPlane, documents: Sequence[object], *more: str) -> None:
    """Asks the API server for objects."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})
    done = plane.kubectl("apply", "--validate=false", "-f", "-", *more, stdin=text)
    assert done.returncode == 0, done.stderr
