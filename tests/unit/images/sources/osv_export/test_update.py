from collections.abc import Iterator
from pathlib import Path

import pytest

from propolis.core.errors import DocumentError, SourceError
from propolis.images.sources.advisory_db.importing import import_advisories
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase
from propolis.images.sources.osv_export.server import ExportLimits
from propolis.images.sources.osv_export.update import UpdateReport, update
from tests.unit.images.advisories import NOW, advisory, fixed_in
from tests.unit.images.sources.osv_export.local_server import Answer, LocalExport, archive_answer, serving

PAD = "left-pad"


@pytest.fixture
def export() -> Iterator[LocalExport]:
    with serving() as found:
        yield found


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "advisories.sqlite"


def updated(
    database: Path, export: LocalExport, *ecosystems: str, limits: ExportLimits | None = None
) -> UpdateReport:
    return update(database, NOW, export.address, ecosystems or ("npm",), limits or ExportLimits())


def ways(report: UpdateReport) -> dict[str, tuple[str, int, int]]:
    return {one.ecosystem: (one.way, one.advisories, one.removed) for one in report.ecosystems}


def names(database: Path, package: str = PAD, ecosystem: str = "npm") -> list[str]:
    with AdvisoryDatabase(database) as opened:
        entries = opened.entries(ecosystem, package)
        facts = opened.facts(entry.advisory for entry in entries)
        return sorted(facts[entry.advisory].id for entry in entries)


def error_of(report: UpdateReport, ecosystem: str = "npm") -> str:
    (found,) = [one for one in report.ecosystems if one.ecosystem == ecosystem]
    assert found.way == "failed"
    return str(found.error)


def test_the_first_update_takes_the_archive(database: Path, export: LocalExport) -> None:
    export.publish("npm", advisory("A", fixed_in("1")), advisory("B", fixed_in("2"), day=2))
    report = updated(database, export)
    assert ways(report) == {"npm": ("archive", 2, 0)}
    assert names(database) == ["A", "B"]
    assert list(database.parent.glob(".*.download/*")) == []
    with AdvisoryDatabase(database) as opened:
        (source,) = opened.status().sources
    assert (source.name, source.address, source.records) == ("OSV npm", export.address, 2)
    assert source.licence


def test_a_second_update_without_news_asks_for_the_index_alone(database: Path, export: LocalExport) -> None:
    export.publish("npm", advisory("A", fixed_in("1")))
    updated(database, export)
    before = database.stat().st_ino
    export.paths()
    report = updated(database, export)
    assert (ways(report), report.imported) == ({"npm": ("unchanged", 0, 0)}, None)
    assert export.paths() == ["/npm/modified_id.csv"]
    assert database.stat().st_ino == before


def test_changed_records_are_fetched_one_by_one(database: Path, export: LocalExport) -> None:
    old = [advisory(f"A{number}", fixed_in("1")) for number in range(5)]
    export.publish("npm", *old)
    updated(database, export)
    export.paths()
    export.publish(
        "npm", *old[1:], advisory("A0", fixed_in("1", "moved"), day=3), advisory("B", fixed_in("1"), day=2)
    )
    report = updated(database, export)
    assert ways(report)["npm"][0] == "records"
    assert "/npm/all.zip" not in export.paths()
    assert (names(database), names(database, "moved")) == (["A1", "A2", "A3", "A4", "B"], ["A0"])


def test_records_that_the_server_no_longer_has_are_removed(database: Path, export: LocalExport) -> None:
    import_advisories(database, [advisory("MINE", fixed_in("1"))], NOW)
    export.publish("npm", advisory("A", fixed_in("1")), advisory("B", fixed_in("1"), day=2))
    updated(database, export)
    export.publish("npm", advisory("B", fixed_in("1"), day=2), advisory("C", fixed_in("1"), day=3))
    report = updated(database, export)
    assert ways(report)["npm"] == ("records", 2, 1)
    assert names(database) == ["B", "C", "MINE"]


