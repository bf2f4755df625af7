"""Advisories for tests, in few words."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from propolis.images.engine.compiled import CompiledEntries
from propolis.images.engine.match import find, vulnerabilities_of
from propolis.images.model.advisory import Advisory, Affected
from propolis.images.model.package import Distribution, Package
from propolis.images.model.packed import Entry, Facts, Weakness, join_entries, pack_entry, unpack_entries
from propolis.images.model.vulnerability import Vulnerability
from propolis.lang.versions.ranges import EndKind, Interval

DEBIAN_12 = Distribution("debian", "12.5", "Debian GNU/Linux 12 (bookworm)")
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def fixed_in(version: str, package: str = "left-pad", ecosystem: str = "npm", **fields: Any) -> Affected:
    """Affected from the beginning up to a fix."""
    return Affected(ecosystem, package, (Interval("", version, EndKind.FIXED),), **fields)


def advisory(name: str, *affected: Affected, day: int = 1, **fields: Any) -> Advisory:
    """An advisory modified on a day of January 2024."""
    return Advisory(name, datetime(2024, 1, day, tzinfo=UTC), affected=affected, **fields)


def matched(
    packages: Sequence[Package],
    *advisories: Advisory,
    weaknesses: dict[str, Weakness] | None = None,
    distribution: Distribution = DEBIAN_12,
) -> tuple[Vulnerability, ...]:
    """What the engine makes of advisories, without a database."""
    entries: dict[tuple[str, str], list[Entry]] = {}
    facts: dict[int, Facts] = {}
    for number, one in enumerate(advisories, start=1):
        facts[number] = Facts(one.id, 0, one.aliases, one.upstream, one.rating, one.scores)
        for affected in one.affected:
            packed = join_entries(None, [pack_entry(number, affected)])
            entries.setdefault((affected.ecosystem, affected.package), []).extend(unpack_entries(packed))
    compiled = {key: CompiledEntries(key[0], found) for key, found in entries.items()}
    search = find(packages, distribution, compiled)
    return vulnerabilities_of(search, facts, weaknesses or {})
