"""What the database that a backup replaces can still tell: numbers that it used, and what no cloud ever hears of."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from tihuo.ledger.database import DatabaseTrouble, connect
from tihuo.shop.fence import look_again
from tihuo.shop.reclaim import sell_again
from tihuo.shop.work import Work
from tihuo.stages import restoring


class Replaced(msgspec.Struct, frozen=True):
    """The former database, as far as it can be read. `beyond` counts its facts after the backup; None if it cannot be
    read, or is of another shop or another past."""

    epoch: int = 0
    orders: int = 0
    parcels: int = 0
    versions: int = 0
    beyond: int | None = None
    received: tuple[tuple[str, int, str], ...] = ()
    """(SKU, units, session)"""
    walk_ins: tuple[tuple[str, str, int], ...] = ()
    """(session, SKU, units)"""
    lost: tuple[tuple[str, str, int], ...] = ()
    imported: int = 0


_NUMBERS = {
    "epoch": "SELECT value FROM keep WHERE name = 'epoch'",
    "orders": "SELECT max(no) FROM shop_order",
    "parcels": "SELECT max(id) FROM parcel",
    "versions": "SELECT max(version) FROM session_item",
}


def read_replaced(database: Path, backup: Path) -> Replaced:
    """Read what can be read; a database that is damaged, or not there, tells less or nothing."""
    if not database.exists():
        return Replaced()
    try:
        old, new = connect(database, query_only=True), connect(backup, query_only=True)
    except DatabaseTrouble:
        return Replaced()
    try:
        numbers: dict[str, Any] = {name: _number(old, statement) for name, statement in _NUMBERS.items()}
        facts = _facts_beyond(old, new)
        if facts is None:
            return Replaced(**numbers)
        found: dict[str, list[dict[str, Any]]] = {}
        for kind, data in facts:
            found.setdefault(kind, []).append(json.loads(data))
        return Replaced(
            **numbers,
            beyond=len(facts),
            received=tuple(
                (fact["sku"], fact["quantity"], fact.get("session_id", "")) for fact in found.get("goods.received", ())
            ),
            walk_ins=tuple(
                (fact["session_id"], fact["sku"], fact["quantity"]) for fact in found.get("walk_in.sold", ())
            ),
            lost=tuple(
                (fact.get("session_id", ""), fact["sku"], fact["quantity"]) for fact in found.get("units.lost", ())
            ),
            imported=len(found.get("order.imported", ())),
        )
    finally:
        old.close()
        new.close()


def _number(old: sqlite3.Connection, statement: str) -> int:
    try:
        row = old.execute(statement).fetchone()
    except sqlite3.Error:
        return 0
    return int(row[0] or 0) if row else 0


def _facts_beyond(old: sqlite3.Connection, new: sqlite3.Connection) -> list[tuple[str, bytes]] | None:
    """The journal of the former database after the last fact of the backup, if that fact is the same in both."""
    last = "SELECT entry, at, kind, data FROM journal WHERE entry = ?"
    try:
        head = new.execute("SELECT coalesce(max(entry), 0) FROM journal").fetchone()[0]
        if head and old.execute(last, (head,)).fetchone() != new.execute(last, (head,)).fetchone():
            return None
        return old.execute("SELECT kind, data FROM journal WHERE entry > ? ORDER BY entry", (head,)).fetchall()
    except sqlite3.Error:
        return None


def restored(work: Work, epoch: int, found: Replaced, waits: bool) -> None:
    """The backup is in place: begin a new epoch, behind a fence if a cloud may know more, and keep what was found."""
    for what, number in (("orders", found.orders), ("parcels", found.parcels), ("versions", found.versions)):
        restoring.use_beyond(work, what, number)
    if waits:
        restoring.raise_fence(work, "restored", epoch)
    else:
        restoring.begin_epoch(work, epoch)
    for sku, quantity, session_id in found.received:
        restoring.receive_again(work, sku, quantity, session_id)
    for session_id, sku, quantity in found.walk_ins:
        look_again(work, "walk_in", session_id, sku, quantity)
    if not waits:
        sell_again(work)
    for session_id, sku, quantity in found.lost:
        look_again(work, "damaged", session_id, sku, quantity)
    if found.imported:
        look_again(work, "imported", quantity=found.imported)
    if found.beyond is None:
        look_again(work, "unread")
