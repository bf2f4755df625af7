"""``propolis serve``: the console, the API and metrics over the store."""

from pathlib import Path

import click

from propolis.cli.options import store_option


@click.command()
@store_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
def serve(store: Path | None, host: str, port: int) -> None:
    """Serve the console, the API and metrics over the store.

    Beyond this machine a token is asked for: set PROPOLIS_TOKEN.

    \b
    Example:
      propolis serve --port 9000
    """
    from propolis.app.server import serve_console
    from propolis.app.stored import open_store

    serve_console(open_store(store), host, port)
