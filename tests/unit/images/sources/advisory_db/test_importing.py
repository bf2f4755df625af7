import fcntl
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from propolis.core.errors import DocumentError, SourceError
from propolis.images.model.advisory import Score, ScoreKind
from propolis.images.model.exploitation import Exploitation
from propolis.images.sources.advisory_db.importing import (
    MAX_KEPT_ERRORS,
    ImportReport,
    building,
    import_advisories,
)
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase
from propolis.images.sources.advisory_db.staging import SourceInfo
from propolis.images.sources.osv import Entry
from tests.unit.images.advisories import NOW, advisory, fixed_in

SCORE = Score(ScoreKind.CVSS_V3, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "advisories.sqlite"


def imported(database: Path, *entries: Entry, keep: bool = True) -> ImportReport:
    return import_advisories(database, entries, NOW, keep=keep)


def names(database: Path, package: str = "left-pad", ecosystem: str = "npm") -> list[str]:
    """Ids of all advisories on a package."""
    with AdvisoryDatabase(database) as opened:
        entries = opened.entries(ecosystem, package)
        facts = opened.facts(entry.advisory for entry in entries)
        return [facts[entry.advisory].id for entry in entries]


def leftovers(database: Path) -> list[str]:
    return sorted(path.name for path in database.parent.iterdir() if path.name != database.name)


def test_a_package_is_found_under_any_spelling(database: Path) -> None:
    imported(database, advisory("A", fixed_in("1", "foo-bar", "PyPI")), advisory("B", fixed_in("2")))
    assert names(database, "Foo_Bar", "PyPI") == ["A"]
    assert names(database, "foo-bar", "npm") == []
    assert names(database, "left-pad", "Go") == []


def test_a_second_import_adds_to_the_first(database: Path) -> None:
    imported(database, advisory("A", fixed_in("1")))
    report = imported(database, advisory("B", fixed_in("2")), advisory("C", fixed_in("1", "other")))
    assert (report.advisories, names(database), names(database, "other")) == (2, ["A", "B"], ["C"])


def test_an_import_may_begin_anew(database: Path) -> None:
    imported(database, advisory("A", fixed_in("1")))
    imported(database, advisory("B", fixed_in("2")), keep=False)
    assert names(database) == ["B"]


def test_a_later_record_replaces_an_earlier_one_wherever_it_stood(database: Path) -> None:
    imported(
        database, advisory("A", fixed_in("1"), fixed_in("1", "old"), scores=(SCORE,), aliases=("CVE-1-1",))
    )
    imported(database, advisory("A", fixed_in("2"), day=2, aliases=("CVE-1-1",)))
    assert (names(database), names(database, "old")) == (["A"], [])
    with AdvisoryDatabase(database) as opened:
        assert opened.entries("npm", "left-pad")[0].bounds == ("", "f2")
        assert opened.weaknesses(["CVE-1-1"])["CVE-1-1"].scores == ()


def test_an_earlier_record_does_not_replace_a_later_one(database: Path) -> None:
    imported(database, advisory("A", fixed_in("2"), day=2))
    report = imported(database, advisory("A", fixed_in("1"), day=1))
    assert (report.advisories, report.outdated) == (0, 1)
    with AdvisoryDatabase(database) as opened:
        assert opened.entries("npm", "left-pad")[0].bounds == ("", "f2")


def test_of_two_records_in_one_import_the_later_stays(database: Path) -> None:
    imported(
        database,
        advisory("A", fixed_in("1")),
        advisory("B", fixed_in("1")),
        advisory("A", fixed_in("3"), day=3),
    )
    assert sorted(names(database)) == ["A", "B"]


def test_withdrawn_records_match_nothing_and_take_their_predecessors_away(database: Path) -> None:
    imported(database, advisory("A", fixed_in("1")))
    imported(database, advisory("A", fixed_in("1"), day=2, withdrawn=NOW))
    assert names(database) == []
    with AdvisoryDatabase(database) as opened:
        assert opened.number_of("A") is not None


def test_scores_are_known_by_the_weakness(database: Path) -> None:
    imported(
        database,
        advisory("GHSA-1", fixed_in("1"), aliases=("CVE-1-1",), scores=(SCORE,)),
        advisory("GHSA-2", fixed_in("1"), aliases=("CVE-1-1",), scores=(SCORE,)),
        advisory("DSA-1", fixed_in("1"), upstream=("CVE-1-2", "CVE-1-3"), scores=(SCORE,)),
        advisory("DEBIAN-CVE-1-4", fixed_in("1"), upstream=("CVE-1-4",), scores=(SCORE,)),
    )
    with AdvisoryDatabase(database) as opened:
        known = opened.weaknesses(["CVE-1-1", "CVE-1-2", "CVE-1-4"])
    assert sorted(known) == ["CVE-1-1", "CVE-1-4"]
    assert [stated.score for stated in known["CVE-1-1"].scores] == [SCORE]


def test_news_about_attacks_join_over_imports(database: Path) -> None:
    imported(database, Exploitation("CVE-1-1", exploited_since="2024-01-01"))
    report = imported(database, Exploitation("CVE-1-1", exploitation="active"))
    assert report.exploitations == 1
    with AdvisoryDatabase(database) as opened:
        known = opened.weaknesses(["CVE-1-1"])["CVE-1-1"].exploitation
    assert known == Exploitation("CVE-1-1", exploited_since="2024-01-01", exploitation="active")


def test_related_weaknesses_of_an_erratum_count_where_it_names_no_others(database: Path) -> None:
    imported(database, advisory("ALSA-1", fixed_in("1"), related=("CVE-1-1", "RHSA-1")))
    with AdvisoryDatabase(database) as opened:
        assert opened.facts([1])[1].upstream == ("CVE-1-1",)


def test_errors_are_counted_and_the_first_are_kept(database: Path) -> None:
    errors: list[Entry] = [DocumentError("bad")] * (MAX_KEPT_ERRORS + 5)
    report = imported(database, *errors, advisory("A", fixed_in("1")))
    assert (report.refused, len(report.errors)) == (MAX_KEPT_ERRORS + 5, MAX_KEPT_ERRORS)
    assert names(database) == ["A"]


def test_a_failure_leaves_the_old_database_and_nothing_else(database: Path) -> None:
    imported(database, advisory("A", fixed_in("1")))

    def broken() -> Iterator[Entry]:
        yield advisory("B", fixed_in("2"))
        raise SourceError("read", "server", "it stopped")

    with pytest.raises(SourceError, match="it stopped"):
        import_advisories(database, broken(), NOW)
    assert names(database) == ["A"]
    assert leftovers(database) == [".advisories.sqlite.lock"]


def test_what_a_killed_build_left_is_removed(database: Path) -> None:
    database.parent.mkdir()
    for kind in ("new", "staging"):
        database.with_name(f".advisories.sqlite.{kind}").write_bytes(b"half")
    imported(database, advisory("A", fixed_in("1")))
    assert leftovers(database) == [".advisories.sqlite.lock"]


def test_two_builds_at_once_are_refused(database: Path) -> None:
    imported(database, advisory("A", fixed_in("1")))
    with database.with_name(".advisories.sqlite.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SourceError, match="another process is writing it") as caught:
            imported(database, advisory("B", fixed_in("1")))
    assert caught.value.try_again


def test_a_reader_keeps_what_it_opened_while_a_new_database_takes_its_place(database: Path) -> None:
    imported(database, advisory("A", fixed_in("1")))
    with AdvisoryDatabase(database) as before:
        imported(database, advisory("B", fixed_in("2")))
        assert len(before.entries("npm", "left-pad")) == 1
    assert names(database) == ["A", "B"]


def test_a_damaged_database_is_not_built_upon(database: Path) -> None:
    database.parent.mkdir()
    database.write_bytes(b"no database" * 100)
    with pytest.raises(SourceError, match="it is damaged"):
        imported(database, advisory("A", fixed_in("1")))
    assert database.read_bytes() == b"no database" * 100
    imported(database, advisory("A", fixed_in("1")), keep=False)
    assert names(database) == ["A"]


def test_a_database_that_breaks_while_it_is_built_upon_stays_as_it_was(database: Path) -> None:
    imported(database, *(advisory(f"A{number}", fixed_in("1", f"p{number}")) for number in range(3000)))
    content = bytearray(database.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    database.write_bytes(content)
    with pytest.raises(SourceError):
        imported(database, *(advisory(f"A{number}", fixed_in("2"), day=2) for number in range(3000)))
    assert database.read_bytes() == bytes(content)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SourceError, match="cannot write the advisory database"):
        imported(tmp_path / "file" / "advisories.sqlite", advisory("A", fixed_in("1")))


def test_sources_are_noted_with_their_terms_and_counts(database: Path) -> None:
    known = SourceInfo("mine", "example.test", "CC0-1.0", "by me", "2024-01-02")
    entries = [
        advisory("A", fixed_in("1"), source="mine"),
        advisory("B", fixed_in("1"), day=7, source="mine"),
    ]
    import_advisories(database, entries, NOW, [known])
    imported(database, advisory("C", fixed_in("1"), source="other"))
    with AdvisoryDatabase(database) as opened:
        status = opened.status()
    mine, other = status.sources
    assert (mine.name, mine.licence, mine.records, mine.newest and mine.newest.day) == (
        "mine",
        "CC0-1.0",
        2,
        7,
    )
    assert (other.name, other.licence, other.records) == ("other", "", 1)
    assert (status.advisories, status.packages, status.ecosystems) == (3, 1, {"npm": 1})
    assert status.built == NOW
    assert status.size_bytes == database.stat().st_size


def test_nothing_is_visible_before_the_build_ends(database: Path) -> None:
    with building(database, NOW) as build:
        build.add(advisory("A", fixed_in("1")))
        assert not database.exists()
    assert names(database) == ["A"]


def rows(database: Path) -> Iterable[tuple[object, ...]]:
    connection = sqlite3.connect(database)
    found = connection.execute("SELECT * FROM entries ORDER BY ecosystem, package").fetchall()
    connection.close()
    return found


def test_many_packages_of_many_advisories_are_grouped(database: Path) -> None:
    many = [
        advisory(f"A{number}", *(fixed_in(str(number), f"p{at}") for at in range(number % 7)))
        for number in range(2000)
    ]
    imported(database, *many)
    assert len(list(rows(database))) == 6
    assert len(names(database, "p0")) == sum(1 for number in range(2000) if number % 7)
