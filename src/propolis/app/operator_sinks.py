"""Where an operator writes what it found: reports and events of the cluster, and a store if one is named."""

import socket
from collections.abc import Iterator

from propolis.app.admission_tasks import tell
from propolis.app.operator_events import ScanEvents
from propolis.app.operator_options import OperatorOptions
from propolis.app.operator_store import StoreSink
from propolis.app.operator_telling import MakeTelling, Telling
from propolis.cluster.events import EventWriter
from propolis.cluster.reader import ClusterReader
from propolis.policy.engine.events import SCAN
from propolis.reports.sinks.layouts import ReportChoice, ResourceReports
from propolis.reports.sinks.namespace_reports import NamespaceReports
from propolis.reports.sinks.policy_reports import PolicyReports


def telling_of(options: OperatorOptions) -> MakeTelling:
    """Who is told, by the options."""
    return lambda reader: Telling.all(_tellings(options, reader))


def _tellings(options: OperatorOptions, reader: ClusterReader) -> Iterator[Telling]:
    if options.reports != "none":
        layout = NamespaceReports if options.reports == "namespace" else ResourceReports
        yield _reports(PolicyReports(reader.client, layout(ReportChoice()), tell=tell))
    if options.has_events:
        yield _events(reader, options.omitted_events)
    if options.store is not None:
        name = options.cluster or reader.name or reader.client.server
        yield _store(StoreSink(options.store, name, tell))


def _reports(sink: PolicyReports) -> Telling:
    return Telling(
        sinks=(sink,),
        before=(sink.load,),
        beside=(sink.run,),
        settled=(sink.settled,),
        backlog=(lambda: sink.backlog,),
    )


def _events(reader: ClusterReader, omitted: frozenset[str]) -> Telling:
    writer = EventWriter(reader.client, SCAN, socket.gethostname())
    events = ScanEvents(writer, omitted)
    return Telling(
        observers=(events.observe,),
        opened=(events.opened,),
        beside=(writer.run,),
        settled=(events.settled,),
    )


def _store(sink: StoreSink) -> Telling:
    return Telling(
        sinks=(sink,),
        beside=(sink.run,),
        settled=(sink.settled,),
        after=(sink.leave,),
        backlog=(lambda: sink.backlog,),
    )
