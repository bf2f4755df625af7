"""``propolis up``: assess, then serve."""

from pathlib import Path

import click

from propolis.cli.options import chosen_builtins, input_options


@click.command()
@input_options
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
def up(
    manifests: tuple[str, ...],
    context: str | None,
    images: tuple[str, ...],
    policies: tuple[str, ...],
    builtins: tuple[str, ...],
    no_builtin: bool,  # click names its arguments
    cluster_name: str,
    store: Path | None,
    host: str,
    port: int,
) -> None:
    """Judge manifests or a live cluster, print the result, and serve the console over it.

    \b
    Example:
      propolis up --manifests examples/shop --port 8080
    """
    from propolis.app.main_job import Inputs, run_main_job
    from propolis.app.server import check_address, serve_console
    from propolis.cli.printer import progress, standard_input
    from propolis.cli.snapshot import print_snapshot

    check_address(host, port)
    chosen = chosen_builtins(builtins, leaves_out=no_builtin)
    inputs = Inputs(manifests, context, policies, images, chosen, cluster_name)
    with progress() as steps:
        job = run_main_job(inputs, store, standard_input(), steps)
    print_snapshot(job.database, job.result.cluster, "table")
    serve_console(job.database, host, port)
