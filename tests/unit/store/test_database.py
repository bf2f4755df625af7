import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from propolis.core.errors import SourceError
from propolis.store import database as database_module
from propolis.store.database import HEAD, MIGRATIONS, open_database
from propolis.store.schema import metadata


def test_a_new_store_has_the_schema_that_the_tables_declare(tmp_path: Path) -> None:
    database = open_database(tmp_path / "new" / "store.db")
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_head_is_the_newest_migration_of_the_folder() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    open_database(tmp_path / "store.db").close()
    database = open_database(tmp_path / "store.db")
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM runs")).scalar_one() == 0


def test_a_file_that_is_no_store_is_named_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"plain text, not a database" * 100)
    with pytest.raises(SourceError, match="not a store of Propolis"):
        open_database(path)


def test_a_damaged_store_is_named_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    database = open_database(path)
    database.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(SourceError, match="damaged|malformed"), open_database(path).reading() as connection:
        connection.execute(text("SELECT * FROM findings")).all()


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_database(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(SourceError, match="another version"):
        open_database(path)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE users (name TEXT)")
    raw.close()
    with pytest.raises(SourceError, match="another program"):
        open_database(path)


def test_a_path_is_a_path_whatever_its_characters(tmp_path: Path) -> None:
    open_database(tmp_path / "a?x=1#b%20c.db").close()
    assert (tmp_path / "a?x=1#b%20c.db").is_file()


def test_a_locked_store_says_who_holds_it_and_to_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "LOCK_SECONDS", 0.01)
    database = open_database(tmp_path / "store.db")
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(SourceError, match="another process") as caught, database.writing():
            pass
        assert caught.value.try_again
    finally:
        other.close()


def test_a_full_disk_keeps_what_was_stored_before(tmp_path: Path) -> None:
    database = open_database(tmp_path / "store.db")
    with pytest.raises(SourceError, match="disk is full"), database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        insert = text("INSERT INTO rules VALUES (:id, :id, 's', 'p', 'n', :t, 'low', '', '', '', 1)")
        for number in range(100):
            connection.execute(insert, {"id": number, "t": "x" * 10_000})
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM rules")).scalar_one() == 0


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="make the store's folder"):
        open_database(tmp_path / "file" / "store.db")


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    database = open_database(tmp_path / "store.db")

    def write_and_fail() -> None:
        with database.writing() as connection:
            connection.execute(
                text("INSERT INTO rules VALUES (1, 'k', 's', 'p', 'n', '', 'low', '', '', '', 1)")
            )
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_fail()
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM rules")).scalar_one() == 0
