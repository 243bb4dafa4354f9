"""A session as sheets: what it sold by product and by customer, whether it has been sorted or not."""

from __future__ import annotations

import msgspec

from tihuo.boards.stock import SessionRow, sessions
from tihuo.shop.orders import MISSED, ORDERED
from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import Look

_TAKEN = "FROM shop_order o JOIN order_line l ON l.order_no = o.no"


class SoldRow(msgspec.Struct, frozen=True):
    """One SKU of a session in units; `sold` = what was ordered and not cancelled, `money_fen` at the price paid.

    `sell_through` (售罄率) is what found a buyer, online or over the counter, of what was offered, 0 to 1; None for an
    item whose orders all came by import.
    """

    sku: str
    product: str
    spec: str
    unit: str
    zone: str
    supplier: str
    orders: int
    sold: int
    put: int
    short: int
    handed_over: int
    money_fen: int
    sell_through: float | None


class CustomerRow(msgspec.Struct, frozen=True):
    """One customer of a session: orders, units, money in fen, and where her parcels are."""

    name: str
    tail: str
    orders: int
    units: int
    put: int
    short: int
    handed_over: int
    paid_fen: int
    refunded_fen: int
    slots: str


def sold_by_product(look: Look, session_id: str) -> list[SoldRow]:
    """按商品: every item of the session, those that sold nothing too."""
    rows = look.rows(
        "SELECT s.code, d.name, s.spec, s.unit, s.zone, d.supplier, coalesce(t.orders, 0), coalesce(t.sold, 0), "
        "coalesce(t.put, 0), coalesce(t.short, 0), coalesce(t.handed_over, 0), coalesce(t.money, 0), "
        "CASE WHEN i.offered > 0 THEN min(1.0, 1.0 * (i.ordered + i.handed_over + (SELECT coalesce(sum(short), 0) "
        "FROM shortage WHERE session_id = i.session_id AND sku_id = i.sku_id)) / i.offered) END "
        "FROM session_item i JOIN sku s ON s.id = i.sku_id "
        "JOIN product d ON d.id = s.product_id LEFT JOIN (SELECT l.sku_id, count(DISTINCT o.no) AS orders, "
        "sum(l.quantity - l.cancelled) AS sold, sum(l.put) AS put, sum(l.short) AS short, "
        "sum(l.handed_over) AS handed_over, "
        "sum(iif(l.instead_of IS NULL, (l.quantity - l.cancelled) * l.unit_price_fen, 0)) AS money "
        f"{_TAKEN} WHERE o.session_id = ?1 AND o.state = 'accepted' GROUP BY l.sku_id) t ON t.sku_id = i.sku_id "
        "WHERE i.session_id = ?1 ORDER BY s.zone, d.name, s.spec",
        (session_id,),
    )
    return [SoldRow(*row) for row in rows]


def sold_by_customer(look: Look, session_id: str, limit: int = 5000) -> list[CustomerRow]:
    """按顾客: everybody who has an accepted order, in the order of their first one."""
    rows = look.rows(
        f"SELECT c.name, c.phone, count(DISTINCT o.no), sum({ORDERED}), sum(l.put), sum({MISSED}), "
        "sum(l.handed_over), (SELECT sum(paid_fen) FROM shop_order WHERE customer_id = c.id AND session_id = ?1 "
        "AND state = 'accepted'), (SELECT sum(refunded_fen) FROM shop_order WHERE customer_id = c.id "
        "AND session_id = ?1 AND state = 'accepted'), coalesce(group_concat(DISTINCT p.slot), '') "
        f"{_TAKEN} JOIN customer c ON c.id = o.customer_id LEFT JOIN parcel p ON p.id = l.parcel_id "
        "WHERE o.session_id = ?1 AND o.state = 'accepted' GROUP BY c.id ORDER BY min(o.no) LIMIT ?2",
        (session_id, limit),
    )
    return [CustomerRow(mask_name(name), phone_tail(phone), *rest) for name, phone, *rest in rows]


def chosen_session(look: Look, session_id: str = "") -> tuple[list[SessionRow], SessionRow | None]:
    """Every session that was ever opened, and the one that a page is about: the one asked for, else the newest."""
    opened = [row for row in sessions(look) if row.state != "draft"]
    return opened, next((row for row in opened if row.session_id == session_id), opened[0] if opened else None)
