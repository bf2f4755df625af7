"""``propolis policy crd-validate``: objects by CustomResourceDefinitions."""

import sys

import click

from propolis.cli.root import EXIT_FINDINGS, EXIT_INPUT, EXIT_WORLD


@click.command(name="crd-validate")
@click.argument("definitions", nargs=-1, required=True, metavar="CRD...")
@click.option(
    "--resource", "-r", "resources", multiple=True, metavar="PATH", help="Objects; may be repeated."
)
@click.option("--old", multiple=True, metavar="PATH", help="The same objects before an update.")
@click.option("--cost", "with_cost", is_flag=True, help="Print what the dearest rules may cost.")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
def crd_validate(
    definitions: tuple[str, ...],
    resources: tuple[str, ...],
    old: tuple[str, ...],
    with_cost: bool,  # click names its arguments
    format_: str,
) -> int:
    """Judge objects by the schemas and rules of their definitions, as an API server would.

    Without objects the rules themselves are checked: what cannot be compiled, what may cost too much. Exits
    with 1 when an object is invalid, 2 when a definition or other input cannot be used.

    \b
    Example:
      propolis policy crd-validate crds/ --resource widget.yaml --old widget-before.yaml
    """
    from propolis.app.crd_validate import CrdInputs, validate_objects
    from propolis.core.printable import printable
    from propolis.reports.render.crd_validation import cost_lines, report_document, report_lines

    report = validate_objects(CrdInputs(definitions, resources, old), sys.stdin.buffer)
    if format_ == "json":
        from propolis.reports.render.encoding import encode

        sys.stdout.buffer.write(encode(report_document(report)))
        sys.stdout.buffer.flush()
    else:
        for line in (*report_lines(report), *(cost_lines(report) if with_cost else ())):
            click.echo(printable(line))
    for problem in report.problems:
        click.echo(f"propolis: {printable(problem.text)}", err=True)
    kinds = {problem.kind for problem in report.problems}
    if "document" in kinds:
        return EXIT_INPUT
    if "source" in kinds:
        return EXIT_WORLD
    return 0 if all(one.is_valid for one in report.judged) else EXIT_FINDINGS
