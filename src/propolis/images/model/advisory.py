"""Advisory: what a publisher says about a weakness, read from a record in OSV form.

Ranges are resolved into intervals when a record is read, so that nothing later needs to know about events.
"""

import enum
from datetime import datetime

import msgspec

from propolis.core.finding import Severity
from propolis.lang.versions.ranges import Interval


class ScoreKind(enum.StrEnum):
    """How a score is written: a CVSS vector of some version, or a word of Ubuntu's scale."""

    CVSS_V2 = "CVSS_V2"
    CVSS_V3 = "CVSS_V3"
    CVSS_V4 = "CVSS_V4"
    UBUNTU = "Ubuntu"


class Score(msgspec.Struct, frozen=True, array_like=True):
    """One statement of severity: a vector such as ``CVSS:3.1/AV:N/...``, or Ubuntu's word."""

    kind: ScoreKind
    value: str


class Affected(msgspec.Struct, frozen=True):
    """Which versions of one package an advisory means.

    Attributes:
        ecosystem: OSV name with its release (``Debian:12``).
        package: Normal name within the ecosystem, see `package_names`.
        versions: Affected besides those of the intervals.
        scores: Where they differ from the advisory's.
        rating: The publisher's word for this package; unknown where it has none.
    """

    ecosystem: str
    package: str
    intervals: tuple[Interval, ...] = ()
    versions: tuple[str, ...] = ()
    scores: tuple[Score, ...] = ()
    rating: Severity = Severity.UNKNOWN


class Advisory(msgspec.Struct, frozen=True):
    """One record.

    Attributes:
        aliases: Other names of the same weakness.
        upstream: Weaknesses that this record is about; several for an erratum.
        related: Names that the publisher calls related.
        rating: The publisher's own word.
        references: Addresses, the publisher's first.
        source: Which of the data sources it came from.
        affected: Only what can match: entries without package or versions are left out.
        left_out: How many those were.
    """

    id: str
    modified: datetime
    published: datetime | None = None
    withdrawn: datetime | None = None
    aliases: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    summary: str = ""
    details: str = ""
    scores: tuple[Score, ...] = ()
    rating: Severity = Severity.UNKNOWN
    references: tuple[str, ...] = ()
    source: str = ""
    affected: tuple[Affected, ...] = ()
    left_out: int = 0
