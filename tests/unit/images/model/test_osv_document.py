import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from propolis.core.errors import Place
from propolis.core.finding import Severity
from propolis.images.model.advisory import Advisory, Affected, Score, ScoreKind
from propolis.images.model.osv_document import osv_document
from propolis.images.model.osv_record import parse_record
from propolis.lang.versions.ranges import EndKind, Interval
from tests.unit.images.advisories import advisory

VECTOR = Score(ScoreKind.CVSS_V3, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
BOUNDS = st.tuples(st.integers(0, 9), st.integers(1, 9), st.sampled_from(EndKind))


def interval(bounds: tuple[int, int, EndKind]) -> Interval:
    """From one version up to a higher one, or open."""
    start, length, kind = bounds
    end = f"{start + length}.0.0" if kind is not EndKind.OPEN else ""
    return Interval(f"{start}.0.0" if start else "", end, kind)


INTERVALS = st.lists(BOUNDS.map(interval), min_size=1, max_size=3, unique=True).map(tuple)
AFFECTED = st.builds(
    Affected,
    st.sampled_from(["npm", "Go", "crates.io"]),
    st.text("abc/", min_size=1, max_size=5),
    INTERVALS,
    rating=st.sampled_from(Severity),
)
NAMES = st.lists(st.text("ABC-123", min_size=1, max_size=8), max_size=3, unique=True).map(tuple)
ADVISORIES = st.builds(
    Advisory,
    st.text("GHSA-123", min_size=1, max_size=8),
    st.datetimes(datetime(1900, 1, 1), timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0)),  # noqa: DTZ001
    aliases=NAMES,
    upstream=NAMES,
    related=NAMES,
    scores=st.sampled_from([(), (VECTOR,)]),
    rating=st.sampled_from([Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFO]),
    references=NAMES,
    source=st.text("abc", max_size=3),
    affected=st.lists(AFFECTED, max_size=3).map(tuple),
)


@given(ADVISORIES)
def test_what_is_written_is_read_back(one: Advisory) -> None:
    assert parse_record(osv_document(one), Place("")) == one


def written(one: Advisory) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(osv_document(one))
    return document


def test_texts_are_left_out_and_so_is_what_says_nothing() -> None:
    assert written(advisory("A", summary="Title", details="Long")) == {
        "id": "A",
        "modified": "2024-01-01T00:00:00Z",
    }


def test_an_excluded_start_is_kept() -> None:
    entry = Affected("npm", "a", (Interval("1.0.0", "2.0.0", EndKind.FIXED, excludes_start=True),))
    assert parse_record(osv_document(advisory("A", entry)), Place("")).affected == (entry,)


def test_years_before_1000_have_four_digits() -> None:
    first = Advisory("GO-1", datetime(1, 1, 1, tzinfo=UTC))
    assert written(first)["modified"] == "0001-01-01T00:00:00Z"
