"""``propolis policy explain``: why rules decide as they do, and what would make them pass."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from propolis.cli.root import EXIT_FINDINGS, EXIT_INPUT, EXIT_WORLD

if TYPE_CHECKING:
    from propolis.reports.render.policy_explain import ExplainReport

FORMATS = ("table", "json", "markdown")
OPERATIONS = ("CREATE", "UPDATE", "DELETE", "CONNECT")
FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("policy")
@click.argument("resource")
@click.option("--rule", default="*", metavar="NAME", help="Only rules of this name; it may have wildcards.")
@click.option(
    "--exception", "-e", "exceptions", multiple=True, metavar="PATH", help="File or folder of exceptions."
)
@click.option("--values-file", "-f", "values", type=FILE, help="Values of variables, as a file of Values.")
@click.option(
    "--set", "-s", "assignments", multiple=True, metavar="NAME=VALUE", help="One more global value."
)
@click.option("--userinfo", "-u", type=FILE, help="Who asks, as a file of UserInfo.")
@click.option("--operation", type=click.Choice(OPERATIONS), help="The request.  [default: CREATE]")
@click.option("--patch/--no-patch", "seeks_patch", default=True, help="Look for the smallest change.")
@click.option("--detailed", "-d", is_flag=True, help="Tell what is met and what does not match in full too.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
def explain(
    policy: str,
    resource: str,
    rule: str,
    exceptions: tuple[str, ...],
    values: Path | None,
    assignments: tuple[str, ...],
    userinfo: Path | None,
    operation: str | None,
    seeks_patch: bool,  # click names its arguments
    detailed: bool,
    format_: str,
) -> int:
    """Tell why rules decide as they do, and the smallest change of a resource that passes.

    POLICY is a file, a folder, - for standard input, the name of a built-in policy, pack:FOLDER, or
    builtin for those that assess judges by. RESOURCE is a file, a folder or -. Every part of a rule is shown
    with what it asks, what was found and its line and column. A change is shown only after the engine let
    the changed resource pass.
    Exits with 1 when a rule fails or cannot be evaluated, 2 when some input cannot be used.

    \b
    Examples:
      propolis policy explain policies/require-labels.yaml pod.yaml
      propolis policy explain disallow-privileged pod.yaml --detailed
      kubectl get pod web -o yaml | propolis policy explain policies/ - --rule 'check-*'
    """
    from propolis.app.policy_explain import ExplainInputs, explain_policies
    from propolis.cli.printer import standard_input

    inputs = ExplainInputs(
        policy, resource, exceptions, values, assignments, userinfo, rule, operation or "", seeks_patch
    )
    report = explain_policies(inputs, standard_input())
    _print(report, format_, is_detailed=detailed)
    _tell_problems(report)
    return _exit_code(report)


def _print(report: "ExplainReport", format_: str, *, is_detailed: bool) -> None:
    if format_ == "table":
        from propolis.cli.printer import output
        from propolis.reports.render.policy_explain_tree import render_explain_tree

        output().print(render_explain_tree(report, is_detailed=is_detailed))
        return
    from propolis.reports.render.policy_explain import render_explanations

    sys.stdout.buffer.write(render_explanations(report, format_))
    sys.stdout.buffer.flush()


def _tell_problems(report: "ExplainReport") -> None:
    from propolis.core.printable import printable

    for problem in report.problems:
        click.echo(f"propolis: {printable(problem.text)}", err=True)


def _exit_code(report: "ExplainReport") -> int:
    kinds = {problem.kind for problem in report.problems}
    if "document" in kinds:
        return EXIT_INPUT
    if "source" in kinds:
        return EXIT_WORLD
    return EXIT_FINDINGS if report.is_open else 0
