"""All advisories on one package, ready to be asked about versions.

Most say "everything below the fix": those are sorted by their fix, so that one binary search finds all that a
version meets. The rest are asked one by one.
"""

from bisect import bisect_right
from collections.abc import Iterable
from operator import itemgetter

import msgspec

from propolis.images.model.packed import Entry
from propolis.lang.versions import debian, rpm, semver
from propolis.lang.versions.order import Key, VersionOrder
from propolis.lang.versions.ranges import EndKind, RangeSet
from propolis.lang.versions.registry import order_of

_MODULE_MARK = ".module"


class Hit(msgspec.Struct, frozen=True):
    """An entry that holds a version, and the fix it names; empty where it names none."""

    entry: Entry
    fixed: str


class CompiledEntries:
    """The entries of one package in one ecosystem."""

    __slots__ = ("_fix_keys", "_order", "_others", "_sorted")

    def __init__(self, ecosystem: str, entries: Iterable[Entry]) -> None:
        """Compiles. Raises `LimitError` for a boundary that is too long, which no import lets in."""
        self._order = order_of(ecosystem) or semver.ORDER
        below: list[tuple[Key, Hit]] = []
        self._others: list[tuple[RangeSet, Entry]] = []
        for entry in entries:
            fixed = _only_fix(entry)
            if fixed:
                below.append((self._order.key(fixed), Hit(entry, fixed)))
            else:
                self._others.append((RangeSet(self._order, entry.intervals, entry.versions), entry))
        below.sort(key=itemgetter(0))
        self._fix_keys = [key for key, _ in below]
        self._sorted = [hit for _, hit in below]

    def hits(self, version: str) -> list[Hit]:
        """Every entry that holds a version. Raises `LimitError` for one that is too long."""
        key = self._order.key(version)
        found = self._sorted[bisect_right(self._fix_keys, key) :]
        for ranges, entry in self._others:
            if version in ranges:
                interval = ranges.find(version)
                found.append(Hit(entry, interval.fixed if interval else _next_fix(self._order, entry, key)))
        if self._order is rpm.ORDER:
            return [hit for hit in found if _has_same_modularity(version, hit.fixed)]
        if self._order is debian.ORDER:
            return [hit for hit in found if not _is_rebuild_of(version, hit.fixed)]
        return found


def _only_fix(entry: Entry) -> str:
    """The fix of an entry that says nothing but "below the fix"; empty for any other."""
    if len(entry.bounds) == 2 and not entry.bounds[0] and not entry.versions:  # noqa: PLR2004  # start, end
        mark, fixed = entry.bounds[1][:1], entry.bounds[1][1:]
        return fixed if mark == EndKind.FIXED else ""
    return ""


def _next_fix(order: VersionOrder, entry: Entry, key: Key) -> str:
    """The lowest fix above a version that is listed outside of every interval."""
    fixes = [interval.fixed for interval in entry.intervals if interval.fixed]
    return min((fix for fix in fixes if order.key(fix) > key), key=order.key, default="")


def _has_same_modularity(version: str, fixed: str) -> bool:
    """A modular rpm meets fixes of modules only, an ordinary one only the others."""
    return not fixed or (_MODULE_MARK in fixed) is (_MODULE_MARK in version)


def _is_rebuild_of(version: str, fixed: str) -> bool:
    """Whether a version is the fix rebuilt for an older Debian: 1-2~deb12u1 holds what 1-2 holds."""
    return bool(fixed) and version.startswith((f"{fixed}~deb", f"{fixed}~bpo"))
