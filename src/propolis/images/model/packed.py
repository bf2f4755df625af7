"""How the advisory database stores what matching needs: small MessagePack arrays.

An entry is one advisory's word on one package; facts are what all entries of an advisory share. Intervals are
pairs of texts with a leading mark: ``=1.0`` and ``>1.0`` for a start, ``f1.0``, ``l1.0`` and ``u1.0`` for an
end, empty for open ends. What has its default at the end of an array is left out.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from propolis.core.finding import Severity
from propolis.images.model.advisory import Affected, Score
from propolis.images.model.exploitation import Exploitation
from propolis.lang.versions.ranges import EndKind, Interval

FORMAT = 1
"""Changes whenever the form of the database does."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """What one advisory says of one package.

    Attributes:
        advisory: Number of the advisory in its database.
        bounds: Starts and ends by turns.
        versions: Affected besides.
        rating: The publisher's word for this package.
        scores: Where they differ from the advisory's.
    """

    advisory: int
    bounds: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    rating: Severity = Severity.UNKNOWN
    scores: tuple[Score, ...] = ()

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """The bounds as intervals."""
        starts, ends = self.bounds[::2], self.bounds[1::2]
        return tuple(_interval(start, end) for start, end in zip(starts, ends, strict=True))


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """What an advisory says of itself.

    Attributes:
        id: Its name.
        aliases: Other names of the same weakness.
        upstream: Weaknesses that an erratum is about.
        modified: Seconds since 1970, as are the other times; None for never.
        ecosystems: Numbers of the ecosystems in which it has entries.
        source: Number of its data source.
    """

    id: str
    modified: int
    aliases: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    rating: Severity = Severity.UNKNOWN
    scores: tuple[Score, ...] = ()
    ecosystems: tuple[int, ...] = ()
    source: int = 0
    published: int | None = None
    withdrawn: int | None = None


class Texts(msgspec.Struct, frozen=True, array_like=True):
    """What only people read."""

    summary: str = ""
    details: str = ""
    references: tuple[str, ...] = ()


class StatedScore(msgspec.Struct, frozen=True, array_like=True):
    """A score and the number of the advisory that states it."""

    advisory: int
    score: Score


class Weakness(msgspec.Struct, frozen=True, array_like=True):
    """What is known of one CVE, whichever package it sits in."""

    exploitation: Exploitation | None = None
    scores: tuple[StatedScore, ...] = ()


def pack_entry(number: int, affected: Affected) -> bytes:
    """One entry."""
    bounds = [text for interval in affected.intervals for text in _bounds(interval)]
    return _packed(Entry(number, tuple(bounds), affected.versions, affected.rating, affected.scores))


def pack_struct(struct: Facts | Texts | Weakness) -> bytes:
    """Facts or texts of one advisory, or what is known of a weakness."""
    return _packed(struct)


def _packed(struct: msgspec.Struct) -> bytes:
    """The fields up to the last that is not its default."""
    values: list[Any] = [getattr(struct, name) for name in struct.__struct_fields__]
    defaults = struct.__struct_defaults__
    while len(values) > len(struct.__struct_fields__) - len(defaults):
        if values[-1] != defaults[len(values) - len(struct.__struct_fields__) - 1]:
            break
        values.pop()
    return msgspec.msgpack.encode(values)


_RAW_LIST = msgspec.msgpack.Decoder(list[msgspec.Raw])
_ANY_LIST = msgspec.msgpack.Decoder(list[list[Any]])
_ENTRIES = msgspec.msgpack.Decoder(tuple[Entry, ...])
_FACTS = msgspec.msgpack.Decoder(Facts)
_TEXTS = msgspec.msgpack.Decoder(Texts)
_WEAKNESS = msgspec.msgpack.Decoder(Weakness)


def join_entries(row: bytes | None, packed: Iterable[bytes]) -> bytes:
    """The value of a row: what it held, and more entries."""
    kept = _RAW_LIST.decode(row) if row else []
    return msgspec.msgpack.encode([*kept, *map(msgspec.Raw, packed)])


def without_advisories(row: bytes, numbers: frozenset[int]) -> bytes | None:
    """The value of a row without the entries of some advisories; None where nothing is left."""
    kept = [entry for entry in _ANY_LIST.decode(row) if entry[0] not in numbers]
    return msgspec.msgpack.encode(kept) if kept else None


def unpack_entries(row: bytes) -> tuple[Entry, ...]:
    """All entries of a row."""
    return _ENTRIES.decode(row)


def unpack_facts(packed: bytes) -> Facts:
    """The facts of one advisory."""
    return _FACTS.decode(packed)


def unpack_texts(packed: bytes) -> Texts:
    """The texts of one advisory."""
    return _TEXTS.decode(packed)


def unpack_weakness(packed: bytes) -> Weakness:
    """What is known of one weakness."""
    return _WEAKNESS.decode(packed)


def _bounds(interval: Interval) -> tuple[str, str]:
    start = interval.start and (">" if interval.excludes_start else "=") + interval.start
    return start, interval.end_kind + interval.end


def _interval(start: str, end: str) -> Interval:
    kind = EndKind(end[:1])
    return Interval(start[1:], end[1:], kind, start.startswith(">"))


def seconds_of(moment: datetime | None) -> int | None:
    """Whole seconds since 1970; None for None."""
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def weaknesses_of(names: Sequence[str]) -> tuple[str, ...]:
    """The CVEs among some names."""
    return tuple(name for name in names if name.startswith("CVE-"))
