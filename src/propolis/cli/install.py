"""``propolis install``: what a cluster is given, as manifests."""

import sys

import click

from propolis.cli.root import EXIT_INPUT


@click.command()
@click.option("--crds-only", is_flag=True, help="CustomResourceDefinitions alone.")
@click.option("--image", default="", metavar="REF", help="Of both workloads.  [default: propolis:VERSION]")
@click.option("--namespace", default="propolis", show_default=True)
@click.option("--replicas", default=2, show_default=True, help="Of admission.")
@click.option(
    "--policies",
    multiple=True,
    metavar="PATH",
    help="Policies whose permissions are granted: files, folders, pack:NAME. May be given several times.",
)
def install(*, crds_only: bool, image: str, namespace: str, replicas: int, policies: tuple[str, ...]) -> int:
    """Print the manifests that put Propolis into a cluster, hardened and with the least permissions.

    Policies are not among them: apply them once the definitions are served. What they need to be permitted
    is told by policy permissions, and granted with --policies.

    \b
    Examples:
      propolis install --image registry.example/propolis:1.0 --policies policies/ | kubectl apply -f -
      propolis install --crds-only | kubectl apply -f -
    """
    from propolis.reports.render.yaml_text import yaml_stream

    if crds_only:
        from propolis.app.custom_resources import custom_resources

        sys.stdout.buffer.write(yaml_stream(custom_resources()))
        sys.stdout.buffer.flush()
        return 0
    from propolis.app.install import installation
    from propolis.app.install_options import InstallOptions

    given = {"image": image} if image else {}
    options = InstallOptions(**given, namespace=namespace, replicas=replicas, policies=policies)
    found = installation(options, sys.stdin.buffer)
    sys.stdout.buffer.write(yaml_stream(found.documents))
    sys.stdout.buffer.flush()
    for note in found.report.permissions.notes:
        click.echo(f"propolis: {note.policy}: {note.text}", err=True)
    for problem in found.report.problems:
        click.echo(f"propolis: {problem.text}", err=True)
    return EXIT_INPUT if found.report.problems else 0
