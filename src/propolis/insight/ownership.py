"""Which workload a resource counts for, and which team answers for it."""

from collections.abc import Mapping

from propolis.core.inventory import Inventory
from propolis.core.resource import Resource, ResourceRef
from propolis.core.workload import is_workload

TEAM_LABELS = ("propolis.dev/team", "team", "app.kubernetes.io/team", "owner")
"""Labels that name a team, the first that is there; on the resource, then on its namespace."""

MAX_OWNERS = 10
"""Longest chain of owners that is followed."""

CLUSTER_TEAM = "platform"
"""Who answers for cluster-scoped resources that name nobody."""


class Ownership:
    """Answers for one inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._namespace_teams: dict[str, str] = {}

    def workload_of(self, resource: Resource) -> ResourceRef | None:
        """The top owner that runs pods; the resource itself where it has none; None for others."""
        if not is_workload(resource.ref):
            return None
        for _ in range(MAX_OWNERS):
            owner = self._owner(resource)
            if owner is None:
                break
            resource = owner
        return resource.ref

    def _owner(self, resource: Resource) -> Resource | None:
        """The controlling owner, when it runs pods and was observed too."""
        metadata = resource.document.get("metadata")
        references = metadata.get("ownerReferences") if isinstance(metadata, dict) else None
        for reference in references if isinstance(references, list) else ():
            if isinstance(reference, Mapping) and reference.get("controller"):
                kind, name = str(reference.get("kind")), str(reference.get("name"))
                found = self._inventory.get(kind, resource.ref.namespace, name)
                return found if found is not None and is_workload(found.ref) else None
        return None

    def team_of(self, resource: Resource) -> str:
        """The team by label of the resource or its namespace, else the namespace's name."""
        if team := _team_label(resource.labels):
            return team
        namespace = resource.ref.name if resource.ref.kind == "Namespace" else resource.ref.namespace
        if not namespace:
            return CLUSTER_TEAM
        if namespace not in self._namespace_teams:
            labels = self._inventory.namespace_labels(namespace)
            self._namespace_teams[namespace] = _team_label(labels) or namespace
        return self._namespace_teams[namespace]


def _team_label(labels: Mapping[str, str]) -> str:
    for name in TEAM_LABELS:
        value = labels.get(name)
        if isinstance(value, str) and value:
            return value
    return ""
