"""A permission and why it is needed; how permissions come together."""

from collections.abc import Iterable
from typing import Literal

import msgspec

Part = Literal["admission", "scan", "actions"]
"""Who needs it: reviews of requests, scans of what exists, what carries out what policies want done."""
VERBS = (
    "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection",
)  # fmt: skip
READ = ("get", "list", "watch")
ANY = "*"


class Grant(msgspec.Struct, frozen=True, order=True):
    """A permission on resources of one kind, or on a path that is no resource.

    Attributes:
        resource: As paths call it, ``pods`` or ``pods/exec``; a path where it begins with a slash.
        namespace: The only one; empty for all.
        names: The only objects; empty for all.
        policies: That need it, as ``kind name``.
    """

    part: Part
    group: str
    resource: str
    verbs: tuple[str, ...]
    namespace: str = ""
    names: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()

    @property
    def is_path(self) -> bool:
        """Whether it is on a path that is no resource."""
        return self.resource.startswith("/")


class Note(msgspec.Struct, frozen=True, order=True):
    """Something that is needed and cannot be told, or was guessed."""

    policy: str
    text: str


class Permissions(msgspec.Struct, frozen=True):
    """All that some policies need."""

    grants: tuple[Grant, ...] = ()
    notes: tuple[Note, ...] = ()


def together(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Each permission once, with all policies that need it; what a wider one allows is left out."""
    found: dict[tuple[Part, str, str, str, tuple[str, ...]], tuple[set[str], set[str]]] = {}
    for one in grants:
        key = (one.part, one.group, one.resource, one.namespace, one.names)
        verbs, policies = found.setdefault(key, (set(), set()))
        verbs.update(one.verbs)
        policies.update(one.policies)
    joined = [
        Grant(part, group, resource, _ordered(verbs), namespace, names, tuple(sorted(policies)))
        for (part, group, resource, namespace, names), (verbs, policies) in found.items()
    ]
    by_kind: dict[tuple[Part, str, str], list[Grant]] = {}
    for one in joined:
        by_kind.setdefault((one.part, one.group, one.resource), []).append(one)
    return tuple(
        sorted(left for one in joined if (left := _without(one, by_kind[one.part, one.group, one.resource])))
    )


def _without(grant: Grant, others: list[Grant]) -> Grant | None:
    """What of a permission no wider one allows."""
    allowed = {verb for one in others if one is not grant and _is_wider(one, grant) for verb in one.verbs}
    verbs = tuple(verb for verb in grant.verbs if verb not in allowed)
    return msgspec.structs.replace(grant, verbs=verbs) if verbs else None


def _is_wider(one: Grant, other: Grant) -> bool:
    if (one.namespace, one.names) == (other.namespace, other.names):
        return False
    return one.namespace in ("", other.namespace) and (
        not one.names or set(one.names) >= set(other.names) != set()
    )


def _ordered(verbs: set[str]) -> tuple[str, ...]:
    return tuple(verb for verb in VERBS if verb in verbs) + tuple(sorted(verbs - set(VERBS)))
