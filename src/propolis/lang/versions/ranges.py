"""Which versions an advisory means. Follows the OSV schema 1.7, chapter "Evaluation".

Events become intervals once, when a record is read; intervals become keys once, when a package is looked
up. Whether a version is affected is then one binary search.
"""

import enum
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter

import msgspec

from propolis.lang.versions.order import Key, VersionOrder


class EventKind(enum.StrEnum):
    """The four events of an OSV range."""

    INTRODUCED = "introduced"
    FIXED = "fixed"
    LAST_AFFECTED = "last_affected"
    LIMIT = "limit"


class Event(msgspec.Struct, frozen=True):
    """One event of a range and the version at which it happens."""

    kind: EventKind
    version: str


class RangeKind(enum.StrEnum):
    """How the versions of a range are to be read. Commits (GIT) are not evaluated."""

    SEMVER = "SEMVER"
    ECOSYSTEM = "ECOSYSTEM"
    GIT = "GIT"


class Range(msgspec.Struct, frozen=True):
    """Events of one range, in any sequence.

    Attributes:
        excludes_start: The version of an ``introduced`` event is itself not affected; some converted
            sources say so, OSV has no word for it.
    """

    kind: RangeKind
    events: tuple[Event, ...]
    excludes_start: bool = False


class EndKind(enum.StrEnum):
    """Why an interval ends: a fix (excluded), the last affected version (included), a limit (excluded)."""

    OPEN = ""
    FIXED = "f"
    LAST_AFFECTED = "l"
    LIMIT = "u"


