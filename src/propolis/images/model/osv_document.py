"""Advisories as OSV records, facts only: `osv_record` reads back the same advisory without its texts."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from propolis.core.finding import Severity
from propolis.images.model.advisory import Advisory, Affected, Score
from propolis.lang.versions.ranges import EndKind, Interval

_EVENTS: Mapping[EndKind, str] = {
    EndKind.FIXED: "fixed",
    EndKind.LAST_AFFECTED: "last_affected",
    EndKind.LIMIT: "limit",
}


def osv_document(advisory: Advisory) -> bytes:
    """One line of JSON without title, details and credits; keys in one order."""
    document: dict[str, Any] = {
        "id": advisory.id,
        "modified": _time(advisory.modified),
        "published": _time(advisory.published),
        "withdrawn": _time(advisory.withdrawn),
        "aliases": advisory.aliases,
        "upstream": advisory.upstream,
        "related": advisory.related,
        "severity": _scores(advisory.scores),
        "affected": [_entry(entry) for entry in advisory.affected],
        "references": [{"type": "WEB", "url": address} for address in advisory.references],
        "database_specific": _filled({"severity": _word(advisory.rating), "source": advisory.source}),
    }
    return msgspec.json.encode(_filled(document))


def _entry(entry: Affected) -> dict[str, Any]:
    excludes_start = any(interval.excludes_start for interval in entry.intervals)
    return _filled(
        {
            "package": {"ecosystem": entry.ecosystem, "name": entry.package},
            "ranges": [{"type": "ECOSYSTEM", "events": _events(interval)} for interval in entry.intervals],
            "versions": entry.versions,
            "severity": _scores(entry.scores),
            "ecosystem_specific": _filled({"severity": _word(entry.rating)}),
            "database_specific": _filled({"introduced_is_exclusive": excludes_start}),
        }
    )


def _events(interval: Interval) -> list[dict[str, str]]:
    """One range an interval, so that intervals that overlap stay apart."""
    events = [{"introduced": interval.start or "0"}]
    if interval.end_kind is not EndKind.OPEN:
        events.append({_EVENTS[interval.end_kind]: interval.end})
    return events


def _scores(scores: Iterable[Score]) -> list[dict[str, str]]:
    return [{"type": score.kind.value, "score": score.value} for score in scores]


def _word(rating: Severity) -> str:
    return "" if rating is Severity.UNKNOWN else _WORDS.get(rating, rating.value)


_WORDS = {Severity.INFO: "none"}


def _time(moment: datetime | None) -> str:
    """RFC 3339 in UTC with whole seconds; empty for None. A year has four digits, the first years too."""
    if moment is None:
        return ""
    aware = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{aware.year:04}-{aware:%m-%dT%H:%M:%SZ}"


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    return {key: value for key, value in values.items() if value}
