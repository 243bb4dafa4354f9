"""拒单 of what cannot become an order: one that cannot be read, and a second one under a number that is taken."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from tihuo.shop import customers
from tihuo.shop.events import LineQuantity, OrderRefused, Refund
from tihuo.shop.orders import NewOrder, last_order
from tihuo.shop.work import Work

Answer = Literal["refused", "repeated", "duplicate"]


class UnreadOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What could be read of a paid order that cannot be read whole; `paid_fen` is None where even that is lost."""

    order_id: str
    session_id: str = ""
    channel: str = ""
    customer_id: str = ""
    customer_name: str = ""
    customer_phone: str = ""
    paid_fen: int | None = None
    provider: str = ""
    transaction_id: str = ""
    lines: tuple[tuple[str, int], ...] = ()
    """(line id, units)"""


class FirstOrder(msgspec.Struct, frozen=True):
    """The order that already has the number."""

    no: int
    state: str
    reason: str
    session_id: str
    customer_id: str
    channel: str
    placed_at: int
    paid_at: int
    paid_fen: int
    window_from: int
    window_to: int
    substitution: str
    provider: str
    transaction_id: str
    note: str


def refuse_unread(work: Work, unread: UnreadOrder) -> Answer:
    """An order that cannot be taken because it cannot be read: refused as `malformed`, what was paid goes back.

    Where its number is taken it is a `repeated` one, or a `duplicate`: see `answer_repeat`.
    """
    first = _first(work, unread.order_id)
    if first is not None:
        same = (first.reason, first.paid_fen) == ("malformed", unread.paid_fen or 0)
        if same and (first.provider, first.transaction_id) == (unread.provider, unread.transaction_id):
            return "repeated"
        return _second(work, first, unread.order_id, unread.provider, unread.transaction_id, unread.paid_fen, unread)
    refund = Refund(f"{unread.order_id}-r1", unread.paid_fen) if unread.paid_fen else None
    if unread.customer_id:
        customers.keep_all(work, [(unread.customer_id, unread.customer_name, unread.customer_phone, "")])
    work.sql(
        "INSERT INTO shop_order(no, order_id, session_id, customer_id, channel, state, reason, placed_at, paid_at, "
        "accepted_at, paid_fen, refunded_fen, refunds, window_from, window_to, substitution, provider, transaction_id, "
        "note) VALUES (?10, ?1, ?2, ?3, ?4, 'refused', 'malformed', ?5, ?5, ?5, ?6, ?6, ?7, 0, 0, 'refund', "
        "?8, ?9, '')",
        (
            unread.order_id,
            unread.session_id,
            unread.customer_id,
            unread.channel,
            work.now,
            unread.paid_fen or 0,
            1 if refund else 0,
            unread.provider,
            unread.transaction_id,
            last_order(work) + 1,
        ),
    )
    lines = tuple(LineQuantity(line_id, quantity) for line_id, quantity in unread.lines)
    work.record(OrderRefused(order_id=unread.order_id, reason="malformed", lines=lines, refund=refund))
    return "refused"


def answer_repeat(work: Work, new: NewOrder) -> Answer:
    """An order came whose number is taken. The same again is `repeated` and changes nothing; another one is refused.

    Such a `duplicate` never touches the first order. Its refusal names no lines, and gives money back only if it was
    paid for by itself: the refund's id follows from the order and that payment.
    """
    first = _first(work, new.order_id)
    assert first is not None
    if not _is_another(work, first, new):
        return "repeated"
    return _second(work, first, new.order_id, new.provider, new.transaction_id, new.paid_fen, new)


def _second(
    work: Work,
    first: FirstOrder,
    order_id: str,
    provider: str,
    transaction_id: str,
    paid_fen: int | None,
    content: msgspec.Struct,
) -> Answer:
    if not work.first_time(f"second:{order_id}:{_digest(content)}"):
        return "repeated"
    paid_again = transaction_id and (provider, transaction_id) != (first.provider, first.transaction_id)
    refund = None
    if paid_again and paid_fen:
        refund = Refund(f"{order_id}-d{_digest([provider, transaction_id])[:16]}", paid_fen)
    work.record(OrderRefused(order_id=order_id, reason="duplicate", lines=(), refund=refund))
    return "duplicate"


def _first(work: Work, order_id: str) -> FirstOrder | None:
    row = work.one(
        "SELECT no, state, reason, session_id, customer_id, channel, placed_at, paid_at, paid_fen, window_from, "
        "window_to, substitution, provider, transaction_id, note FROM shop_order WHERE order_id = ?",
        (order_id,),
    )
    return FirstOrder(*row) if row else None


def _is_another(work: Work, first: FirstOrder, new: NewOrder) -> bool:
    """Whether anything that the order itself keeps is another; a refused one keeps no lines."""
    window = new.window
    if window is None and first.state != "refused":
        row = work.one("SELECT window_from, window_to FROM live_session WHERE id = ?", (new.session_id,))
        window = (row[0], row[1]) if row else (0, 0)
    for field in ("session_id", "customer_id", "channel", "placed_at", "paid_at", "paid_fen", "substitution",
                  "provider", "transaction_id", "note"):  # fmt: skip
        if getattr(first, field) != getattr(new, field):
            return True
    if (first.window_from, first.window_to) != (window or (0, 0)):
        return True
    if first.state == "refused":
        return False
    lines = work.sql(
        "SELECT l.line_id, s.code, l.quantity, l.unit_price_fen, l.grant_id FROM order_line l "
        "JOIN sku s ON s.id = l.sku_id WHERE l.order_no = ? ORDER BY l.line_no",
        (first.no,),
    ).fetchall()
    return lines != [(x.line_id, x.sku, x.quantity, x.unit_price_fen, x.grant_id) for x in new.lines]


def _digest(content: object) -> str:
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()
