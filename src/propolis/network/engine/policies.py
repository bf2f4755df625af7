"""All NetworkPolicies of an inventory, indexed by namespace and selector."""

from collections import defaultdict

from propolis.core.errors import DocumentError
from propolis.core.inventory import Inventory
from propolis.core.resource import Resource
from propolis.network.engine.selector_index import SelectorIndex
from propolis.network.model.parse import parse_policy
from propolis.network.model.policy import NetworkPolicy

GROUP = "networking.k8s.io"


class Policies:
    """Which policies select a pod.

    Attributes:
        valid: The policies that the API server would take, in the order of the inventory.
        refused: The others, each with its error.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.valid: list[NetworkPolicy] = []
        self.refused: list[tuple[Resource, DocumentError]] = []
        for resource in inventory.kind("NetworkPolicy", group=GROUP):
            self._take(resource)
        by_namespace: dict[str, list[NetworkPolicy]] = defaultdict(list)
        for policy in self.valid:
            by_namespace[policy.namespace].append(policy)
        self._index = {
            namespace: SelectorIndex((policy.selector, policy) for policy in found)
            for namespace, found in by_namespace.items()
        }
        self._selecting: dict[tuple[str, frozenset[tuple[str, str]]], tuple[NetworkPolicy, ...]] = {}

    def _take(self, resource: Resource) -> None:
        try:
            self.valid.append(parse_policy(resource))
        except DocumentError as error:
            self.refused.append((resource, error))

    def selecting(self, namespace: str, labels: dict[str, str]) -> tuple[NetworkPolicy, ...]:
        """Policies that select pods with these labels; pods with equal labels are looked up once."""
        key = namespace, frozenset(labels.items())
        found = self._selecting.get(key)
        if found is None:
            index = self._index.get(namespace)
            found = tuple(index.matching(labels)) if index else ()
            self._selecting[key] = found
        return found
