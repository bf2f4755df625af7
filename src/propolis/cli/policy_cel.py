"""``propolis policy cel``: an expression in CEL, tried out."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from propolis.cli.root import EXIT_FINDINGS

if TYPE_CHECKING:
    from propolis.policy.engine.cel.trial import Trial

KINDS = (
    "ValidatingPolicy",
    "MutatingPolicy",
    "GeneratingPolicy",
    "DeletingPolicy",
    "ImageValidatingPolicy",
    "ValidatingAdmissionPolicy",
    "MutatingAdmissionPolicy",
    "ClusterPolicy",
    "Envoy",
    "HTTP",
)
OPERATIONS = ("CREATE", "UPDATE", "DELETE", "CONNECT")


@click.command()
@click.argument("expression")
@click.option(
    "--data", "-d", default="", metavar="FILE", help="Its first document is object; - is standard input."
)
@click.option(
    "--old", type=click.Path(path_type=Path, dir_okay=False), help="Its first document is oldObject."
)
@click.option(
    "--var",
    "-v",
    "assignments",
    multiple=True,
    metavar="NAME=JSON",
    help="One more variable; variables.NAME=EXPRESSION is one of a policy.",
)
@click.option(
    "--kind",
    "-k",
    type=click.Choice(KINDS),
    default=KINDS[0],
    show_default=True,
    help="Whose functions there are.",
)
@click.option("--operation", type=click.Choice(OPERATIONS), default=OPERATIONS[0], show_default=True)
@click.option("--type", "with_type", is_flag=True, help="Print the type that the checker found.")
@click.option("--cost", "with_cost", is_flag=True, help="Print what it cost, and may cost at most.")
@click.option("--trace", "with_trace", is_flag=True, help="Print what every part gave.")
@click.option("--dump-code", is_flag=True, help="Print the Python code that it compiles to.")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
def cel(
    expression: str,
    data: str,
    old: Path | None,
    assignments: tuple[str, ...],
    kind: str,
    operation: str,
    with_type: bool,  # click names its arguments
    with_cost: bool,
    with_trace: bool,
    dump_code: bool,
    format_: str,
) -> int:
    """Print the value of an expression in CEL, as a policy would see it.

    Exits with 1 where it has no value, 2 where it cannot be used.

    \b
    Examples:
      propolis policy cel 'object.spec.replicas > 1' --data deployment.yaml
      propolis policy cel "variables.all.size()" --var variables.all=object.spec.containers -d pod.yaml
    """
    from propolis.app.cel_expressions import CelInputs, try_expression

    trial = try_expression(CelInputs(expression, kind, data, old, assignments, operation), sys.stdin.buffer)
    if format_ == "json":
        from propolis.reports.render.cel_trial import trial_document
        from propolis.reports.render.encoding import encode

        document = trial_document(trial, with_parts=with_trace)
        sys.stdout.buffer.write(encode(document | ({"code": trial.code} if dump_code else {})))
        sys.stdout.buffer.flush()
    else:
        _print(trial, with_type=with_type, with_cost=with_cost, with_trace=with_trace)
        if dump_code:
            click.echo(f"\n{trial.code}", nl=False)
    return EXIT_FINDINGS if trial.error else 0


def _print(trial: "Trial", *, with_type: bool, with_cost: bool, with_trace: bool) -> None:
    from propolis.core.printable import printable
    from propolis.reports.render.cel_trial import shown_value, trace_lines
    from propolis.reports.render.encoding import compact

    found = f"error: {trial.error}" if trial.error else compact(shown_value(trial.value))
    click.echo(printable(found))
    if with_type:
        click.echo(f"type: {printable(trial.type)}")
    if with_cost:
        most = "without bound" if trial.bound is None else f"at most {trial.bound:,}"
        click.echo(f"cost: {trial.cost:,} units, {most} for objects of this extent")
    if with_trace:
        click.echo()
        for line in trace_lines(trial):
            click.echo(line)
