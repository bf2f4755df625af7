"""One ``affected`` entry of an OSV record: from events to intervals."""

from collections.abc import Iterable, Sequence

from propolis.core.errors import DocumentError, LimitError
from propolis.core.finding import Severity
from propolis.images.model.advisory import Affected, Score, ScoreKind
from propolis.images.model.osv_wire import WireAffected, WireRange, WireSeverity
from propolis.images.model.package_names import normal_name
from propolis.images.model.rating import rating_of
from propolis.lang.versions import semver
from propolis.lang.versions.order import VersionOrder
from propolis.lang.versions.ranges import (
    Event,
    EventKind,
    Interval,
    Range,
    RangeKind,
    RangeSet,
    intervals_of,
)
from propolis.lang.versions.registry import order_of

MAX_ENTRIES = 50_000
"""Most affected entries of a record, and most versions or events of one entry."""
MAX_NAME_CHARACTERS = 500
"""Longest id, alias, ecosystem or package name."""

_EVENT_KINDS = {kind.value: kind for kind in EventKind}
_SCORE_KINDS = {kind.value: kind for kind in ScoreKind}


def affected_of(entry: WireAffected) -> Affected | None:
    """What can match, or None: no package, or neither ranges that can be ordered nor versions.

    Raises:
        DocumentError: for a range without an introduction, for an event of another kind.
        LimitError: for too many events or versions, for a version that is too long.
    """
    ranges = _ranges(entry)
    if entry.package is None:
        return None
    ecosystem, name = entry.package.ecosystem, entry.package.name
    check_name("ecosystem", ecosystem)
    check_name("package name", name)
    order = order_of(ecosystem)
    if order is None and any(one.kind is RangeKind.SEMVER for one in ranges):
        order = semver.ORDER
    intervals = _intervals(order, ranges)
    versions = _listed(order, intervals, entry)
    if not intervals and not versions:
        return None
    scores, rating = scores_of(entry.severity), _rating(entry)
    return Affected(ecosystem, normal_name(ecosystem, name), intervals, versions, scores, rating)


def check_name(kind: str, name: str) -> None:
    """Raises `DocumentError` for an empty name or one that is too long."""
    if not name or len(name) > MAX_NAME_CHARACTERS:
        raise DocumentError(
            f"{kind} {name[:40]!r} of {len(name)} characters", expected=f"1 to {MAX_NAME_CHARACTERS}"
        )


def scores_of(found: Iterable[WireSeverity] | None) -> tuple[Score, ...]:
    """Scores of known kinds; a kind that a later schema adds is passed over."""
    return tuple(Score(_SCORE_KINDS[one.type], one.score) for one in found or () if one.type in _SCORE_KINDS)


def _ranges(entry: WireAffected) -> list[Range]:
    specific = entry.database_specific
    excludes_start = specific is not None and specific.introduced_is_exclusive is True
    found = entry.ranges or []
    count = sum(len(one.events) for one in found)
    if count > MAX_ENTRIES:
        raise LimitError(f"an affected entry has {count} events", expected=f"at most {MAX_ENTRIES}")
    return [Range(one.type, _events(one), excludes_start) for one in found]


def _events(wire: WireRange) -> tuple[Event, ...]:
    events: list[Event] = []
    for event in wire.events:
        if len(event) != 1 or not event.keys() <= _EVENT_KINDS.keys():
            raise DocumentError(
                f"event {str(event)[:80]}", expected="one of introduced, fixed, last_affected, limit"
            )
        events += (Event(_EVENT_KINDS[kind], version) for kind, version in event.items())
    if not any(event.kind is EventKind.INTRODUCED for event in events):
        raise DocumentError("a range has no introduced event", expected="at least one")
    return tuple(events)


def _intervals(order: VersionOrder | None, ranges: Iterable[Range]) -> tuple[Interval, ...]:
    """Distinct intervals of all ranges; none where versions cannot be ordered."""
    if order is None:
        return ()
    return tuple(dict.fromkeys(interval for one in ranges for interval in intervals_of(order, one)))


def _listed(
    order: VersionOrder | None, intervals: Sequence[Interval], entry: WireAffected
) -> tuple[str, ...]:
    """Listed versions that no interval holds."""
    versions = tuple(dict.fromkeys(entry.versions or ()))
    if len(versions) > MAX_ENTRIES:
        raise LimitError(f"an affected entry has {len(versions)} versions", expected=f"at most {MAX_ENTRIES}")
    if order is None or not versions:
        return versions
    ranges = RangeSet(order, intervals, ())
    return tuple(version for version in versions if ranges.find(version) is None)


def _rating(entry: WireAffected) -> Severity:
    """The first word for a severity in the two free maps."""
    for specific in (entry.ecosystem_specific, entry.database_specific):
        if specific is not None:
            for word in (specific.severity, specific.urgency, specific.informational):
                rating = rating_of(word)
                if rating is not Severity.UNKNOWN:
                    return rating
    return Severity.UNKNOWN
