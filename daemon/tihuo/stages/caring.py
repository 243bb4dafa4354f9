"""售后: requests of customers taken in, looked into and answered."""

from __future__ import annotations

from collections.abc import Iterable

from tihuo.shop import tickets
from tihuo.shop.events import ReminderSent
from tihuo.shop.fence import may_lend
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work


def request_aftersales(
    work: Work,
    request_id: str,
    order_id: str,
    kind: str,
    lines: Iterable[tuple[str, int]],
    reason: str,
    photos: Iterable[tuple[str, str, str]] = (),
) -> int:
    """A customer is not content: open a ticket, once for each request; gives its number.

    `lines` are (line id, units), `photos` (name, address, sha256) of pictures that the cloud keeps. Raises `Refusal`:
    `unknown_order`, `cancelled`, `refused_order`, `unknown_line`, `more_than_bought` (counted with the other tickets of
    the order that were not rejected), `request_exists` (with another content).
    """
    order = work.one("SELECT no, state FROM shop_order WHERE order_id = ?", (order_id,))
    if order is None:
        raise Refusal("unknown_order", order=order_id)
    order_no, state = order
    if state != "accepted":
        raise Refusal("refused_order" if state == "refused" else "cancelled", order=order_id)
    wanted = _units_of_lines(work, order_no, lines)
    known = work.one("SELECT no, order_no, kind, reason FROM service_ticket WHERE request_id = ?", (request_id,))
    if known is not None:
        rows = work.sql("SELECT line_no, quantity FROM ticket_line WHERE ticket_no = ?", (known[0],))
        if (*known[1:], dict(rows.fetchall())) != (order_no, kind, reason, wanted):
            raise Refusal("request_exists", request=request_id)
        return int(known[0])
    _check_bought(work, order_no, wanted)
    number = tickets.open_ticket(work, request_id, order_no, order_id, kind, reason, wanted)
    work.many(
        "INSERT INTO ticket_photo(ticket_no, name, parts, url, sha256) VALUES (?, ?, 0, ?, ?)",
        [(number, *photo) for photo in photos],
    )
    return number


def _units_of_lines(work: Work, order_no: int, lines: Iterable[tuple[str, int]]) -> dict[int, int]:
    """Line -> units. What stands in for other goods is the same line to the customer, and comes after them."""
    known: dict[str, list[tuple[int, int]]] = {}
    for line_id, line_no, came in work.sql(
        "SELECT line_id, line_no, quantity - short - cancelled FROM order_line WHERE order_no = ? ORDER BY line_no",
        (order_no,),
    ):
        known.setdefault(line_id, []).append((line_no, came))
    wanted: dict[int, int] = {}
    for line_id, quantity in lines:
        if line_id not in known:
            raise Refusal("unknown_line", line=line_id)
        left = quantity
        for line_no, came in known[line_id]:
            units = left if line_no == known[line_id][-1][0] else min(left, came)
            if units:
                wanted[line_no] = wanted.get(line_no, 0) + units
            left -= units
    return wanted


def _check_bought(work: Work, order_no: int, wanted: dict[int, int]) -> None:
    left = dict(
        work.sql(
            "SELECT l.line_no, l.quantity - l.short - l.cancelled - (SELECT coalesce(sum(x.quantity), 0) "
            "FROM service_ticket t JOIN ticket_line x ON x.ticket_no = t.no AND x.line_no = l.line_no "
            "WHERE t.order_no = l.order_no AND t.state <> 'rejected') FROM order_line l WHERE l.order_no = ?",
            (order_no,),
        ).fetchall()
    )
    for line_no, quantity in wanted.items():
        if quantity > left[line_no]:
            raise Refusal("more_than_bought", left=left[line_no])


def move_ticket(work: Work, number: int, state: str, outcome: str = "") -> None:
    """The shop goes one step on with a ticket.

    Raises `Refusal`: `unknown_ticket`, `ticket_moved`, `no_outcome`, `restoring` (it may have been moved before, and
    the cloud knows; whoever has passed the fence, a ticket can wait).
    """
    if not may_lend(work):
        raise Refusal("restoring")
    tickets.move_ticket(work, number, state, outcome)


def keep_photo(work: Work, request_id: str, name: str, part: int, parts: int, content: bytes) -> None:
    """Keep a part of a photograph that goes with a request.

    Raises `Refusal`: `unknown_request`, and what `tickets.keep_photo_part` raises.
    """
    ticket = work.one("SELECT no FROM service_ticket WHERE request_id = ?", (request_id,))
    if ticket is None:
        raise Refusal("unknown_request", request=request_id)
    tickets.keep_photo_part(work, ticket[0], name, part, parts, content)


def note_reminder(work: Work, order_id: str, state: str) -> None:
    """The cloud says whether a customer was reminded of her order. Raises `Refusal("unknown_order")`."""
    if not work.one("SELECT 1 FROM shop_order WHERE order_id = ?", (order_id,)):
        raise Refusal("unknown_order", order=order_id)
    work.record(ReminderSent(order_id=order_id, state=state))
