"""取消: what was not handed over of an order comes out of its bags, and its rights wait in quarantine."""

from __future__ import annotations

import msgspec

from tihuo.shop.events import LineQuantity, OrderCancelled
from tihuo.shop.missed import call_off
from tihuo.shop.orders import IMPORTED
from tihuo.shop.parcels import settle_parcel
from tihuo.shop.refunds import refund_of_cancelled
from tihuo.shop.short_picks import give_back, refund_pick
from tihuo.shop.stock import move
from tihuo.shop.weights import weigh_out
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work


class TakenOut(msgspec.Struct, frozen=True):
    """Units that must come back out of a slot by hand."""

    slot: str
    place: int
    zone: str
    product: str
    spec: str
    unit: str
    quantity: int


def cancel_rest(
    work: Work, order_no: int, reason: str, parcel_id: int | None = None, *, money_back: bool = True
) -> list[TakenOut]:
    """All of an accepted order that was not handed over, or what of it lies in one parcel.

    Without `money_back` the cloud is told that nothing goes back. Nobody is to take out of a slot what is missing in a
    bag, or what somebody else carries. Raises `Refusal("already_collected")`.
    """
    order = work.one("SELECT order_id, session_id, channel FROM shop_order WHERE no = ?", (order_no,))
    assert order is not None
    order_id, session_id, channel = order
    for (pick_id,) in work.sql(
        "SELECT k.id FROM short_pick k JOIN order_line l ON l.order_no = k.order_no AND l.line_no = k.line_no "
        "WHERE k.order_no = ?1 AND k.state = 'open' AND (?2 IS NULL OR l.parcel_id = ?2) ORDER BY k.id",
        (order_no, parcel_id),
    ).fetchall():
        refund_pick(work, pick_id)
    rows = work.sql(
        "SELECT line_no, line_id, sku_id, parcel_id, quantity - short - cancelled - handed_over AS gone, "
        "put - handed_over AS lying FROM order_line WHERE order_no = ?1 AND gone > 0 "
        "AND (?2 IS NULL OR parcel_id = ?2) ORDER BY line_no",
        (order_no, parcel_id),
    ).fetchall()
    if not rows:
        raise Refusal("already_collected", at=work.now)
    out = _lying(work, order_no, parcel_id)
    call_off(work, order_no, parcel_id)
    if money_back:
        refund = refund_of_cancelled(work, order_no, [(line_no, gone) for line_no, *_, gone, _ in rows])
    else:
        refund = give_back(work, order_no, {line_no: 0 for line_no, *_ in rows})
    work.many(
        "UPDATE order_line SET put = put - ?1, cancelled = cancelled + ?2 WHERE order_no = ?3 AND line_no = ?4",
        [(lying, gone, order_no, line_no) for line_no, *_, gone, lying in rows],
    )
    move(work, "ordered", "quarantine", [(session_id, sku_id, gone) for _, _, sku_id, _, gone, _ in rows])
    work.sql(
        "UPDATE shop_order SET state = 'cancelled', reason = ?1 WHERE no = ?2 AND NOT EXISTS "
        "(SELECT 1 FROM order_line WHERE order_no = ?2 AND quantity > short + cancelled)",
        (reason, order_no),
    )
    work.record(
        OrderCancelled(
            order_id=order_id,
            imported=channel == IMPORTED,
            lines=tuple(LineQuantity(line_id, gone) for _, line_id, _, _, gone, _ in rows),
            reason=reason,
            at=work.now,
            refund=refund,
        )
    )
    weigh_out(work, [(order_no, line_no, lying) for line_no, *_, lying in rows if lying])
    for touched in sorted({parcel for _, _, _, parcel, _, _ in rows if parcel is not None}):
        settle_parcel(work, touched)
    return out


def _lying(work: Work, order_no: int, parcel_id: int | None) -> list[TakenOut]:
    rows = work.sql(
        "SELECT p.slot, p.place, p.zone, d.name, s.spec, s.unit, "
        "sum(max(0, l.put - l.handed_over - coalesce(m.quantity, 0))) AS there FROM order_line l "
        "JOIN parcel p ON p.id = l.parcel_id JOIN sku s ON s.id = l.sku_id JOIN product d ON d.id = s.product_id "
        "LEFT JOIN missed_line m ON m.order_no = l.order_no AND m.line_no = l.line_no "
        "WHERE l.order_no = ?1 AND l.put > l.handed_over "
        "AND p.id NOT IN (SELECT parcel_id FROM astray) AND (?2 IS NULL OR p.id = ?2) GROUP BY p.id, s.id "
        "HAVING there > 0 ORDER BY p.slot, d.name",
        (order_no, parcel_id),
    ).fetchall()
    return [TakenOut(*row) for row in rows]
