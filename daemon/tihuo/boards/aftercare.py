"""售后: what went wrong in a session, what it cost, and the goods that wait for a decision."""

from __future__ import annotations

import msgspec

from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import Look


class ShortageRow(msgspec.Struct, frozen=True):
    """缺货: units of one order's line that will not come, and the money that went back for the whole order (fen)."""

    order_no: int
    order_id: str
    name: str
    tail: str
    product: str
    spec: str
    unit: str
    short: int
    price_fen: int
    refunded_fen: int


class UnwantedRow(msgspec.Struct, frozen=True):
    """An order that was `cancelled` by the customer or `refused` by the shop; money in fen, time in `Millis`."""

    order_no: int
    order_id: str
    name: str
    tail: str
    state: str
    reason: str
    at: int
    paid_fen: int


class QuarantineRow(msgspec.Struct, frozen=True):
    """待处理库存: units that a cancelled order set free and that nobody has decided about."""

    sku: str
    product: str
    spec: str
    unit: str
    quantity: int


def shortages(look: Look, session_id: str, limit: int = 200) -> list[ShortageRow]:
    rows = look.rows(
        "SELECT o.no, o.order_id, c.name, c.phone, d.name, s.spec, s.unit, l.short, l.unit_price_fen, o.refunded_fen "
        "FROM shop_order o JOIN order_line l ON l.order_no = o.no JOIN customer c ON c.id = o.customer_id "
        "JOIN sku s ON s.id = l.sku_id JOIN product d ON d.id = s.product_id "
        "WHERE o.session_id = ? AND l.short > 0 ORDER BY o.no DESC, l.line_no LIMIT ?",
        (session_id, limit),
    )
    return [ShortageRow(no, order, mask_name(name), phone_tail(phone), *rest) for no, order, name, phone, *rest in rows]


def unwanted_orders(look: Look, session_id: str, limit: int = 200) -> list[UnwantedRow]:
    """Cancelled and refused orders, the newest first."""
    rows = look.rows(
        "SELECT o.no, o.order_id, c.name, c.phone, o.state, o.reason, o.accepted_at, o.paid_fen FROM shop_order o "
        "JOIN customer c ON c.id = o.customer_id WHERE o.session_id = ? AND o.state <> 'accepted' "
        "ORDER BY o.no DESC LIMIT ?",
        (session_id, limit),
    )
    return [UnwantedRow(no, order, mask_name(name), phone_tail(phone), *rest) for no, order, name, phone, *rest in rows]


def quarantined(look: Look, session_id: str) -> list[QuarantineRow]:
    rows = look.rows(
        "SELECT s.code, d.name, s.spec, s.unit, i.quarantine FROM session_item i JOIN sku s ON s.id = i.sku_id "
        "JOIN product d ON d.id = s.product_id WHERE i.session_id = ? AND i.quarantine > 0 ORDER BY d.name, s.spec",
        (session_id,),
    )
    return [QuarantineRow(*row) for row in rows]
