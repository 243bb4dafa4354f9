"""售后工单: what customers are not content with, their photographs, and what became of it.

A request of the cloud becomes one ticket, and so does what a customer says in the shop. Its lines name units that were
bought; its photographs come in parts, which are kept until the last one is there and then put together.
"""

from __future__ import annotations

import hashlib

from tihuo.shop.events import LineQuantity, PhotoKept, TicketOpened, TicketUpdated
from tihuo.shop.orders import IMPORTED
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

NEXT = {"open": ("in_progress",), "in_progress": ("done", "rejected")}
"""State of a ticket -> where it may go."""
LONGEST_REASON = 200
MOST_PHOTOS = 9
MOST_PHOTO_BYTES = 2 << 20
"""Of one photograph; with nine of them a ticket never holds more than 18 MB."""


def open_ticket(
    work: Work, request_id: str, order_no: int, order_id: str, kind: str, reason: str, lines: dict[int, int]
) -> int:
    """Write down a request; `lines` is line number -> units. Gives the ticket's number."""
    number, ticket_id = _write_down(work, request_id, order_no, kind, reason, lines)
    work.record(TicketOpened(ticket_id=ticket_id, request_id=request_id, order_id=order_id))
    return number


def open_here(work: Work, order_no: int, kind: str, reason: str, lines: dict[int, int]) -> int:
    """A customer says it in the shop: a ticket on the spot, whose request the box names itself, `box-` and the ticket.

    The cloud hears what it is about. Gives its number. Raises `Refusal`: `unknown_order`, `refused_order`, `no_reason`.
    """
    order = work.one("SELECT order_id, channel, state FROM shop_order WHERE no = ?", (order_no,))
    if order is None:
        raise Refusal("unknown_order")
    if order[2] == "refused":
        raise Refusal("refused_order")
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if not reason:
        raise Refusal("no_reason")
    number, ticket_id = _write_down(work, "", order_no, kind, reason, lines)
    line_ids = dict(work.sql("SELECT line_no, line_id FROM order_line WHERE order_no = ?", (order_no,)).fetchall())
    told: dict[str, int] = {}
    for line_no, quantity in lines.items():
        told[line_ids[line_no]] = told.get(line_ids[line_no], 0) + quantity
    work.record(
        TicketOpened(
            ticket_id=ticket_id,
            request_id=f"box-{ticket_id}",
            order_id=order[0],
            imported=order[1] == IMPORTED,
            wants=kind,
            reason=reason,
            lines=tuple(LineQuantity(line_id, quantity) for line_id, quantity in told.items()),
        )
    )
    return number


def check_bought(work: Work, order_no: int, wanted: dict[int, int]) -> None:
    """Nobody complains of more than came: line -> units, counted with the other tickets of the order that were not
    rejected. Raises `Refusal("more_than_bought")`."""
    left = dict(
        work.sql(
            "SELECT l.line_no, l.quantity - l.short - l.cancelled - (SELECT coalesce(sum(x.quantity), 0) "
            "FROM service_ticket t JOIN ticket_line x ON x.ticket_no = t.no AND x.line_no = l.line_no "
            "WHERE t.order_no = l.order_no AND t.state <> 'rejected' AND t.missed = '') FROM order_line l "
            "WHERE l.order_no = ?",
            (order_no,),
        ).fetchall()
    )
    for line_no, quantity in wanted.items():
        if quantity > left.get(line_no, 0):
            raise Refusal("more_than_bought", left=max(0, left.get(line_no, 0)))


def _write_down(
    work: Work, request_id: str, order_no: int, kind: str, reason: str, lines: dict[int, int]
) -> tuple[int, str]:
    row = work.one("SELECT coalesce(max(no), 0) + 1 FROM service_ticket")
    assert row is not None
    number = int(row[0])
    ticket_id = f"t{work.epoch}-{number}"
    work.sql(
        "INSERT INTO service_ticket(no, ticket_id, request_id, order_no, kind, reason, state, outcome, opened_at, "
        "moved_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', '', ?7, ?7)",
        (number, ticket_id, request_id or f"box-{ticket_id}", order_no, kind, reason, work.now),
    )
    work.many(
        "INSERT INTO ticket_line(ticket_no, line_no, quantity) VALUES (?, ?, ?)",
        [(number, line_no, quantity) for line_no, quantity in lines.items()],
    )
    return number, ticket_id


