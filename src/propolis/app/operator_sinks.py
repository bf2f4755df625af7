"""Where an operator writes what it found: the store, where one is named."""

from propolis.app.admission_server import tell
from propolis.app.operator_options import OperatorOptions
from propolis.app.operator_store import StoreSink
from propolis.app.operator_telling import MakeTelling, Telling
from propolis.cluster.reader import ClusterReader


def telling_of(options: OperatorOptions) -> MakeTelling:
    """Who is told, by the options."""

    def made(reader: ClusterReader) -> Telling:
        if options.store is None:
            return Telling()
        name = options.cluster or reader.name or reader.client.server
        sink = StoreSink(options.store, name, tell)
        return Telling(
            sinks=(sink,),
            beside=(sink.run,),
            settled=(sink.settled,),
            after=(sink.write,),
            backlog=(lambda: sink.backlog,),
        )

    return made
