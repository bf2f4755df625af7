"""Background scans of a real API server with 10,000 pods: ``make bench ARGS="background 50000"`` for more.

What is measured is the whole process, from its start until every pod is judged by 16 Pod Security policies
and its findings are stored. Named references of the same run: reading and decoding the same list, and
``policy apply --cluster``. Pods have no node: nothing runs them, and what a scan sees of them is the same.
"""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path

import msgspec

from propolis.app.admission_options import AdmissionOptions, access_of
from propolis.cluster.api_client import ApiClient, Patience, open_client
from propolis.cluster.discovery import JSON
from propolis.cluster.reflector import PAGE
from propolis.core.errors import SourceError
from propolis.core.resource import Document
from propolis.policy.sources.pack import content
from tests.bench._policies import resource
from tests.bench.policy_decisions import standards
from tests.harness.control_plane import ControlPlane, NotBuiltError, build

PODS = 10_000
NAMESPACES = 40
AT_ONCE = 16
CHANGES = 20
LOOK_SECONDS = 0.05
IDLE_SECONDS = 20
WAIT_SECONDS = 600
WANTED_SECONDS = 15.0
WANTED_MEGABYTES = {10_000: 300, 50_000: 1000}
PROPOLIS = str(Path(sys.executable).parent / "propolis")
_MEBI = 1024
_TICKS = os.sysconf("SC_CLK_TCK")


def run() -> Iterator[str]:
    """The lines of this bench."""
    try:
        program = build()
    except NotBuiltError as error:
        yield f"no control plane: {error}"
        return
    count = next((int(word) for word in sys.argv if word.isdigit()), PODS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plane").mkdir()
        with ControlPlane(program, folder / "plane") as plane:
            seconds = asyncio.run(_fill(plane, count))
            yield f"{count:,} pods in {NAMESPACES} namespaces are there after {seconds:.0f} s"
            yield from _measured(plane, folder, count)


def _measured(plane: ControlPlane, folder: Path, count: int) -> Iterator[str]:
    policies = folder / "policies"
    policies.mkdir()
    chosen = standards()
    for one in chosen:
        (policies / f"{one.name}.yaml").write_bytes(content(one.origin.path) or b"")
    plain = asyncio.run(_listed(plane))
    with _operator(plane, policies) as running:
        seconds, busy = running.settle()
        resources, findings = running.number("resources"), running.number("findings")
        peak = running.memory("VmHWM")
        yield (
            f"{resources:,.0f} resources, {findings:,.0f} findings of {len(chosen)} policies: "
            f"{seconds:.1f} s from start to all stored, {busy:.1f} s of processor "
            f"({WANTED_SECONDS:.0f} s wanted for {PODS:,})"
        )
        yield f"list and decode the same: {plain:.1f} s, so {seconds / plain:.1f}x of that"
        yield f"memory: {running.memory('VmRSS'):.0f} MB, {peak:.0f} MB at most ({_wanted(count)} wanted)"
        waits = sorted(asyncio.run(_changes(plane, running)))
        yield (
            f"a changed pod is judged again after {1000 * waits[len(waits) // 2]:.0f} ms, "
            f"{1000 * waits[-1]:.0f} ms at most of {len(waits)}, its request and a look at metrics included"
        )
        before = running.busy()
        time.sleep(IDLE_SECONDS)
        yield f"idle: {100 * (running.busy() - before) / IDLE_SECONDS:.2f} % of one processor (1 % wanted)"
    applied = _apply(plane, policies)
    yield f"policy apply --cluster: {applied:.1f} s, so {seconds / applied:.2f}x of that"


def _wanted(count: int) -> str:
    return f"{WANTED_MEGABYTES[count]} MB" if count in WANTED_MEGABYTES else "no number"


async def _fill(plane: ControlPlane, count: int) -> float:
    """Makes namespaces and pods; the seconds that it took."""
    begin = time.perf_counter()
    async with _client(plane) as client:
        for number in range(NAMESPACES):
            await client.post("/api/v1/namespaces", "make", msgspec.json.encode(_namespace(number)))
            await _account(client, f"shop-{number}")
        numbers = iter(range(count))

        async def worker() -> None:
            for number in numbers:
                found = _pod(number)
                path = f"/api/v1/namespaces/{found['metadata']['namespace']}/pods"
                await client.post(path, "make", msgspec.json.encode(found))

        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return time.perf_counter() - begin


async def _account(client: ApiClient, namespace: str) -> None:
    """Waits for the service account that a controller makes in a namespace; no pod is let in before."""
    while True:
        with contextlib.suppress(SourceError):
            await client.get(f"/api/v1/namespaces/{namespace}/serviceaccounts/default", "see", JSON, {})
            return
        await asyncio.sleep(LOOK_SECONDS)


def _namespace(number: int) -> Document:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"shop-{number}"}}


