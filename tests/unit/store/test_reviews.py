"""What admission decided is kept once, found again, and forgotten in time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from propolis.store.database import Database, open_database
from propolis.store.review_queries import blobs, recorded_kinds, recorded_reviews
from propolis.store.review_rows import Blob, ReviewRow, ReviewWriter, digest_of
from propolis.store.schema import admission_blobs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POD, SECRET = ("", "v1", "Pod"), ("", "v1", "Secret")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(tmp_path / "store.db")


def blob(text: str) -> Blob:
    return Blob(digest_of(text.encode()), text.encode)


def row(at: datetime = NOW, request: str = "request", kind: str = "Pod") -> ReviewRow:
    told = [["policy", "rule", "fail", "enforced", "no"]]
    return ReviewRow(
        at,
        "validate",
        "fail",
        allowed=False,
        operation="CREATE",
        api_group="",
        version="v1",
        kind=kind,
        outcomes=told,
        request=blob(request),
        answers=None,
        policies=blob("all"),
    )


def stored(database: Database, *kinds: tuple[str, str, str]) -> list[int]:
    found = recorded_reviews(database, NOW - timedelta(days=99), NOW + timedelta(days=99), kinds)
    return [one.number for page in found for one in page]


def count_blobs(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(admission_blobs)).scalar_one()


def test_what_is_written_is_read(database: Database) -> None:
    ReviewWriter(database).write([row()])
    [[found]] = recorded_reviews(database, NOW, NOW, [POD])
    assert (found.at, found.webhook, found.allowed) == (NOW, "validate", False)
    assert found.outcomes == [["policy", "rule", "fail", "enforced", "no"]]
    assert blobs(database, [found.request, found.policies]) == {
        found.request: b"request",
        found.policies: b"all",
    }


def test_content_is_stored_once_and_made_once(database: Database) -> None:
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return b"body"

    one = Blob(digest_of(b"body"), make)
    rows = [msgspec.structs.replace(row(), request=one, policies=one)] * 9
    ReviewWriter(database).write(rows)
    ReviewWriter(database).write(rows)
    assert len(made) == count_blobs(database) == 1
    assert len(stored(database, POD)) == 18


def test_a_failed_write_is_written_whole_later(database: Database) -> None:
    writer = ReviewWriter(database)
    broken = row(request="broken")

    def fail() -> bytes:
        raise ZeroDivisionError

    unmade = msgspec.structs.replace(broken, policies=Blob(digest_of(b"x"), fail))
    with pytest.raises(ZeroDivisionError):
        writer.write([row(), unmade])
    assert stored(database, POD) == []
    writer.write([row(), broken])
    assert len(stored(database, POD)) == 2


def test_kinds_tell_how_often_they_were_asked_about(database: Database) -> None:
    later = NOW + timedelta(hours=1)
    ReviewWriter(database).write([row(), row(later), row(kind="Secret")])
    found = recorded_kinds(database, NOW, later)
    assert [(one.kind, one.reviews, one.first, one.last) for one in found] == [
        (POD, 2, NOW, later),
        (SECRET, 1, NOW, NOW),
    ]
    assert len(stored(database, SECRET)) == 1
    assert stored(database) == []


def test_reviews_come_by_time_however_many_there_are(database: Database) -> None:
    minutes = [(7 * number) % 1300 for number in range(1300)]
    ReviewWriter(database).write([row(NOW + timedelta(minutes=one)) for one in minutes])
    pages = list(recorded_reviews(database, NOW, NOW + timedelta(days=9), [POD]))
    found = [one.at for page in pages for one in page]
    assert len(pages) == 3
    assert found == sorted(found)
    assert len(set(found)) == 1300


def test_what_is_old_is_forgotten_with_what_only_it_named(database: Database) -> None:
    writer = ReviewWriter(database)
    old = NOW - timedelta(days=40)
    writer.write([row(old, "old"), row(old, "kept"), row(NOW, "kept")])
    assert writer.prune(NOW - timedelta(days=14)) == 2
    assert len(stored(database, POD)) == 1
    assert count_blobs(database) == 2
    writer.write([row(NOW, "old")])
    assert count_blobs(database) == 3


def test_blobs_in_use_stay_though_their_time_of_use_is_old(database: Database) -> None:
    writer = ReviewWriter(database)
    writer.write([row(NOW, "other"), row(NOW - timedelta(days=40), "one")])
    assert writer.prune(NOW - timedelta(days=50)) == 0
    assert count_blobs(database) == 3
