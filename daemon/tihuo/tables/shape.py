"""Whether a database has the shape that the classes of this room declare: columns, keys, references and rules."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel, create_engine

import tihuo.tables

LEDGER_TABLES = {"keep", "cursor", "once", "parked", "journal", "seal", "journal_about", "migration"}
"""What the ledger keeps for itself, without a class."""
Shape = dict[str, dict[str, Any]]
"""table -> what it holds and what it forbids, in whatever order it was written down."""


def declared() -> sqlite3.Connection:
    """An empty database in memory, made from the classes alone."""
    for module in pkgutil.iter_modules(tihuo.tables.__path__, "tihuo.tables."):
        importlib.import_module(module.name)
    connection = sqlite3.connect(":memory:")
    SQLModel.metadata.create_all(create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool))
    return connection


def shape(connection: sqlite3.Connection) -> Shape:
    tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return {name: _shape_of(connection, name, sql) for name, sql in tables.fetchall()}


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What of two shapes is not the same, a line each. `found` may have more indexes, as a migration may speed up what
    a class need not name."""
    different = [f"{name}: in one alone" for name in sorted((wanted.keys() ^ found.keys()) - LEDGER_TABLES)]
    for table in sorted(wanted.keys() & found.keys()):
        for what, said in wanted[table].items():
            there = found[table][what]
            if what == "indexes":
                there = said & there
            if said != there:
                different.append(f"{table}.{what}: {said} is not {there}")
    return different


def _shape_of(connection: sqlite3.Connection, name: str, sql: str) -> dict[str, Any]:
    ask = connection.execute
    indexes = ask(f"PRAGMA index_list({name})").fetchall()
    columns_of = {row[1]: tuple(part[2] for part in ask(f"PRAGMA index_info({row[1]})")) for row in indexes}
    return {
        "columns": {row[1]: (row[2], row[3], row[5]) for row in ask(f"PRAGMA table_info({name})")},
        "rowid": not ask("SELECT wr FROM pragma_table_list(?)", (name,)).fetchone()[0],
        "unique": {columns_of[row[1]] for row in indexes if row[2] and not row[4]},
        "indexes": {columns_of[row[1]] for row in indexes if not row[2]},
        "references": {(row[3], row[2], row[4]) for row in ask(f"PRAGMA foreign_key_list({name})")},
        "checks": set(_checks(sql)),
    }


def _checks(sql: str) -> Iterator[str]:
    for match in re.finditer(r"CHECK\s*\(", sql):
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            end += 1
        yield re.sub(r"\s+", " ", sql[match.end() : end - 1]).strip()
