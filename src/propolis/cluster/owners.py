"""Objects that a controller made from a template: judged there, once, and not copy by copy."""

from collections.abc import Iterable

from propolis.core.assessment import Problem
from propolis.core.resource import Document, Resource
from propolis.core.workload import GROUPS, POD_PATHS

Key = tuple[str, str, str, str]
"""Group, kind, namespace, name."""

LAST = (("Job", "ReplicaSet"), ("Pod",))
"""Kinds that are made from others, in the order in which they must be read after these."""


Owner = tuple[str, str, str]
"""API version, kind and name of a controller."""


class Owners:
    """Remembers workloads and tells whether one was made by another."""

    def __init__(self) -> None:
        self._seen: set[Key] = set()

    def add(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        """Remembers a workload; other kinds make no workloads."""
        if kind in POD_PATHS and _group(api_version) == GROUPS.get(kind, "apps"):
            self._seen.add((_group(api_version), kind, namespace, name))

    def is_made(self, namespace: str, owners: Iterable[Owner]) -> bool:
        """Whether one of the controllers is remembered."""
        return any((_group(api), kind, namespace, name) in self._seen for api, kind, name in owners)


def remark_on_made(count: int) -> tuple[Problem, ...]:
    """Tells how many objects were left out, if any were."""
    if not count:
        return ()
    text = f"{count:,} objects that a controller made are judged by the template that it has"
    return (Problem("skipped", text),)


def without_made(resources: Iterable[Resource]) -> tuple[tuple[Resource, ...], int]:
    """The resources that no other one of them made, and how many were left out."""
    found = tuple(resources)
    owners = Owners()
    for resource in found:
        ref = resource.ref
        owners.add(ref.api_version, ref.kind, ref.namespace, ref.name)
    kept = tuple(
        resource
        for resource in found
        if not owners.is_made(resource.ref.namespace, _controllers_of(resource.document))
    )
    return kept, len(found) - len(kept)


def _controllers_of(document: Document) -> list[Owner]:
    references = document["metadata"].get("ownerReferences")
    return [
        (str(item.get("apiVersion")), str(item.get("kind")), str(item.get("name")))
        for item in (references if isinstance(references, list) else ())
        if isinstance(item, dict) and item.get("controller") is True
    ]


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]