def _pod(number: int) -> Document:
    found = resource(number, "Pod")
    found["spec"] |= {"automountServiceAccountToken": False}
    del found["spec"]["serviceAccountName"]
    for container in found["spec"]["containers"]:
        del container["ports"]  # no two of a pod on the host's network may have one port
    return found


def _client(plane: ControlPlane) -> AbstractAsyncContextManager[ApiClient]:
    access = access_of(AdmissionOptions(kubeconfig=plane.kubeconfig))
    return open_client(access, Patience(requests_a_second=0))


async def _listed(plane: ControlPlane) -> float:
    """Seconds to read all pages of the list of pods and to decode them."""
    begin = time.perf_counter()
    async with _client(plane) as client:
        token = ""
        while True:
            page = msgspec.json.decode(await _page(client, token))
            token = page["metadata"].get("continue", "")
            if not token:
                return time.perf_counter() - begin


async def _page(client: ApiClient, token: str) -> bytes:
    query = {"limit": str(PAGE)} | ({"continue": token} if token else {})
    return await client.get("/api/v1/pods", "list", JSON, query)


async def _changes(plane: ControlPlane, running: "Running") -> list[float]:
    """Seconds from a change of a pod to its new judgement."""
    waits = []
    async with _client(plane) as client:
        for number in range(CHANGES):
            before, begin = running.number("evaluations_total"), time.perf_counter()
            metadata = {"name": f"web-{number}", "namespace": f"shop-{number % NAMESPACES}"}
            body = {"apiVersion": "v1", "kind": "Pod", "metadata": {**metadata, "labels": {"new": "yes"}}}
            path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
            await client.apply(path, "change", msgspec.json.encode(body))
            while running.number("evaluations_total") == before:
                if time.perf_counter() > begin + WAIT_SECONDS:
                    raise AssertionError("a change was not seen")
            waits.append(time.perf_counter() - begin)
    return waits


def _apply(plane: ControlPlane, policies: Path) -> float:
    begin = time.perf_counter()
    command = [PROPOLIS, "policy", "apply", str(policies), "--cluster", "--kubeconfig", str(plane.kubeconfig)]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


class Running:
    """An operator's process, as its metrics and the system show it."""

    def __init__(self, process: "subprocess.Popen[str]", begin: float, address: str) -> None:
        self._process = process
        self._begin = begin
        self._address = address

    def settle(self) -> tuple[float, float]:
        """Seconds from the start until all is judged, and of the processor."""
        while not (self.number("settled") and not self.number("backlog")):
            if time.perf_counter() > self._begin + WAIT_SECONDS:
                raise AssertionError("the scan does not end")
            time.sleep(LOOK_SECONDS)
        return time.perf_counter() - self._begin, self.busy()

    def number(self, name: str) -> float:
        """The sum of a metric over its labels."""
        with urllib.request.urlopen(self._address) as answer:
            text = answer.read().decode()
        found = re.findall(rf"^propolis_background_{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, found))

    def memory(self, name: str) -> float:
        """Megabytes, as the system counts them."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition(f"{name}:")[2].split()[0]) / _MEBI

    def busy(self) -> float:
        """Seconds of processor time."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def _operator(plane: ControlPlane, policies: Path) -> Iterator[Running]:
    command = [
        PROPOLIS,
        "operator",
        "--policies",
        str(policies),
        "--port",
        "0",
        "--reports",
        "none",
        "--no-events",
    ]
    command += ["--kubeconfig", str(plane.kubeconfig), "--store", str(policies.parent / "findings.db")]
    begin = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            if process.stderr is None:
                raise AssertionError("its output is read")
            line = next(line for line in process.stderr if line.startswith("Operator: "))
            yield Running(process, begin, line.split()[1])
        finally:
            process.terminate()
            process.communicate()
