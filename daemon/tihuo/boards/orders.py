"""订单: one order from acceptance to hand-over, and finding it again at the counter."""

from __future__ import annotations

import msgspec

from tihuo.shop.orders import MISSED, ORDERED
from tihuo.shop.words import mask_name, mask_phone
from tihuo.shop.work import Look


class OrderRow(msgspec.Struct, frozen=True):
    """`progress` is derived from the lines: `refused`, `cancelled`, `waiting`, `sorting`, `ready`, `partly`,
    `collected` or `nothing_left`."""

    order_no: int
    order_id: str
    name: str
    phone: str
    channel: str
    accepted_at: int
    paid_fen: int
    refunded_fen: int
    units: int
    put: int
    short: int
    handed_over: int
    slots: str
    progress: str
    reason: str


_SELECT = (
    "SELECT o.no, o.order_id, c.name, c.phone, o.channel, o.accepted_at, o.paid_fen, o.refunded_fen, "
    f"coalesce(sum({ORDERED}), 0), coalesce(sum(l.put), 0), coalesce(sum({MISSED}), 0), "
    "coalesce(sum(l.handed_over), 0), coalesce(group_concat(DISTINCT p.slot), ''), "
    "coalesce(sum(p.state = 'sorting'), 0), coalesce(sum(l.parcel_id IS NOT NULL), 0), o.state, o.reason "
    "FROM shop_order o LEFT JOIN order_line l ON l.order_no = o.no LEFT JOIN customer c ON c.id = o.customer_id "
    "LEFT JOIN parcel p ON p.id = l.parcel_id "
)


def orders(look: Look, session_id: str | None = None, before: int | None = None, limit: int = 50) -> list[OrderRow]:
    """The newest orders first, `limit` of them before order number `before`."""
    rows = look.rows(
        f"{_SELECT} WHERE (?1 IS NULL OR o.session_id = ?1) AND (?2 IS NULL OR o.no < ?2) "
        "GROUP BY o.no ORDER BY o.no DESC LIMIT ?3",
        (session_id, before, limit),
    )
    return [_row(*row) for row in rows]


def find_orders(look: Look, text: str, limit: int = 20) -> list[OrderRow]:
    """Orders by the last digits of a phone (four or more), by order id, or by the beginning of a name."""
    text = text.strip()
    if not text:
        return []
    digits = text if text.isdigit() and len(text) >= 4 else None
    rows = look.rows(
        f"{_SELECT} WHERE o.order_id = ?1 OR (?2 IS NOT NULL AND substr(c.phone, -length(?2)) = ?2) "
        "OR (?2 IS NULL AND instr(c.name, ?1) = 1) GROUP BY o.no ORDER BY o.no DESC LIMIT ?3",
        (text, digits, limit),
    )
    return [_row(*row) for row in rows]


def order_row(look: Look, order_no: int) -> OrderRow | None:
    row = look.one(f"{_SELECT} WHERE o.no = ? GROUP BY o.no", (order_no,))
    return _row(*row) if row else None


def _row(
    no: int, order_id: str, name: str | None, phone: str | None, channel: str, accepted_at: int, paid: int,
    refunded: int,
    units: int, put: int, short: int, handed: int, slots: str, sorting: int, in_wave: int, state: str, reason: str,
) -> OrderRow:  # fmt: skip
    if state != "accepted":
        progress = state
    elif handed:
        progress = "collected" if handed == put and not sorting and put + short == units else "partly"
    elif sorting or not in_wave:
        progress = "sorting" if in_wave else "waiting"
    else:
        progress = "ready" if put else "nothing_left"
    return OrderRow(
        no, order_id, mask_name(name or ""), mask_phone(phone or ""), channel, accepted_at, paid, refunded, units, put,
        short, handed, slots, progress, reason,
    )  # fmt: skip
