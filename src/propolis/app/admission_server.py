"""The process that serves admission: policies in force, webhooks, certificates, and how it leaves."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Collection, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from propolis.app.admission_actions import AdmissionActions
from propolis.app.admission_application import AdmissionApplication
from propolis.app.admission_door import Door
from propolis.app.admission_events import AdmissionEvents
from propolis.app.admission_identity import ServerIdentity, open_identity
from propolis.app.admission_metrics import AdmissionMetrics, kind_of
from propolis.app.admission_options import AdmissionOptions, access_of, own_namespace, target_of
from propolis.app.admission_policies import AdmissionPolicies, PolicyFiles
from propolis.app.admission_recorder import Recorder, open_recorder
from propolis.app.admission_replicas import RENEW_SECONDS as REPLICA_SECONDS
from propolis.app.admission_replicas import Replicas
from propolis.app.admission_rules import AdmissionRules
from propolis.app.admission_service import NOBODYS_WORLD, AdmissionService
from propolis.app.admission_serving import Server, new_loop, server_config, settle
from propolis.app.admission_settings import SettingsSource
from propolis.app.admission_tasks import repeat, tell, until_asked
from propolis.app.admission_webhooks import Target
from propolis.app.evaluation_guard import EvaluationGuard
from propolis.app.server import listen
from propolis.app.service_calls import ServiceCalls, open_service_calls
from propolis.cluster.events import EventWriter
from propolis.cluster.reader import ClusterReader, open_reader
from propolis.core import clock
from propolis.core.errors import Error
from propolis.policy.engine.events import ADMISSION

LOOK_SECONDS = 0.25
"""Between two looks at the policies: a change is in force within a second."""
RENEW_SECONDS = 60.0
"""Between two looks at certificates."""
SETTLE_SECONDS = 5.0
"""After which API servers ask by the webhook configurations that were written."""
LEAVE_SECONDS = 1.0
"""Between the removal of the webhooks and the last answer: API servers need a moment to see it."""


def serve_admission(options: AdmissionOptions) -> None:
    """Serves until it is asked to stop; then takes its webhooks back, and answers what is under way.

    Raises:
        DocumentError: Policies, kubeconfig or certificates cannot be used.
        SourceError: The port is taken, or the API server does not answer.
    """
    admission = _Admission(options)
    settle()
    with admission.guard.installed(), asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(admission.run())


class _Admission:
    """One run of the process."""

    def __init__(self, options: AdmissionOptions) -> None:
        self._options = options
        source = SettingsSource(options.settings_file, options.settings)
        self._policies = AdmissionPolicies(PolicyFiles(options.policies, options.exceptions), source)
        self._service = AdmissionService(self._policies.rules, NOBODYS_WORLD, AdmissionMetrics())
        self.guard = self._service.guard = EvaluationGuard()
        self._recorder = self._begin_recording()
        self._told: set[str] = set()
        self._jumps = clock.Jumps()
        self._known: Collection[str] = ()
        self._acting: list[asyncio.Task[None]] = []

    def _begin_acting(self, reader: ClusterReader, tasks: asyncio.TaskGroup) -> None:
        """From now on the cluster is told of decisions, and what is to be made after them left in it."""
        options, service = self._options, self._service
        actions = AdmissionActions(
            reader.client, own_namespace(options), lambda: service.world.answer, tell, options.operator
        )
        service.actions = actions
        service.metrics.also(actions)
        self._acting = [tasks.create_task(actions.run())]
        if options.has_events:
            events = AdmissionEvents(
                EventWriter(reader.client, ADMISSION, socket.gethostname()), options.omitted_events
            )
            if self._policies.objects is not None:
                events.uid_of = self._policies.objects.uid_of
            service.events = events
            self._acting.append(tasks.create_task(events.writer.run()))

    def _begin_recording(self) -> Recorder | None:
        options = self._options
        if options.records is None:
            return None
        recorder = self._service.recorder = open_recorder(options.records, options.record_days, tell)
        self._service.metrics.also(recorder)
        return recorder

    async def run(self) -> None:
        """Serves until it is asked to leave; then writes what is not recorded yet."""
        try:
            await self._serve()
        finally:
            if self._recorder is not None:
                await asyncio.to_thread(self._recorder.close)

    async def _serve(self) -> None:
        """Serves; everything else stands around it."""
        listener = listen(self._options.host, self._options.port)
        with contextlib.closing(listener):
            async with (
                self._opened() as reader,
                open_service_calls(self._options.egress) as services,
                asyncio.TaskGroup() as tasks,
            ):
                identity = await open_identity(self._options, reader.client if reader else None)
                target = target_of(self._options, listener.getsockname()[1], identity.bundle)
                door = await self._opened_door(reader, services, identity, target, tasks) if reader else None
                self._take(door)
                application = AdmissionApplication(self._service)
                application.policies.kinds = reader
                server = Server(server_config(application, identity.certificates.context))
                serving = tasks.create_task(server.serve(sockets=[listener]))
                around = [tasks.create_task(work) for work in self._around(door, identity)]
                tell(f"Admission: {target.url}  {self._service.rules.policies} policies (Ctrl-C stops it)")
                await until_asked(serving)
                for task in around:
                    task.cancel()
                if door is not None:
                    await self._leave(door)
                for task in self._acting:
                    task.cancel()
                server.should_exit = True

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ClusterReader | None]:
        if self._options.offline:
            yield None
            return
        async with open_reader(access_of(self._options)) as reader:
            yield reader

    async def _opened_door(
        self,
        reader: ClusterReader,
        services: ServiceCalls,
        identity: ServerIdentity,
        target: Target,
        tasks: asyncio.TaskGroup,
    ) -> Door:
        """The door, with everything known that has to be before anything is decided."""
        secret = self._options.secret
        replicas = Replicas(reader.client, secret.partition("/")[0], target.name) if secret else None
        metrics = self._service.metrics
        reader.client.observe = metrics.queried
        metrics.kind_of = lambda group, resource: kind_of(reader.served, group, resource)
        door = Door(reader, self._policies, target, tasks, replicas, services)
        await door.open(from_cluster=self._options.from_cluster)
        self._begin_acting(reader, tasks)
        if secret:
            door.follow(identity.reflector(reader.client, secret))
            await door.renew()
        return door

    def _take(self, door: Door | None) -> None:
        """Decides from now on by the policies and the cluster as they are now."""
        self._service.rules = self._policies.rules.after(self._known)
        self._service.metrics.take(self._policies.rules)
        if door is not None:
            self._service.world = door.cluster.world(self._policies.entries)
        self._tell_once(self._policies.problems)

    def _tell_once(self, texts: Iterable[str]) -> None:
        for text in texts:
            if text not in self._told:
                self._told.add(text)
                tell(text)

    def _around(self, door: Door | None, identity: ServerIdentity) -> Iterator[Coroutine[Any, Any, None]]:
        objects = self._policies.objects
        wake = objects.changed if objects else None
        yield repeat(LOOK_SECONDS, lambda: self._look(door, identity), wake)
        yield repeat(RENEW_SECONDS, lambda: self._renew(door, identity))
        if door is not None:
            yield repeat(REPLICA_SECONDS, door.renew)
            yield repeat(LOOK_SECONDS, lambda: self._discover(door))

    async def _look(self, door: Door | None, identity: ServerIdentity) -> None:
        """Takes policies over that have changed, and lets the API server ask for what they need."""
        if self._jumps.have_happened() or identity.is_changed:
            await self._renew(door, identity)
        if await self._policies.look():
            self._take(door)
            tell(f"{self._service.rules.policies} policies are in force")
        if door is not None:
            self._tell_once(one.problem for one in door.reflectors if one.problem)
            await self._write(door)

    async def _discover(self, door: Door) -> None:
        """Looks again at what is served, and writes configurations that somebody may have changed."""
        if await door.discover():
            self._take(door)
            await self._write(door, again=True)

    async def _write(self, door: Door, *, again: bool = False) -> None:
        written = await door.write(again=again) if self._options.writes else None
        if written is not None:
            self._service.metrics.beside = door.beside
            self._tell_once(one.text for one in door.beside)
            asyncio.get_running_loop().call_later(SETTLE_SECONDS, self._settle, written)

    def _settle(self, rules: AdmissionRules) -> None:
        """API servers know by now which webhooks there are for these policies."""
        if rules is self._policies.rules:
            self._known = rules.sets.keys()
            self._service.rules = rules

    async def _renew(self, door: Door | None, identity: ServerIdentity) -> None:
        """Does what is due of certificates."""
        for told in await identity.renew():
            tell(told)
        if door is not None:
            door.trust(identity.bundle)

    async def _leave(self, door: Door) -> None:
        """Takes the webhooks back before the last answer, so that no request waits for one in vain."""
        try:
            if await door.close():
                await asyncio.sleep(LEAVE_SECONDS)
        except Error as error:
            tell(f"the webhooks of {self._options.name} stay: {error}")
