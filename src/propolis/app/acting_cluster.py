"""The cluster as those see it who carry out what policies want."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from propolis.app.live_lookups import LiveLookups
from propolis.cluster.cleanable import CleanableCluster
from propolis.cluster.discovery import Served
from propolis.cluster.object_writer import ObjectWriter
from propolis.cluster.reader import ClusterReader
from propolis.core.errors import SourceError
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.resource import Document, Resource, ResourceRef
from propolis.lang.wildcard import has_wildcard
from propolis.policy import lookups


class ActingCluster:
    """Reads and writes through one reader, which knows the kinds. All methods raise `SourceError`."""

    def __init__(self, reader: ClusterReader) -> None:
        self._writer = ObjectWriter(reader)
        self._cleanable = CleanableCluster(reader)

    @property
    def served(self) -> Sequence[Served]:
        """All kinds."""
        return self._cleanable.served

    @property
    def deletable(self) -> Sequence[Served]:
        """Kinds whose objects may have an end."""
        return self._cleanable.deletable

    async def objects(self, kind: Served, namespace: str) -> Sequence[Resource]:
        """All objects of a kind; in one namespace where one is named."""
        return await self._cleanable.objects(kind, namespace)

    async def labelled(self, kind: Served, label: str) -> Sequence[Resource]:
        """Objects of a kind that have a label."""
        return await self._cleanable.labelled(kind, label)

    async def get(self, ref: ResourceRef) -> Document | None:
        """An object; None where it is not there."""
        return await self._writer.get(ref) if ref.name else None

    async def create(self, document: Document, *, applies: bool = False) -> bool:
        """Makes an object; whether it was not there before."""
        return await self._writer.create(document, applies=applies)

    async def replace(self, document: Document) -> None:
        """Puts a document in the place of the one that is there."""
        await self._writer.replace(document)

    async def patch(self, ref: ResourceRef, operations: Sequence[dict[str, Any]], version: str) -> None:
        """Changes an object that still has a version."""
        await self._writer.patch(ref, operations, version)

    async def delete(self, ref: ResourceRef, propagation: str = "") -> None:
        """Deletes an object; with a uid only the one that has it."""
        await self._writer.delete(ref, propagation)


class ActingLookups:
    """Live look-ups; an object that is named is read alone, not found in a list of all."""

    def __init__(self, reader: ClusterReader, live: LiveLookups) -> None:
        self._reader = reader
        self._live = live

    async def answers(self, keys: frozenset[LookupKey]) -> Mapping[LookupKey, Answer]:
        """An answer for every key."""
        single = {key: path for key in keys if (path := self._path(key))}
        found: dict[LookupKey, Answer] = dict(await self._live.answers(keys - single.keys()))
        for key, path in single.items():
            found[key] = await self._one(path)
        return found

    def _path(self, key: LookupKey) -> str:
        """The path of the one object that a look-up is about; empty where it is about any number."""
        if key.kind != lookups.RESOURCES:
            return ""
        api_version, kind, namespace, name, selector = key.arguments
        if not name or selector or has_wildcard(f"{api_version}{kind}{namespace}{name}"):
            return ""
        group, _, version = api_version.rpartition("/")
        for one in self._reader.served:
            if (one.group, one.kind) == (group, kind) and (namespace or not one.is_namespaced):
                named = Served(group, version, kind, one.plural, one.is_namespaced)
                return f"{named.path_in(namespace)}/{quote(name, safe='')}"
        return ""

    async def _one(self, path: str) -> Answer:
        try:
            found = await self._reader.get(path)
        except SourceError as error:
            return Answer(error=error.answer)
        return Answer([found] if isinstance(found, dict) else [])
