"""自提 at the counter: one parcel in somebody's hands, line by line."""

from __future__ import annotations

import msgspec

from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import Look


class CounterLine(msgspec.Struct, frozen=True):
    """One SKU of a parcel in units: `here` is still in the slot, `gone` went over the counter, `short` never came."""

    sku_id: int
    name: str
    spec: str
    unit: str
    here: int
    gone: int
    short: int


class CounterParcel(msgspec.Struct, frozen=True):
    """A parcel as the person at the counter needs it. `others` of the same customer are on the shelf too."""

    parcel_id: int
    slot: str
    place: int
    zone: str
    state: str
    number: int
    of: int
    name: str
    tail: str
    window_from: int
    window_to: int
    others: tuple[str, ...]
    lines: tuple[CounterLine, ...]


def counter_parcel(look: Look, parcel_id: int) -> CounterParcel | None:
    """One parcel and what is in it; None if there is no such parcel."""
    row = look.one(
        "SELECT p.slot, p.place, p.zone, p.state, p.number, p.of_total, c.name, c.phone, p.window_from, p.window_to, "
        "p.customer_id FROM parcel p JOIN customer c ON c.id = p.customer_id WHERE p.id = ?",
        (parcel_id,),
    )
    if row is None:
        return None
    slot, place, zone, state, number, of, name, phone, window_from, window_to, customer = row
    others = look.rows(
        "SELECT slot FROM parcel WHERE customer_id = ? AND state = 'ready' AND id <> ? ORDER BY slot",
        (customer, parcel_id),
    )
    lines = look.rows(
        "SELECT l.sku_id, d.name, s.spec, s.unit, sum(l.put - l.handed_over), sum(l.handed_over), sum(l.short) "
        "FROM order_line l JOIN sku s ON s.id = l.sku_id JOIN product d ON d.id = s.product_id WHERE l.parcel_id = ? "
        "GROUP BY l.sku_id ORDER BY d.name, s.spec",
        (parcel_id,),
    )
    return CounterParcel(
        parcel_id, slot, place, zone, state, number, of, mask_name(name), phone_tail(phone), window_from, window_to,
        tuple(other for (other,) in others), tuple(CounterLine(*line) for line in lines),
    )  # fmt: skip


class ParcelPlace(msgspec.Struct, frozen=True):
    parcel_id: int
    slot: str
    zone: str
    place: int


def places_of(look: Look, parcel_ids: list[int]) -> list[ParcelPlace]:
    """Where some parcels lie, or lay."""
    marks = ", ".join("?" * len(parcel_ids))
    rows = look.rows(f"SELECT id, slot, zone, place FROM parcel WHERE id IN ({marks}) ORDER BY slot, place", parcel_ids)
    return [ParcelPlace(*row) for row in rows]


def parcels_waiting(look: Look, order_no: int) -> list[CounterParcel]:
    """What is on the shelf for the customer of an order: this order's parcels and whatever else waits for her."""
    rows = look.rows(
        "SELECT p.id FROM parcel p JOIN shop_order o ON o.customer_id = p.customer_id WHERE o.no = ? "
        "AND p.state = 'ready' ORDER BY p.slot, p.place",
        (order_no,),
    )
    found = (counter_parcel(look, parcel_id) for (parcel_id,) in rows)
    return [parcel for parcel in found if parcel is not None]