def test_many_changes_take_the_archive_again(database: Path, export: LocalExport) -> None:
    export.publish("npm", advisory("A", fixed_in("1")))
    updated(database, export)
    export.publish("npm", *(advisory(f"B{number}", fixed_in("1"), day=2) for number in range(5)))
    report = updated(database, export, limits=ExportLimits(changes=3))
    assert ways(report) == {"npm": ("archive", 5, 1)}


def test_a_record_that_does_not_come_makes_it_take_the_archive(database: Path, export: LocalExport) -> None:
    export.publish("npm", advisory("A", fixed_in("1")))
    updated(database, export)
    export.publish("npm", advisory("A", fixed_in("1")), advisory("B", fixed_in("1"), day=2))
    del export.answers["/npm/B.json"]
    assert ways(updated(database, export)) == {"npm": ("archive", 2, 0)}
    assert names(database) == ["A", "B"]


def test_a_bad_record_is_told_and_the_rest_comes(database: Path, export: LocalExport) -> None:
    export.publish("npm", advisory("A", fixed_in("1")), extra={"bad.json": b"{"})
    report = updated(database, export)
    assert report.imported is not None
    assert (report.imported.refused, names(database)) == (1, ["A"])
    assert "all.zip" not in str(report.imported.errors[0]) or "bad.json" in str(report.imported.errors[0])


def test_the_ecosystems_that_the_server_lists_are_updated_by_default(
    database: Path, export: LocalExport
) -> None:
    export.answers["/ecosystems.txt"] = Answer(b"npm\nPyPI\nDebian:12\nAndroid\n")
    export.publish("npm", advisory("A", fixed_in("1")))
    export.publish("PyPI", advisory("B", fixed_in("1", "jinja2", "PyPI")))
    report = update(database, NOW, export.address + "/")
    assert ways(report) == {"npm": ("archive", 1, 0), "PyPI": ("archive", 1, 0)}


def test_names_with_spaces_are_asked_for(database: Path, export: LocalExport) -> None:
    export.publish("Rocky Linux", advisory("R", fixed_in("1-1", "bash", "Rocky Linux:9")))
    assert ways(updated(database, export, "Rocky Linux")) == {"Rocky Linux": ("archive", 1, 0)}


def test_what_fails_for_one_ecosystem_leaves_the_others(database: Path, export: LocalExport) -> None:
    export.publish("npm", advisory("A", fixed_in("1")))
    report = updated(database, export, "PyPI", "npm")
    assert "status 404" in error_of(report, "PyPI")
    assert names(database) == ["A"]


def test_a_connection_that_breaks_is_continued_where_it_broke(database: Path, export: LocalExport) -> None:
    export.publish("npm", *(advisory(f"A{number}", fixed_in("1")) for number in range(50)))
    size = len(export.answers["/npm/all.zip"].body)
    export.answers["/npm/all.zip"].cuts = [1000, 1000]
    assert ways(updated(database, export)) == {"npm": ("archive", 50, 0)}
    asked = [wanted for path, wanted in export.asked if path == "/npm/all.zip"]
    assert asked == ["", "bytes=1000-", "bytes=2000-"]
    assert size > 2000


def test_a_later_run_continues_what_an_earlier_one_began(database: Path, export: LocalExport) -> None:
    export.publish("npm", *(advisory(f"A{number}", fixed_in("1")) for number in range(50)))
    export.answers["/npm/all.zip"].cuts = [1500]
    report = updated(database, export, limits=ExportLimits(attempts=1))
    assert "the connection broke" in error_of(report)
    assert not database.exists()
    export.asked.clear()
    assert ways(updated(database, export)) == {"npm": ("archive", 50, 0)}
    assert [wanted for path, wanted in export.asked if path == "/npm/all.zip"] == ["bytes=1500-"]


