"""``propolis policy pack``: the built-in policies."""

import sys

import click

FORMATS = ("table", "json", "yaml")


@click.command()
@click.argument("choices", nargs=-1, metavar="[CHOICE]...")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--enforce", "enforces", is_flag=True, help="As YAML: refuse what violates them.")
@click.option("--namespace", "-n", default="", metavar="NAME", help="As YAML: for one namespace alone.")
def pack(choices: tuple[str, ...], format_: str, *, enforces: bool, namespace: str) -> int:
    """List the built-in policies, or print them for a cluster.

    CHOICE is default, a folder of the pack, or the name of a policy; it may have wildcards. Without one all
    are listed. As YAML they are what kubectl applies; they audit only, unless told otherwise.

    \b
    Examples:
      propolis policy pack access
      propolis policy pack default --format yaml | kubectl apply -f -
      propolis policy pack pod-security --format yaml -n shop --enforce | kubectl apply -f -
    """
    from propolis.app.policy_pack import pack_files, pack_policies

    if (enforces or namespace) and format_ != "yaml":
        raise click.UsageError("--enforce and --namespace need --format yaml")
    if enforces or namespace:
        _write_placed(choices, namespace, enforces=enforces)
    elif format_ == "yaml":
        _write(pack_files(choices))
    elif format_ == "json":
        from propolis.reports.render.encoding import encode
        from propolis.reports.render.policy_pack import pack_document

        _write(encode(pack_document(pack_policies(choices))))
    else:
        from propolis.cli.printer import output
        from propolis.reports.render.policy_pack import render_pack_table

        output().print(render_pack_table(pack_policies(choices)))
    return 0


def _write_placed(choices: tuple[str, ...], namespace: str, *, enforces: bool) -> None:
    from propolis.app.policy_pack import placed_pack
    from propolis.reports.render.yaml_text import yaml_stream

    documents, left_out = placed_pack(choices, namespace, enforces=enforces)
    _write(yaml_stream(documents))
    if left_out:
        click.echo(f"propolis: not for one namespace, left out: {', '.join(left_out)}", err=True)


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
