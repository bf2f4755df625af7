"""Reviews a second beside Kyverno's own admission controller: same API server, policies, reviews and client.

The controller is a program ``kyverno`` of v1.19.1 in ``.cache/peers`` or in the folder PEERS_BIN; its
CustomResourceDefinitions come from its Go module. It writes no reports, and this server keeps no records.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from propolis.policy.sources.pack import content
from tests.bench.admission import CONNECTIONS, Load, load, served
from tests.bench.policy_decisions import standards
from tests.harness.control_plane import ControlPlane, NotBuiltError, build
from tests.harness.control_plane.plane import free_ports

OUTSIDE = os.environ  # noqa: TID251  # a bench's setting
ROOT = Path(__file__).parents[2]
MODULE = "github.com/kyverno/kyverno@v1.19.1"
PROPOLIS = str(Path(sys.executable).parent / "propolis")
WANTED = 8.0
REVIEWS = 2_000
ROUNDS = 3
READY_SECONDS = 180
PAUSE_SECONDS = 0.2
NAMESPACE = "kyverno"
AUTHORITY = "kyverno-svc.kyverno.svc.kyverno-tls-ca"


def controller() -> Path | None:
    """The program, where it was built."""
    folders = [ROOT / ".cache" / "peers", *(Path(one) for one in [OUTSIDE.get("PEERS_BIN")] if one)]
    return next((folder / "kyverno" for folder in folders if (folder / "kyverno").is_file()), None)


def manifests() -> list[dict[str, object]]:
    """What an installation is made of, without its deployments: processes stand for them."""
    go = shutil.which("go") or "/usr/local/go/bin/go"
    told = subprocess.run(
        [go, "mod", "download", "-json", MODULE], capture_output=True, text=True, check=True, cwd="/"
    )
    text = Path(json.loads(told.stdout)["Dir"], "config", "install-latest-testing.yaml").read_text()
    documents = [one for one in yaml.load_all(text, yaml.CSafeLoader) if one]
    for one in documents:
        if one["kind"] == "Deployment":
            one["spec"]["replicas"] = 0
    return documents


def run() -> list[str]:
    """Lines for both, and the ratio."""
    program = controller()
    if program is None:
        return ["SKIPPED: there is no kyverno in .cache/peers or PEERS_BIN, so nothing is compared with it"]
    try:
        plane_program = build()
    except NotBuiltError as error:
        return [f"SKIPPED: no control plane: {error}"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ControlPlane(plane_program, _made(folder / "plane")) as plane:
            return _compared(plane, program, folder)


def _compared(plane: ControlPlane, program: Path, folder: Path) -> list[str]:
    policies = [(content(one.origin.path) or b"").replace(b"Audit", b"Enforce") for one in standards()]
    peer, own = _made(folder / "peer"), _made(folder / "own")
    (own / "policies.yaml").write_bytes(b"\n---\n".join(policies))
    command = [PROPOLIS, "admission", "serve", "--policies", "policies.yaml", "--port", "0", "--no-webhooks"]
    command += ["--no-records", "--kubeconfig", str(plane.kubeconfig), "--certificates", str(own)]
    with _kyverno(plane, program, peer) as (process, port), served(command, own) as ours:
        _applied(plane, "\n---\n".join(one.decode() for one in policies))
        _ready(plane, len(policies))
        found: tuple[list[Load], list[Load]] = ([], [])
        for _ in range(ROUNDS):
            found[0].append(load(process, port, peer, REVIEWS, CONNECTIONS))
            found[1].append(load(*ours, own, REVIEWS, CONNECTIONS))
        theirs, mine = (max(loads, key=lambda one: one.rate) for loads in found)
        cpu = [1e6 * min(one.cpu_seconds for one in loads) for loads in found]
    ratio = mine.rate / theirs.rate
    rates = f"{mine.rate:,.0f} reviews/s; Kyverno {theirs.rate:,.0f}; {ratio:.1f}x (wanted {WANTED:g}x)"
    waits = [f"p50 {one.quantile(0.5):.2f} ms, p99 {one.quantile(0.99):.2f} ms" for one in (mine, theirs)]
    processor = f"processor time {cpu[1]:.0f} and {cpu[0]:,.0f} us a review"
    return [
        f"{len(policies)} Pod Security policies, {CONNECTIONS} kept connections: {rates}",
        f"{waits[0]}; Kyverno {waits[1]}; {processor}",
    ]


@contextmanager
def _kyverno(plane: ControlPlane, program: Path, folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The controller and the port of its webhooks."""
    port, metrics = free_ports(2)
    _applied(plane, yaml.dump_all(manifests(), Dumper=yaml.CSafeDumper), "--server-side")
    done = plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    assert done.returncode == 0, done.stderr
    command = [str(program), f"--kubeconfig={plane.kubeconfig}", f"--serverIP=127.0.0.1:{port}"]
    command += ["--webhookServerHost=127.0.0.1", f"--webhookServerPort={port}", "--servicePort=443"]
    command += [f"--caSecretName={AUTHORITY}", "--tlsSecretName=kyverno-svc.kyverno.svc.kyverno-tls-pair"]
    command += ["--metricsHost=127.0.0.1", f"--metricsPort={metrics}", "--controllerRuntimeMetricsAddress=0"]
    account = "system:serviceaccount:kyverno:kyverno"
    command += [f"--backgroundServiceAccountName={account}-background-controller"]
    command += [f"--reportsServiceAccountName={account}-reports-controller"]
    command += ["--admissionReports=false", "--enableReporting=", "--v=0"]
    environment = {
        "PATH": OUTSIDE["PATH"],
        "HOME": str(folder),
        "TUF_ROOT": str(folder / "sigstore"),
        "INIT_CONFIG": "kyverno",
        "METRICS_CONFIG": "kyverno-metrics",
        "KYVERNO_NAMESPACE": NAMESPACE,
        "KYVERNO_POD_NAME": "kyverno-local",
        "KYVERNO_SERVICEACCOUNT_NAME": "kyverno-admission-controller",
        "KYVERNO_ROLE_NAME": "kyverno:admission-controller",
        "KYVERNO_SVC": "kyverno-svc",
        "KYVERNO_DEPLOYMENT": "kyverno-admission-controller",
    }
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log, text=True) as process,
    ):
        try:
            _until(lambda: _authority(plane, folder), process, folder)
            name = "validatingwebhookconfiguration", "kyverno-policy-validating-webhook-cfg"
            _until(lambda: plane.kubectl("get", *name).returncode == 0, process, folder)
            yield process, port
        finally:
            process.terminate()
            for kind in ("validating", "mutating"):
                plane.kubectl("delete", f"{kind}webhookconfigurations", "--all")


