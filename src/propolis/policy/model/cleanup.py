"""CleanupPolicy and ClusterCleanupPolicy: resources that are deleted on a schedule."""

from typing import Literal

import msgspec

from propolis.core.errors import DocumentError, Place
from propolis.core.resource import Document, Origin
from propolis.lang.cron import parse_schedule
from propolis.policy.model.conditions import AnyAllConditions
from propolis.policy.model.context import ContextEntry
from propolis.policy.model.match import MatchResources
from propolis.policy.model.struct import ApiStruct

KINDS = ("CleanupPolicy", "ClusterCleanupPolicy")


class CleanupSpec(ApiStruct, frozen=True):
    """Which resources, under which conditions, and when."""

    schedule: str
    match: MatchResources
    exclude: MatchResources | None = None
    context: tuple[ContextEntry, ...] | None = None
    conditions: AnyAllConditions | None = None
    deletion_propagation_policy: Literal["Foreground", "Background", "Orphan"] | None = None


class CleanupPolicy(msgspec.Struct, frozen=True):
    """A cleanup policy; one with a namespace deletes in it alone."""

    name: str
    namespace: str
    spec: CleanupSpec
    origin: Origin = Origin("")

    @property
    def key(self) -> str:
        """``namespace/name`` or ``name``."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def is_cleanup_policy(document: Document) -> bool:
    """Whether a document is one that `parse_cleanup_policy` reads."""
    group = str(document.get("apiVersion", "")).partition("/")[0]
    return group == "kyverno.io" and document.get("kind") in KINDS


def parse_cleanup_policy(document: Document, origin: Origin = Origin("")) -> CleanupPolicy:  # noqa: B008  # frozen
    """Parses one cleanup policy.

    Raises:
        DocumentError: It is none, has unknown fields, wrong shapes or no schedule.
    """
    place = Place(origin.path, origin.line)
    if not is_cleanup_policy(document):
        raise DocumentError("this is not a cleanup policy", place, " or ".join(KINDS))
    metadata = document.get("metadata")
    fields = metadata if isinstance(metadata, dict) else {}
    try:
        spec = msgspec.convert(document.get("spec"), CleanupSpec)
        parse_schedule(spec.schedule)
    except msgspec.ValidationError as error:
        raise DocumentError(f"spec: {error}", place) from None
    except DocumentError as error:
        raise DocumentError(f"spec.schedule: {error.message}", place, error.expected) from None
    namespace = str(fields.get("namespace") or "") if document["kind"] == KINDS[0] else ""
    return CleanupPolicy(str(fields.get("name", "")), namespace, spec, origin)
