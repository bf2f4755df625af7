"""Who is told what holds of resources."""

from collections.abc import Sequence
from typing import Protocol

from propolis.core.finding import Finding
from propolis.core.resource import ResourceRef


class FindingSink(Protocol):
    """Who is told what holds of a resource now. Calls do not block; writing happens behind."""

    def put(self, resource: ResourceRef, findings: Sequence[Finding]) -> None:
        """All findings of that resource; none: no rule has anything to say."""
        ...

    def drop(self, resource: ResourceRef) -> None:
        """The resource is gone."""
        ...
