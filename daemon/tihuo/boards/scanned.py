"""What scans found or left: the parcels in a slot, a number that waits for its verb."""

from __future__ import annotations

import msgspec

from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import Look


class ParcelFound(msgspec.Struct, frozen=True):
    """A parcel in a slot: `units` are in it, of `wanted`."""

    parcel_id: int
    slot: str
    place: int
    zone: str
    state: str
    number: int
    of: int
    name: str
    tail: str
    units: int
    wanted: int


def parcels_in(look: Look, slot: str) -> list[ParcelFound]:
    """What stands in a slot, or is on its way into it."""
    rows = look.rows(
        "SELECT p.id, p.slot, p.place, p.zone, p.state, p.number, p.of_total, c.name, c.phone, "
        "sum(l.put - l.handed_over), sum(l.quantity - l.short - l.cancelled - l.handed_over) FROM parcel p "
        "JOIN customer c ON c.id = p.customer_id JOIN order_line l ON l.parcel_id = p.id "
        "WHERE p.slot = ? AND p.state IN ('sorting', 'ready') "
        "AND (p.state = 'sorting' OR p.id NOT IN (SELECT parcel_id FROM astray)) GROUP BY p.id ORDER BY p.place",
        (slot,),
    )
    return [
        ParcelFound(parcel, slot, place, zone, state, number, of, mask_name(name), phone_tail(phone), units, wanted)
        for parcel, slot, place, zone, state, number, of, name, phone, units, wanted in rows
    ]


def number_waiting(look: Look, station: str) -> int:
    """The number that a scan left for the next slot or command about the item in her hand; 0 for none."""
    row = look.one(
        "SELECT a.quantity FROM scan_aside a JOIN station t ON t.name = a.station AND t.sku_id = a.sku_id "
        "WHERE a.station = ?",
        (station,),
    )
    return int(row[0]) if row else 0
