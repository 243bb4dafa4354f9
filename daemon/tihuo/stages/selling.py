"""直播: orders taken whole or refused, rights that come back, walk-in sales, orders read from other programs."""

from __future__ import annotations

from typing import Literal

import msgspec

from tihuo.shop import customers
from tihuo.shop.events import (
    GrantClosed,
    LineQuantity,
    OrderAccepted,
    OrderCancelled,
    OrderImported,
    OrderRefused,
    Refund,
    RightsReturned,
    WalkInSold,
)
from tihuo.shop.fence import keep_out
from tihuo.shop.grants import come_home, lend
from tihuo.shop.orders import IMPORTED, NewLine, NewOrder, last_order
from tihuo.shop.parked import park
from tihuo.shop.refunds import refund_of_cancelled
from tihuo.shop.short_picks import refund_waiting
from tihuo.shop.stock import OF_GRANT, OF_ITEM, move
from tihuo.shop.till import Till
from tihuo.shop.words import Refusal
from tihuo.shop.work import Row, Work

_ORDER = (
    "INSERT OR FAIL INTO shop_order(no, order_id, session_id, customer_id, channel, placed_at, paid_at, accepted_at, "
    "paid_fen, window_from, window_to, substitution, provider, transaction_id, note, "
    "state, reason, refunded_fen, refunds) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'accepted', '', 0, 0)"
)
_REFUSED = _ORDER.replace("'accepted', '', 0, 0", "'refused', ?, ?, 1")
_LINE = (
    "INSERT OR FAIL INTO order_line(order_no, line_no, line_id, sku_id, grant_id, quantity, unit_price_fen, put, "
    "short, cancelled, handed_over, parcel_id) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, NULL)"
)
"""OR FAIL: SQLite need not be able to undo such a statement alone, as who runs it undoes the whole job."""
Taken = Literal["accepted", "refused", "repeated"]


def accept_order(work: Work, new: NewOrder) -> Taken:
    """收单: take a paid order whole, if every line fits the grant it was sold from; else refuse it with a refund.

    An order that cites grants with enough rights left is accepted however late it arrives (contract, "Grants", 4).
    Reasons of a refusal: `unknown_sku`, `unknown_grant`, `grant_closed`, `sold_out`, `over_limit`.
    """
    return accept_orders(work, [new])[0]


def accept_orders(work: Work, orders: list[NewOrder]) -> list[Taken]:
    """收单 of many, in their order, as `accept_order` each; what they have in common is read and written once."""
    till = Till(work, orders)
    known = till.known
    windows: dict[str, tuple[int, int]] = {}
    answers: list[Taken] = []
    people: list[tuple[str, str, str, str]] = []
    booked: list[tuple[object, ...]] = []
    refused: list[tuple[object, ...]] = []
    lines: list[tuple[object, ...]] = []
    for new in orders:
        if new.order_id in known:
            answers.append("repeated")
            continue
        known.add(new.order_id)
        person = new.customer_id, new.customer_name, new.customer_phone, ""
        if till.people.get(new.customer_id) != person:
            till.people[new.customer_id] = person
            people.append(person)
        till.last_order = order_no = till.last_order + 1
        reason, skus = till.take(new)
        if reason:
            refused.append((*_order_row(work, order_no, new, new.window or (0, 0)), reason, new.paid_fen))
            work.record(_refused(new, reason))
            answers.append("refused")
            continue
        window = new.window or windows.get(new.session_id)
        if window is None:
            window = windows[new.session_id] = _session_window(work, new.session_id)
        booked.append(_order_row(work, order_no, new, window))
        for number, line in enumerate(new.lines):
            lines.append(
                (order_no, number + 1, line.line_id, skus[number], line.grant_id, line.quantity, line.unit_price_fen)
            )
        work.record(OrderAccepted(order_id=new.order_id, order_no=order_no, window=window))
        answers.append("accepted")
        if new.order_id in till.price_differs:
            detail = till.price_differs[new.order_id]
            park(work, new.order_id, "price_differs", detail, msgspec.json.encode(new))
    customers.keep_all(work, people)
    work.many(_ORDER, booked)
    work.many(_REFUSED, refused)
    work.many(_LINE, lines)
    till.settle()
    return answers


def _session_window(work: Work, session_id: str) -> tuple[int, int]:
    row = work.one("SELECT window_from, window_to FROM live_session WHERE id = ?", (session_id,))
    return (row[0], row[1]) if row else (0, 0)


