"""``propolis install``: what a cluster is given, as manifests."""

import sys

import click


@click.command()
def install() -> None:
    """Print manifests for a cluster: the CustomResourceDefinitions of policies and reports.

    \b
    Example:
      propolis install | kubectl apply -f -
    """
    from propolis.app.custom_resources import custom_resources
    from propolis.reports.render.yaml_text import yaml_stream

    sys.stdout.buffer.write(yaml_stream(custom_resources()))
    sys.stdout.buffer.flush()
