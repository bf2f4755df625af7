"""The project's own policies as people look them up: a line each, or JSON."""

from collections.abc import Sequence
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from propolis.policy.model.any import AnyPolicy


class PackLine(msgspec.Struct, frozen=True, rename="camel"):
    """One policy of the pack.

    Attributes:
        folder: What the policy is about; ``pack:FOLDER`` chooses it with its neighbours.
        is_default: Whether it judges without being asked for.
    """

    name: str
    folder: str
    kind: str
    severity: str
    is_default: bool
    title: str
    description: str
    remediation: str


def line_of(policy: AnyPolicy) -> PackLine:
    """What the annotations of a policy of the pack say."""
    return PackLine(
        name=policy.name,
        folder=policy.origin.path.split("/")[-2],
        kind=policy.kind,
        severity=policy.annotation("severity"),
        is_default=policy.annotations.get("propolis.dev/pack") == "default",
        title=policy.annotation("title"),
        description=policy.annotation("description"),
        remediation=policy.annotations.get("propolis.dev/remediation", ""),
    )


def render_pack_table(policies: Sequence[AnyPolicy]) -> RenderableType:
    """A line a policy, then how many there are."""
    lines = [line_of(policy) for policy in policies]
    table = Table()
    for heading in ("Folder", "Policy", "Kind", "Severity", "Default"):
        table.add_column(heading, no_wrap=True)
    table.add_column("What", overflow="fold")
    for one in lines:
        default = "yes" if one.is_default else ""
        table.add_row(one.folder, one.name, one.kind, one.severity, default, one.title)
    defaults = sum(one.is_default for one in lines)
    return Group(table, Text(f"Policies: {len(lines):,}, {defaults:,} judge by default", "bold"))


def pack_document(policies: Sequence[AnyPolicy]) -> dict[str, Any]:
    """The lines as JSON has them."""
    return {"policies": [msgspec.to_builtins(line_of(policy)) for policy in policies]}