def test_a_part_of_an_older_archive_is_not_continued(database: Path, export: LocalExport) -> None:
    export.publish("npm", *(advisory(f"A{number}", fixed_in("1")) for number in range(50)))
    export.answers["/npm/all.zip"].cuts = [1500]
    updated(database, export, limits=ExportLimits(attempts=1))
    export.publish("npm", *(advisory(f"B{number}", fixed_in("1")) for number in range(60)))
    assert ways(updated(database, export)) == {"npm": ("archive", 60, 0)}


def test_an_archive_that_shrank_is_fetched_anew(database: Path, export: LocalExport) -> None:
    export.publish("npm", *(advisory(f"A{number}", fixed_in("1")) for number in range(50)))
    whole = export.answers["/npm/all.zip"]
    export.answers["/npm/all.zip"] = Answer(whole.body, headers={"ETag": '"same"'}, cuts=[1500])
    updated(database, export, limits=ExportLimits(attempts=1))
    export.answers["/npm/all.zip"] = Answer(b"", 416)
    updated(database, export, limits=ExportLimits(attempts=1))
    export.answers["/npm/all.zip"] = whole
    export.asked.clear()
    assert ways(updated(database, export)) == {"npm": ("archive", 50, 0)}
    assert ("/npm/all.zip", "") in export.asked


def test_a_server_that_always_stops_in_the_middle_fails(database: Path, export: LocalExport) -> None:
    import_advisories(database, [advisory("OLD", fixed_in("1"))], NOW)
    export.publish("npm", *(advisory(f"A{number}", fixed_in("1")) for number in range(50)))
    export.answers["/npm/all.zip"].cuts = [100] * 5
    report = updated(database, export)
    assert "try again" in error_of(report)
    assert names(database) == ["OLD"]


def test_a_redirect_within_the_server_is_followed(database: Path, export: LocalExport) -> None:
    export.publish("npm", advisory("A", fixed_in("1")))
    export.answers["/elsewhere.zip"] = export.answers["/npm/all.zip"]
    export.answers["/npm/all.zip"] = Answer(status=302, headers={"Location": "/elsewhere.zip"})
    assert ways(updated(database, export)) == {"npm": ("archive", 1, 0)}


@pytest.mark.parametrize(
    "location", ["http://127.0.0.2:1/all.zip", "https://example.test/x", "file:///etc/passwd"]
)
def test_a_redirect_to_another_server_is_refused(database: Path, export: LocalExport, location: str) -> None:
    export.publish("npm", advisory("A", fixed_in("1")))
    export.answers["/npm/all.zip"] = Answer(status=302, headers={"Location": location})
    assert "redirects to another server" in error_of(updated(database, export))


def test_redirects_without_end_are_refused(database: Path, export: LocalExport) -> None:
    export.answers["/npm/modified_id.csv"] = Answer(status=307, headers={"Location": "/npm/modified_id.csv"})
    assert "redirects without end" in error_of(updated(database, export))


@pytest.mark.parametrize(
    ("path", "limits"),
    [
        ("/npm/all.zip", ExportLimits(archive_bytes=300)),
        ("/npm/modified_id.csv", ExportLimits(index_bytes=20)),
    ],
)
def test_a_server_that_sends_too_much_is_refused(
    database: Path, export: LocalExport, path: str, limits: ExportLimits
) -> None:
    export.publish("npm", advisory("A", fixed_in("1")), advisory("B", fixed_in("1")))
    report = updated(database, export, limits=limits)
    assert "it sends more than" in error_of(report)
    assert path in error_of(report)


def test_a_server_that_names_another_length_than_it_sends_fails(database: Path, export: LocalExport) -> None:
    export.publish("npm", advisory("A", fixed_in("1")))
    export.answers["/npm/modified_id.csv"].claims = 10_000
    assert "the connection broke" in error_of(updated(database, export))


