from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from propolis.core.finding import Severity
from propolis.images.model.advisory import Affected, Score, ScoreKind
from propolis.images.model.packed import (
    Entry,
    Facts,
    StatedScore,
    Texts,
    Weakness,
    join_entries,
    pack_entry,
    pack_struct,
    seconds_of,
    unpack_entries,
    unpack_facts,
    unpack_texts,
    unpack_weakness,
    without_advisories,
)
from propolis.lang.versions.ranges import EndKind, Interval

SCORE = Score(ScoreKind.CVSS_V3, "CVSS:3.1/AV:N")
ENDED = st.builds(
    Interval,
    st.text(max_size=5),
    st.text(min_size=1, max_size=5),
    st.sampled_from([EndKind.FIXED, EndKind.LAST_AFFECTED, EndKind.LIMIT]),
)
OPEN = st.builds(Interval, st.text(max_size=5))
EXCLUSIVE = st.builds(Interval, st.text(min_size=1, max_size=5), excludes_start=st.just(value=True))
AFFECTED = st.builds(
    Affected,
    st.just("npm"),
    st.just("a"),
    st.lists(st.one_of(ENDED, OPEN, EXCLUSIVE), max_size=3).map(tuple),
    st.lists(st.text(max_size=5), max_size=3).map(tuple),
    st.sampled_from([(), (SCORE,)]),
    st.sampled_from(Severity),
)


@given(affected=AFFECTED, number=st.integers(1, 2**40))
def test_an_entry_comes_back_as_it_was(affected: Affected, number: int) -> None:
    (entry,) = unpack_entries(join_entries(None, [pack_entry(number, affected)]))
    assert entry.advisory == number
    assert entry.intervals == affected.intervals
    assert (entry.versions, entry.scores, entry.rating) == (
        affected.versions,
        affected.scores,
        affected.rating,
    )


def test_rows_grow_and_shrink() -> None:
    affected = Affected("npm", "a", (Interval("", "1", EndKind.FIXED),))
    row = join_entries(None, [pack_entry(number, affected) for number in (1, 2)])
    row = join_entries(row, [pack_entry(3, affected)])
    kept = without_advisories(row, frozenset({2}))
    assert kept is not None
    assert [entry.advisory for entry in unpack_entries(kept)] == [1, 3]
    assert without_advisories(kept, frozenset({1, 3})) is None


def test_defaults_at_the_end_take_no_room() -> None:
    assert len(pack_entry(1, Affected("npm", "a", (Interval("", "1", EndKind.FIXED),)))) == 7
    assert pack_struct(Texts()) == b"\x90"
    assert unpack_texts(b"\x90") == Texts()


def test_facts_and_weaknesses_come_back_as_they_were() -> None:
    facts = Facts("GHSA-1", -5, ("CVE-1",), ("CVE-2",), Severity.HIGH, (SCORE,), (1, 2), 3, 4, 5)
    weakness = Weakness(None, (StatedScore(7, SCORE),))
    assert unpack_facts(pack_struct(facts)) == facts
    assert unpack_weakness(pack_struct(weakness)) == weakness


def test_an_entry_without_bounds_has_no_intervals() -> None:
    assert Entry(1).intervals == ()


def test_times_of_any_zone_and_year_become_seconds() -> None:
    assert seconds_of(datetime(1970, 1, 1, 0, 1, tzinfo=UTC)) == 60
    assert seconds_of(datetime(1970, 1, 1, 0, 1)) == 60  # noqa: DTZ001  # some records name no zone
    assert seconds_of(datetime(1, 1, 1, tzinfo=UTC)) == -62135596800
    assert seconds_of(None) is None
