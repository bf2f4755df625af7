"""The process that keeps a cluster judged, and tells what holds of it."""

import asyncio
import contextlib
import socket
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import uvicorn

from propolis.app.admission_options import AdmissionOptions, access_of
from propolis.app.admission_policies import PolicyFiles
from propolis.app.admission_serving import GRACE_SECONDS, Server, asked_to_leave, new_loop, settle
from propolis.app.admission_settings import SettingsSource
from propolis.app.admission_tasks import repeat, tell
from propolis.app.evaluation_guard import WHOLE_SECONDS, EvaluationGuard
from propolis.app.operator_actions import OperatorActions
from propolis.app.operator_application import OperatorApplication
from propolis.app.operator_cluster import OperatorCluster
from propolis.app.operator_options import OperatorOptions
from propolis.app.operator_policies import ScanPolicies
from propolis.app.operator_statuses import LOOK_SECONDS as STATUS_SECONDS
from propolis.app.operator_statuses import OperatorStatuses
from propolis.app.operator_telling import MakeTelling, Telling, to_nobody
from propolis.app.server import listen
from propolis.app.service_calls import open_service_calls
from propolis.app.terms import Terms
from propolis.cluster.api_client import open_client
from propolis.cluster.kubeconfig import Access
from propolis.cluster.leases import Leadership
from propolis.cluster.reader import ClusterReader, open_reader
from propolis.core import clock
from propolis.core.errors import Error

if TYPE_CHECKING:
    from propolis.policy.controllers.judging import Guard

LOOK_SECONDS = 0.25
"""Between two looks at the policies: a change is in force within a second."""
SHOW_SECONDS = 0.5
MOST_TOLD = 10_000
"""Problems that are told once; names in them come from strangers."""
END_SECONDS = 5.0
"""For what is still to be written when a term ends."""


def operate(options: OperatorOptions, tellings: MakeTelling = to_nobody) -> None:
    """Keeps a cluster judged until it is asked to stop.

    Raises:
        DocumentError: Policies or kubeconfig cannot be used.
        SourceError: The port is taken, or the API server does not answer.
    """
    operator = Operator(options, tellings)
    guard = EvaluationGuard()
    operator.guard = lambda evaluation: guard.run(evaluation, WHOLE_SECONDS)
    settle()
    try:
        with guard.installed(), asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(operator.run_until_asked())
    except BaseExceptionGroup as group:
        raise first_error(group) from group


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error for people of all that went wrong at once; the group itself where there is none."""
    for one in group.exceptions:
        found = first_error(one) if isinstance(one, BaseExceptionGroup) else one
        if isinstance(found, Error):
            return found
    return group


class Operator:
    """One run of the process.

    Attributes:
        cluster: What is followed; None while it does not lead.
        terms: In which it leads.
        guard: Stops evaluations that take too long; None where nothing does.
    """

    def __init__(self, options: OperatorOptions, tellings: MakeTelling = to_nobody) -> None:
        """Reads the files of policies. Raises as `operate`."""
        self.cluster: OperatorCluster | None = None
        self.terms = Terms()
        self.guard: Guard | None = None
        self._options = options
        self._tellings = tellings
        self._policies: ScanPolicies | None = self._read()
        self._told: set[str] = set()

    def _read(self) -> ScanPolicies:
        return ScanPolicies(PolicyFiles(self._options.policies, self._options.exceptions))

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
                tasks.create_task(Server(self._config()).serve(sockets=[listener]))
                async with self._standing(access):
                    await self.terms.run(lambda: self._term(reader))

    @asynccontextmanager
    async def _standing(self, access: Access) -> AsyncIterator[None]:
        """Stands for election where there is one; leads at once where there is none.

        By a client of its own: renewals do not wait until reports are written.
        """
        namespace, _, name = self._options.lease.partition("/")
        if not name:
            self.terms.gained()
            yield
            return
        identity = f"{socket.gethostname()}_{uuid.uuid4()}"
        terms = self.terms
        async with (
            open_client(access) as client,
            Leadership(client, namespace, name, identity, gained=terms.gained, lost=terms.lost) as leadership,
        ):
            watching = asyncio.create_task(repeat(LOOK_SECONDS, lambda: self._tell_trouble(leadership)))
            try:
                yield
            finally:
                watching.cancel()

    async def _tell_trouble(self, leadership: Leadership) -> None:
        """Tells why it cannot stand for election."""
        self._tell_once((leadership.problem,) if leadership.problem else ())

    async def _term(self, reader: ClusterReader) -> None:
        """Judges and tells as long as it leads: what another has written meanwhile is read anew."""
        options, telling = self._options, self._tellings(reader)
        tell("leads: the cluster is judged from now on")
        policies, self._policies = self._policies or self._read(), None
        settings = SettingsSource(options.settings_file, options.settings)
        try:
            async with open_service_calls(options.egress) as services, asyncio.TaskGroup() as tasks:
                cluster = OperatorCluster(reader, policies, settings, telling, tasks, services)
                self.cluster = cluster
                if self.guard is not None:
                    cluster.background.scan.judging.guard = self.guard
                if options.acts:
                    self._act(cluster, reader, tasks)
                for know in telling.before:
                    await know()
                await cluster.open(from_cluster=options.from_cluster, has_native=options.has_native)
                for opened in telling.opened:
                    opened(cluster)
                for work in self._around(cluster, telling, OperatorStatuses(reader)):
                    tasks.create_task(work)
        finally:
            self.cluster = None
            await _end(telling)

    def _act(self, cluster: OperatorCluster, reader: ClusterReader, tasks: asyncio.TaskGroup) -> None:
        """Carries out what policies want as long as it leads."""
        actions = OperatorActions(reader, self._options, tell, tasks.create_task, self.guard)
        cluster.actions = actions
        cluster.metrics.also(actions.deeds)

    def _metrics(self) -> bytes:
        return self.cluster.metrics.text() if self.cluster else b""

    def _config(self) -> uvicorn.Config:
        application = OperatorApplication(self._metrics, lambda: True)
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

    def _around(
        self, cluster: OperatorCluster, telling: Telling, statuses: OperatorStatuses
    ) -> Iterator[Coroutine[Any, Any, None]]:
        yield cluster.background.run()
        yield self._first(cluster, telling)
        for work in (*telling.beside, *(cluster.actions.work() if cluster.actions else ())):
            yield _done(work)
        objects = cluster.policy_objects
        yield repeat(LOOK_SECONDS, lambda: self._look(cluster), objects.changed if objects else None)
        yield repeat(LOOK_SECONDS, cluster.discover)
        yield repeat(STATUS_SECONDS, lambda: statuses.look(cluster.policy_objects))

    async def _look(self, cluster: OperatorCluster) -> None:
        if await cluster.look():
            tell(f"{len(cluster.background.scan.rules.units)} policies are in force")
        self._tell_once(cluster.problems())

    def _tell_once(self, texts: Iterable[str]) -> None:
        for text in texts:
            if text not in self._told:
                if len(self._told) >= MOST_TOLD:
                    self._told.clear()
                self._told.add(text)
                tell(text)

    async def _first(self, cluster: OperatorCluster, telling: Telling) -> None:
        """Shows on a terminal how far the first scan is, and tells everybody when it has ended."""
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
        for settled in telling.settled:
            settled()
        tell(f"{total:,} resources are judged, after {seconds:.1f} s")


async def _end(telling: Telling) -> None:
    """Writes what waits, as far as that is soon done."""
    for finish in telling.after:
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await finish()


async def _done(work: Callable[[], Awaitable[object]]) -> None:
    await work()