class Interval(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Affected versions from ``start`` to ``end``.

    Attributes:
        start: The first affected version; empty for "from the beginning".
        end: What `end_kind` says; empty where it is open.
        excludes_start: Whether ``start`` itself is not affected.
    """

    start: str = ""
    end: str = ""
    end_kind: EndKind = EndKind.OPEN
    excludes_start: bool = False

    @property
    def fixed(self) -> str:
        """The version that brings the fix; empty where none is known."""
        return self.end if self.end_kind is EndKind.FIXED else ""


_ZERO = "0"
_NO_LIMIT = "*"
_TIES = {EventKind.INTRODUCED: 0, EventKind.LAST_AFFECTED: 1, EventKind.FIXED: 1}


def intervals_of(order: VersionOrder, affected_range: Range) -> tuple[Interval, ...]:
    """The intervals of one range, lowest first; none for a range of commits.

    Raises:
        LimitError: for a version that is too long to order.
    """
    if affected_range.kind is RangeKind.GIT:
        return ()
    intervals: list[Interval] = []
    start: str | None = None
    for event in _sorted_events(order, affected_range.events):
        if event.kind is EventKind.INTRODUCED:
            if start is None:
                start = "" if event.version == _ZERO else event.version
        elif start is not None:
            end_kind = EndKind.FIXED if event.kind is EventKind.FIXED else EndKind.LAST_AFFECTED
            intervals.append(Interval(start, event.version, end_kind, _excludes(start, affected_range)))
            start = None
    if start is not None:
        intervals.append(Interval(start, excludes_start=_excludes(start, affected_range)))
    return _limited(order, affected_range.events, intervals)


def _excludes(start: str, affected_range: Range) -> bool:
    return affected_range.excludes_start and bool(start)


def _sorted_events(order: VersionOrder, events: Iterable[Event]) -> list[Event]:
    """By version, "0" first; at one version the introduction comes before its end. Limits are left out."""
    keyed: list[tuple[tuple[bool, Key, int], Event]] = []
    for event in events:
        if event.kind is EventKind.LIMIT:
            continue
        is_zero = event.version == _ZERO and event.kind is EventKind.INTRODUCED
        key = () if is_zero else order.key(event.version)
        keyed.append(((not is_zero, key, _TIES[event.kind]), event))
    keyed.sort(key=itemgetter(0))
    return [event for _, event in keyed]


def _limited(
    order: VersionOrder, events: Iterable[Event], intervals: Sequence[Interval]
) -> tuple[Interval, ...]:
    """Intervals cut at the highest limit; without limits, or with ``*``, as they are."""
    limits = [event.version for event in events if event.kind is EventKind.LIMIT]
    if not limits or _NO_LIMIT in limits:
        return tuple(intervals)
    limit = max(limits, key=order.key)
    return tuple(cut for interval in intervals if (cut := _cut(order, interval, limit)) is not None)


def _cut(order: VersionOrder, interval: Interval, limit: str) -> Interval | None:
    if interval.start and order.key(interval.start) >= order.key(limit):
        return None
    if interval.end_kind is EndKind.OPEN or order.key(interval.end) >= order.key(limit):
        return Interval(interval.start, limit, EndKind.LIMIT, interval.excludes_start)
    return interval


class RangeSet:
    """Intervals and listed versions of one package in one advisory, ready to be asked.

    Attributes:
        intervals: As given.
        versions: Versions that are affected besides.
    """

    __slots__ = ("_bounds", "_disjoint", "_listed", "_lows", "_order", "intervals", "versions")

    def __init__(self, order: VersionOrder, intervals: Iterable[Interval], versions: Iterable[str]) -> None:
        self._order = order
        self.intervals = tuple(intervals)
        self.versions = tuple(versions)
        self._listed = frozenset(map(order.key, self.versions))
        self._bounds = sorted((_bound(order, interval) for interval in self.intervals), key=itemgetter(0))
        self._lows = [low for low, _, _ in self._bounds]
        self._disjoint = all(
            _ends_before(high, interval, low[1])
            for (_, high, interval), (low, _, _) in zip(self._bounds, self._bounds[1:], strict=False)
        )

    def __contains__(self, version: str) -> bool:
        """Whether the version is affected. Raises `LimitError` for one that is too long."""
        key = self._order.key(version)
        return self._find(key) is not None or key in self._listed

    def find(self, version: str) -> Interval | None:
        """The interval that holds the version; None where none does, though the version may be listed."""
        return self._find(self._order.key(version))

    def _find(self, key: Key) -> Interval | None:
        """Only the last interval that starts at or below the version can hold it, unless some overlap."""
        last = bisect_right(self._lows, (True, key, False))
        if not last:
            return None
        first = last - 1 if self._disjoint else 0
        for position in range(first, last):
            _, high, interval = self._bounds[position]
            if high is None or key < high or (key == high and interval.end_kind is EndKind.LAST_AFFECTED):
                return interval
        return None


def _ends_before(high: Key | None, interval: Interval, start: Key) -> bool:
    """Whether an interval holds nothing at or above the start of the next one."""
    if high is None:
        return False
    return high < start or (high == start and interval.end_kind is not EndKind.LAST_AFFECTED)


_Low = tuple[bool, Key, bool]


def _bound(order: VersionOrder, interval: Interval) -> tuple[_Low, Key | None, Interval]:
    """Low end (beginning first, an excluded start after the same start included), high end, interval."""
    low = (True, order.key(interval.start), interval.excludes_start) if interval.start else (False, (), False)
    high = None if interval.end_kind is EndKind.OPEN else order.key(interval.end)
    return low, high, interval


def compile_ranges(order: VersionOrder, ranges: Iterable[Range], versions: Iterable[str] = ()) -> RangeSet:
    """Ranges and listed versions of an ``affected`` entry, ready to be asked.

    Listed versions that a range holds anyway are dropped.

    Raises:
        LimitError: for a version that is too long to order.
    """
    intervals = [interval for one in ranges for interval in intervals_of(order, one)]
    by_range = RangeSet(order, intervals, ())
    return RangeSet(order, intervals, (version for version in versions if by_range.find(version) is None))


def affected(
    order: VersionOrder, version: str, ranges: Iterable[Range], versions: Iterable[str] = ()
) -> bool:
    """Whether one version is affected; for many versions use `compile_ranges` once.

    Raises:
        LimitError: for a version that is too long to order.
    """
    return version in compile_ranges(order, ranges, versions)
