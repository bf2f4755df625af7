"""``propolis admission replay``: a policy on the requests of the past."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from propolis.cli.root import EXIT_FINDINGS, EXIT_INPUT, EXIT_WORLD

if TYPE_CHECKING:
    from propolis.app.policy_cluster import ClusterTarget
    from propolis.reports.render.admission_replay import ReplayReport


@click.command()
@click.option(
    "--policy",
    "policies",
    multiple=True,
    required=True,
    metavar="PATH",
    help="File or folder of policies, - for standard input, pack:NAME. May be given several times.",
)
@click.option("--exception", "exceptions", multiple=True, metavar="PATH", help="Exceptions to them.")
@click.option("--since", default="14d", show_default=True, metavar="TIME", help="14d, 36h, 2026-11-01.")
@click.option("--until", default="0s", metavar="TIME", help="The same.  [default: now]")
@click.option(
    "--store",
    "stores",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where decisions were recorded; once for each replica.  [default: $PROPOLIS_STORE or propolis.db]",
)
@click.option("--as-is", is_flag=True, help="Let Audit and Warn be what they are; all is enforced else.")
@click.option(
    "--cluster",
    "context",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[CONTEXT]",
    help="Ask this cluster for what was not recorded, as it is now.",
)
@click.option(
    "--kubeconfig", type=click.Path(path_type=Path, dir_okay=False), help="In place of $KUBECONFIG."
)
@click.option("--fail-on-refused", is_flag=True, help="Exit with 1 when a request would newly be refused.")
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table", show_default=True)
def replay(
    policies: tuple[str, ...],
    exceptions: tuple[str, ...],
    since: str,
    until: str,
    stores: tuple[Path, ...],
    *,
    as_is: bool,
    context: str | None,
    kubeconfig: Path | None,
    fail_on_refused: bool,
    format_: str,
) -> int:
    """Tell who would have been refused by a policy, when, and by which line of it.

    Every request that admission serve has recorded is decided again, as if the policies were enforced, and
    compared with what was decided then. Look-ups are answered as they were answered then.

    \b
    Examples:
      propolis admission replay --policy require-labels.yaml
      propolis admission replay --policy policies/ --since 36h --format json
      propolis admission replay --policy pack:pod-security --fail-on-refused
    """
    from propolis.app.admission_replay import ReplayInputs
    from propolis.app.admission_replay import replay as replayed
    from propolis.app.replay_period import moment
    from propolis.app.settings import read_settings
    from propolis.cli.printer import progress, standard_input
    from propolis.core import clock

    now = clock.now()
    inputs = ReplayInputs(
        policies,
        exceptions,
        stores or (read_settings().store,),
        moment(since, now),
        moment(until, now),
        as_is=as_is,
        cluster=_target(context, kubeconfig),
    )
    with progress() as steps:
        report = replayed(inputs, standard_input(), steps)
    _print(report, format_)
    return _exit_code(report, fails=fail_on_refused)


def _target(context: str | None, kubeconfig: Path | None) -> "ClusterTarget | None":
    if context is None and kubeconfig is None:
        return None
    from propolis.app.policy_cluster import ClusterTarget

    return ClusterTarget(kubeconfig, context or "")


def _print(report: "ReplayReport", format_: str) -> None:
    from propolis.core.printable import printable

    if format_ == "json":
        from propolis.reports.render.admission_replay import replay_document
        from propolis.reports.render.encoding import encode

        sys.stdout.buffer.write(encode(replay_document(report)))
        sys.stdout.buffer.flush()
    else:
        from propolis.cli.printer import output
        from propolis.reports.render.admission_replay_table import render_replay

        output().print(render_replay(report))
    for problem in report.problems:
        click.echo(f"propolis: {printable(problem.text)}", err=True)


def _exit_code(report: "ReplayReport", *, fails: bool) -> int:
    kinds = {problem.kind for problem in report.problems}
    if "document" in kinds:
        return EXIT_INPUT
    if "source" in kinds:
        return EXIT_WORLD
    return EXIT_FINDINGS if fails and report.newly else 0
