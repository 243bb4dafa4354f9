"""自提 at the counter: one parcel in somebody's hands, line by line."""

from __future__ import annotations

import msgspec

from tihuo.shop import handovers
from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import Look


class CounterLine(msgspec.Struct, frozen=True):
    """One SKU of a parcel in units: `here` is still in the slot, `gone` went over the counter, `short` never came.
    `missed` of what should be here is not, somebody said."""

    sku_id: int
    name: str
    spec: str
    unit: str
    here: int
    gone: int
    short: int
    missed: int = 0


class Missing(msgspec.Struct, frozen=True):
    """Units that a ticket says are not in a parcel. `kind` is what the customer wants, as in `shop.missed.KINDS`."""

    ticket_no: int
    kind: str
    name: str
    unit: str
    quantity: int


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
    missing: tuple[Missing, ...] = ()
    order_no: int = 0
    handover: int = 0
    """The last one that anything of it went out with and is still out; 0 for none."""
    astray: bool = False
    """Somebody else took it home."""


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
        "SELECT slot FROM shelf_parcel WHERE customer_id = ? AND id <> ? ORDER BY slot", (customer, parcel_id)
    )
    lines = look.rows(
        "SELECT l.sku_id, d.name, s.spec, s.unit, sum(max(0, l.put - l.handed_over - coalesce(m.quantity, 0))), "
        "sum(l.handed_over), sum(l.short), sum(coalesce(m.quantity, 0)) FROM order_line l "
        "LEFT JOIN missed_line m ON m.order_no = l.order_no AND m.line_no = l.line_no "
        "JOIN sku s ON s.id = l.sku_id JOIN product d ON d.id = s.product_id WHERE l.parcel_id = ? "
        "GROUP BY l.sku_id ORDER BY d.name, s.spec",
        (parcel_id,),
    )
    missing = look.rows(
        "SELECT m.ticket_no, t.kind, d.name, s.unit, m.quantity FROM order_line l JOIN missed_line m "
        "ON m.order_no = l.order_no AND m.line_no = l.line_no JOIN service_ticket t ON t.no = m.ticket_no "
        "JOIN sku s ON s.id = l.sku_id JOIN product d ON d.id = s.product_id WHERE l.parcel_id = ? "
        "ORDER BY m.ticket_no, l.order_no, l.line_no",
        (parcel_id,),
    )
    about = look.one(
        "SELECT (SELECT min(order_no) FROM order_line WHERE parcel_id = ?1), (SELECT max(coalesce(h.handover, h.id)) "
        "FROM order_line l JOIN handover_line h ON h.order_no = l.order_no AND h.line_no = l.line_no "
        "WHERE l.parcel_id = ?1 AND h.parcel_id = ?1 AND h.undone_at IS NULL), "
        "EXISTS (SELECT 1 FROM astray WHERE parcel_id = ?1)",
        (parcel_id,),
    )
    assert about is not None
    return CounterParcel(
        parcel_id, slot, place, zone, state, number, of, mask_name(name), phone_tail(phone), window_from, window_to,
        tuple(other for (other,) in others), tuple(CounterLine(*line) for line in lines),
        tuple(Missing(*units) for units in missing), about[0] or 0, about[1] or 0, bool(about[2]),
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


class BackLine(msgspec.Struct, frozen=True):
    """A line of an order in units: `out` is with the customer, and may be brought back."""

    line_no: int
    name: str
    spec: str
    unit: str
    out: int


def out_there(look: Look, order_no: int) -> list[BackLine]:
    """What of an order is with its customer now."""
    out = handovers.out_there(look.rows, order_no)
    rows = look.rows(
        "SELECT l.line_no, d.name, s.spec, s.unit FROM order_line l JOIN sku s ON s.id = l.sku_id "
        "JOIN product d ON d.id = s.product_id WHERE l.order_no = ? ORDER BY l.line_no",
        (order_no,),
    )
    return [BackLine(line_no, name, spec, unit, out[line_no]) for line_no, name, spec, unit in rows if line_no in out]


def hers(look: Look, order_no: int) -> list[ParcelPlace]:
    """The parcels of the customer of an order that went over the counter, the last ones first."""
    rows = look.rows(
        "SELECT p.id, p.slot, p.zone, p.place FROM shop_order o JOIN parcel p ON p.customer_id = o.customer_id "
        "WHERE o.no = ? AND p.state = 'handed_over' ORDER BY p.id DESC LIMIT 12",
        (order_no,),
    )
    return [ParcelPlace(*row) for row in rows]
