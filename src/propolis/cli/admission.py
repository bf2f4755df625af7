"""``propolis admission``: decisions at the door of a cluster."""

from collections.abc import Mapping
from typing import ClassVar

import click

from propolis.cli.root import LazyGroup

ADMISSION_COMMANDS = {
    "replay": ("propolis.cli.admission_replay", "Tell whom a policy would have refused."),
    "serve": ("propolis.cli.admission_serve", "Answer the admission reviews of an API server."),
}


class AdmissionGroup(LazyGroup):
    """The commands below ``admission``."""

    table: ClassVar[Mapping[str, tuple[str, str]]] = ADMISSION_COMMANDS


@click.group(cls=AdmissionGroup)
def admission() -> None:
    """Decide on requests to a cluster by policies.

    \b
    Example:
      propolis admission serve --policies policies/
      propolis admission replay --policy require-labels.yaml
    """
