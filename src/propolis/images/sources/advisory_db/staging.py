"""First half of a build: advisories get numbers, their entries are collected unsorted."""

import sqlite3
import zlib
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import msgspec

from propolis.images.model.advisory import Advisory
from propolis.images.model.exploitation import Exploitation
from propolis.images.model.packed import (
    Facts,
    StatedScore,
    Texts,
    Weakness,
    pack_entry,
    pack_struct,
    seconds_of,
    unpack_facts,
    weaknesses_of,
)

_BATCH = 10_000


class SourceInfo(msgspec.Struct, frozen=True):
    """Where data comes from and on which terms; kept with the data and shown by status.

    Attributes:
        name: As records name it.
        address: Of its home.
        dated: Day of the data, as the source writes it.
    """

    name: str
    address: str = ""
    licence: str = ""
    attribution: str = ""
    dated: str = ""


@dataclass(slots=True)
class Replaced:
    """What newer records or removals make void.

    Attributes:
        advisories: Numbers whose entries must go.
        ecosystems: Numbers of the ecosystems that hold such entries.
        weaknesses: CVEs whose scores came from them.
    """

    advisories: set[int] = field(default_factory=set)
    ecosystems: set[int] = field(default_factory=set)
    weaknesses: set[str] = field(default_factory=set)


class Staging:
    """Takes advisories one by one. Of two with one id the later modified stays, or else the later added."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._entries: list[tuple[int, str, int, bytes]] = []
        self._statements: list[tuple[str, bytes]] = []
        self._ecosystems = dict(connection.execute("SELECT name, number FROM ecosystem"))
        self._sources = dict(connection.execute("SELECT name, number FROM source"))
        last = connection.execute("SELECT coalesce(max(number), 0) FROM advisory").fetchone()
        self._last_number: int = last[0]
        self.replaced = Replaced()

    def add(self, advisory: Advisory) -> bool:
        """Takes one advisory; False where a later version of it is there already."""
        modified = seconds_of(advisory.modified) or 0
        held = self._connection.execute(
            "SELECT number, modified, facts FROM advisory WHERE name = ?", (advisory.id,)
        ).fetchone()
        if held is not None:
            if held[1] > modified:
                return False
            self.remove(held[0], unpack_facts(held[2]))
        self._last_number += 1
        self._insert(self._last_number, modified, advisory)
        return True

    def remove(self, number: int, facts: Facts) -> None:
        """Forgets an advisory that is there."""
        self._connection.execute("DELETE FROM advisory WHERE number = ?", (number,))
        self._connection.execute("DELETE FROM texts WHERE number = ?", (number,))
        self.replaced.advisories.add(number)
        self.replaced.ecosystems.update(facts.ecosystems)
        if facts.scores:
            self.replaced.weaknesses.update(weaknesses_of([facts.id, *facts.aliases, *facts.upstream]))

    def remove_absent(self, source: str, names: AbstractSet[str]) -> int:
        """Forgets the advisories of a source that are not among some names; tells how many."""
        rows = self._connection.execute(
            "SELECT number, name, facts FROM advisory WHERE source = ?", (self._source(source),)
        ).fetchall()
        absent = [(number, facts) for number, name, facts in rows if name not in names]
        for number, facts in absent:
            self.remove(number, unpack_facts(facts))
        return len(absent)

    def _insert(self, number: int, modified: int, advisory: Advisory) -> None:
        facts = self._facts(modified, advisory)
        self._connection.execute(
            "INSERT INTO advisory VALUES (?, ?, ?, ?, ?)",
            (number, advisory.id, facts.source, modified, pack_struct(facts)),
        )
        texts = pack_struct(Texts(advisory.summary, advisory.details, advisory.references))
        if len(texts) > 1:
            self._connection.execute("INSERT INTO texts VALUES (?, ?)", (number, zlib.compress(texts, 6)))
        if advisory.withdrawn is None:
            self._stage(number, advisory, facts)

    def _facts(self, modified: int, advisory: Advisory) -> Facts:
        ecosystems = () if advisory.withdrawn else {entry.ecosystem: None for entry in advisory.affected}
        return Facts(
            id=advisory.id,
            modified=modified,
            aliases=advisory.aliases,
            upstream=advisory.upstream or weaknesses_of(advisory.related),
            rating=advisory.rating,
            scores=advisory.scores,
            ecosystems=tuple(self._ecosystem(name) for name in ecosystems),
            source=self._source(advisory.source),
            published=seconds_of(advisory.published),
            withdrawn=seconds_of(advisory.withdrawn),
        )

    def _stage(self, number: int, advisory: Advisory, facts: Facts) -> None:
        for affected in advisory.affected:
            key = self._ecosystem(affected.ecosystem), affected.package
            self._entries.append((*key, number, pack_entry(number, affected)))
        alone = facts.upstream if len(facts.upstream) == 1 else ()
        for name in weaknesses_of([facts.id, *facts.aliases, *alone]):
            for score in facts.scores:
                self._state(name, Weakness(scores=(StatedScore(number, score),)))
        if len(self._entries) >= _BATCH:
            self.flush()

    def add_exploitation(self, exploitation: Exploitation) -> None:
        """Takes what is known of attacks on one weakness."""
        self._state(exploitation.id, Weakness(exploitation=exploitation))

    def _state(self, name: str, statement: Weakness) -> None:
        self._statements.append((name, pack_struct(statement)))
        if len(self._statements) >= _BATCH:
            self.flush()

    def note_source(self, info: SourceInfo) -> None:
        """Notes where a source's data come from, and on which terms."""
        self._connection.execute(
            "UPDATE source SET address = ?, licence = ?, attribution = ?, dated = ? WHERE number = ?",
            (info.address, info.licence, info.attribution, info.dated, self._source(info.name)),
        )

    def flush(self) -> None:
        """Writes what is collected."""
        self._connection.executemany("INSERT INTO staging.entry VALUES (?, ?, ?, ?)", self._entries)
        self._connection.executemany("INSERT INTO staging.statement VALUES (?, ?)", self._statements)
        self._entries.clear()
        self._statements.clear()

    def _ecosystem(self, name: str) -> int:
        number = self._ecosystems.get(name)
        if number is None:
            number = self._ecosystems[name] = len(self._ecosystems) + 1
            self._connection.execute("INSERT INTO ecosystem VALUES (?, ?)", (number, name))
        return number

    def _source(self, name: str) -> int:
        number = self._sources.get(name)
        if number is None:
            number = self._sources[name] = len(self._sources) + 1
            self._connection.execute("INSERT INTO source (number, name) VALUES (?, ?)", (number, name))
        return number
