"""库存: which units are in the shop, what moved them, and what people said when they looked.

The book of moves (`unit_move`, `stock_move`) is written by SQLite itself whenever a right or a unit of the shop's own
stock changes place, whoever changes it. One movement is left out, because each order would pay for it: a sale moves
rights from granted to ordered, and is found again in the orders.
"""

from __future__ import annotations

import msgspec

from tihuo.shop.purchases import ARRIVED, NEVER_CAME
from tihuo.shop.work import Look, Work

PHOTO_BYTES = 60_000
"""The most that a photograph of a correction takes."""


class Units(msgspec.Struct, frozen=True):
    """Where the units of a SKU are, over all sessions. The first four and `quarantine` hold units that are in the shop
    (`there`) or are still `to_come` with a pre-sale, but for `owed` ones, which are gone."""

    on_hand: int
    free: int
    granted: int
    ordered: int
    quarantine: int
    owed: int
    to_come: int
    in_parcels: int
    handed_over: int
    void: int

    @property
    def promised(self) -> int:
        return self.on_hand + self.free + self.granted + self.ordered + self.quarantine - self.owed

    @property
    def there(self) -> int:
        """在店: units of flesh and blood inside the shop."""
        return self.promised - self.to_come

    @property
    def loose(self) -> int:
        """What can be counted on shelves: all that is there and lies in no customer's parcel."""
        return self.there - self.in_parcels


_IN_PARCELS = (
    "(SELECT coalesce(sum(l.put - l.handed_over), 0) FROM parcel p JOIN order_line l ON l.parcel_id = p.id "
    "AND l.sku_id = i.sku_id JOIN wave w ON w.id = p.wave_id WHERE p.state IN ('sorting', 'ready') "
    "AND w.session_id = i.session_id)"
)
_ITEMS = (
    "SELECT i.*, i.free + i.granted + i.ordered + i.quarantine - i.owed AS held, "
    f"max(0, {ARRIVED} - max(0, i.void - {NEVER_CAME}) - i.handed_over) AS booked, {_IN_PARCELS} AS parcels "
    "FROM session_item i"
)
_TO_COME = "CASE kind WHEN 'presale' THEN max(0, held - max(booked, parcels)) ELSE 0 END"
_UNITS = (
    "SELECT s.on_hand, coalesce(sum(free), 0), coalesce(sum(granted), 0), coalesce(sum(ordered), 0), "
    f"coalesce(sum(quarantine), 0), coalesce(sum(owed), 0), coalesce(sum({_TO_COME}), 0), "
    "coalesce(sum(parcels), 0), coalesce(sum(handed_over), 0), coalesce(sum(void), 0) "
    f"FROM sku s LEFT JOIN ({_ITEMS} WHERE i.sku_id = ?1) ON true WHERE s.id = ?1"
)
LOOSE = (
    "SELECT s.id AS sku_id, s.on_hand + coalesce(t.held - t.parcels - t.to_come, 0) AS loose, "
    "coalesce(t.to_come, 0) AS to_come FROM sku s LEFT JOIN (SELECT sku_id, sum(held) AS held, "
    f"sum(parcels) AS parcels, sum({_TO_COME}) AS to_come FROM ({_ITEMS} "
    "WHERE i.free + i.granted + i.ordered + i.quarantine > 0) GROUP BY sku_id) t ON t.sku_id = s.id"
)
"""Every SKU with `Units.loose` and `Units.to_come`."""


class LooseItem(msgspec.Struct, frozen=True):
    """A SKU in one session: rights that nobody has `unsold`, and units on shelves, in no parcel, that are its own."""

    session_id: str
    kind: str
    unsold: int
    loose: int


def units_of(look: Look | Work, sku_id: int) -> Units:
    """Where every unit of a SKU is now. A pre-sale's unit is there once a delivery booked it, or once it is in a
    parcel, whatever was booked."""
    row = look.one(_UNITS, (sku_id,))
    assert row is not None
    return Units(*row)


def loose_of_items(work: Work, sku_id: int) -> list[LooseItem]:
    """The sessions of a SKU: goods on hand before pre-sales, what is on sale first, the newest first."""
    rows = work.sql(
        "SELECT session_id, kind, free + granted - owed, "
        "max(0, CASE kind WHEN 'presale' THEN min(held, booked) ELSE held END - parcels) "
        f"FROM ({_ITEMS} WHERE i.sku_id = ?) JOIN live_session l ON l.id = session_id "
        "ORDER BY kind = 'presale', l.state <> 'open', l.version DESC, l.id DESC",
        (sku_id,),
    ).fetchall()
    return [LooseItem(*row) for row in rows]
