"""Starts and stops a control plane on free ports of the loopback address."""

import contextlib
import json
import os
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from tests.harness.control_plane.files import Files

START_SECONDS = 90
STOP_SECONDS = 10
PAUSE_SECONDS = 0.05
"""Between two questions whether a server is ready: no server tells by itself."""


class ControlPlane:
    """etcd, an API server and, unless it is left out, a controller manager. A context manager.

    Every process ends when this one does, also when it is killed: they read a pipe that closes then.

    Attributes:
        folder: Its files: ``admin.kubeconfig``, ``audit.log``, one log a process.
        server: Its address.
        etcd: The address of its store.
    """

    def __init__(self, program: Path, folder: Path, *, has_controllers: bool = True) -> None:
        self.folder = folder
        self._program = program
        self._has_controllers = has_controllers
        self._ports = free_ports(4)
        self.server = f"https://127.0.0.1:{self._ports[0]}"
        self.etcd = f"http://127.0.0.1:{self._ports[1]}"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def kubeconfig(self) -> Path:
        """Of the administrator."""
        return self.folder / "admin.kubeconfig"

    def __enter__(self) -> Self:
        try:
            Files(self.folder, self.server).write()
            self._start_etcd()
            self.start_api_server()
            if self._has_controllers:
                self._start_controllers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_raised: object) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)

    def stop(self, name: str) -> None:
        """Ends one process, and waits for it."""
        process = self._running.pop(name)
        process.terminate()
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kubectl(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Runs kubectl as the administrator."""
        command = [str(self._program), "kubectl", "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, check=False, env=self._environment()
        )

    def compact(self) -> None:
        """Lets etcd forget all versions but the newest, so that no watch can go on from an older one."""
        address = f"http://127.0.0.1:{self._ports[1]}/v3/kv"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        everything = json.dumps({"key": "AA==", "limit": 1}).encode()
        with opener.open(f"{address}/range", everything) as answer:
            revision = json.load(answer)["header"]["revision"]
        with opener.open(f"{address}/compaction", json.dumps({"revision": revision}).encode()):
            pass

    def start_api_server(self) -> None:
        """Starts the API server, or starts it again on the same port, and waits until it is ready."""
        self._run("kube-apiserver", *self._api_server_flags())
        self._wait("kube-apiserver", f"{self.server}/readyz")

    def _start_etcd(self) -> None:
        client, peer = (f"http://127.0.0.1:{port}" for port in self._ports[1:3])
        self._run(
            "etcd",
            *("--data-dir", str(self.folder / "etcd"), "--unsafe-no-fsync", "--log-level=error"),
            *("--listen-client-urls", client, "--advertise-client-urls", client),
            *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
            *("--initial-cluster", f"default={peer}"),
        )

    def _api_server_flags(self) -> Iterator[str]:
        file = self._file
        flags = {
            "etcd-servers": f"http://127.0.0.1:{self._ports[1]}",
            "bind-address": "127.0.0.1",
            "advertise-address": "127.0.0.1",
            "secure-port": str(self._ports[0]),
            "endpoint-reconciler-type": "none",
            "tls-cert-file": file("apiserver.crt"),
            "tls-private-key-file": file("apiserver.key"),
            "client-ca-file": file("ca.crt"),
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": file("service-accounts.pub"),
            "service-account-signing-key-file": file("service-accounts.key"),
            "service-cluster-ip-range": "10.96.0.0/16",
            "allow-privileged": "true",
            "authorization-mode": "Node,RBAC",
            "enable-admission-plugins": "NodeRestriction",
            "requestheader-client-ca-file": file("front-ca.crt"),
            "requestheader-allowed-names": "front-proxy-client",
            "requestheader-username-headers": "X-Remote-User",
            "requestheader-group-headers": "X-Remote-Group",
            "requestheader-extra-headers-prefix": "X-Remote-Extra-",
            "proxy-client-cert-file": file("front-client.crt"),
            "proxy-client-key-file": file("front-client.key"),
            "audit-policy-file": file("audit-policy.json"),
            "audit-log-path": file("audit.log"),
            "audit-log-mode": "blocking",
            "encryption-provider-config": file("encryption.json"),
        }
        return (f"--{name}={value}" for name, value in flags.items())

    def _start_controllers(self) -> None:
        self._run(
            "kube-controller-manager",
            f"--kubeconfig={self._file('controllers.kubeconfig')}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._ports[3]}",
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={self._file('service-accounts.key')}",
            f"--root-ca-file={self._file('ca.crt')}",
            f"--cluster-signing-cert-file={self._file('ca.crt')}",
            f"--cluster-signing-key-file={self._file('ca.key')}",
            "--leader-elect=false",
            "--kube-api-qps=300",
            "--kube-api-burst=600",
        )

    def _run(self, name: str, *flags: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [str(self._program), name, *flags],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self._environment() | {"CONTROLPLANE_ENDS_WITH_STDIN": "1"},
            )

    def _environment(self) -> dict[str, str]:
        """Nothing of the caller's but the way to programs: no proxy, no kubeconfig."""
        path = os.environ["PATH"]  # noqa: TID251  # a test's setting
        return {"PATH": path, "HOME": str(self.folder)}

    def _wait(self, name: str, address: str) -> None:
        trust = ssl.create_default_context(cafile=self._file("ca.crt"))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
        )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self._running[name].poll() is not None:
                break
            with contextlib.suppress(urllib.error.URLError, OSError), opener.open(address, timeout=5):
                return
            time.sleep(PAUSE_SECONDS)
        log = (self.folder / f"{name}.log").read_text(errors="replace")
        raise AssertionError(f"{name} is not ready: {log[-2000:]}")

    def _file(self, name: str) -> str:
        return str(self.folder / name)


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now."""
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in found]
