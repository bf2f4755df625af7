"""Alembic's entry: the connection comes from `store.database`, which runs the migrations."""

from alembic import context

from propolis.store.schema import metadata


def run() -> None:
    """Runs the steps on the caller's connection, inside of its transaction."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()


run()
