"""``propolis policy coverage``: what tests exercise of their policies, and what they would not notice."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from propolis.cli.root import EXIT_FINDINGS, EXIT_INPUT

if TYPE_CHECKING:
    from propolis.reports.render.policy_coverage import CoverageReport

FORMATS = ("table", "json", "markdown")
FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command()
@click.argument("folders", nargs=-1, required=True, metavar="DIR...", type=FOLDER)
@click.option(
    "--policy", default="*", metavar="NAME", help="Only policies of this name; it may have wildcards."
)
@click.option("--mutants/--no-mutants", default=True, help="Try what faults the tests would notice.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Exit with 1 when less is covered.",
)
@click.option("--file-name", "-f", default="kyverno-test.yaml", show_default=True, help="Name of test files.")
@click.option(
    "--root", type=FOLDER, help="Tests may name files below this folder.  [default: as policy test]"
)
@click.option("--detailed", "-d", is_flag=True, help="List everything in the table.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
def coverage(
    folders: tuple[Path, ...],
    policy: str,
    mutants: bool,  # click names its arguments
    fail_under: float | None,
    file_name: str,
    root: Path | None,
    detailed: bool,
    format_: str,
) -> int:
    """Tell what kyverno-test.yaml files exercise of their policies, and what faults they would not notice.

    Covered are rules, branches (filters, conditions both ways, alternatives, anchors, lists with and without
    elements) and mutants: the policy with one fault, which a good test notices. A mutant that no resource was
    found to tell from the policy may be the same policy in other words; it counts nowhere.
    Exits with 1 when less than --fail-under is covered or a test does not hold, 2 when a test cannot be read.

    \b
    Examples:
      propolis policy coverage policies/
      propolis policy coverage policies/ --policy 'require-*' --detailed
      propolis policy coverage policies/ --fail-under 80 --format markdown >> $GITHUB_STEP_SUMMARY
    """
    from propolis.app.policy_coverage import CoverageInputs, measure_coverage
    from propolis.cli.printer import progress

    inputs = CoverageInputs(folders, file_name, root, policy, mutants)
    with progress() as steps:
        report = measure_coverage(inputs, steps)
    _print(report, format_, is_detailed=detailed)
    _tell_problems(report)
    return _exit_code(report, fail_under)


def _print(report: "CoverageReport", format_: str, *, is_detailed: bool) -> None:
    from propolis.reports.render.policy_coverage import render_coverage, render_coverage_table

    if format_ == "table":
        from propolis.cli.printer import output

        output().print(render_coverage_table(report, is_detailed=is_detailed))
        return
    sys.stdout.buffer.write(render_coverage(report, format_))
    sys.stdout.buffer.flush()


def _tell_problems(report: "CoverageReport") -> None:
    from propolis.core.printable import printable

    for problem in report.problems:
        click.echo(f"propolis: {printable(problem.text)}", err=True)


def _exit_code(report: "CoverageReport", fail_under: float | None) -> int:
    if report.problems:
        return EXIT_INPUT
    is_less = fail_under is not None and report.percent < fail_under
    return EXIT_FINDINGS if is_less or report.failing else 0
