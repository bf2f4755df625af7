"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from propolis.core.finding import Severity

SEVERITIES = [severity.value for severity in Severity]

store_option = click.option(
    "--store",
    type=click.Path(path_type=Path, dir_okay=False),
    help="SQLite file that keeps the runs.  [default: $PROPOLIS_STORE or propolis.db]",
)

cluster_name_option = click.option(
    "--name",
    "cluster_name",
    default="",
    metavar="NAME",
    help="Name under which runs are kept and compared.  [default: local, or the context of --cluster]",
)


def input_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What to judge, and by which policies."""
    for option in reversed(
        (
            click.option(
                "--manifests",
                multiple=True,
                metavar="PATH",
                help="Folder or file of manifests, - for standard input. May be given several times.",
            ),
            click.option(
                "--cluster",
                "context",
                is_flag=False,
                flag_value="",
                default=None,
                metavar="[CONTEXT]",
                help="A live cluster: a context of the kubeconfig, or its current one.",
            ),
            click.option(
                "--images",
                multiple=True,
                metavar="PATH",
                help="OCI layouts and archives with the images that workloads run, or folders of them.",
            ),
            click.option(
                "--policies",
                multiple=True,
                metavar="PATH",
                help="Kyverno policies beside the built-in ones. May be given several times.",
            ),
            click.option("--no-builtin", is_flag=True, help="Leave the built-in policies out."),
            cluster_name_option,
            store_option,
        )
    ):
        command = option(command)
    return command
