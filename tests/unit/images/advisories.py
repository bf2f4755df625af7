"""Advisories for tests, in few words."""

from datetime import UTC, datetime
from typing import Any

from propolis.images.model.advisory import Advisory, Affected
from propolis.lang.versions.ranges import EndKind, Interval

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def fixed_in(version: str, package: str = "left-pad", ecosystem: str = "npm", **fields: Any) -> Affected:
    """Affected from the beginning up to a fix."""
    return Affected(ecosystem, package, (Interval("", version, EndKind.FIXED),), **fields)


def advisory(name: str, *affected: Affected, day: int = 1, **fields: Any) -> Advisory:
    """An advisory modified on a day of January 2024."""
    return Advisory(name, datetime(2024, 1, day, tzinfo=UTC), affected=affected, **fields)
