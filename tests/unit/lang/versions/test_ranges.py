import pytest

from propolis.core.errors import LimitError
from propolis.lang.versions import debian, semver
from propolis.lang.versions.ranges import (
    EndKind,
    Event,
    EventKind,
    Interval,
    Range,
    RangeKind,
    RangeSet,
    affected,
    compile_ranges,
    intervals_of,
)


def semver_range(*events: str, excludes_start: bool = False) -> Range:
    """Events written as ``introduced 1.0``."""
    split = [event.partition(" ") for event in events]
    made = tuple(Event(EventKind(kind), version) for kind, _, version in split)
    return Range(RangeKind.SEMVER, made, excludes_start)


def holds(version: str, *ranges: Range) -> bool:
    return affected(semver.ORDER, version, ranges)


def test_a_fix_is_excluded_and_an_introduction_included() -> None:
    found = semver_range("introduced 1.0.0", "fixed 2.0.0")
    assert [holds(version, found) for version in ("0.9.9", "1.0.0", "1.9.9", "2.0.0")] == [
        False, True, True, False,
    ]  # fmt: skip


def test_the_last_affected_version_is_included() -> None:
    found = semver_range("introduced 0", "last_affected 1.2.3")
    assert holds("1.2.3", found)
    assert not holds("1.2.4", found)


def test_zero_comes_before_every_version() -> None:
    assert holds("0.0.0-alpha", semver_range("introduced 0"))
    assert affected(debian.ORDER, "0~rc1", [semver_range("introduced 0", "fixed 1")])


def test_events_in_any_sequence_mean_the_same() -> None:
    shuffled = semver_range("fixed 3.0.1", "introduced 3.0.0", "introduced 1.0.0", "fixed 1.0.2")
    assert intervals_of(semver.ORDER, shuffled) == (
        Interval("1.0.0", "1.0.2", EndKind.FIXED),
        Interval("3.0.0", "3.0.1", EndKind.FIXED),
    )


def test_a_version_introduced_and_fixed_at_once_is_not_affected() -> None:
    assert not holds("1.0.0", semver_range("introduced 1.0.0", "fixed 1.0.0"))


def test_a_version_introduced_and_last_affected_at_once_is_affected() -> None:
    found = semver_range("introduced 1.0.0", "last_affected 1.0.0")
    assert holds("1.0.0", found)
    assert not holds("1.0.1", found)


def test_a_second_introduction_before_the_fix_changes_nothing() -> None:
    assert holds("1.5.0", semver_range("introduced 1.0.0", "introduced 2.0.0", "fixed 3.0.0"))


def test_a_fix_without_an_introduction_means_nothing() -> None:
    assert not holds("1.0.0", semver_range("fixed 2.0.0"))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (("introduced 0", "limit 2.0.0"), (Interval("", "2.0.0", EndKind.LIMIT),)),
        (("introduced 0", "limit 2.0.0", "limit 3.0.0"), (Interval("", "3.0.0", EndKind.LIMIT),)),
        (("introduced 0", "limit *"), (Interval(),)),
        (("introduced 4.0.0", "limit 3.0.0"), ()),
        (("introduced 0", "fixed 1.0.0", "limit 3.0.0"), (Interval("", "1.0.0", EndKind.FIXED),)),
        (("introduced 0", "fixed 4.0.0", "limit 3.0.0"), (Interval("", "3.0.0", EndKind.LIMIT),)),
    ],
)
def test_limits_cut_the_range_at_the_highest(events: tuple[str, ...], expected: tuple[Interval, ...]) -> None:
    assert intervals_of(semver.ORDER, semver_range(*events)) == expected


def test_an_excluded_start_is_not_affected() -> None:
    found = semver_range("introduced 1.0.0", "fixed 2.0.0", excludes_start=True)
    assert not holds("1.0.0", found)
    assert holds("1.0.1", found)


def test_commits_are_not_evaluated() -> None:
    commits = Range(RangeKind.GIT, (Event(EventKind.INTRODUCED, "0"),))
    assert intervals_of(semver.ORDER, commits) == ()


def test_overlapping_ranges_are_all_asked() -> None:
    wide, narrow = (
        semver_range("introduced 1.0.0", "fixed 9.0.0"),
        semver_range("introduced 2.0.0", "fixed 3.0.0"),
    )
    found = compile_ranges(semver.ORDER, [wide, narrow])
    assert "5.0.0" in found
    assert "9.0.0" not in found


def test_listed_versions_are_affected_besides_ranges() -> None:
    found = compile_ranges(
        semver.ORDER, [semver_range("introduced 1.0.0", "fixed 2.0.0")], ["1.5.0", "4.0.0"]
    )
    assert found.versions == ("4.0.0",)
    assert "v4.0.0" in found
    assert found.find("4.0.0") is None
    assert "3.0.0" not in found


def test_the_interval_that_holds_a_version_names_its_fix() -> None:
    two_branches = semver_range("introduced 1.0.0", "fixed 1.0.9", "introduced 2.0.0", "fixed 2.0.5")
    found = compile_ranges(semver.ORDER, [two_branches]).find("2.0.1")
    assert found is not None
    assert found.fixed == "2.0.5"
    assert Interval("1", "2", EndKind.LAST_AFFECTED).fixed == ""


def test_neighbouring_intervals_meet_without_a_gap() -> None:
    found = RangeSet(
        semver.ORDER,
        [Interval("1", "2", EndKind.LAST_AFFECTED), Interval("2", "3", EndKind.FIXED, excludes_start=True)],
        (),
    )
    assert [version in found for version in ("2", "2.0.1", "3")] == [True, True, False]


def test_a_boundary_of_a_megabyte_is_refused() -> None:
    with pytest.raises(LimitError):
        compile_ranges(semver.ORDER, [semver_range("introduced 0", f"fixed {'1' * 1_000_000}")])


def test_the_last_affected_version_is_held_though_an_empty_interval_starts_there() -> None:
    intervals = [Interval("", "1.0", EndKind.LAST_AFFECTED), Interval("1.0", "1.0", EndKind.FIXED)]
    assert "1.0" in RangeSet(debian.ORDER, intervals, ())
