"""Reviews a second: ``admission serve`` with 16 Pod Security policies, against an empty handler."""

import asyncio
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import msgspec

from propolis.app.admission_serving import new_loop
from propolis.policy.sources.pack import content
from tests.bench.policy_decisions import pod, standards

CONNECTIONS = 8
REVIEWS = 4_000
ROUNDS = 6
WANTED = 0.35
PROPOLIS = str(Path(sys.executable).parent / "propolis")


class Load(msgspec.Struct, frozen=True):
    """What one run of reviews took.

    Attributes:
        rate: Reviews a second.
        waits: Seconds of each, sorted.
        cpu_seconds: Of the server, for one review.
    """

    rate: float
    waits: list[float]
    cpu_seconds: float

    def quantile(self, share: float) -> float:
        """Milliseconds that a share of the reviews took at most."""
        return 1000 * self.waits[min(int(share * len(self.waits)), len(self.waits) - 1)]


def review() -> bytes:
    request = {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
        "requestResource": {"group": "", "version": "v1", "resource": "pods"},
        "name": "web-1",
        "namespace": "shop-1",
        "operation": "CREATE",
        "userInfo": {"username": "ann", "groups": ["team", "system:authenticated"]},
        "object": pod(1),
        "oldObject": None,
        "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
    }
    document = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}
    return json.dumps(document).encode()


class Connection(asyncio.Protocol):
    """One kept connection: sends the next review when the last one is answered."""

    def __init__(self, request: bytes, count: int) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self.waits: list[float] = []
        self._request = request
        self._left = count
        self._begin = 0.0
        self._buffer = b""
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop gives a transport that is none of asyncio's classes
        self._transport = cast("asyncio.WriteTransport", transport)
        self._next()

    def _next(self) -> None:
        self._left -= 1
        self._begin = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end or not _is_whole(head, body):
            return
        assert head.startswith(b"HTTP/1.1 200"), head
        assert b'"allowed":true' in body, body
        self._buffer = b""
        self.waits.append(time.perf_counter() - self._begin)
        if self._left > 0:
            self._next()
        else:
            self._transport.close()
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))


def _is_whole(head: bytes, body: bytes) -> bool:
    """Whether a body has come to its end, by its length or its last chunk."""
    found = _LENGTH.search(head)
    return body.endswith(b"\r\n0\r\n\r\n") if found is None else len(body) >= int(found[1])


_LENGTH = re.compile(rb"content-length: ([0-9]+)", re.IGNORECASE)


async def _reviews(port: int, trust: ssl.SSLContext, count: int, connections: int) -> list[float]:
    body = review()
    head = "POST /validate/fail?timeout=10s HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    head += f"content-length: {len(body)}\r\n\r\n"
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(
            lambda: Connection(head.encode() + body, count // connections), "127.0.0.1", port, ssl=trust
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    return [wait for _, protocol in made for wait in protocol.waits]


def load(process: subprocess.Popen[str], port: int, folder: Path, count: int, connections: int) -> Load:
    """Sends reviews and measures."""
    trust = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    before, begin = _cpu_seconds(process.pid), time.perf_counter()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        waits = runner.run(_reviews(port, trust, count, connections))
    taken = time.perf_counter() - begin
    return Load(len(waits) / taken, sorted(waits), (_cpu_seconds(process.pid) - before) / len(waits))


def _cpu_seconds(process: int) -> float:
    """Processor time of a process, in user and system mode."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def served(command: list[str], folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server process and its port."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder) as process:
        try:
            assert process.stderr is not None
            address = next(line for line in process.stderr if line.startswith("Admission: ")).split()[1]
            yield process, int(address.rpartition(":")[2])
        finally:
            process.terminate()


def run() -> list[str]:
    """Lines for throughput, its ratio, and waits on one connection and at half the load."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chosen = standards()
        for one in chosen:
            text = (content(one.origin.path) or b"").replace(b"Audit", b"Enforce")
            (folder / f"{one.name}.yaml").write_bytes(text)
        admission = [PROPOLIS, "admission", "serve", "--offline", "--port", "0", "--certificates", name]
        admission += [part for one in chosen for part in ("--policies", f"{one.name}.yaml")]
        empty = [sys.executable, "-m", "tests.bench._empty_handler", name]
        root = Path(__file__).parents[2]
        with served(empty, root) as reference:
            with served([*admission, "--no-records"], folder) as judged:
                lines = [*_throughput(reference, judged, folder, len(chosen)), *_waits(judged, folder)]
            with served([*admission, "--store", "records.db"], folder) as judged:
                recorded = _throughput(reference, judged, folder, len(chosen))
            return [*lines, *(f"with every decision recorded: {line}" for line in recorded)]


def _throughput(
    reference: tuple[subprocess.Popen[str], int],
    judged: tuple[subprocess.Popen[str], int],
    folder: Path,
    policies: int,
) -> list[str]:
    found: tuple[list[Load], list[Load]] = ([], [])
    for server in (reference, judged):
        load(*server, folder, CONNECTIONS * 50, CONNECTIONS)
    for _ in range(ROUNDS):
        for server, loads in zip((reference, judged), found, strict=True):
            loads.append(load(*server, folder, REVIEWS, CONNECTIONS))
    empty, own = (max(loads, key=lambda one: one.rate) for loads in found)
    cpu = [min(one.cpu_seconds for one in loads) for loads in found]
    size = len(msgspec.json.encode(pod(1)))
    rates = f"{own.rate:,.0f} reviews/s; an empty handler {empty.rate:,.0f}; {own.rate / empty.rate:.2f}x"
    processor = f"{1e6 * cpu[1]:.0f} and {1e6 * cpu[0]:.0f} us a review, {cpu[0] / cpu[1]:.2f}x"
    what = f"{policies} Pod Security policies, a pod of {size:,} bytes, TLS, {CONNECTIONS} kept connections"
    waits = f"p50 {own.quantile(0.5):.2f} ms, p99 {own.quantile(0.99):.2f} ms"
    others = f"{empty.quantile(0.5):.2f} ms, {empty.quantile(0.99):.2f} ms"
    return [
        f"{what}, one worker: {rates} (wanted {WANTED}x)",
        f"processor time of the server: {processor}; {waits}; the empty handler {others}",
    ]


def _waits(judged: tuple[subprocess.Popen[str], int], folder: Path) -> list[str]:
    one = load(*judged, folder, REVIEWS // 4, 1)
    waits = f"p50 {one.quantile(0.5):.2f} ms, p99 {one.quantile(0.99):.2f} ms"
    return [f"on one connection: {one.rate:,.0f} reviews/s, {waits}"]
