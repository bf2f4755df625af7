"""Permissions that policies need: a line each with its reason, JSON, or roles for a cluster."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from propolis.core.printable import printable
from propolis.core.resource import Document
from propolis.policy.engine.permissions.grant import Grant, Note, Permissions
from propolis.policy.engine.permissions.roles import resource_text, roles_of

LABELS = {"app.kubernetes.io/name": "propolis", "app.kubernetes.io/managed-by": "propolis"}
MOST_NAMED = 3
"""Policies that a line of the table names."""


def render_permissions(permissions: Permissions, policies: int) -> RenderableType:
    """A line for what is needed by the same policies in the same way, then what cannot be told."""
    table = Table()
    for heading in ("For", "Resource", "Verbs", "Namespace"):
        table.add_column(heading, overflow="fold")
    table.add_column("Needed by", overflow="fold")
    for first, *others in _alike(permissions.grants):
        resources = "\n".join(printable(resource_text(one)) for one in (first, *others))
        where = first.namespace or "all"
        table.add_row(first.part, resources, " ".join(first.verbs), where, _named(first))
    notes = [Text(f"{printable(one.policy)}: {printable(one.text)}", "yellow") for one in permissions.notes]
    told = f"Permissions: {len(permissions.grants):,} for {policies:,} policies"
    return Group(table, *notes, Text(told, "bold"))


def _alike(grants: Iterable[Grant]) -> Iterable[list[Grant]]:
    """Permissions on several resources that differ in nothing else, in order of the first."""
    found: dict[tuple[object, ...], list[Grant]] = {}
    for one in grants:
        found.setdefault((one.part, one.verbs, one.namespace, one.policies), []).append(one)
    return found.values()


def _named(grant: Grant) -> str:
    more = len(grant.policies) - MOST_NAMED
    return printable(", ".join(grant.policies[:MOST_NAMED])) + (f" and {more} more" if more > 0 else "")


def permissions_document(permissions: Permissions) -> dict[str, Any]:
    """All of it, for programs."""
    return {
        "permissions": [_line(one) for one in permissions.grants],
        "notes": [_note(one) for one in permissions.notes],
    }


def _line(grant: Grant) -> dict[str, Any]:
    where = {"path": grant.resource} if grant.is_path else {"group": grant.group, "resource": grant.resource}
    return {
        "for": grant.part,
        **where,
        "verbs": list(grant.verbs),
        "namespace": grant.namespace,
        "names": list(grant.names),
        "policies": list(grant.policies),
    }


def _note(note: Note) -> dict[str, str]:
    return {"policy": note.policy, "text": note.text}


def permission_roles(permissions: Permissions, namespace: str) -> Sequence[Document]:
    """Roles and bindings for the accounts in a namespace."""
    return list(roles_of(permissions.grants, namespace, LABELS))
