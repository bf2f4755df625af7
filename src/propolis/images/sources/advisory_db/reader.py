"""Look-ups in the advisory database."""

import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from propolis.core.errors import SourceError
from propolis.core.limits import MEBIBYTE
from propolis.images.model.package_names import normal_name
from propolis.images.model.packed import (
    Entry,
    Facts,
    Texts,
    Weakness,
    unpack_entries,
    unpack_facts,
    unpack_texts,
    unpack_weakness,
)
from propolis.images.sources.advisory_db.schema import DAMAGE, connect_reader

Decoded = TypeVar("Decoded")

_MAX_TEXT_BYTES = 64 * MEBIBYTE
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENTRIES = "SELECT packed FROM entries WHERE ecosystem = ? AND package = ?"
_FACTS = "SELECT facts FROM advisory WHERE number = ?"
_NUMBER = "SELECT number FROM advisory WHERE name = ?"
_TEXTS = "SELECT packed FROM texts WHERE number = ?"
_WEAKNESS = "SELECT packed FROM weakness WHERE name = ?"


class SourceStatus(msgspec.Struct, frozen=True):
    """One data source: what it is, on which terms, how much it holds, and its newest record."""

    name: str
    address: str
    licence: str
    attribution: str
    dated: str
    records: int
    newest: datetime | None


class DatabaseStatus(msgspec.Struct, frozen=True):
    """What the database holds.

    Attributes:
        built: When it was last changed.
        packages: Pairs of ecosystem and package.
        ecosystems: With the number of packages of each.
    """

    built: datetime
    size_bytes: int
    advisories: int
    packages: int
    weaknesses: int
    ecosystems: dict[str, int]
    sources: tuple[SourceStatus, ...]


class AdvisoryDatabase:
    """An open database. Every method raises `SourceError` when the file turns out to be damaged."""

    def __init__(self, path: Path) -> None:
        """Opens it. Raises `SourceError` where there is none or it cannot be read."""
        self._path = path
        self._connection = connect_reader(path)
        rows = self._query("SELECT name, number FROM ecosystem", ())
        self._ecosystems: dict[str, int] = dict(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    @property
    def ecosystems(self) -> frozenset[str]:
        """Names of ecosystems about which something is known."""
        return frozenset(self._ecosystems)

    def entries(self, ecosystem: str, package: str) -> tuple[Entry, ...]:
        """What all advisories say of one package, under any spelling of its name."""
        number = self._ecosystems.get(ecosystem)
        if number is None:
            return ()
        rows = self._query(_ENTRIES, (number, normal_name(ecosystem, package)))
        return self._decoded(unpack_entries, rows[0][0]) if rows else ()

    def facts(self, numbers: Iterable[int]) -> Mapping[int, Facts]:
        """What advisories say of themselves, by number."""
        found = {number: self._query(_FACTS, (number,)) for number in numbers}
        return {number: self._decoded(unpack_facts, rows[0][0]) for number, rows in found.items() if rows}

    def texts(self, number: int) -> Texts:
        """What people read of one advisory; empty where the data came without texts."""
        rows = self._query(_TEXTS, (number,))
        return self._decoded(_inflated_texts, rows[0][0]) if rows else Texts()

    def number_of(self, name: str) -> int | None:
        """The number of an advisory by its id."""
        rows = self._query(_NUMBER, (name,))
        return int(rows[0][0]) if rows else None

    def weaknesses(self, names: Iterable[str]) -> Mapping[str, Weakness]:
        """What is known of CVEs; those without news are left out."""
        found = {name: self._query(_WEAKNESS, (name,)) for name in names}
        return {name: self._decoded(unpack_weakness, rows[0][0]) for name, rows in found.items() if rows}

    def status(self) -> DatabaseStatus:
        """Sources, counts and dates."""
        counts = self._query(
            "SELECT (SELECT count(*) FROM advisory), (SELECT count(*) FROM entries), "
            "(SELECT count(*) FROM weakness), (SELECT value FROM meta WHERE key = 'built')",
            (),
        )[0]
        ecosystems = self._query(
            "SELECT name, count(*) FROM ecosystem JOIN entries ON ecosystem = number "
            "GROUP BY name ORDER BY name",
            (),
        )
        return DatabaseStatus(
            built=self._decoded(datetime.fromisoformat, counts[3]),
            size_bytes=self._path.stat().st_size,
            advisories=counts[0],
            packages=counts[1],
            weaknesses=counts[2],
            ecosystems=dict(ecosystems),
            sources=self._sources(),
        )

    def _sources(self) -> tuple[SourceStatus, ...]:
        rows = self._query(
            "SELECT name, address, licence, attribution, dated, records, newest FROM source ORDER BY name", ()
        )
        return tuple(self._decoded(_source_status, row) for row in rows)

    def _query(self, statement: str, values: tuple[object, ...]) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except DAMAGE as error:
            raise self._damaged(error) from error

    def _decoded(self, decode: Callable[[Any], Decoded], value: Any) -> Decoded:
        """What a value holds; a value that was damaged on disk is the database's error."""
        try:
            return decode(value)
        except (msgspec.MsgspecError, zlib.error, ValueError, TypeError, OverflowError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> SourceError:
        reason = f"it is damaged ({error}); import or update advisories anew"
        return SourceError("read the advisory database", str(self._path), reason)


def _inflated_texts(packed: bytes) -> Texts:
    """Texts are small; a damaged length must not make them large."""
    return unpack_texts(zlib.decompressobj().decompress(packed, _MAX_TEXT_BYTES))


def _source_status(row: tuple[str, str, str, str, str, int, int | None]) -> SourceStatus:
    name, address, licence, attribution, dated, records, newest = row
    moment = None if newest is None else _EPOCH + timedelta(seconds=newest)
    return SourceStatus(name, address, licence, attribution, dated, records, moment)
