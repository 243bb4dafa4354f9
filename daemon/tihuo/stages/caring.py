"""售后: requests of customers taken in, looked into and answered."""

from __future__ import annotations

from collections.abc import Iterable

from tihuo.shop import missed, tickets
from tihuo.shop.events import GoodsBroughtBack
from tihuo.shop.fence import keep_out, may_lend
from tihuo.shop.handovers import out_there
from tihuo.shop.shortages import BY_HAND, enter
from tihuo.shop.stock import move
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work, rows_of

FATES = ("quarantine", "void")
"""Where goods go that a customer brings back."""


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
    tickets.check_bought(work, order_no, wanted)
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


def move_ticket(work: Work, number: int, state: str, outcome: str = "") -> None:
    """The shop goes one step on with a ticket.

    Raises `Refusal`: `unknown_ticket`, `ticket_moved`, `no_outcome`, `restoring` (it may have been moved before, and
    the cloud knows; whoever has passed the fence, a ticket can wait).
    """
    if not may_lend(work):
        raise Refusal("restoring")
    tickets.move_ticket(work, number, state, outcome)


def report_missing(work: Work, parcel_id: int, skus: missed.Units, kind: str, reason: str) -> list[int]:
    """少了东西, said at the counter: these units are not in a parcel. Raises as `shop.missed.report`."""
    keep_out(work)
    return missed.report(work, parcel_id, skus, kind, reason)


def settle_missing(work: Work, number: int, here: bool) -> int:
    """What a ticket says is missing is here, or it is gone for good (`shop.missed`); gives how many units.

    Raises `Refusal`: `nothing_missed`, `restoring`.
    """
    keep_out(work)
    if not may_lend(work):
        raise Refusal("restoring")
    return missed.found(work, number) if here else missed.give_up(work, number)


def bring_back(work: Work, order_no: int, lines: missed.Units, fate: str, reason: str) -> int:
    """退回: a customer brings units back that she was given. Gives the number of the ticket, of kind `return`: that by
    which she asked for it, or a new one.

    `lines` is line -> units. They are set aside until somebody decides (`quarantine`), or are not fit to be sold
    (`void`). What was handed over stays handed over; about her money the ticket decides.
    Raises `Refusal`: `bad_quantity`, `bad_reason`, `no_reason`, `unknown_order`, `more_than_bought`, `not_handed_over`.
    """
    keep_out(work)
    if not lines or any(quantity <= 0 for quantity in lines.values()):
        raise Refusal("bad_quantity")
    if fate not in FATES:
        raise Refusal("bad_reason")
    out = out_there(rows_of(work), order_no)
    if any(quantity > out.get(line_no, 0) for line_no, quantity in lines.items()):
        raise Refusal("not_handed_over")
    number = _asked_before(work, order_no, lines)
    if number is None:
        tickets.check_bought(work, order_no, lines)
        number = tickets.open_here(work, order_no, "return", reason, lines)
    ticket = work.one("SELECT ticket_id FROM service_ticket WHERE no = ?", (number,))
    assert ticket is not None
    for line_no, quantity in lines.items():
        goods = work.one(
            "SELECT l.sku_id, s.code, o.session_id, o.order_id FROM order_line l "
            "JOIN shop_order o ON o.no = l.order_no JOIN sku s ON s.id = l.sku_id "
            "WHERE l.order_no = ? AND l.line_no = ?",
            (order_no, line_no),
        )
        assert goods is not None
        sku_id, sku, session_id, order_id = goods
        work.sql(
            "INSERT INTO returned_line(ticket_no, order_no, line_no, quantity, fate, actor, at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, order_no, line_no, quantity, fate, work.actor, work.now),
        )
        move(work, "handed_over", fate, [(session_id, sku_id, quantity)])
        if fate == "void":
            enter(work, session_id, sku_id, quantity, "brought_back", BY_HAND, covered=quantity)
        work.record(
            GoodsBroughtBack(
                ticket_id=ticket[0],
                order_id=order_id,
                session_id=session_id,
                sku=sku,
                quantity=quantity,
                fate=fate,
            )
        )
    return number


def _asked_before(work: Work, order_no: int, lines: missed.Units) -> int | None:
    """The ticket by which she asked to bring just this back; one without lines is about the whole order."""
    for (number,) in work.sql(
        "SELECT no FROM service_ticket WHERE order_no = ? AND kind = 'return' AND state IN ('open', 'in_progress') "
        "ORDER BY no",
        (order_no,),
    ).fetchall():
        asked = dict(work.sql("SELECT line_no, quantity FROM ticket_line WHERE ticket_no = ?", (number,)).fetchall())
        came = dict(
            work.sql(
                "SELECT line_no, sum(quantity) FROM returned_line WHERE ticket_no = ? GROUP BY line_no", (number,)
            ).fetchall()
        )
        if not asked or all(units + came.get(line_no, 0) <= asked.get(line_no, 0) for line_no, units in lines.items()):
            return int(number)
    return None


def keep_photo(work: Work, request_id: str, name: str, part: int, parts: int, content: bytes) -> None:
    """Keep a part of a photograph that goes with a request.

    Raises `Refusal`: `unknown_request`, and what `tickets.keep_photo_part` raises.
    """
    ticket = work.one("SELECT no FROM service_ticket WHERE request_id = ?", (request_id,))
    if ticket is None:
        raise Refusal("unknown_request", request=request_id)
    tickets.keep_photo_part(work, ticket[0], name, part, parts, content)
