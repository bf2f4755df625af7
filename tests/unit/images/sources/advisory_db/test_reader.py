import sqlite3
from pathlib import Path

import pytest

from propolis.core.errors import SourceError
from propolis.images.model.packed import Texts
from propolis.images.sources.advisory_db.importing import import_advisories
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase
from tests.unit.images.advisories import NOW, advisory, fixed_in


def made(path: Path) -> Path:
    entries = [
        advisory("A", fixed_in("1"), summary="Title", details="Long", references=("address",)),
        advisory("B", fixed_in("2")),
    ]
    import_advisories(path, entries, NOW)
    return path


def test_texts_are_there_where_the_data_came_with_them(tmp_path: Path) -> None:
    with AdvisoryDatabase(made(tmp_path / "db ?#%.sqlite")) as database:
        assert database.texts(1) == Texts("Title", "Long", ("address",))
        assert database.texts(2) == Texts()
        assert database.number_of("B") == 2
        assert database.number_of("C") is None
        assert database.facts([1, 99]).keys() == {1}
        assert database.weaknesses(["CVE-1-1"]) == {}
        assert database.ecosystems == {"npm"}


@pytest.mark.parametrize("content", [None, b"", b"SQLite format 3\x00", b"text"])
def test_what_is_no_database_says_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "advisories.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match="import or update advisories"):
        AdvisoryDatabase(path)


def test_a_database_of_another_version_says_so(tmp_path: Path) -> None:
    path = made(tmp_path / "advisories.sqlite")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE meta SET value = '999' WHERE key = 'format'")
    connection.commit()
    connection.close()
    with pytest.raises(SourceError, match="another version"):
        AdvisoryDatabase(path)


def test_damage_that_shows_later_is_an_error_too(tmp_path: Path) -> None:
    path = made(tmp_path / "advisories.sqlite")
    with AdvisoryDatabase(path) as database:
        content = path.read_bytes()
        path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
        with pytest.raises(SourceError, match="cannot read the advisory database"):
            for _ in range(3):
                database.entries("npm", "left-pad")
                database.status()


def test_reading_changes_nothing(tmp_path: Path) -> None:
    path = made(tmp_path / "advisories.sqlite")
    path.chmod(0o400)
    before = path.read_bytes()
    with AdvisoryDatabase(path) as database:
        database.status()
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == [".advisories.sqlite.lock", "advisories.sqlite"]
