"""The process that serves admission: policies in force, webhooks, certificates, and how it leaves."""

import asyncio
import contextlib
import gc
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import uvicorn

from propolis.app.admission_application import AdmissionApplication
from propolis.app.admission_certificates import Certificates
from propolis.app.admission_cluster import AdmissionCluster
from propolis.app.admission_metrics import AdmissionMetrics
from propolis.app.admission_objects import PolicyObjects
from propolis.app.admission_policies import PolicyFiles
from propolis.app.admission_rules import AdmissionRules, admission_rules
from propolis.app.admission_service import AdmissionService, World
from propolis.app.admission_webhooks import Service, Target, configurations, remove, write
from propolis.app.server import listen
from propolis.app.settings import read_settings
from propolis.cluster.in_cluster import in_cluster_access
from propolis.cluster.kubeconfig import Access, load_access
from propolis.cluster.reader import ClusterReader, open_reader
from propolis.cluster.reflector import Reflector
from propolis.core import clock
from propolis.core.errors import Error
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.printable import printable
from propolis.policy.sources.documents import LoadedPolicies

if TYPE_CHECKING:
    from propolis.core.resource import Document

LOOK_SECONDS = 0.25
"""Between two looks at the files of policies: a change is in force within a second."""
DISCOVER_SECONDS = 30.0
"""Between two looks at the kinds that the API server serves."""
RENEW_SECONDS = 3600.0
LEAVE_SECONDS = 1.0
"""Between the removal of the webhooks and the last answer: API servers need a moment to see it."""
GRACE_SECONDS = 10
GARBAGE = 50_000
"""Objects between two looks for garbage; a review leaves none that is in a circle."""
MOST_OPEN = 2000
"""Requests at once; others are answered 503, which the failure policy decides."""


class AdmissionOptions(msgspec.Struct, frozen=True):
    """What an admission server is told.

    Attributes:
        policies: Files and folders.
        from_cluster: Whether policies that are objects of the cluster count too.
        exceptions: The same.
        host: To listen on.
        hosts: More names and addresses that its certificate holds.
        kubeconfig: Of the API server to ask and to serve; None for those of the settings, or the pod's own
        account. offline: Whether there is no API server: look-ups are errors, no webhook is written.
        url: By which the API server reaches it; empty with ``service``.
        service: In the cluster.
        name: Of the webhook configurations.
        writes: Whether they are written at all.
        folder: Where the authority is kept; None for one that lasts as long as the process.
    """

    policies: tuple[str, ...] = ()
    from_cluster: bool = False
    exceptions: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 9443
    hosts: tuple[str, ...] = ()
    kubeconfig: Path | None = None
    context: str = ""
    offline: bool = False
    url: str = ""
    service: Service | None = None
    name: str = "propolis-admission"
    writes: bool = True
    folder: Path | None = None


def serve_admission(options: AdmissionOptions) -> None:
    """Serves until it is asked to stop; then takes its webhooks back, and answers what is under way.

    Raises:
        DocumentError: Policies, kubeconfig or certificates cannot be used.
        SourceError: The port is taken, or the API server does not answer.
    """
    admission = _Admission(options)
    settle()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(admission.run())