def _authority(plane: ControlPlane, folder: Path) -> bool:
    """Whether the controller has made its authority; it is kept for the client."""
    found = plane.kubectl("get", "secret", AUTHORITY, "-n", NAMESPACE, "-o", "jsonpath={.data.tls\\.crt}")
    if found.returncode or not found.stdout:
        return False
    (folder / "ca.crt").write_bytes(base64.b64decode(found.stdout))
    return True


def _ready(plane: ControlPlane, policies: int) -> None:
    """Waits until the controller has written webhooks for all policies."""
    path = 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'
    end = time.monotonic() + READY_SECONDS
    while plane.kubectl("get", "clusterpolicies", "-o", path).stdout.split().count("True") < policies:
        assert time.monotonic() < end, plane.kubectl("get", "clusterpolicies").stdout
        time.sleep(PAUSE_SECONDS)


def _until(holds: Callable[[], bool], process: subprocess.Popen[str], folder: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while not holds():
        ended = process.poll() is not None or time.monotonic() > end
        assert not ended, (folder / "log").read_text()[-2000:]
        time.sleep(PAUSE_SECONDS)


def _applied(plane: ControlPlane, text: str, *more: str) -> None:
    done = plane.kubectl("apply", "-f", "-", *more, stdin=text)
    assert done.returncode == 0, done.stderr[-2000:]


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder
