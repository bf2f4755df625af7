"""``propolis policy jp``: the expressions of policies."""

import sys
from pathlib import Path

import click


@click.group()
def jp() -> None:
    """Try the expressions of policies.

    \b
    Examples:
      propolis policy jp query 'spec.containers[].image' -i pod.yaml
      propolis policy jp function to_upper
    """


@jp.command()
@click.argument("expression")
@click.option(
    "--input",
    "-i",
    "input_",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of YAML or JSON; its first document is asked.  [default: standard input]",
)
@click.option("--compact", "-c", is_flag=True, help="Print the result on one line.")
@click.option("--unquoted", "-u", is_flag=True, help="Print a text without quotes.")
def query(
    expression: str,
    input_: Path | None,
    compact: bool,  # click names its arguments
    unquoted: bool,
) -> None:
    """Print the result of an expression on a document.

    \b
    Example:
      kubectl get pod cart -o yaml | propolis policy jp query 'metadata.labels.team'
    """
    from propolis.app.expressions import query as ask
    from propolis.lang.jmespath.values import to_json
    from propolis.reports.render.encoding import encode

    found = ask(expression, input_, sys.stdin.buffer)
    if unquoted and isinstance(found, str):
        click.echo(found)
    elif compact:
        click.echo(to_json(found))
    else:
        sys.stdout.buffer.write(encode(found))
        sys.stdout.buffer.flush()


@jp.command()
@click.argument("expressions", nargs=-1, required=True, metavar="EXPRESSION...")
def parse(expressions: tuple[str, ...]) -> None:
    """Print the syntax tree of expressions.

    \b
    Example:
      propolis policy jp parse 'length(spec.containers)'
    """
    from propolis.app.expressions import syntax_tree

    for expression in expressions:
        click.echo(syntax_tree(expression))


@jp.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
def function(names: tuple[str, ...]) -> None:
    """List functions with their arguments: all, or those of some names.

    \b
    Example:
      propolis policy jp function truncate semver_compare
    """
    from propolis.app.expressions import signatures

    for line in signatures(names):
        click.echo(line)
