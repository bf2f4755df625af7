"""``propolis assess``: the main job, once."""

from pathlib import Path

import click

from propolis.cli.options import SEVERITIES, chosen_builtins, input_options
from propolis.cli.root import EXIT_FINDINGS, EXIT_INPUT, EXIT_WORLD

IMAGE_FORMATS = ("vulnerabilityreport", "sbomreport")
FORMATS = ("table", "json", "sarif", "policyreport", *IMAGE_FORMATS)


@click.command()
@input_options
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help="Exit with 1 when an open finding has this severity or a worse one.",
)
def assess(
    manifests: tuple[str, ...],
    context: str | None,
    images: tuple[str, ...],
    policies: tuple[str, ...],
    builtins: tuple[str, ...],
    no_builtin: bool,  # click names its arguments
    cluster_name: str,
    store: Path | None,
    format_: str,
    fail_on: str | None,
) -> int:
    """Judge manifests or a live cluster once, keep the result, print it.

    \b
    Examples:
      propolis assess --manifests deploy/
      kubectl get all -A -o yaml | propolis assess --manifests -
      propolis assess --cluster production --fail-on high --format sarif > findings.sarif
    """
    from propolis.app.main_job import Inputs, run_main_job
    from propolis.cli.printer import progress, standard_input
    from propolis.cli.snapshot import print_image_reports, print_snapshot

    if format_ in IMAGE_FORMATS and not images:
        raise click.UsageError(f"--format {format_} reports on images: name them with --images PATH")
    chosen = chosen_builtins(builtins, leaves_out=no_builtin)
    inputs = Inputs(manifests, context, policies, images, chosen, cluster_name)
    with progress() as steps:
        job = run_main_job(inputs, store, standard_input(), steps)
    result = job.result
    if format_ in IMAGE_FORMATS:
        print_image_reports(job.scan, format_)
    else:
        print_snapshot(job.database, result.cluster, format_)
    kinds = {problem.kind for problem in result.problems}
    if "document" in kinds:
        return EXIT_INPUT
    if "source" in kinds:
        return EXIT_WORLD
    return EXIT_FINDINGS if fail_on is not None and result.open_at_or_above(fail_on) else 0
