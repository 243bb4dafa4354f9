"""替代: something similar for what did not come, at the same price or a lower one; the difference goes back."""

from __future__ import annotations

import msgspec

from tihuo.shop.events import AdjustedLine, OrderAdjusted, Refund, ShortDecided
from tihuo.shop.orders import IMPORTED
from tihuo.shop.parcels import reopen_parcel
from tihuo.shop.short_picks import due_for_short, give_back, settle
from tihuo.shop.stock import offer, order_spare
from tihuo.shop.work import Look, Work

ON_HAND = "on_hand"


class Missing(msgspec.Struct, frozen=True):
    """Units of a line that wait for a decision, and what may stand in for them."""

    order_no: int
    order_id: str
    channel: str
    session_id: str
    line_no: int
    line_id: str
    quantity: int
    unit_price_fen: int
    parcel_id: int | None
    parcel_state: str
    zone: str


class Spare(msgspec.Struct, frozen=True):
    """A SKU that could stand in: `there` units that nobody bought, at `price_fen` each in this session."""

    sku_id: int
    there: int
    price_fen: int


def missing(look: Look | Work, pick_id: int) -> Missing | None:
    """What an open case is about; None if it is settled."""
    row = look.one(
        "SELECT k.order_no, o.order_id, o.channel, o.session_id, k.line_no, l.line_id, k.quantity, l.unit_price_fen, "
        "l.parcel_id, coalesce(p.state, ''), s.zone FROM short_pick k JOIN shop_order o ON o.no = k.order_no "
        "JOIN order_line l ON l.order_no = k.order_no AND l.line_no = k.line_no JOIN sku s ON s.id = l.sku_id "
        "LEFT JOIN parcel p ON p.id = l.parcel_id WHERE k.id = ? AND k.state = 'open'",
        (pick_id,),
    )
    return Missing(*row) if row else None


def spare(look: Look | Work, gap: Missing, sku_id: int) -> Spare | None:
    """A SKU of the same zone as one that may stand in, if any of it is there; whatever it costs."""
    row = look.one(
        "SELECT s.id, coalesce(i.free, 0) + s.on_hand, coalesce(i.price_fen, s.price_fen) FROM sku s "
        "LEFT JOIN session_item i ON i.sku_id = s.id AND i.session_id = ? WHERE s.id = ? AND s.zone = ?",
        (gap.session_id, sku_id, gap.zone),
    )
    return Spare(*row) if row and row[1] > 0 else None


def stand_in(work: Work, pick_id: int, gap: Missing, other: Spare, quantity: int) -> int:
    """Let units of another SKU stand in for all that is missing; gives the number of their line.

    They belong to the same line of the order as the cloud knows it, and go into the same parcel. The difference in
    price goes back at once.
    """
    offer(work, gap.session_id, other.sku_id, ON_HAND, other.price_fen, None, None, work.actor)
    order_spare(work, gap.session_id, other.sku_id, quantity)
    price = other.price_fen
    last = work.one("SELECT max(line_no) FROM order_line WHERE order_no = ?", (gap.order_no,))
    sku = work.one("SELECT code FROM sku WHERE id = ?", (other.sku_id,))
    assert last is not None and sku is not None
    line_no = int(last[0]) + 1
    work.sql(
        "INSERT INTO order_line(order_no, line_no, line_id, sku_id, grant_id, quantity, unit_price_fen, put, short, "
        "cancelled, handed_over, instead_of) VALUES (?, ?, ?, ?, '', ?, ?, 0, 0, 0, 0, ?)",
        (gap.order_no, line_no, gap.line_id, other.sku_id, quantity, price, gap.line_no),
    )
    work.sql(  # apart, as only a line that changes is counted in its wave
        "UPDATE order_line SET parcel_id = ? WHERE order_no = ? AND line_no = ?", (gap.parcel_id, gap.order_no, line_no)
    )
    settle(work, pick_id, "substituted", line_no)
    due = due_for_short(work, gap.order_no, gap.line_no)
    carried = min(due, quantity * price)  # less where something of it went back before
    work.sql(
        "UPDATE order_line SET gone_fen = gone_fen + ? WHERE order_no = ? AND line_no = ?",
        (carried, gap.order_no, gap.line_no),
    )
    work.sql(
        "UPDATE order_line SET gone_fen = ? WHERE order_no = ? AND line_no = ?",
        (quantity * price - carried, gap.order_no, line_no),
    )
    refund: Refund | None = None
    if due > carried:
        refund = give_back(work, gap.order_no, {gap.line_no: due - carried})
        work.sql(
            "UPDATE short_pick SET refund_id = ?, refund_fen = ? WHERE id = ?",
            (refund.refund_id, refund.amount_fen, pick_id),
        )
    told = AdjustedLine(gap.line_id, quantity, "substituted", sku=sku[0], unit_price_fen=price)
    work.record(OrderAdjusted(order_id=gap.order_id, imported=gap.channel == IMPORTED, lines=(told,), refund=refund))
    work.record(
        ShortDecided(pick_id=pick_id, order_id=gap.order_id, quantity=quantity, outcome="substituted", sku=sku[0])
    )
    if gap.parcel_id is not None:
        reopen_parcel(work, gap.parcel_id)
    return line_no
