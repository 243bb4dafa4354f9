"""复盘: the figures of one session, each counted from the rows themselves."""

from __future__ import annotations

import msgspec

from tihuo.shop.orders import MISSED, ORDERED
from tihuo.shop.work import Look

HOUR_MS = 3_600_000


class Review(msgspec.Struct, frozen=True):
    """Money in fen. `new_customers` never had an accepted order before; `collected` orders have nothing left here."""

    orders: int = 0
    refused: int = 0
    cancelled: int = 0
    customers: int = 0
    new_customers: int = 0
    paid_fen: int = 0
    refunded_fen: int = 0
    units: int = 0
    units_short: int = 0
    units_handed_over: int = 0
    collected: int = 0
    walk_in_units: int = 0
    hours: tuple[tuple[int, int], ...] = ()
    """When they came: (beginning of an hour in `Millis`, orders from which something was handed over in it)."""


def review(look: Look, session_id: str) -> Review:
    """Counts of a session that was opened; all zero when nothing was sold."""
    totals = look.one(
        "SELECT coalesce(sum(state = 'accepted'), 0), coalesce(sum(state = 'refused'), 0), "
        "coalesce(sum(state = 'cancelled'), 0), count(DISTINCT CASE WHEN state = 'accepted' THEN customer_id END), "
        "count(DISTINCT CASE WHEN state = 'accepted' AND NOT EXISTS (SELECT 1 FROM shop_order e "
        "WHERE e.customer_id = o.customer_id AND e.state = 'accepted' AND e.session_id <> o.session_id "
        "AND e.no < o.no) THEN customer_id END), coalesce(sum(CASE WHEN state = 'accepted' THEN paid_fen END), 0), "
        "coalesce(sum(CASE WHEN state = 'accepted' THEN refunded_fen END), 0) FROM shop_order o WHERE session_id = ?",
        (session_id,),
    )
    units = look.one(
        "SELECT coalesce(sum(units), 0), coalesce(sum(short), 0), coalesce(sum(handed), 0), "
        f"coalesce(sum(handed > 0 AND handed + short = units), 0) FROM (SELECT sum({ORDERED}) AS units, "
        f"sum({MISSED}) AS short, sum(l.handed_over) AS handed FROM shop_order o "
        "JOIN order_line l ON l.order_no = o.no WHERE o.session_id = ? AND o.state = 'accepted' GROUP BY o.no)",
        (session_id,),
    )
    gone = look.one("SELECT coalesce(sum(handed_over), 0) FROM session_item WHERE session_id = ?", (session_id,))
    hours = look.rows(
        "SELECT h.at / ?2 * ?2, count(DISTINCT h.order_no) FROM handover_line h JOIN shop_order o ON o.no = h.order_no "
        "WHERE o.session_id = ?1 AND h.undone_at IS NULL GROUP BY 1 ORDER BY 1",
        (session_id, HOUR_MS),
    )
    assert totals is not None and units is not None and gone is not None
    orders, refused, cancelled, customers, new_customers, paid, refunded = totals
    sold, short, handed_over, collected = units
    return Review(
        orders, refused, cancelled, customers, new_customers, paid, refunded, sold, short, handed_over, collected,
        gone[0] - handed_over, tuple((start, count) for start, count in hours),
    )  # fmt: skip
