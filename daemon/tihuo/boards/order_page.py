"""订单: everything there is to see of one order."""

from __future__ import annotations

import msgspec

from tihuo.shop.work import Look


class OrderLineRow(msgspec.Struct, frozen=True):
    """One line in units, price in fen. `slot` is empty until the order is in a wave.

    Goods sold by weight say what of them was picked and is billed, in grams; `instead` that they stand in for others.
    """

    line_no: int
    sku: str
    name: str
    spec: str
    unit: str
    zone: str
    unit_price_fen: int
    quantity: int
    put: int
    short: int
    cancelled: int
    handed_over: int
    parcel_id: int | None
    slot: str
    nominal_grams: int | None = None
    picked_grams: int = 0
    billed_grams: int = 0
    instead: int = 0


class Handover(msgspec.Struct, frozen=True):
    """核销交付: what went over the counter, when (`Millis`), by which way, and who was there; and when it came back, if
    it was a mistake."""

    at: int
    method: str
    actor: str
    slot: str
    name: str
    spec: str
    quantity: int
    undone_at: int | None


def order_lines(look: Look, order_no: int) -> list[OrderLineRow]:
    rows = look.rows(
        "SELECT l.line_no, s.code, d.name, s.spec, s.unit, s.zone, l.unit_price_fen, l.quantity, l.put, l.short, "
        "l.cancelled, l.handed_over, l.parcel_id, coalesce(p.slot, ''), s.nominal_grams, l.picked_grams, "
        "l.billed_grams, l.instead_of IS NOT NULL FROM order_line l JOIN sku s ON s.id = l.sku_id "
        "JOIN product d ON d.id = s.product_id LEFT JOIN parcel p ON p.id = l.parcel_id WHERE l.order_no = ? "
        "ORDER BY l.line_no",
        (order_no,),
    )
    return [OrderLineRow(*row) for row in rows]


def line_names(look: Look, order_no: int) -> dict[str, str]:
    """Id of a line, or code of a SKU, as the journal names them -> what was ordered."""
    rows = look.rows(
        "SELECT l.line_id, s.code, d.name || ' ' || s.spec FROM order_line l JOIN sku s ON s.id = l.sku_id "
        "JOIN product d ON d.id = s.product_id WHERE l.order_no = ?",
        (order_no,),
    )
    return {key: name.strip() for line_id, code, name in rows for key in (line_id, code)}


def handovers(look: Look, order_no: int) -> list[Handover]:
    """In the order in which they happened."""
    rows = look.rows(
        "SELECT h.at, h.method, h.actor, p.slot, d.name, s.spec, h.quantity, h.undone_at FROM handover_line h "
        "JOIN order_line l ON l.order_no = h.order_no AND l.line_no = h.line_no JOIN sku s ON s.id = l.sku_id "
        "JOIN product d ON d.id = s.product_id JOIN parcel p ON p.id = h.parcel_id WHERE h.order_no = ? ORDER BY h.id",
        (order_no,),
    )
    return [Handover(*row) for row in rows]
