"""The cluster as those see it who delete what is no longer wanted."""

from collections.abc import Mapping, Sequence

from propolis.cluster.discovery import Served
from propolis.cluster.reader import ClusterReader
from propolis.cluster.removal import remove, served_kind
from propolis.core.errors import SourceError
from propolis.core.resource import Document, Origin, Resource, ResourceRef, reference_of

PAGE = 500
MOST_OBJECTS = 1_000_000
NEVER_EXPIRE = frozenset({("", "Event"), ("events.k8s.io", "Event"), ("coordination.k8s.io", "Lease")})
"""Kinds that have an end of their own, and of which there are many."""


class CleanableCluster:
    """Objects by kind, and their deletion; all of it asked of the API server."""

    def __init__(self, reader: ClusterReader) -> None:
        self._reader = reader

    @property
    def served(self) -> Sequence[Served]:
        """All kinds."""
        return self._reader.served

    @property
    def deletable(self) -> Sequence[Served]:
        """Kinds whose objects may have an end."""
        return [one for one in self._reader.served if (one.group, one.kind) not in NEVER_EXPIRE]

    async def objects(self, kind: Served, namespace: str) -> Sequence[Resource]:
        """All objects of a kind; in one namespace where one is named. Raises `SourceError`."""
        return await self._listed(kind, namespace, {})

    async def labelled(self, kind: Served, label: str) -> Sequence[Resource]:
        """Objects of a kind that have a label. Raises `SourceError`."""
        return await self._listed(kind, "", {"labelSelector": label})

    async def delete(self, ref: ResourceRef, propagation: str) -> None:
        """Deletes an object; one that is gone is deleted already. Raises `SourceError`."""
        await remove(self._reader.client, served_kind(self._reader.served, ref), ref, propagation)

    async def _listed(self, kind: Served, namespace: str, more: Mapping[str, str]) -> list[Resource]:
        found: list[Resource] = []
        query = {"limit": str(PAGE), **more}
        while True:
            page = await self._reader.get(kind.path_in(namespace), query)
            if page is None:
                return found
            items, following = _parts(page)
            found += [self._resource(kind, item) for item in items]
            if len(found) > MOST_OBJECTS:
                raise SourceError(f"list {kind.name}", "", f"more than {MOST_OBJECTS:,} objects")
            if not following:
                return found
            query["continue"] = following

    def _resource(self, kind: Served, item: Document) -> Resource:
        document = {"apiVersion": kind.api_version, "kind": kind.kind, **item}
        return Resource(reference_of(document), document, Origin("cluster"))


def _parts(page: object) -> tuple[list[Document], str]:
    """The objects of a page, and how to ask for the next one."""
    if not isinstance(page, dict):
        return [], ""
    metadata = page.get("metadata")
    following = metadata.get("continue") if isinstance(metadata, dict) else None
    items = [item for item in page.get("items") or () if isinstance(item, dict)]
    return items, following if isinstance(following, str) else ""
