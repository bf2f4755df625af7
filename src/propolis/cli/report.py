"""``propolis report``: what the last run found, again, in another form."""

from pathlib import Path

import click

from propolis.cli.options import SEVERITIES, cluster_name_option, store_option
from propolis.core.finding import Outcome


@click.group()
def report() -> None:
    """Show or export what the last run found."""


@report.command()
@cluster_name_option
@store_option
@click.option(
    "--fixes", type=click.IntRange(min=1), default=10, show_default=True, help="How many fixes to show."
)
@click.option("--findings", "with_findings", is_flag=True, help="List every open finding too.")
@click.option("--namespace", multiple=True, help="Only findings of this namespace.")
@click.option(
    "--severity", multiple=True, type=click.Choice(SEVERITIES), help="Only findings of this severity."
)
@click.option("--source", multiple=True, help="Only findings of this engine.")
def show(
    cluster_name: str,
    store: Path | None,
    fixes: int,
    with_findings: bool,  # click names its arguments
    namespace: tuple[str, ...],
    severity: tuple[str, ...],
    source: tuple[str, ...],
) -> None:
    """Print the table of the last run.

    \b
    Example:
      propolis report show --findings --severity critical --severity high
    """
    from propolis.app.stored import open_store
    from propolis.cli.printer import output
    from propolis.cli.snapshot import load_snapshot
    from propolis.reports.render.tables import finding_table, render_overview
    from propolis.store.finding_queries import FindingFilter

    wanted = FindingFilter(namespace=namespace, severity=severity, source=source)
    snapshot = load_snapshot(open_store(store), cluster_name, wanted)
    console = output()
    console.print(render_overview(snapshot, fixes))
    if with_findings or namespace or severity or source:
        console.print()
        console.print(finding_table(snapshot.findings))


@report.command()
@cluster_name_option
@store_option
@click.option("--format", "format_", type=click.Choice(("json", "sarif", "policyreport")), default="json")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@click.option("--outcome", multiple=True, type=click.Choice([outcome.value for outcome in Outcome]))
def export(
    cluster_name: str, store: Path | None, format_: str, output: Path | None, outcome: tuple[str, ...]
) -> None:
    """Write the last run for other tools.

    \b
    Example:
      propolis report export --format policyreport | kubectl apply -f -
    """
    from propolis.app.output import write_whole
    from propolis.app.stored import open_store
    from propolis.cli.snapshot import load_snapshot, print_snapshot, render
    from propolis.store.finding_queries import FindingFilter

    database = open_store(store)
    wanted = FindingFilter(outcome=outcome)
    if output is None:
        print_snapshot(database, cluster_name, format_, wanted)
    else:
        write_whole(output, render(load_snapshot(database, cluster_name, wanted), format_))


@report.command()
@cluster_name_option
@store_option
def diff(cluster_name: str, store: Path | None) -> None:
    """Print what the last run brought: new and fixed findings.

    \b
    Example:
      propolis report diff --name production
    """
    from propolis.app.stored import open_store
    from propolis.cli.printer import output
    from propolis.cli.snapshot import load_snapshot
    from propolis.reports.render.tables import change_table, headline
    from propolis.store.finding_queries import FindingFilter

    database = open_store(store)
    console = output()
    new = load_snapshot(database, cluster_name, FindingFilter(change="new"))
    fixed = load_snapshot(database, cluster_name, FindingFilter(change="fixed"))
    console.print(headline(new.run))
    console.print(change_table(new.findings, fixed.findings))