def settle() -> None:
    """Hides what is there for good from the garbage collector, which would look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)


def new_loop() -> asyncio.AbstractEventLoop:
    """The quickest loop that this system has."""
    try:
        import uvloop  # noqa: PLC0415  # absent on some systems
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class _Admission:
    """One run of the process."""

    def __init__(self, options: AdmissionOptions) -> None:
        self._options = options
        self._files = PolicyFiles(options.policies, options.exceptions)
        self._stamp = self._files.stamp()
        self._read = self._files.load()
        self._objects: PolicyObjects | None = None
        self._told: set[str] = set()
        self._certificates = Certificates(self._hosts(), clock.now(), options.folder)
        world = World(_nobody, _no_parent, _no_roles)
        self._service = AdmissionService(self._rules(), world, AdmissionMetrics())
        self._cluster: AdmissionCluster | None = None
        self._following: list[Reflector] = []
        self._around_tasks: list[asyncio.Task[None]] = []
        self._written: tuple[Document, ...] = ()
        self._target: Target

    def _hosts(self) -> list[str]:
        options = self._options
        names = [options.host, *options.hosts]
        if options.service is not None:
            name = f"{options.service.name}.{options.service.namespace}.svc"
            names += [name, f"{name}.cluster.local"]
        return [name for name in dict.fromkeys(names) if name not in ("0.0.0.0", "::")]  # noqa: S104  # no names

    async def run(self) -> None:
        """Serves; everything else stands around it."""
        options = self._options
        listener = listen(options.host, options.port)
        with contextlib.closing(listener):
            port = listener.getsockname()[1]
            host = f"[{options.host}]" if ":" in options.host else options.host
            url = options.url or f"https://{host}:{port}"
            excluded = (options.service.namespace,) if options.service else ()
            self._target = Target(self._certificates.authority, options.service, url, options.name, excluded)
            server = Server(server_config(AdmissionApplication(self._service), self._certificates.context))
            async with self._opened() as reader, asyncio.TaskGroup() as tasks:
                self._cluster = AdmissionCluster(reader) if reader else None
                self._know()
                await self._follow(reader, tasks)
                serving = tasks.create_task(server.serve(sockets=[listener]))
                self._around_tasks += [tasks.create_task(work) for work in self._around(reader, tasks)]
                leave = asyncio.Event()
                with _signals(leave):
                    tell(f"Admission: {url}  {self._service.rules.policies} policies (Ctrl-C stops it)")
                    await _first(serving, tasks.create_task(leave.wait()))
                    for task in self._around_tasks:
                        task.cancel()
                    await self._leave(reader)
                    server.should_exit = True
                    await serving
                leave.set()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ClusterReader | None]:
        if self._options.offline:
            yield None
            return
        async with open_reader(_access(self._options)) as reader:
            yield reader

    def _rules(self) -> AdmissionRules:
        """Policies of files and of the cluster, compiled; what cannot be used of the latter is told once."""
        found = self._objects.read() if self._objects else LoadedPolicies()
        self._entries = (*self._read.entries, *found.global_contexts)
        self._tell_once(map(str, found.errors))
        return admission_rules(
            (*self._read.policies, *found.policies), (*self._read.exceptions, *found.exceptions)
        )

    def _tell_once(self, texts: Iterable[str]) -> None:
        for text in texts:
            if text not in self._told:
                self._told.add(text)
                tell(text)

    def _know(self) -> None:
        """Lets decisions ask the cluster as it is now."""
        if self._cluster is not None:
            self._service.world = self._cluster.world(self._entries)

    async def _follow(self, reader: ClusterReader | None, tasks: asyncio.TaskGroup) -> None:
        """Follows policies of the cluster; no webhook is written before all that are there are known."""
        if reader is None or not self._options.from_cluster:
            return
        self._objects = PolicyObjects(reader.client)
        self._start_following(reader, tasks)
        for reflector in self._following:
            await reflector.is_synced.wait()
        self._service.rules = self._rules()
        self._know()

    def _start_following(self, reader: ClusterReader, tasks: asyncio.TaskGroup) -> None:
        """Follows the kinds of policies that are served and not followed yet."""
        if self._objects is not None:
            for reflector in self._objects.reflectors_of(reader.served):
                self._following.append(reflector)
                self._around_tasks.append(tasks.create_task(reflector.run()))

    def _around(
        self, reader: ClusterReader | None, tasks: asyncio.TaskGroup
    ) -> Iterator[Coroutine[Any, Any, None]]:
        yield self._repeat(LOOK_SECONDS, lambda: self._look(reader))
        yield self._repeat(RENEW_SECONDS, self._renew)
        if reader is not None:
            yield self._repeat(DISCOVER_SECONDS, lambda: self._discover(reader, tasks))
        if self._cluster is not None:
            yield from (reflector.run() for reflector in self._cluster.reflectors)

    @staticmethod
    async def _repeat(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Does something now and then; what fails is told and done again."""
        last = ""
        while True:
            try:
                await work()
                last = ""
            except Error as error:
                if str(error) != last:
                    tell(str(error))
                last = str(error)
            await asyncio.sleep(seconds)

    async def _look(self, reader: ClusterReader | None) -> None:
        """Takes policies over that have changed; those in force stay when the new ones cannot be used."""
        stamp = await asyncio.to_thread(self._files.stamp)
        is_new = stamp != self._stamp
        self._stamp = stamp
        if is_new:
            self._read = await asyncio.to_thread(self._files.load)
        if is_new or (self._objects is not None and self._objects.is_changed):
            self._service.rules = self._rules()
            self._know()
            tell(f"{self._service.rules.policies} policies are in force")
        self._tell_once(one.problem for one in self._reflectors() if one.problem)
        await self._write(reader)

    def _reflectors(self) -> Iterator[Reflector]:
        yield from self._following
        yield from self._cluster.reflectors if self._cluster else ()

    async def _discover(self, reader: ClusterReader, tasks: asyncio.TaskGroup) -> None:
        await reader.discover()
        self._start_following(reader, tasks)
        self._know()
        await self._write(reader)

    async def _write(self, reader: ClusterReader | None) -> None:
        """Writes the webhook configurations where they are not as they should be."""
        if reader is None or not self._options.writes:
            return
        wanted = configurations(self._service.rules, reader.served, self._target)
        if wanted != self._written:
            await write(reader.client, wanted)
            self._written = wanted

    async def _renew(self) -> None:
        if self._certificates.renew(clock.now()):
            tell("the certificate was renewed")

    async def _leave(self, reader: ClusterReader | None) -> None:
        """Takes the webhooks back before the last answer, so that no request waits for one in vain."""
        if reader is None or not self._written:
            return
        try:
            await remove(reader.client, self._options.name)
        except Error as error:
            tell(f"the webhooks of {self._options.name} stay: {error}")
        else:
            await asyncio.sleep(LEAVE_SECONDS)


def _access(options: AdmissionOptions) -> Access:
    """The kubeconfig that is named, else the pod's own account, else that of the settings."""
    settings = read_settings()
    if options.kubeconfig is not None:
        return load_access((options.kubeconfig,), options.context)
    own = in_cluster_access(settings.service_host, settings.service_port)
    return own if own and not options.context else load_access(settings.kubeconfig, options.context)


async def _nobody(key: LookupKey) -> Answer:
    return Answer(error=f"there is no cluster that could answer the look-up {key.kind}")


def _no_parent(_group: str, _plural: str) -> str:
    return ""


def _no_roles(_user: str, _groups: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (), ()


class Server(uvicorn.Server):
    """Leaves signals to the process, which has more to do than to stop listening."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


def server_config(application: Any, context: ssl.SSLContext) -> uvicorn.Config:
    """How any ASGI application is served here: TLS, kept connections, nothing logged."""
    return uvicorn.Config(
        application,
        interface="asgi3",
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="off",
        ws="none",
        limit_concurrency=MOST_OPEN,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_context_factory=lambda _config, _default: context,
    )


@contextmanager
def _signals(leave: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, leave.set)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def _first(*tasks: "asyncio.Task[None] | asyncio.Task[bool]") -> None:
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


def tell(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"{printable(text)}\n")
    sys.stderr.flush()
