"""售后工单 and 退款 as the owner sees them: what customers are not content with, and money that did not arrive."""

from __future__ import annotations

import msgspec

from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import Look, json_of


class TicketLine(msgspec.Struct, frozen=True):
    product: str
    spec: str
    unit: str
    quantity: int


class MissingThere(msgspec.Struct, frozen=True):
    """少了: so many units of a parcel in this slot are still said to be missing."""

    slot: str
    quantity: int


class BackUnits(msgspec.Struct, frozen=True):
    """退回 on a ticket: `fate` is where the units went, `quarantine` or `void`."""

    product: str
    unit: str
    quantity: int
    fate: str
    at: int
    actor: str


class TicketPhoto(msgspec.Struct, frozen=True):
    """`url` is the cloud's address of it, empty for one that the box keeps; `size` is 0 while parts are missing."""

    photo_id: int
    name: str
    url: str
    size: int


class TicketRow(msgspec.Struct, frozen=True):
    """One ticket. Without lines it is about the whole order. Times in `Millis`."""

    name: str
    tail: str
    number: int
    ticket_id: str
    kind: str
    reason: str
    state: str
    outcome: str
    opened_at: int
    order_no: int
    order_id: str
    lines: list[TicketLine] = []
    missing: list[MissingThere] = []
    back: list[BackUnits] = []
    photos: list[TicketPhoto] = []


class FailedRefund(msgspec.Struct, frozen=True):
    """Money that the cloud could not give back. `order_no` is None where the refund is of no order of ours."""

    name: str
    tail: str
    refund_id: str
    at: int
    order_no: int | None
    order_id: str


def tickets(look: Look, session_id: str, limit: int = 100) -> list[TicketRow]:
    """Every ticket that is not settled, and the settled ones of a session; the ones to do first."""
    rows = look.rows(
        "SELECT t.no, t.ticket_id, t.kind, t.reason, t.state, t.outcome, t.opened_at, o.no, o.order_id, "
        "coalesce(c.name, ''), coalesce(c.phone, '') FROM service_ticket t JOIN shop_order o ON o.no = t.order_no "
        "LEFT JOIN customer c ON c.id = o.customer_id "
        "WHERE t.state IN ('open', 'in_progress') OR o.session_id = ?1 "
        "ORDER BY t.state IN ('done', 'rejected'), t.no DESC LIMIT ?2",
        (session_id, limit),
    )
    found = [TicketRow(mask_name(name), phone_tail(phone), *row) for *row, name, phone in rows]
    by_number = {row.number: row for row in found}
    wanted = (json_of(by_number),)
    for number, *line in look.rows(
        "SELECT x.ticket_no, d.name, s.spec, s.unit, x.quantity FROM json_each(?) j "
        "JOIN ticket_line x ON x.ticket_no = j.value JOIN service_ticket t ON t.no = x.ticket_no "
        "JOIN order_line l ON l.order_no = t.order_no AND l.line_no = x.line_no JOIN sku s ON s.id = l.sku_id "
        "JOIN product d ON d.id = s.product_id ORDER BY x.ticket_no, x.line_no",
        wanted,
    ):
        by_number[number].lines.append(TicketLine(*line))
    for number, *missing in look.rows(
        "SELECT m.ticket_no, p.slot, m.quantity FROM json_each(?) j JOIN missed_line m ON m.ticket_no = j.value "
        "JOIN order_line l ON l.order_no = m.order_no AND l.line_no = m.line_no JOIN parcel p ON p.id = l.parcel_id "
        "ORDER BY m.ticket_no, m.line_no",
        wanted,
    ):
        by_number[number].missing.append(MissingThere(*missing))
    for number, *back in look.rows(
        "SELECT r.ticket_no, d.name, s.unit, r.quantity, r.fate, r.at, r.actor FROM json_each(?) j "
        "JOIN returned_line r ON r.ticket_no = j.value JOIN order_line l ON l.order_no = r.order_no "
        "AND l.line_no = r.line_no JOIN sku s ON s.id = l.sku_id JOIN product d ON d.id = s.product_id ORDER BY r.id",
        wanted,
    ):
        by_number[number].back.append(BackUnits(*back))
    for number, *photo in look.rows(
        "SELECT p.ticket_no, p.id, p.name, p.url, coalesce(length(p.content), 0) FROM json_each(?) j "
        "JOIN ticket_photo p ON p.ticket_no = j.value ORDER BY p.id",
        wanted,
    ):
        by_number[number].photos.append(TicketPhoto(*photo))
    return found


def photo(look: Look, photo_id: int) -> bytes | None:
    """The bytes of a photograph that the box keeps whole."""
    row = look.one("SELECT content FROM ticket_photo WHERE id = ?", (photo_id,))
    return bytes(row[0]) if row and row[0] is not None else None


def failed_refunds(look: Look, limit: int = 100) -> list[FailedRefund]:
    rows = look.rows(
        "SELECT r.refund_id, r.settled_at, o.no, coalesce(o.order_id, ''), coalesce(c.name, ''), coalesce(c.phone, '') "
        "FROM refund_outcome r LEFT JOIN shop_order o ON o.no = r.order_no "
        "LEFT JOIN customer c ON c.id = o.customer_id WHERE r.state = 'failed' ORDER BY r.settled_at DESC LIMIT ?",
        (limit,),
    )
    return [FailedRefund(mask_name(name), phone_tail(phone), *row) for *row, name, phone in rows]