def _order_row(work: Work, order_no: int, new: NewOrder, window: tuple[int, int]) -> tuple[object, ...]:
    return (
        order_no,
        new.order_id,
        new.session_id,
        new.customer_id,
        new.channel,
        new.placed_at,
        new.paid_at,
        work.now,
        new.paid_fen,
        *window,
        new.substitution,
        new.provider,
        new.transaction_id,
        new.note,
    )


def _refused(new: NewOrder, reason: str) -> OrderRefused:
    """拒单: an order that is kept as refused, and all of its money goes back."""
    return OrderRefused(
        order_id=new.order_id,
        reason=reason,
        lines=tuple(LineQuantity(line.line_id, line.quantity, reason) for line in new.lines),
        refund=Refund(f"{new.order_id}-r1", new.paid_fen),
    )


def cancel_order(work: Work, order_id: str, reason: str) -> None:
    """The customer or the cloud cancels a paid order; its rights wait in quarantine until staff decide.

    The money is the cloud's to give back. Raises `Refusal`: `unknown_order`, `already_cancelled`, `too_late` (sorting
    has begun: then it takes a person).
    """
    order = work.one("SELECT no, state, session_id, channel FROM shop_order WHERE order_id = ?", (order_id,))
    if order is None:
        raise Refusal("unknown_order", order=order_id)
    order_no, state, session_id, channel = order
    if state != "accepted":
        raise Refusal("already_cancelled" if state == "cancelled" else "refused_order", order=order_id)
    lines = work.sql(
        "SELECT line_no, line_id, sku_id, quantity - put - short - cancelled, parcel_id FROM order_line "
        "WHERE order_no = ?",
        (order_no,),
    ).fetchall()
    if any(parcel is not None for *_, parcel in lines):
        raise Refusal("too_late", order=order_id)
    refund_waiting(work, order_no)
    open_lines = [line for line in lines if line[3] > 0]
    refund = refund_of_cancelled(work, order_no, [(line_no, left) for line_no, _, _, left, _ in open_lines])
    work.many(
        "UPDATE order_line SET cancelled = cancelled + ? WHERE order_no = ? AND line_no = ?",
        [(left, order_no, line_no) for line_no, _, _, left, _ in open_lines],
    )
    move(work, "ordered", "quarantine", [(session_id, sku_id, left) for _, _, sku_id, left, _ in open_lines])
    work.sql("UPDATE shop_order SET state = 'cancelled', reason = ? WHERE no = ?", (reason, order_no))
    work.record(
        OrderCancelled(
            order_id=order_id,
            imported=channel == IMPORTED,
            lines=tuple(LineQuantity(line_id, left) for _, line_id, _, left, _ in open_lines),
            reason=reason,
            at=work.now,
            refund=refund,
        )
    )


def take_back(work: Work, grant_id: str, quantity: int) -> None:
    """The holder gives some rights of a grant back, asked or not; other channels may have them at once.

    Raises `Refusal`: `bad_quantity`, `unknown_grant`, `more_than_granted`.
    """
    if quantity < 0:
        raise Refusal("bad_quantity")
    session_id, sku_id, channel, remaining, sold, session_state = _held(work, grant_id)
    if quantity > remaining:
        raise Refusal("more_than_granted", grant=grant_id, remaining=remaining)
    work.sql(
        "UPDATE grant_rights SET remaining = remaining - ?1, returned = returned + ?1, "
        f"asked = min(max(asked - ?1, 0), remaining - ?1), unsold = unsold + ?2 {OF_GRANT}",
        (quantity, quantity if session_state == "closed" else 0, grant_id),
    )
    if quantity:
        come_home(work, session_id, sku_id, "granted", quantity)
    work.record(RightsReturned(grant_id=grant_id, quantity=quantity))
    holds_more = work.one(
        "SELECT 1 FROM stock_grant WHERE session_id = ? AND sku_id = ? AND channel = ? AND remaining > 0",
        (session_id, sku_id, channel),
    )
    # who sold and holds nothing now can only sell again if it is lent some; who sold nothing would give it back again
    lend(work, session_id, sku_id, but="" if sold and not holds_more else channel)


def close_grant(work: Work, grant_id: str, said_sold: int | None = None) -> None:
    """The holder will sell nothing more from a grant: all that is left comes back.

    `said_sold` is what the holder says it sold. All that it sold came before this (the stream is in order), so a
    difference is a fault of somebody's; it is kept and shown. Raises `Refusal("unknown_grant")`.
    """
    _, _, _, remaining, sold, _ = _held(work, grant_id)
    take_back(work, grant_id, remaining)
    work.sql(
        "UPDATE grant_terms SET state = 'closed', said_sold = coalesce(?, said_sold) WHERE id = ?",
        (said_sold, grant_id),
    )
    work.record(GrantClosed(grant_id=grant_id, sold=sold, said=said_sold))


