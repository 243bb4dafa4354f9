"""缺货处理: units of an order are missing, and her rule says what happens: her money back, something similar, or ask.

The right to a missing unit ends at once, and its parcel does not wait for it. What waits is the money: until somebody
decides, or until so much time has passed that it goes back by itself. Each such case is a row that stays.
"""

from __future__ import annotations

from tihuo.shop.events import LineQuantity, OrderShort, Refund, ShortDecided, ShortPicked
from tihuo.shop.orders import IMPORTED, take_refund
from tihuo.shop.stock import move
from tihuo.shop.work import Work

TIMETABLE = "timetable"
"""Who decides when nobody did in time."""


def shorten(work: Work, order_no: int, line_no: int, quantity: int, reason: str) -> None:
    """缺货: some units of a line will not come. Voids their rights; then the customer's rule says what happens.

    `refund`: their price goes back at once and the cloud is told; else somebody decides first. The refund never exceeds
    what is left of the payment. Raises `sqlite3.IntegrityError` if the line has not that many units open.
    """
    row = work.one(
        "SELECT o.order_id, o.session_id, o.substitution, l.sku_id, (SELECT code FROM sku WHERE id = l.sku_id) "
        "FROM order_line l JOIN shop_order o ON o.no = l.order_no WHERE l.order_no = ? AND l.line_no = ?",
        (order_no, line_no),
    )
    assert row is not None
    order_id, session_id, rule, sku_id, sku = row
    work.sql(
        "UPDATE order_line SET short = short + ? WHERE order_no = ? AND line_no = ?", (quantity, order_no, line_no)
    )
    move(work, "ordered", "void", [(session_id, sku_id, quantity)])
    pick_id = work.sql(
        "INSERT INTO short_pick(order_no, line_no, quantity, reason, rule, state, opened_by, opened_at, due_at, calls, "
        "answer, answered_by, refund_id, refund_fen, settled_by) "
        "VALUES (?, ?, ?, ?, ?, 'open', ?, ?, ?, 0, '', '', '', 0, '')",
        (order_no, line_no, quantity, reason, rule, work.actor, work.now, work.ticks + work.house.decide_within_ms),
    ).lastrowid
    assert pick_id is not None
    if rule == "refund":
        refund_pick(work, pick_id)
    else:
        work.record(ShortPicked(pick_id=pick_id, order_id=order_id, sku=sku, quantity=quantity, rule=rule))


def refund_pick(work: Work, pick_id: int) -> None:
    """The price of missing units goes back, and the cloud is told. What went back for the line before counts."""
    row = work.one(
        "SELECT k.order_no, k.line_no, k.quantity, k.reason, k.rule, o.order_id, o.channel, l.line_id "
        "FROM short_pick k JOIN shop_order o ON o.no = k.order_no "
        "JOIN order_line l ON l.order_no = k.order_no AND l.line_no = k.line_no WHERE k.id = ? AND k.state = 'open'",
        (pick_id,),
    )
    assert row is not None
    order_no, line_no, quantity, reason, rule, order_id, channel, line_id = row
    settle(work, pick_id, "refunded")
    refund = give_back(work, order_no, {line_no: due_for_short(work, order_no, line_no)})
    _note_refund(work, pick_id, refund)
    lines = (LineQuantity(line_id, quantity, reason),)
    work.record(OrderShort(order_id=order_id, imported=channel == IMPORTED, lines=lines, refund=refund))
    if rule != "refund":
        work.record(ShortDecided(pick_id=pick_id, order_id=order_id, quantity=quantity, outcome="refunded"))


def refund_waiting(work: Work, order_no: int) -> None:
    """Whatever of an order still waits for a decision: the money."""
    for (pick_id,) in work.sql(
        "SELECT id FROM short_pick WHERE order_no = ? AND state = 'open' ORDER BY id", (order_no,)
    ).fetchall():
        refund_pick(work, pick_id)


def settle(work: Work, pick_id: int, state: str, new_line_no: int | None = None) -> None:
    """It is decided, by whoever acts."""
    work.sql(
        "UPDATE short_pick SET state = ?, new_line_no = ?, settled_by = ?, settled_at = ? WHERE id = ?",
        (state, new_line_no, work.actor, work.now, pick_id),
    )


def due_for_short(work: Work, order_no: int, line_no: int) -> int:
    """What is due for the units of a line that are missing and decided about, in fen, less what went already."""
    row = work.one(
        "SELECT max(0, (l.short - coalesce(sum(k.quantity), 0)) * l.unit_price_fen - l.gone_fen) FROM order_line l "
        "LEFT JOIN short_pick k ON k.order_no = l.order_no AND k.line_no = l.line_no AND k.state = 'open' "
        "WHERE l.order_no = ? AND l.line_no = ?",
        (order_no, line_no),
    )
    assert row is not None
    return int(row[0])


def give_back(work: Work, order_no: int, lines: dict[int, int]) -> Refund:
    """Book one refund of an order over lines -> fen, as far as her payment goes."""
    order = work.one("SELECT order_id, paid_fen - refunded_fen, refunds FROM shop_order WHERE no = ?", (order_no,))
    assert order is not None
    order_id, refundable, refunds = order
    work.many(
        "UPDATE order_line SET gone_fen = gone_fen + ? WHERE order_no = ? AND line_no = ?",
        [(fen, order_no, line_no) for line_no, fen in lines.items()],
    )
    return take_refund(work, order_no, order_id, refunds, min(sum(lines.values()), refundable))


def _note_refund(work: Work, pick_id: int, refund: Refund) -> None:
    work.sql(
        "UPDATE short_pick SET refund_id = ?, refund_fen = ? WHERE id = ?",
        (refund.refund_id, refund.amount_fen, pick_id),
    )
