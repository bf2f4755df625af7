"""``propolis policy pack``: the built-in policies."""

import sys

import click

FORMATS = ("table", "json", "yaml")


@click.command()
@click.argument("choices", nargs=-1, metavar="[CHOICE]...")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
def pack(choices: tuple[str, ...], format_: str) -> int:
    """List the built-in policies, or print them for a cluster.

    CHOICE is default, a folder of the pack, or the name of a policy; it may have wildcards. Without one all
    are listed. As YAML they are what kubectl applies; all of them audit only.

    \b
    Examples:
      propolis policy pack access
      propolis policy pack default --format yaml | kubectl apply -f -
    """
    from propolis.app.policy_pack import pack_files, pack_policies

    if format_ == "yaml":
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


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
