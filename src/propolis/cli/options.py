"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from propolis.core.errors import DocumentError
from propolis.core.finding import Severity

if TYPE_CHECKING:
    from propolis.app.egress import Egress

SEVERITIES = [severity.value for severity in Severity]

store_option = click.option(
    "--store",
    type=click.Path(path_type=Path, dir_okay=False),
    help="SQLite file that keeps what was found.  [default: $PROPOLIS_STORE or propolis.db]",
)

omit_events_option = click.option(
    "--omit-events",
    "omitted",
    default="",
    metavar="REASON,...",
    help="Of PolicyViolation, PolicyApplied, PolicyError, PolicySkipped those that are not told.",
)

http_blocklist_option = click.option(
    "--http-blocklist",
    "blocked",
    default=None,
    metavar="NETWORK|NAME,...",
    help="Addresses and names that policies never call.  [default: metadata services, this machine]",
)

http_allowlist_option = click.option(
    "--http-allowlist",
    "allowed",
    default="",
    metavar="URL,...",
    help="Beginnings of URLs that policies may call, and no others.  [default: any]",
)

cluster_name_option = click.option(
    "--name",
    "cluster_name",
    default="",
    metavar="NAME",
    help="Name under which runs are kept and compared.  [default: local, or the context of --cluster]",
)


def chosen_builtins(builtins: tuple[str, ...], *, leaves_out: bool) -> tuple[str, ...]:
    """The choices of the pack that two options name together.

    Raises:
        UsageError: They contradict each other.
    """
    if leaves_out and builtins:
        raise click.UsageError("--builtin and --no-builtin exclude each other")
    return () if leaves_out else builtins or ("default",)


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
                help="Policies beside the built-in ones; pack:NAME is one of the pack. May be repeated.",
            ),
            click.option(
                "--builtin",
                "builtins",
                multiple=True,
                metavar="CHOICE",
                help="Built-in policies: default, all, a folder or a name of the pack. May be repeated."
                "  [default: default]",
            ),
            click.option("--no-builtin", is_flag=True, help="Leave the built-in policies out."),
            cluster_name_option,
            store_option,
        )
    ):
        command = option(command)
    return command


def egress_rules(blocked: str | None, allowed: str) -> "Egress":
    """Which services policies may call. Raises `DocumentError`."""
    from propolis.app.egress import DEFAULT_BLOCKED, egress_of

    never = DEFAULT_BLOCKED if blocked is None else _parts(blocked)
    return egress_of(never, _parts(allowed))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def event_reasons(text: str) -> frozenset[str]:
    """Reasons of events, with commas between. Raises `DocumentError`."""
    from propolis.policy.engine.events import REASONS

    found = frozenset(part for part in text.split(",") if part)
    if not found <= REASONS:
        unknown = ", ".join(sorted(found - REASONS))
        raise DocumentError(f"--omit-events: {unknown} is no reason", expected=", ".join(sorted(REASONS)))
    return found
