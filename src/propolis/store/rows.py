"""What the queries give: plain values, ready for pages and JSON."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row

from propolis.core.assessment import Factor, Problem, Weakness


class RunRow(msgspec.Struct, frozen=True):
    """One run. ``summary`` holds the keys of `insight.summary`; ``problems`` what could not be used."""

    id: int
    cluster: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    inputs: list[str]
    summary: dict[str, Any]
    problems: list[Problem]


class ResourceRow(msgspec.Struct, frozen=True):
    """A stored resource. ``key`` is `core.resource.ResourceRef.key`; ``origin`` is ``path:line``."""

    id: int
    key: str
    cluster: str
    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    team: str
    origin_path: str
    origin_line: int
    workload_key: str | None

    @property
    def path(self) -> str:
        """``namespace/Kind/name``, or ``Kind/name`` of a cluster-scoped resource."""
        return f"{self.namespace}/{self.kind}/{self.name}" if self.namespace else f"{self.kind}/{self.name}"


class FindingRow(msgspec.Struct, frozen=True):
    """A stored finding with its rule and resource.

    Attributes:
        change: ``new`` when the cluster's latest run opened it, else empty.
        since: When it got this outcome.
        evidence: The room's typed detail as JSON, ``type`` names the class; None where none.
    """

    fingerprint: str
    source: str
    policy: str
    rule: str
    title: str
    category: str
    severity: str
    outcome: str
    message: str
    subject: str
    remedy: str
    remediation: str
    scored: bool
    resource: ResourceRow
    evidence: dict[str, Any] | None
    since: datetime
    since_run: int
    change: str
    revision: int


class WorkloadRow(msgspec.Struct, frozen=True):
    """A workload's score, why it is so, and number of open findings by severity."""

    resource: ResourceRow
    score: int
    points: float
    factors: list[Factor]
    weaknesses: list[Weakness]
    open_findings: dict[str, int]

    @property
    def total(self) -> int:
        """All open findings."""
        return sum(self.open_findings.values())


class FixTargetRow(msgspec.Struct, frozen=True):
    """One resource that a fix changes."""

    resource: ResourceRow
    findings: int
    points: float


class FixRow(msgspec.Struct, frozen=True):
    """One entry of what to fix first; rank 1 removes most risk."""

    rank: int
    remedy: str
    team: str
    title: str
    how: str
    severity: str
    findings: int
    points: float
    targets: list[FixTargetRow]


def resource_row(row: Row[Any], prefix: str = "") -> ResourceRow:
    """The resource in a row, its columns named with a prefix."""
    mapping = row._mapping  # noqa: SLF001
    return ResourceRow(**{name: mapping[prefix + name] for name in ResourceRow.__struct_fields__})
