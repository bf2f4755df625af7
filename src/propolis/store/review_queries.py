"""Reads what admission decided."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from propolis.store.database import Database
from propolis.store.schema import admission_blobs, admission_reviews

AT_ONCE = 500
"""Rows between two looks at the store: others may write meanwhile."""

Kind = tuple[str, str, str]
"""Group, version and kind."""


class StoredReview(msgspec.Struct, frozen=True):
    """A review as it is stored.

    Attributes:
        request: The number of the blob that holds the request; alike for alike requests.
    """

    number: int
    at: datetime
    webhook: str
    chosen: str
    allowed: bool
    outcomes: list[list[str]]
    request: int
    answers: int | None
    policies: int


class RecordedKind(msgspec.Struct, frozen=True):
    """How many reviews there are of a kind."""

    kind: Kind
    reviews: int
    first: datetime
    last: datetime


def recorded_kinds(database: Database, since: datetime, until: datetime) -> list[RecordedKind]:
    """What was asked about in a time, with how many reviews. Raises `SourceError`."""
    reviews = admission_reviews.c
    kind = (reviews.api_group, reviews.version, reviews.kind)
    query = (
        select(*kind, func.count(), func.min(reviews.at), func.max(reviews.at))
        .where(reviews.at >= since, reviews.at <= until)
        .group_by(*kind)
        .order_by(*kind)
    )
    with database.reading() as connection:
        return [
            RecordedKind((group, version, name), count, first, last)
            for group, version, name, count, first, last in connection.execute(query)
        ]


def recorded_reviews(
    database: Database, since: datetime, until: datetime, kinds: Collection[Kind]
) -> Iterator[Sequence[StoredReview]]:
    """Reviews of some kinds in a time, the oldest first, some hundred at once. Raises `SourceError`."""
    reviews = admission_reviews.c
    columns = (
        reviews.id, reviews.at, reviews.webhook, reviews.chosen, reviews.allowed, reviews.outcomes,
        reviews.request_id, reviews.answers_id, reviews.policies_id,
    )  # fmt: skip
    wanted = [_is_kind(kind) for kind in kinds]
    if not wanted:
        return
    last: tuple[datetime, int] | None = None
    while True:
        query = select(*columns).where(reviews.at >= since, reviews.at <= until, or_(*wanted))
        if last is not None:
            query = query.where(or_(reviews.at > last[0], and_(reviews.at == last[0], reviews.id > last[1])))
        with database.reading() as connection:
            rows = connection.execute(query.order_by(reviews.at, reviews.id).limit(AT_ONCE)).all()
        if not rows:
            return
        found = [StoredReview(*row) for row in rows]
        last = (found[-1].at, found[-1].number)
        yield found


def _is_kind(kind: Kind) -> ColumnElement[bool]:
    reviews = admission_reviews.c
    return and_(reviews.api_group == kind[0], reviews.version == kind[1], reviews.kind == kind[2])


def blobs(database: Database, numbers: Collection[int]) -> dict[int, bytes]:
    """The content of blobs, as it was given. Raises `SourceError`."""
    found: dict[int, bytes] = {}
    with database.reading() as connection:
        wanted = sorted(numbers)
        for start in range(0, len(wanted), AT_ONCE):
            found.update(_bodies(connection, wanted[start : start + AT_ONCE]))
    return found


def _bodies(connection: Connection, numbers: Sequence[int]) -> dict[int, bytes]:
    columns = admission_blobs.c
    query = select(columns.id, columns.body).where(columns.id.in_(numbers))
    return {number: body for number, body in connection.execute(query)}  # noqa: C416  # typed rows
