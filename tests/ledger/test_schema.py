"""The migrations and the models say the same: a column added to one alone is found here."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel, create_engine

import tihuo.tables

LEDGER_TABLES = {"keep", "cursor", "once", "parked", "journal", "migration"}
"""What the ledger keeps for itself, without a model."""


def shape(connection: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """table -> what it holds and what it forbids, in whatever order it was written down."""
    tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return {name: table_shape(connection, name, sql) for name, sql in tables.fetchall()}


def table_shape(connection: sqlite3.Connection, name: str, sql: str) -> dict[str, Any]:
    ask = connection.execute
    indexes = ask(f"PRAGMA index_list({name})").fetchall()
    columns_of = {row[1]: tuple(part[2] for part in ask(f"PRAGMA index_info({row[1]})")) for row in indexes}
    return {
        "columns": {row[1]: (row[2], row[3], row[5]) for row in ask(f"PRAGMA table_info({name})")},
        "rowid": not ask("SELECT wr FROM pragma_table_list(?)", (name,)).fetchone()[0],
        "unique": {columns_of[row[1]] for row in indexes if row[2] and not row[4]},
        "indexes": {columns_of[row[1]] for row in indexes if not row[2]},
        "references": {(row[3], row[2], row[4]) for row in ask(f"PRAGMA foreign_key_list({name})")},
        "checks": set(checks(sql)),
    }


def checks(sql: str) -> Iterator[str]:
    for match in re.finditer(r"CHECK\s*\(", sql):
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            end += 1
        yield re.sub(r"\s+", " ", sql[match.end() : end - 1]).strip()


def differences(models: dict[str, Any], migrated: dict[str, Any]) -> list[str]:
    found = [f"{name}: in one alone" for name in (models.keys() ^ migrated.keys()) - LEDGER_TABLES]
    for table in models.keys() & migrated.keys():
        for what, said in models[table].items():
            there = migrated[table][what]
            if what == "indexes":  # a migration may speed up what a model need not name
                there = said & there
            if said != there:
                found.append(f"{table}.{what}: {said} is not {there}")
    return found


@pytest.fixture
def models(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database made from the models alone."""
    for module in pkgutil.iter_modules(tihuo.tables.__path__, "tihuo.tables."):
        importlib.import_module(module.name)
    path = tmp_path / "models.db"
    engine = create_engine(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    connection = sqlite3.connect(path)
    yield connection
    connection.close()


@pytest.fixture
def migrated(empty_file: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"{empty_file.as_uri()}?mode=ro&immutable=1", uri=True)
    yield connection
    connection.close()


def test_the_migrations_make_what_the_models_say(models: sqlite3.Connection, migrated: sqlite3.Connection) -> None:
    assert len(shape(models)) > 10
    assert differences(shape(models), shape(migrated)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE sku ADD COLUMN shade TEXT",
        "ALTER TABLE sku DROP COLUMN unit",
        "ALTER TABLE sku RENAME COLUMN unit TO measure",
        "CREATE TABLE stranger(a)",
        "CREATE UNIQUE INDEX one_name ON customer (name)",
        "CREATE INDEX parcels_by_slot ON parcel (slot)",
    ],
)
def test_a_change_to_the_models_alone_is_found(
    statement: str, models: sqlite3.Connection, migrated: sqlite3.Connection
) -> None:
    models.execute(statement)
    assert differences(shape(models), shape(migrated))


def test_a_check_that_only_the_model_has_is_found(models: sqlite3.Connection, migrated: sqlite3.Connection) -> None:
    changed = shape(models)
    changed["sku"]["checks"].remove("on_hand >= 0")
    assert differences(changed, shape(migrated))
    assert "on_hand >= 0" in shape(migrated)["sku"]["checks"]
