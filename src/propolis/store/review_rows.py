"""Writes what admission decided: reviews that name blobs, each of which is stored once.

The requests of a cluster repeat themselves (controllers try again, replicas are alike), so a request is known
by the digest of its content; a review of a known one takes about 200 bytes.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, exists, func, insert, select, update

from propolis.store.database import Database
from propolis.store.schema import admission_blobs, admission_reviews

REFRESHED = timedelta(hours=12)
"""How old the stored time of a blob's last use may be."""
MOST_KNOWN = 100_000
"""Blobs of which a writer remembers the numbers."""
PRUNED_AT_ONCE = 10_000
"""Rows that one transaction deletes, so that others can write between."""
DIGEST_BYTES = 16
COLUMNS = [column.name for column in admission_reviews.columns if column.name != "id"]
BLOB_COLUMNS = ("request_id", "answers_id", "policies_id")


class Blob(msgspec.Struct, frozen=True):
    """Content with its digest; what it holds is made only when the store has no such digest."""

    digest: bytes
    make: Callable[[], bytes]


class ReviewRow(msgspec.Struct, frozen=True):
    """One review.

    Attributes:
        outcomes: What is JSON in the end.
        answers: None where no look-up was asked.
        policies: Which there were.
    """

    at: datetime
    webhook: str
    chosen: str
    allowed: bool
    operation: str
    api_group: str
    version: str
    kind: str
    outcomes: Sequence[Any]
    request: Blob
    answers: Blob | None
    policies: Blob


def digest_of(*parts: bytes) -> bytes:
    """The digest of some bytes, in their order."""
    found = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.digest()


class ReviewWriter:
    """Writes rows; remembers which blobs there are."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[bytes, tuple[int, datetime]] = {}

    def write(self, rows: Iterable[ReviewRow]) -> None:
        """Stores all rows, or none.

        Raises:
            SourceError: The store cannot be written.
        """
        learned: dict[bytes, tuple[int, datetime]] = {}
        with self._database.writing() as connection:
            values = [self._values(connection, row, learned) for row in rows]
            if values:
                _insert(connection, values)
        if len(self._known) + len(learned) > MOST_KNOWN:
            self._known.clear()
        self._known.update(learned)

    def _values(
        self, connection: Connection, row: ReviewRow, learned: dict[bytes, tuple[int, datetime]]
    ) -> tuple[Any, ...]:
        """The values of `COLUMNS`, as the driver takes them."""

        def number(blob: Blob) -> int:
            known = learned.get(blob.digest) or self._known.get(blob.digest)
            if known is None or row.at - known[1] > REFRESHED:
                known = learned[blob.digest] = (_stored(connection, blob, row.at), row.at)
            return known[0]

        return (
            row.at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds"),
            row.webhook,
            row.chosen,
            row.allowed,
            row.operation,
            row.api_group,
            row.version,
            row.kind,
            msgspec.json.encode(row.outcomes).decode() if row.outcomes else "[]",
            number(row.request),
            None if row.answers is None else number(row.answers),
            number(row.policies),
        )

    def prune(self, before: datetime) -> int:
        """Deletes reviews from before a time, then blobs that no review names; returns how many reviews.

        Raises:
            SourceError: The store cannot be written.
        """
        reviews = admission_reviews.c
        oldest = select(reviews.id).where(reviews.at < before).limit(PRUNED_AT_ONCE)
        deleted = self._repeated(lambda: delete(admission_reviews).where(reviews.id.in_(oldest)))
        blobs = admission_blobs.c
        is_named = [exists().where(reviews[name] == blobs.id) for name in BLOB_COLUMNS]
        is_old = blobs.used_at < before - 2 * REFRESHED
        unused = select(blobs.id).where(is_old, *(~one for one in is_named)).limit(PRUNED_AT_ONCE)
        if self._repeated(lambda: delete(admission_blobs).where(blobs.id.in_(unused))):
            self._known.clear()
        return deleted

    def _repeated(self, statement: Callable[[], Any]) -> int:
        total = 0
        while True:
            with self._database.writing() as connection:
                count = connection.execute(statement()).rowcount
            total += count
            if count < PRUNED_AT_ONCE:
                return total


def _insert(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    """Adds reviews.

    The statement is compiled here and given to the driver with plain tuples: four times the rows a second of
    one that SQLAlchemy binds row by row.
    """
    statement = insert(admission_reviews).compile(dialect=connection.dialect, column_keys=COLUMNS)
    connection.exec_driver_sql(str(statement), rows)


def _stored(connection: Connection, blob: Blob, now: datetime) -> int:
    """The number of a blob, which is written when the store has none of its digest."""
    blobs = admission_blobs.c
    found = connection.execute(select(blobs.id).where(blobs.digest == blob.digest)).scalar_one_or_none()
    if found is not None:
        newest = func.max(blobs.used_at, now)
        connection.execute(update(admission_blobs).where(blobs.id == found).values(used_at=newest))
        return int(found)
    row = {"digest": blob.digest, "body": blob.make(), "used_at": now}
    inserted = connection.execute(insert(admission_blobs).values(row)).inserted_primary_key
    return int(inserted[0]) if inserted else 0
