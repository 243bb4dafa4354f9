"""手上: what a station that speaks by scans has left behind, and what its next product is.

A number waits here for its verb, and the last puts wait here for a scan of UNDO. A number is about the item that is
held when it is scanned, and dies with it.
"""

from __future__ import annotations

import json

import msgspec

from tihuo.shop.waves import MINE, OPEN, WANTED, lit_by
from tihuo.shop.work import Work


class Lit(msgspec.Struct, frozen=True):
    """A slot that is lit for somebody: `units` of her item are still to go into that parcel."""

    parcel_id: int
    slot: str
    place: int
    units: int


class Hand(msgspec.Struct, frozen=True):
    """The item that is held at a station, what a scale said of this piece (0: none did), and where it belongs."""

    sku_id: int
    grams: int
    lit: tuple[Lit, ...]


def hand_of(work: Work, station: str) -> Hand | None:
    """None with an empty hand."""
    row = work.one("SELECT sku_id, grams FROM station WHERE name = ? AND sku_id IS NOT NULL", (station,))
    if row is None:
        return None
    lit = tuple(Lit(parcel, slot, place, units) for slot, place, parcel, _, units in lit_by(work, station))
    return Hand(int(row[0]), int(row[1]), lit)


def last_to_pay(work: Work, lit: tuple[Lit, ...], sku_id: int) -> list[Lit]:
    """The slots that are lit, whoever ordered last first: she goes without first."""
    newest = {
        one.parcel_id: work.one(
            f"SELECT max(l.order_no) FROM order_line l WHERE l.parcel_id = ? AND l.sku_id = ? AND {WANTED}",
            (one.parcel_id, sku_id),
        )
        for one in lit
    }
    return sorted(lit, key=lambda one: newest[one.parcel_id] or (0,), reverse=True)


def next_item(work: Work, station: str) -> str | None:
    """The code of the next SKU that this station's parcels still want, after the one in the hand and round again; one
    that somebody else holds comes last. None if everything is sorted."""
    rows = work.sql(
        "SELECT s.id, s.code, EXISTS (SELECT 1 FROM station o WHERE o.sku_id = s.id AND o.name <> ?1) "
        "FROM (SELECT max(wave_id) AS wave_id, max(cluster) AS cluster FROM station WHERE name = ?1) t "
        f"JOIN order_line l ON {WANTED} JOIN parcel p ON p.id = l.parcel_id JOIN sku s ON s.id = l.sku_id "
        f"JOIN product d ON d.id = s.product_id WHERE {MINE} GROUP BY s.id HAVING sum({OPEN}) > 0 "
        "ORDER BY s.zone, d.name, s.spec, s.id",
        (station,),
    ).fetchall()
    if not rows:
        return None
    before = work.one("SELECT sku_id FROM station WHERE name = ?", (station,))
    place = next((n for n, row in enumerate(rows) if before and row[0] == before[0]), -1)
    turn = rows[place + 1 :] + rows[: place + 1]
    return str(min(turn, key=lambda row: int(row[2]))[1])


def number_for(work: Work, station: str, sku_id: int) -> int:
    """The number that waits for a verb about this item, which takes it; 0 if there is none."""
    row = work.one("SELECT quantity FROM scan_aside WHERE station = ? AND sku_id = ?", (station, sku_id))
    work.sql("UPDATE scan_aside SET quantity = 0 WHERE station = ?", (station,))
    return int(row[0]) if row else 0


def keep_number(work: Work, station: str, sku_id: int, quantity: int) -> None:
    work.sql(
        "INSERT INTO scan_aside(station, sku_id, quantity, last) VALUES (?1, ?2, ?3, '[]') "
        "ON CONFLICT(station) DO UPDATE SET sku_id = ?2, quantity = ?3",
        (station, sku_id, quantity),
    )


def keep_last(work: Work, station: str, puts: list[tuple[int, int, int]]) -> None:
    """What a scan of UNDO would take back: (parcel, SKU, units)."""
    work.sql(
        "INSERT INTO scan_aside(station, sku_id, quantity, last) VALUES (?1, 0, 0, ?2) "
        "ON CONFLICT(station) DO UPDATE SET last = ?2",
        (station, json.dumps(puts)),
    )


def last_puts(work: Work, station: str) -> list[tuple[int, int, int]]:
    row = work.one("SELECT last FROM scan_aside WHERE station = ?", (station,))
    return [(int(parcel), int(sku), int(units)) for parcel, sku, units in json.loads(row[0])] if row else []


def place_of(work: Work, parcel_id: int) -> tuple[str, int]:
    """(slot, place) of a parcel."""
    row = work.one("SELECT slot, place FROM parcel WHERE id = ?", (parcel_id,))
    assert row is not None
    return str(row[0]), int(row[1])


def code_of(work: Work, sku_id: int) -> str:
    row = work.one("SELECT code FROM sku WHERE id = ?", (sku_id,))
    assert row is not None
    return str(row[0])
