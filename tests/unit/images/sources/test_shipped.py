from datetime import date
from pathlib import Path

import pytest
import zstandard

from propolis.core.errors import SourceError
from propolis.images.model.osv_document import osv_document
from propolis.images.model.package import Distribution, Package
from propolis.images.sources.advisory_db.importing import import_advisories
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase
from propolis.images.sources.advisory_db.staging import SourceInfo
from propolis.images.sources.matcher import Matcher
from propolis.images.sources.shipped import Snapshot, ensure_database, shipped_snapshot
from tests.unit.images.advisories import NOW, advisory, fixed_in

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def shipped_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shipped") / "advisories.sqlite"
    report = ensure_database(path, NOW)
    assert report is not None
    assert (report.refused, report.outdated) == (0, 0)
    return path


def snapshot(folder: Path, digest: str, *names: str) -> Snapshot:
    path = folder / f"{digest}.jsonl.zst"
    lines = b"\n".join(osv_document(advisory(name, fixed_in("2"))) for name in names)
    path.write_bytes(zstandard.compress(lines))
    return Snapshot(path, digest, (SourceInfo("", licence="CC0-1.0"),))


def count(database: Path) -> int:
    with AdvisoryDatabase(database) as opened:
        return opened.status().advisories


def test_the_shipped_advisories_are_small_and_name_the_terms_of_every_source() -> None:
    found = shipped_snapshot()
    assert found.path.stat().st_size < 10 * MEBIBYTE
    assert len(found.sources) == 17
    assert all(source.licence and source.attribution for source in found.sources)
    notice = (Path(__file__).parents[4] / "NOTICE").read_text(encoding="utf-8")
    assert [source.name for source in found.sources if source.attribution not in notice] == []


def test_a_fresh_machine_finds_real_vulnerabilities(shipped_database: Path) -> None:
    packages = [
        Package("deb", "curl", "7.88.1-9", "curl", "7.88.1-9"),
        Package("pypi", "Jinja2", "2.10"),
        Package("golang", "stdlib", "1.20.1"),
        Package("gem", "rack", "2.0.1"),
    ]
    with AdvisoryDatabase(shipped_database) as opened:
        found = Matcher(opened).match(packages, Distribution("debian", "12"), date(2026, 11, 21))
    vulnerable = {one.package.name for one in found.vulnerabilities}
    assert vulnerable == {"curl", "Jinja2", "stdlib", "rack"}
    assert any(one.judgement.value for one in found.vulnerabilities)


def test_the_shipped_database_says_what_it_holds(shipped_database: Path) -> None:
    with AdvisoryDatabase(shipped_database) as opened:
        status = opened.status()
    assert status.advisories > 46_000
    assert status.weaknesses > 45_000
    assert {"Debian:12", "Alpine:v3.11", "AlmaLinux:9", "PyPI", "Go", "npm"} <= status.ecosystems.keys()
    assert all(source.licence for source in status.sources)
    assert all(source.newest is None or source.newest <= NOW for source in status.sources)


def test_what_is_in_already_is_not_read_again(tmp_path: Path) -> None:
    database, first = tmp_path / "advisories.sqlite", snapshot(tmp_path, "one", "A")
    assert ensure_database(database, NOW, first) is not None
    assert ensure_database(database, NOW, first) is None


def test_a_newer_snapshot_joins_what_the_user_imported(tmp_path: Path) -> None:
    database = tmp_path / "advisories.sqlite"
    import_advisories(database, [advisory("MINE", fixed_in("1"))], NOW)
    ensure_database(database, NOW, snapshot(tmp_path, "one", "A"))
    ensure_database(database, NOW, snapshot(tmp_path, "two", "A", "B"))
    assert count(database) == 3


def test_a_database_of_another_version_is_made_anew(tmp_path: Path) -> None:
    database = tmp_path / "advisories.sqlite"
    import_advisories(database, [advisory("MINE", fixed_in("1"))], NOW, notes={"format": "0"})
    ensure_database(database, NOW, snapshot(tmp_path, "one", "A"))
    assert count(database) == 1


def test_a_damaged_database_is_left_to_its_owner(tmp_path: Path) -> None:
    database = tmp_path / "advisories.sqlite"
    database.write_bytes(b"damaged")
    with pytest.raises(SourceError, match="it is damaged"):
        ensure_database(database, NOW, snapshot(tmp_path, "one", "A"))


def test_a_program_without_its_data_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="ship with the program"):
        shipped_snapshot(tmp_path)
    (tmp_path / "advisories.toml").write_text("source = 3", encoding="utf-8")
    with pytest.raises(SourceError, match="ship with the program"):
        shipped_snapshot(tmp_path)
