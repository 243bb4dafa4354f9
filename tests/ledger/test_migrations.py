"""A database is brought up to date once, never by an older release, and never without a copy of what it held."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Make
from tihuo.ledger import database
from tihuo.ledger.database import DatabaseTrouble, check, migrate

LATER = ("0900_later", "ALTER TABLE sku ADD COLUMN shade TEXT;\nCREATE INDEX sku_by_shade ON sku (shade);\n")


@pytest.fixture
def old_file(make_shop: Make) -> Path:
    """The file of a shop that has sold something, before a release with one more migration."""
    shop = make_shop()
    shop.sell("o1", RICE=2)
    shop.close()
    return shop.path


@pytest.fixture
def later_release(old_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = database.migrations()
    monkeypatch.setattr(database, "migrations", lambda: [*known, LATER])


def columns(path: Path, table: str) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def test_a_fresh_file_gets_every_migration_and_nothing_to_copy(tmp_path: Path) -> None:
    path = tmp_path / "new" / "shop.db"
    assert migrate(path) == [name for name, _ in database.migrations()]
    assert check(path) == []
    assert [each.name for each in path.parent.iterdir()] == ["shop.db"]


def test_doing_it_again_changes_nothing(old_file: Path) -> None:
    before = old_file.read_bytes()
    assert migrate(old_file) == []
    assert old_file.read_bytes() == before


def test_pages_are_small_and_writing_survives_a_power_cut(old_file: Path) -> None:
    connection = database.connect(old_file)
    settings = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_size", "journal_mode", "synchronous", "query_only")
    }
    connection.close()
    assert settings == {"page_size": 512, "journal_mode": "wal", "synchronous": 2, "query_only": 0}


@pytest.mark.usefixtures("later_release")
def test_what_the_file_held_is_copied_before_it_is_changed(old_file: Path) -> None:
    assert migrate(old_file) == ["0900_later"]
    assert "shade" in columns(old_file, "sku")
    copy = old_file.with_name(f"{old_file.name}.before-0900_later")
    assert check(copy) == []
    assert "shade" not in columns(copy, "sku")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT order_id FROM shop_order").fetchall() == [("o1",)]


@pytest.mark.usefixtures("later_release")
def test_a_later_release_is_not_undone_by_an_older_one(old_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(old_file)
    monkeypatch.undo()
    before = old_file.read_bytes()
    with pytest.raises(DatabaseTrouble, match="0900_later") as trouble:
        migrate(old_file)
    assert trouble.value.code == "database_newer"
    assert old_file.read_bytes() == before


def test_a_migration_that_fails_half_way_leaves_nothing(old_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = database.migrations()
    broken = ("0901_broken", "CREATE TABLE half(a);\nINSERT INTO nowhere VALUES (1);\n")
    monkeypatch.setattr(database, "migrations", lambda: [*known, LATER, broken])
    with pytest.raises(DatabaseTrouble, match="nowhere"):
        migrate(old_file)
    assert "shade" in columns(old_file, "sku")
    assert columns(old_file, "half") == set()
    monkeypatch.setattr(database, "migrations", lambda: [*known, LATER])
    assert migrate(old_file) == []


def test_a_statement_that_never_ends_is_a_fault_of_the_script() -> None:
    script = "CREATE TABLE a(b);\nCREATE TRIGGER c AFTER INSERT ON a BEGIN\n  DELETE FROM a;\nEND;\nCREATE TABLE d(\n"
    parts = database.statements(script)
    assert [next(parts).split()[1], next(parts).split()[1]] == ["TABLE", "TRIGGER"]
    with pytest.raises(ValueError, match="unfinished"):
        next(parts)


def test_a_file_that_is_no_database_is_named_damaged(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.write_bytes(b"not a database, and long enough to be looked at" * 100)
    with pytest.raises(DatabaseTrouble) as trouble:
        migrate(path)
    assert trouble.value.code == "database_damaged"
