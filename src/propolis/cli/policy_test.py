"""``propolis policy test``: tests of policies."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from propolis.cli.root import EXIT_FINDINGS, EXIT_INPUT

if TYPE_CHECKING:
    from propolis.reports.render.policy_tests import TestReport

FORMATS = ("table", "json", "junit", "markdown")
FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command()
@click.argument("folders", nargs=-1, required=True, metavar="DIR...", type=FOLDER)
@click.option(
    "--test-case-selector",
    "-t",
    "selector",
    default="",
    metavar="policy=P,rule=R,resource=N",
    help="Run only what matches; names may have wildcards.",
)
@click.option("--file-name", "-f", default="kyverno-test.yaml", show_default=True, help="Name of test files.")
@click.option("--root", type=FOLDER, help="Tests may name files below this folder.  [default: see above]")
@click.option("--fail-only", is_flag=True, help="Show only what does not hold.")
@click.option("--require-tests", is_flag=True, help="Having no tests is an error.")
@click.option(
    "--format",
    "--output-format",
    "-o",
    "format_",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
)
def test(
    folders: tuple[Path, ...],
    selector: str,
    file_name: str,
    root: Path | None,
    fail_only: bool,  # click names its arguments
    require_tests: bool,
    format_: str,
) -> int:
    """Run kyverno-test.yaml files as they are.

    Tests may name files below the current folder where that holds DIR, else below the folder above DIR.
    Exits with 0 when all holds, 1 when something does not, 2 when a test cannot be read.

    \b
    Examples:
      propolis policy test policies/
      propolis policy test policies/ -t 'policy=disallow-*,resource=bad*' --fail-only
      propolis policy test policies/ --format junit > tests.xml
    """
    from propolis.app.policy_tests import run_tests

    report = run_tests(folders, selector, file_name, root)
    if require_tests and not report.tests:
        names = ", ".join(map(str, folders))
        raise click.ClickException(f"no test is in {names}; expected a file called {file_name}")
    _print(report.failing() if fail_only else report, format_)
    if report.count("error"):
        return EXIT_INPUT
    return EXIT_FINDINGS if report.count("failed") else 0


def _print(report: "TestReport", format_: str) -> None:
    from propolis.reports.render.policy_tests import render_test_table, render_tests

    if format_ == "table":
        from propolis.cli.printer import output

        output().print(render_test_table(report))
        return
    sys.stdout.buffer.write(render_tests(report, format_))
    sys.stdout.buffer.flush()
