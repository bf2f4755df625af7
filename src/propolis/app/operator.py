"""The process that keeps a cluster judged, and tells what holds of it."""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

import uvicorn

from propolis.app.admission_options import AdmissionOptions, access_of
from propolis.app.admission_policies import PolicyFiles
from propolis.app.admission_serving import GRACE_SECONDS, Server, asked_to_leave, new_loop, settle
from propolis.app.operator_application import OperatorApplication
from propolis.app.operator_cluster import Observe, OperatorCluster
from propolis.app.operator_options import OperatorOptions
from propolis.app.operator_policies import ScanPolicies
from propolis.app.repeating import repeat
from propolis.app.server import listen
from propolis.cluster.reader import ClusterReader, open_reader
from propolis.core import clock
from propolis.core.printable import printable
from propolis.policy.controllers.sink import FindingSink

LOOK_SECONDS = 0.25
"""Between two looks at the policies: a change is in force within a second."""
DISCOVER_SECONDS = 30.0
"""Between two looks at the kinds that the API server serves."""
SHOW_SECONDS = 0.5

MakeSinks = Callable[[ClusterReader], tuple[Sequence[FindingSink], Sequence[Observe]]]
"""Who is told of findings, and who of every judgement, for one cluster."""


def _nobody(_reader: ClusterReader) -> tuple[Sequence[FindingSink], Sequence[Observe]]:
    return (), ()


def operate(options: OperatorOptions, sinks: MakeSinks = _nobody) -> None:
    """Keeps a cluster judged until it is asked to stop.

    Raises:
        DocumentError: Policies or kubeconfig cannot be used.
        SourceError: The port is taken, or the API server does not answer.
    """
    operator = Operator(options, sinks)
    settle()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(operator.run_until_asked())


class Operator:
    """One run of the process.

    Attributes:
        cluster: What is followed; None before it has begun.
    """

    def __init__(self, options: OperatorOptions, sinks: MakeSinks = _nobody) -> None:
        """Reads the files of policies. Raises as `operate`."""
        self.cluster: OperatorCluster | None = None
        self._options = options
        self._sinks = sinks
        self._policies = ScanPolicies(PolicyFiles(options.policies, options.exceptions))
        self._told: set[str] = set()

    async def run_until_asked(self) -> None:
        """Runs until the process gets a signal."""
        leave = asyncio.Event()
        with asked_to_leave(leave):
            await self.run(leave)

    async def run(self, leave: asyncio.Event) -> None:
        """Runs until it is asked to leave."""
        work = asyncio.ensure_future(self._run())
        waiting = asyncio.ensure_future(leave.wait())
        await asyncio.wait((work, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        tell("stopped")

    async def _run(self) -> None:
        options = self._options
        access = access_of(AdmissionOptions(kubeconfig=options.kubeconfig, context=options.context))
        listener = listen(options.host, options.port)
        with contextlib.closing(listener):
            host, port, *_ = listener.getsockname()
            tell(f"Operator: http://{f'[{host}]' if ':' in host else host}:{port}/metrics (Ctrl-C stops it)")
            async with open_reader(access) as reader, asyncio.TaskGroup() as tasks:
                sinks, observers = self._sinks(reader)
                cluster = OperatorCluster(reader, self._policies, sinks, tasks, observers)
                self.cluster = cluster
                server = Server(self._config(cluster))
                tasks.create_task(server.serve(sockets=[listener]))
                await cluster.open(from_cluster=options.from_cluster, has_native=options.has_native)
                for work in self._around(cluster):
                    tasks.create_task(work)

    def _config(self, cluster: OperatorCluster) -> uvicorn.Config:
        application = OperatorApplication(cluster.metrics.text, lambda: cluster.is_known)
        return uvicorn.Config(
            application,
            interface="asgi3",
            log_level="error",
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )

    def _around(self, cluster: OperatorCluster) -> Iterator[Coroutine[Any, Any, None]]:
        yield cluster.background.run()
        yield self._show_first(cluster)
        yield repeat(LOOK_SECONDS, lambda: self._look(cluster), tell)
        yield repeat(DISCOVER_SECONDS, cluster.discover, tell)

    async def _look(self, cluster: OperatorCluster) -> None:
        if await cluster.look():
            tell(f"{len(cluster.background.scan.rules.units)} policies are in force")
        for text in cluster.problems():
            if text not in self._told:
                self._told.add(text)
                tell(text)

    async def _show_first(self, cluster: OperatorCluster) -> None:
        """Shows on a terminal how far the first scan is, and tells when it has ended."""
        begin, background = clock.monotonic(), cluster.background
        scan, is_shown = background.scan, sys.stderr.isatty()
        while not background.is_settled.is_set():
            if is_shown:
                total = sum(map(len, scan.kinds.values()))
                sys.stderr.write(f"\rJudged {total - min(scan.waiting, total):,} of {total:,} ")
                sys.stderr.flush()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SHOW_SECONDS):
                    await background.is_settled.wait()
        total = sum(map(len, scan.kinds.values()))
        seconds = clock.monotonic() - begin
        if is_shown:
            sys.stderr.write("\r")
        tell(f"{total:,} resources are judged, after {seconds:.1f} s")


def tell(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"{printable(text)}\n")
    sys.stderr.flush()
