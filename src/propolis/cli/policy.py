"""``propolis policy``: policies, tried and tested. Each command is loaded when it is called."""

from collections.abc import Mapping
from typing import ClassVar

import click

from propolis.cli.root import LazyGroup

POLICY_COMMANDS = {
    "test": ("propolis.cli.policy_test", "Run kyverno-test.yaml files as they are."),
    "apply": ("propolis.cli.policy_apply", "Judge resources by policies, without keeping anything."),
    "lint": ("propolis.cli.policy_lint", "Check policies: errors with places, and gaps."),
    "explain": ("propolis.cli.policy_explain", "Tell why rules decide as they do, and what would pass."),
    "coverage": ("propolis.cli.policy_coverage", "Tell what tests exercise, and what they would not notice."),
    "permissions": ("propolis.cli.policy_permissions", "Tell what policies need to be permitted, and why."),
    "pack": ("propolis.cli.policy_pack", "List the built-in policies, or print them for a cluster."),
    "convert": ("propolis.cli.policy_convert", "Turn policies into policies in CEL, with proof."),
    "create": ("propolis.cli.policy_create", "Write tests, exceptions, values and users."),
    "cel": ("propolis.cli.policy_cel", "Try an expression in CEL: value, type, cost, trace."),
    "crd-validate": ("propolis.cli.policy_crd_validate", "Judge objects by CustomResourceDefinitions."),
    "jp": ("propolis.cli.policy_jp", "Try the expressions of policies."),
}


class PolicyGroup(LazyGroup):
    """The commands below ``policy``."""

    table: ClassVar[Mapping[str, tuple[str, str]]] = POLICY_COMMANDS


@click.group(cls=PolicyGroup)
def policy() -> None:
    """Test, check, try, explain and convert policies.

    \b
    Example:
      propolis policy test policies/
    """