def move_ticket(work: Work, number: int, state: str, outcome: str = "") -> tuple[str, str]:
    """Take a ticket one step on, `open` to `in_progress` to `done` or `rejected`, and tell the cloud. Gives the
    ids of the ticket and its order.

    Raises `Refusal`: `unknown_ticket`, `ticket_moved` (it is not where that step begins), `no_outcome`.
    """
    row = work.one(
        "SELECT t.state, t.ticket_id, t.request_id, o.order_id, o.channel FROM service_ticket t "
        "JOIN shop_order o ON o.no = t.order_no WHERE t.no = ?",
        (number,),
    )
    if row is None:
        raise Refusal("unknown_ticket")
    now, ticket_id, request_id, order_id, channel = row
    if state not in NEXT.get(now, ()):
        raise Refusal("ticket_moved")
    outcome = outcome.strip()
    if state in ("done", "rejected") and not outcome:
        raise Refusal("no_outcome")
    work.sql(
        "UPDATE service_ticket SET state = ?, outcome = ?, moved_at = ? WHERE no = ?",
        (state, outcome, work.now, number),
    )
    work.record(
        TicketUpdated(
            ticket_id=ticket_id,
            request_id=request_id,
            order_id=order_id,
            imported=channel == IMPORTED,
            state=state,
            outcome=outcome,
        )
    )
    return ticket_id, order_id


def close(work: Work, number: int, outcome: str) -> tuple[str, str]:
    """What a ticket is about has been seen to in the shop: it is done, from wherever it was. One that somebody settled
    before stays as it is. Gives as `move_ticket`."""
    row = work.one(
        "SELECT t.state, t.ticket_id, o.order_id FROM service_ticket t JOIN shop_order o ON o.no = t.order_no "
        "WHERE t.no = ?",
        (number,),
    )
    if row is not None and row[0] not in NEXT:
        return row[1], row[2]
    if row is not None and row[0] == "open":
        move_ticket(work, number, "in_progress")
    return move_ticket(work, number, "done", outcome)


def keep_photo_part(work: Work, ticket_no: int, name: str, part: int, parts: int, content: bytes) -> None:
    """Keep a part of a photograph; the last one puts it together.

    A part that is here already changes nothing. Raises `Refusal`: `bad_photo` (the parts do not fit each other),
    `photo_too_large`, `too_many_photos`.
    """
    if part > parts:
        raise Refusal("bad_photo", photo=name, part=part, parts=parts)
    photo = work.one(
        "SELECT id, parts, sha256 FROM ticket_photo WHERE ticket_no = ? AND name = ? AND url = ''", (ticket_no, name)
    )
    if photo is None:
        photo = (_new_photo(work, ticket_no, name, parts), parts, "")
    photo_id, of, sha256 = photo
    if of != parts:
        raise Refusal("bad_photo", photo=name, part=part, parts=parts)
    if sha256:
        return
    known = work.one("SELECT content FROM photo_part WHERE photo_id = ? AND part = ?", (photo_id, part))
    if known is not None:
        if bytes(known[0]) != content:
            raise Refusal("bad_photo", photo=name, part=part, parts=parts)
        return
    work.sql("INSERT INTO photo_part(photo_id, part, content) VALUES (?, ?, ?)", (photo_id, part, content))
    here = work.one("SELECT count(*), sum(length(content)) FROM photo_part WHERE photo_id = ?", (photo_id,))
    assert here is not None
    if here[1] > MOST_PHOTO_BYTES:
        raise Refusal("photo_too_large", photo=name, most=MOST_PHOTO_BYTES)
    if here[0] == parts:
        _put_together(work, photo_id, name)


def _new_photo(work: Work, ticket_no: int, name: str, parts: int) -> int:
    count = work.one("SELECT count(*) FROM ticket_photo WHERE ticket_no = ?", (ticket_no,))
    assert count is not None
    if count[0] >= MOST_PHOTOS:
        raise Refusal("too_many_photos", most=MOST_PHOTOS)
    number = work.sql(
        "INSERT INTO ticket_photo(ticket_no, name, parts, url, sha256) VALUES (?, ?, ?, '', '')",
        (ticket_no, name, parts),
    ).lastrowid
    assert number is not None
    return number


def _put_together(work: Work, photo_id: int, name: str) -> None:
    rows = work.sql("SELECT content FROM photo_part WHERE photo_id = ? ORDER BY part", (photo_id,))
    content = b"".join(row[0] for row in rows)
    sha256 = hashlib.sha256(content).hexdigest()
    work.sql("UPDATE ticket_photo SET content = ?, sha256 = ? WHERE id = ?", (content, sha256, photo_id))
    work.sql("DELETE FROM photo_part WHERE photo_id = ?", (photo_id,))
    ticket = work.one(
        "SELECT t.ticket_id FROM service_ticket t JOIN ticket_photo p ON p.ticket_no = t.no WHERE p.id = ?", (photo_id,)
    )
    assert ticket is not None
    work.record(PhotoKept(ticket_id=ticket[0], name=name, sha256=sha256, size=len(content)))
