"""OSV records as they stand in JSON. Fields that nothing here uses are skipped while decoding.

Follows the OSV schema 1.7; null stands for an absent list, as the schema allows.
"""

from datetime import datetime
from typing import Any

import msgspec

from propolis.lang.versions.ranges import RangeKind


class WirePackage(msgspec.Struct):
    """``affected[].package``."""

    ecosystem: str
    name: str


class WireSeverity(msgspec.Struct):
    """``severity[]`` of a record or of an affected entry."""

    type: str
    score: str


class WireRange(msgspec.Struct):
    """``affected[].ranges[]``."""

    type: RangeKind
    events: list[dict[str, str]]


class WireAffectedSpecific(msgspec.Struct):
    """What publishers write in the two free maps of an affected entry."""

    severity: Any = None
    urgency: Any = None
    informational: Any = None
    introduced_is_exclusive: Any = None


class WireAffected(msgspec.Struct):
    """``affected[]``."""

    package: WirePackage | None = None
    severity: list[WireSeverity] | None = None
    ranges: list[WireRange] | None = None
    versions: list[str] | None = None
    ecosystem_specific: WireAffectedSpecific | None = None
    database_specific: WireAffectedSpecific | None = None


class WireReference(msgspec.Struct):
    """``references[]``."""

    type: str
    url: str


class WireSpecific(msgspec.Struct):
    """What publishers write in the free map of a record."""

    severity: Any = None
    source: Any = None


class WireRecord(msgspec.Struct):
    """A whole record."""

    id: str
    modified: datetime
    published: datetime | None = None
    withdrawn: datetime | None = None
    aliases: list[str] | None = None
    upstream: list[str] | None = None
    related: list[str] | None = None
    summary: str = ""
    details: str = ""
    severity: list[WireSeverity] | None = None
    affected: list[WireAffected] | None = None
    references: list[WireReference] | None = None
    database_specific: WireSpecific | None = None


DECODER = msgspec.json.Decoder(WireRecord)
"""Built once; decoding is where an import spends its time."""
