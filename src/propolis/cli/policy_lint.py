"""``propolis policy lint``: what is wrong with policies."""

import sys
from pathlib import Path

import click

from propolis.cli.root import EXIT_INPUT


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table", show_default=True)
@click.option("--dump-code", is_flag=True, help="Print the Python code that the policies compile to.")
def lint(paths: tuple[Path, ...], format_: str, dump_code: bool) -> int:
    """Check policies: errors with file, line and column, and warnings for what is not evaluated.

    Exits with 2 when there are errors; warnings alone exit with 0.

    \b
    Example:
      propolis policy lint policies/ --format json
      propolis policy lint policies/pin-image.yaml --dump-code
    """
    from propolis.app.policy_lint import lint_policies
    from propolis.reports.render.policy_lint import remarks_document, render_remarks

    if dump_code:
        from propolis.app.policy_lint import dump_policies

        sys.stdout.buffer.write(dump_policies(paths).encode(errors="replace"))
        sys.stdout.buffer.flush()
    report = lint_policies(paths)
    if dump_code:
        from propolis.cli.printer import errors

        errors().print(render_remarks(report), soft_wrap=True)
    elif format_ == "json":
        from propolis.reports.render.encoding import encode

        sys.stdout.buffer.write(encode(remarks_document(report)))
        sys.stdout.buffer.flush()
    else:
        from propolis.cli.printer import output

        output().print(render_remarks(report), soft_wrap=True)
    return EXIT_INPUT if report.count("error") else 0
