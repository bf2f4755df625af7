"""``propolis policy convert``: policies of kyverno.io as policies in CEL, with proof."""

import sys
from pathlib import Path

import click

from propolis.cli.root import EXIT_FINDINGS, EXIT_INPUT

TARGETS = (
    "auto", "validatingpolicy", "mutatingpolicy", "generatingpolicy", "validatingadmissionpolicy",
)  # fmt: skip
FORMATS = ("yaml", "json", "markdown")


@click.command()
@click.argument("policies", nargs=-1, required=True, metavar="POLICY...")
@click.option("--to", "target", type=click.Choice(TARGETS), default="auto", show_default=True)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write the policies to.",
)
@click.option("--fixtures", "-f", multiple=True, metavar="PATH", help="More resources to compare on.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="yaml", show_default=True)
def convert(
    policies: tuple[str, ...], target: str, output: Path | None, fixtures: tuple[str, ...], format_: str
) -> int:
    """Turn ClusterPolicies and Policies into policies in CEL, a policy for each rule, and prove each.

    Both are evaluated on the resources of kyverno-test.yaml files beside a policy, on --fixtures, and on
    resources made around each of them. Only rules on which both agree are given out; for the others the
    reason is told, with a request that tells them apart where there is one. Policies in CEL become policies
    of the API server with --to validatingadmissionpolicy.

    Exits with 1 when a rule is not converted, 2 when a file cannot be read.

    \b
    Examples:
      propolis policy convert policies/ --output converted/
      propolis policy convert disallow-latest.yaml --fixtures deploy/ --format markdown
    """
    from propolis.app.policy_convert import ConvertInputs, convert_policies, write_policies
    from propolis.cli.printer import progress
    from propolis.reports.render.policy_convert import render_conversion, told

    with progress() as steps:
        report = convert_policies(ConvertInputs(policies, target, fixtures), steps)
    written = write_policies(report, output) if output is not None else []
    if output is None or format_ != "yaml":
        sys.stdout.buffer.write(render_conversion(report, format_))
        sys.stdout.buffer.flush()
    if format_ == "yaml":
        for line in told(report):
            click.echo(f"propolis: {line}", err=True)
    for problem in report.problems:
        click.echo(f"propolis: {problem.text}", err=True)
    if written:
        click.echo(f"propolis: {len(written)} files in {output}", err=True)
    if report.problems:
        return EXIT_INPUT
    return EXIT_FINDINGS if report.left else 0
