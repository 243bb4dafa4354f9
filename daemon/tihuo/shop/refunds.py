"""退款: what the cloud says became of the money that goes back. The cloud pays it; the shop only keeps its word."""

from __future__ import annotations

from tihuo.shop.events import Refund, RefundSettled
from tihuo.shop.short_picks import give_back
from tihuo.shop.work import Work


def settle_refund(work: Work, refund_id: str, state: str, settled_at: int) -> None:
    """Keep what became of a refund, `succeeded` or `failed`; a later word on the same one counts."""
    order = work.one("SELECT no FROM shop_order WHERE order_id = ?", (refund_id.rpartition("-")[0],))
    work.sql(
        "INSERT INTO refund_outcome(refund_id, order_no, state, settled_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT(refund_id) DO UPDATE SET state = excluded.state, settled_at = excluded.settled_at",
        (refund_id, order and order[0], state, settled_at),
    )
    work.record(RefundSettled(refund_id=refund_id, state=state))


def refund_of_cancelled(work: Work, order_no: int, gone: list[tuple[int, int]]) -> Refund | None:
    """What goes back for lines about to be cancelled, as (line, units); None if the prices of the lines say it.

    They do not where something of the line went back before, by its weight, or where it stands in for another.
    """
    lines: dict[int, int] = {}
    told = False
    for line_no, units in gone:
        row = work.one(
            "SELECT unit_price_fen, max(0, gone_fen - short * unit_price_fen), quantity - short - cancelled, "
            "instead_of IS NOT NULL FROM order_line WHERE order_no = ? AND line_no = ?",
            (order_no, line_no),
        )
        assert row is not None
        price, before, alive, stands_in = row
        lines[line_no] = units * price - before * units // alive
        told = told or before > 0 or bool(stands_in)
    return give_back(work, order_no, lines) if told else None