def test_a_digest_that_differs_is_refused(database: Path, export: LocalExport) -> None:
    export.publish("npm", advisory("A", fixed_in("1")))
    answer = export.answers["/npm/all.zip"]
    answer.body = answer.body.replace(b"2024-01-01", b"2024-01-09")
    assert "the digest differs" in error_of(updated(database, export))
    assert not database.exists()


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b""])
def test_what_is_no_archive_leaves_the_old_database(database: Path, export: LocalExport, body: bytes) -> None:
    import_advisories(database, [advisory("OLD", fixed_in("1"))], NOW)
    export.publish("npm", advisory("A", fixed_in("1")))
    export.answers["/npm/all.zip"] = Answer(body)
    assert "no zip archive" in error_of(updated(database, export))
    assert names(database) == ["OLD"]
    export.publish("npm", advisory("A", fixed_in("1")))
    assert ways(updated(database, export)) == {"npm": ("archive", 1, 0)}


def test_a_damaged_member_removes_nothing_and_is_fetched_again(database: Path, export: LocalExport) -> None:
    export.publish("npm", advisory("A", fixed_in("1")))
    updated(database, export)
    export.publish("npm", *(advisory(f"B{number}", fixed_in("1"), day=2) for number in range(9)))
    whole = export.answers["/npm/all.zip"]
    damaged = whole.body.replace(b'"id":"B3"', b'"id":"B4"', 1)
    export.answers["/npm/all.zip"] = Answer(damaged)
    limits = ExportLimits(changes=0)
    assert "broken file in zip" in error_of(updated(database, export, limits=limits))
    assert "A" in names(database)
    export.answers["/npm/all.zip"] = whole
    assert ways(updated(database, export, limits=limits)) == {"npm": ("archive", 9, 1)}


@pytest.mark.parametrize(
    "row",
    [b"yesterday,A", b"2024-01-01T00:00:00,A", b"2024-01-01T00:00:00Z,../../x y", b"2024-01-01T00:00:00Z"],
)
def test_an_index_that_cannot_be_read_is_refused(database: Path, export: LocalExport, row: bytes) -> None:
    export.answers["/npm/modified_id.csv"] = Answer(b"2024-01-01T00:00:00Z,npm/A\n" + row)
    assert "modified_id.csv:2" in error_of(updated(database, export))


def test_an_empty_index_empties_the_ecosystem(database: Path, export: LocalExport) -> None:
    export.publish("npm", advisory("A", fixed_in("1")))
    updated(database, export)
    export.publish("npm")
    export.answers["/npm/all.zip"] = archive_answer({})
    assert ways(updated(database, export)) == {"npm": ("records", 0, 1)}


def test_nobody_at_the_address_is_an_error(database: Path) -> None:
    with serving() as export:
        address = export.address
    with pytest.raises(SourceError, match="the connection broke"):
        update(database, NOW, address)


def test_a_server_that_lists_nothing_known_is_an_error(database: Path, export: LocalExport) -> None:
    export.answers["/ecosystems.txt"] = Answer(b"<html>")
    with pytest.raises(SourceError, match="lists no known ecosystem"):
        update(database, NOW, export.address)


@pytest.mark.parametrize("address", ["", "ftp://example.test", "example.test", "http://", "file:///etc"])
def test_an_address_that_is_none_is_refused(database: Path, address: str) -> None:
    with pytest.raises(DocumentError, match="expected http"):
        update(database, NOW, address, ["npm"])


@pytest.mark.parametrize("name", ["../../etc", "", "a/b", ".hidden"])
def test_a_name_that_is_no_ecosystem_is_refused(database: Path, export: LocalExport, name: str) -> None:
    with pytest.raises(DocumentError, match="ecosystem"):
        update(database, NOW, export.address, [name])


def test_credentials_of_an_address_are_not_shown(database: Path, export: LocalExport) -> None:
    address = export.address.replace("http://", "http://me:secret@")
    report = update(database, NOW, address, ["npm"])
    assert "secret" not in str(report.ecosystems[0].error)


def test_progress_is_told(database: Path, export: LocalExport) -> None:
    told: list[str] = []
    export.publish("npm", advisory("A", fixed_in("1")))
    update(database, NOW, export.address, ["npm"], progress=told.append)
    assert told == ["npm"]
