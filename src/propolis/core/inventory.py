"""Record: what is there, without judgement. The resources of one observation, indexed.

Engines that must see more than one resource (who is bound to what, which pods a policy selects)
take an `Inventory` as their subject.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from propolis.core.resource import Resource, ResourceRef


class Inventory:
    """Resources by kind and namespace. Filled once, read afterwards.

    Of two resources with the same identity the later one replaces the earlier, as applying both
    would.
    """

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._by_key: dict[str, Resource] = {}
        for resource in resources:
            self._by_key[resource.ref.key] = resource
        self._by_kind: dict[str, dict[str, list[Resource]]] = defaultdict(lambda: defaultdict(list))
        for resource in self._by_key.values():
            self._by_kind[resource.ref.kind][resource.ref.namespace].append(resource)

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._by_key.values())

    def kind(self, *kinds: str, group: str | None = None) -> Iterator[Resource]:
        """All resources of some kinds, in all namespaces; of one API group where it is given."""
        for kind in kinds:
            for resources in self._by_kind.get(kind, {}).values():
                for resource in resources:
                    if group is None or resource.ref.group == group:
                        yield resource

    def within(self, namespace: str, *kinds: str) -> Iterator[Resource]:
        """All resources of some kinds in one namespace."""
        for kind in kinds:
            yield from self._by_kind.get(kind, {}).get(namespace, ())

    def get(self, kind: str, namespace: str, name: str, group: str | None = None) -> Resource | None:
        """One resource by name, or None."""
        for resource in self._by_kind.get(kind, {}).get(namespace, ()):
            if resource.ref.name == name and (group is None or resource.ref.group == group):
                return resource
        return None

    def find(self, ref: ResourceRef) -> Resource | None:
        """The resource of a reference, or None."""
        return self._by_key.get(ref.key)

    def namespaces(self) -> Sequence[str]:
        """Names of all namespaces that hold something or are there themselves, sorted."""
        found = {resource.ref.namespace for resource in self if resource.ref.namespace}
        found.update(resource.ref.name for resource in self.kind("Namespace", group=""))
        return sorted(found)

    def namespace_labels(self, name: str) -> dict[str, str]:
        """Labels of a namespace; the API server's own name label is there for every namespace."""
        resource = self.get("Namespace", "", name, group="")
        labels = dict(resource.labels) if resource else {}
        labels.setdefault("kubernetes.io/metadata.name", name)
        return labels
