"""The migrations and the models say the same: a column added to one alone is found here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tihuo.tables.shape import declared, differences, shape


@pytest.fixture
def models() -> Iterator[sqlite3.Connection]:
    connection = declared()
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