def _held(work: Work, grant_id: str) -> Row:
    grant = work.one(
        "SELECT g.session_id, g.sku_id, g.channel, g.remaining, g.sold, l.state FROM stock_grant g "
        "JOIN live_session l ON l.id = g.session_id WHERE g.id = ?",
        (grant_id,),
    )
    if grant is None:
        raise Refusal("unknown_grant", grant=grant_id)
    return grant


def sell_walk_in(work: Work, session_id: str, sku: str, quantity: int) -> None:
    """到店零售: sell free units over the counter. Raises `Refusal`: `unknown_sku`, `bad_quantity`, `sold_out`."""
    keep_out(work)
    if quantity <= 0:
        raise Refusal("bad_quantity")
    row = work.one(
        "SELECT i.sku_id, i.free FROM session_item i JOIN sku s ON s.id = i.sku_id "
        "WHERE i.session_id = ? AND s.code = ?",
        (session_id, sku),
    )
    if row is None:
        raise Refusal("unknown_sku", sku=sku)
    if row[1] < quantity:
        raise Refusal("sold_out", sku=sku, free=row[1])
    work.sql(
        "UPDATE item_rights SET free = free - ?1, handed_over = handed_over + ?1, walk_in = walk_in + ?1, "
        f"version = ?2 {OF_ITEM}",
        (quantity, work.version, session_id, row[0]),
    )
    work.record(WalkInSold(session_id=session_id, sku=sku, quantity=quantity))


class ImportedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A paid order that another program sold; its lines cite SKU codes of ours.

    `part_ids` are the orders that the other program merged into this one: it is new only if none of them was booked.
    """

    order_id: str
    part_ids: tuple[str, ...]
    customer_id: str
    customer_name: str
    customer_phone: str
    door: str
    placed_at: int
    lines: tuple[NewLine, ...]
    paid_fen: int
    note: str = ""


def import_order(work: Work, session_id: str, new: ImportedOrder) -> Literal["imported", "repeated"]:
    """Take an order of another program's export into a session, once. Its units are minted as already ordered.

    Raises `Refusal`: `unknown_session`, `unknown_sku` (the SKU is not an item of the session), `partly_imported` (a
    part of what the other program merged was booked before: a person must say what the rest is).
    """
    keep_out(work)
    fresh = [work.first_time(f"import:{part}") for part in new.part_ids]
    if not any(fresh):
        return "repeated"
    if not all(fresh):
        raise Refusal("partly_imported", order=new.order_id)
    session = work.one("SELECT window_from, window_to FROM live_session WHERE id = ?", (session_id,))
    if session is None:
        raise Refusal("unknown_session", session=session_id)
    rows = []
    for number, line in enumerate(new.lines, 1):
        item = work.one(
            "SELECT i.sku_id FROM session_item i JOIN sku s ON s.id = i.sku_id WHERE i.session_id = ? AND s.code = ?",
            (session_id, line.sku),
        )
        if item is None:
            raise Refusal("unknown_sku", sku=line.sku)
        rows.append((number, line, item[0]))
    order = NewOrder(
        order_id=new.order_id,
        session_id=session_id,
        channel=IMPORTED,
        placed_at=new.placed_at,
        paid_at=new.placed_at,
        customer_id=new.customer_id,
        customer_name=new.customer_name,
        customer_phone=new.customer_phone,
        window=None,
        lines=new.lines,
        paid_fen=new.paid_fen,
        note=new.note,
    )
    order_no = last_order(work) + 1
    customers.keep_all(work, [(new.customer_id, new.customer_name, new.customer_phone, new.door)])
    work.sql(_ORDER, _order_row(work, order_no, order, (session[0], session[1])))
    work.many(
        _LINE,
        [(order_no, n, line.line_id, sku_id, "", line.quantity, line.unit_price_fen) for n, line, sku_id in rows],
    )
    work.many(
        f"UPDATE item_rights SET minted = minted + ?1, ordered = ordered + ?1, version = ?2 {OF_ITEM}",
        [(line.quantity, work.version, session_id, sku_id) for _, line, sku_id in rows],
    )
    work.record(OrderImported(order_id=new.order_id, order_no=order_no))
    return "imported"
