"""Carries out what policies want done, one action at a time.

An action was worked out from what was there at that time: where that is something else by now, the writer
refuses, and the rule is to be evaluated again. Every failure is a `SourceError` that tells whether trying
again may help.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from propolis.core.action import Action
from propolis.core.errors import SourceError
from propolis.core.resource import Document, ResourceRef, reference_of
from propolis.policy.model.action import Create, Delete, Patch, Update


class Writer(Protocol):
    """Who writes. All methods raise `SourceError`."""

    async def create(self, document: Document, *, applies: bool = False) -> bool:
        """Makes an object; whether it was not there before."""
        ...

    async def replace(self, document: Document) -> None:
        """Puts a document in the place of the one that is there."""
        ...

    async def patch(self, ref: ResourceRef, operations: Sequence[dict[str, Any]], version: str) -> None:
        """Changes an object that still has a version."""
        ...

    async def delete(self, ref: ResourceRef, propagation: str = "") -> None:
        """Deletes an object; with a uid only the one that has it."""
        ...

    async def get(self, ref: ResourceRef) -> Document | None:
        """An object; None where it is not there."""
        ...


async def carry_out(writer: Writer, action: Action) -> bool:
    """Carries out one action; whether anything is other than before.

    Raises:
        SourceError: It could not be done.
    """
    match action:
        case Create():
            return await writer.create(action.document, applies=action.applies)
        case Update() if action.applies:
            return await writer.create(action.document, applies=True)
        case Update():
            await writer.replace(action.document)
        case Patch():
            await writer.patch(action.resource, action.operations, _version(action.document))
        case Delete():
            await writer.delete(action.resource, action.propagation)
        case _:
            raise SourceError(f"carry out {type(action).__name__}", "", "nobody knows how")
    return True


async def delete_only(writer: Writer, ref: ResourceRef, labels: dict[str, str]) -> bool:
    """Deletes an object that carries labels, and no other of its name; whether there was one."""
    found = await writer.get(ref)
    if found is None or not _carries(found, labels) or _goes(found):
        return False
    await writer.delete(reference_of({"apiVersion": ref.api_version, "kind": ref.kind, **found}))
    return True


def _version(document: Document) -> str:
    """The version of the object that a patch was worked out from; empty where it had none."""
    metadata = document.get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    return version if isinstance(version, str) else ""


def _carries(document: Document, labels: dict[str, str]) -> bool:
    metadata = document.get("metadata")
    found = metadata.get("labels") if isinstance(metadata, dict) else None
    return isinstance(found, dict) and all(found.get(name) == text for name, text in labels.items())


def _goes(document: Document) -> bool:
    metadata = document.get("metadata")
    return isinstance(metadata, dict) and metadata.get("deletionTimestamp") is not None
