"""Writes objects of any kind that a cluster serves: makes them, replaces them, patches them, deletes them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from propolis.cluster.api_client import ApiClient, RefusedError
from propolis.cluster.reader import ClusterReader
from propolis.cluster.removal import object_path, remove, served_kind
from propolis.core.errors import SourceError
from propolis.core.resource import Document, ResourceRef, reference_of

_NOT_FOUND, _CONFLICT, _INVALID = 404, 409, 422


class ChangedError(SourceError):
    """The object is another than the one that was looked at: look again."""


class ObjectWriter:
    """Writes through one reader, which knows the kinds. All methods raise `SourceError`."""

    def __init__(self, reader: ClusterReader) -> None:
        self._reader = reader

    @property
    def _client(self) -> ApiClient:
        return self._reader.client

    async def create(self, document: Document, *, applies: bool = False) -> bool:
        """Makes an object; whether it was not there before.

        Args:
            document: The object.
            applies: Whether by server-side apply, which takes one that is there over.
        """
        ref = reference_of(document)
        kind = served_kind(self._reader.served, ref)
        body = msgspec.json.encode(document)
        if applies:
            await self._client.apply(object_path(kind, ref), f"apply {ref}", body)
            return True
        try:
            await self._client.post(kind.path_in(ref.namespace), f"create {ref}", body)
        except RefusedError as error:
            if error.status != _CONFLICT:
                raise
            return False
        return True

    async def replace(self, document: Document) -> None:
        """Puts a document in the place of the one that is there; what the server owns stays.

        Raises:
            ChangedError: It was changed meanwhile, or is gone.
        """
        ref = reference_of(document)
        path = object_path(served_kind(self._reader.served, ref), ref)
        found = await self._reader.get(path)
        if not isinstance(found, dict):
            raise ChangedError(f"replace {ref}", self._client.server, "it is gone", try_again=True)
        merged = _in_place_of(document, found)
        try:
            await self._client.replace(path, f"replace {ref}", msgspec.json.encode(merged))
        except RefusedError as error:
            raise _changed(error, f"replace {ref}") from error

    async def patch(self, ref: ResourceRef, operations: Sequence[dict[str, Any]], version: str) -> None:
        """Changes an object that is still the one that was looked at.

        Args:
            ref: The object.
            operations: A JSON patch.
            version: The resourceVersion that was looked at; empty for any.

        Raises:
            ChangedError: It is another by now, or gone.
        """
        path = object_path(served_kind(self._reader.served, ref), ref)
        test = {"op": "test", "path": "/metadata/resourceVersion", "value": version}
        body = msgspec.json.encode([test, *operations] if version else list(operations))
        try:
            await self._client.patch(path, f"patch {ref}", body)
        except RefusedError as error:
            raise _changed(error, f"patch {ref}") from error

    async def delete(self, ref: ResourceRef, propagation: str = "") -> None:
        """Deletes an object; one that is gone is deleted already."""
        await remove(self._client, served_kind(self._reader.served, ref), ref, propagation)

    async def get(self, ref: ResourceRef) -> Document | None:
        """An object; None where it is not there."""
        path = object_path(served_kind(self._reader.served, ref), ref)
        found = await self._reader.get(path)
        return found if isinstance(found, dict) else None


def _changed(error: RefusedError, asked: str) -> SourceError:
    """A refusal that means that somebody else was quicker; any other stays what it is."""
    is_test = error.status == _INVALID and "is invalid" not in error.answer  # a wrong object says that it is
    if error.status in (_NOT_FOUND, _CONFLICT) or is_test:
        return ChangedError(asked, "", error.answer, try_again=True)
    return error


_OF_SERVER = ("uid", "resourceVersion", "creationTimestamp", "generation", "ownerReferences", "finalizers")


def _in_place_of(document: Document, found: Document) -> Document:
    """A document with the identity and status of the one that is there, and labels and annotations beside."""
    there = found.get("metadata") or {}
    own = document.get("metadata") or {}
    metadata = {
        **own,
        **{name: there[name] for name in _OF_SERVER if name in there},
        **{
            name: {**(there.get(name) or {}), **(own.get(name) or {})}
            for name in ("labels", "annotations")
            if there.get(name) or own.get(name)
        },
    }
    merged = {**document, "metadata": metadata}
    return {**merged, "status": found["status"]} if "status" in found else merged
