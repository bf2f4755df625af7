"""``propolis policy permissions``: what policies need to be permitted."""

import sys
from pathlib import Path

import click

from propolis.cli.root import EXIT_INPUT

FORMATS = ("table", "json", "yaml")


@click.command()
@click.argument("policies", nargs=-1, metavar="[PATH...]")
@click.option("--cluster", "-c", "is_live", is_flag=True, help="Policies of the live cluster, and its kinds.")
@click.option(
    "--kubeconfig", type=click.Path(path_type=Path, dir_okay=False), help="In place of $KUBECONFIG."
)
@click.option("--context", default="", metavar="NAME", help="Of the kubeconfig, for --cluster.")
@click.option("--namespace", default="propolis", show_default=True, help="Of the accounts, in YAML.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
def permissions(
    policies: tuple[str, ...],
    *,
    is_live: bool,
    kubeconfig: Path | None,
    context: str,
    namespace: str,
    format_: str,
) -> int:
    """Tell which permissions policies need in a cluster, and why: for reviews, for scans, for their actions.

    YAML gives roles and their bindings for the accounts of propolis install. What cannot be told from a
    policy, for it is known with a request only, is told beside it.

    Exits with 2 when a file cannot be used.

    \b
    Examples:
      propolis policy permissions policies/
      propolis policy permissions --cluster --format yaml | kubectl apply -f -
    """
    if not (policies or is_live):
        raise click.UsageError("nothing to look at: name policies, or --cluster")
    if not is_live and (kubeconfig or context):
        raise click.UsageError("--kubeconfig and --context are for --cluster")
    from propolis.app.policy_cluster import ClusterTarget
    from propolis.app.policy_permissions import permissions_for

    report = permissions_for(
        policies, sys.stdin.buffer, ClusterTarget(kubeconfig, context) if is_live else None
    )
    if format_ == "table":
        from propolis.cli.printer import output
        from propolis.reports.render.policy_permissions import render_permissions

        output().print(render_permissions(report.permissions, report.policies), soft_wrap=False)
    elif format_ == "json":
        from propolis.reports.render.encoding import encode
        from propolis.reports.render.policy_permissions import permissions_document

        sys.stdout.buffer.write(encode(permissions_document(report.permissions)))
    else:
        from propolis.reports.render.policy_permissions import permission_roles
        from propolis.reports.render.yaml_text import yaml_stream

        sys.stdout.buffer.write(yaml_stream(permission_roles(report.permissions, namespace)))
        for note in report.permissions.notes:
            click.echo(f"propolis: {note.policy}: {note.text}", err=True)
    sys.stdout.buffer.flush()
    for problem in report.problems:
        click.echo(f"propolis: {problem.text}", err=True)
    return EXIT_INPUT if report.problems else 0
