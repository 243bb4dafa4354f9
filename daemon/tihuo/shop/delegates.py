"""代取: a neighbour, a parent or a child collects for somebody, with a code of his own that ends by itself.

It opens what waits for the customer, or the lines that she named and nothing else. A bag that holds other things as
well is opened by the staff, never given away whole.
"""

from __future__ import annotations

import msgspec

from tihuo.shop.fence import numbers_from
from tihuo.shop.pickups import delegate_code_for, extra_digits_for
from tihuo.shop.words import Refusal, mask_name
from tihuo.shop.work import House, Look, Work

NOT_THEIRS = (
    "EXISTS (SELECT 1 FROM delegation g JOIN order_line x ON x.parcel_id = p.id WHERE g.no = {delegation} AND g.some "
    "AND x.put > iif(p.state = 'handed_over', 0, x.handed_over) AND NOT (x.order_no = g.order_no AND x.line_no IN "
    "(SELECT line_no FROM delegation_line WHERE delegation_no = g.no)))"
)
"""Whether parcel `p` holds anything that the neighbour of a delegation may not take; never where there is none."""


class Delegation(msgspec.Struct, frozen=True):
    """One neighbour. `lines` are line numbers of the order; None for whatever waits for the customer."""

    no: int
    delegation_id: str
    order_no: int
    name: str
    until: int
    lines: frozenset[int] | None
    revoked_at: int | None = None

    @property
    def who(self) -> str:
        """As the journal and the pages name him."""
        return self.name or "*"


def delegation(look: Look | Work, no: int) -> Delegation | None:
    row = look.one(
        "SELECT no, delegation_id, order_no, name, until, iif(some, (SELECT json_group_array(line_no) "
        "FROM delegation_line WHERE delegation_no = no), NULL), revoked_at FROM delegation WHERE no = ?",
        (no,),
    )
    if row is None:
        return None
    number, delegation_id, order_no, name, until, lines, revoked_at = row
    some = None if lines is None else frozenset(msgspec.json.decode(lines, type=list[int]))
    return Delegation(number, delegation_id, order_no, name, until, some, revoked_at)


def codes_of(house: House, known: Delegation) -> tuple[str, str]:
    """The QR's text and the eight digits of a neighbour."""
    code = delegate_code_for(house.store_id, known.order_no, known.no, house.code_key)
    return code, extra_digits_for(house.code_key, delegation=known.no)


def keep(work: Work, known: Delegation) -> Delegation:
    """Remember a neighbour, his name masked for good; one without a number takes the next."""
    known = msgspec.structs.replace(known, name=mask_name(known.name))
    if not known.no:
        row = work.one("SELECT coalesce(max(no), 0) FROM delegation")
        assert row is not None
        number = max(row[0], numbers_from(work, "codes")) + 1
        known = msgspec.structs.replace(known, no=number, delegation_id=known.delegation_id or f"d{number}")
    work.sql(
        "INSERT INTO delegation(no, delegation_id, order_no, name, until, some, actor, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            known.no,
            known.delegation_id,
            known.order_no,
            known.name,
            known.until,
            known.lines is not None,
            work.actor,
            work.now,
        ),
    )
    work.many("INSERT INTO delegation_line VALUES (?, ?)", [(known.no, line) for line in sorted(known.lines or ())])
    return known


def parcels_for(work: Work, known: Delegation, customer_id: str) -> list[int]:
    """The parcels that a neighbour with lines of his own may carry away whole.

    Raises `Refusal`: `part_of_a_parcel` (his things lie among others: the staff take them out), `not_ready`,
    `already_collected`, `nothing_left`, `being_looked_for` (somebody else took it home).
    """
    assert known.lines is not None
    whole = work.sql(
        "SELECT p.id FROM shelf_parcel p WHERE p.customer_id = ?1 "
        "AND EXISTS (SELECT 1 FROM order_line WHERE parcel_id = p.id AND put > handed_over) "
        f"AND NOT {NOT_THEIRS.format(delegation='?2')} ORDER BY p.id",
        (customer_id, known.no),
    ).fetchall()
    if whole:
        return [parcel for (parcel,) in whole]
    raise _nothing_for(work, known)


def parcels_with(work: Work, known: Delegation) -> list[int]:
    """The parcels on the shelf that hold anything of a neighbour with lines of his own, for staff who take it out.

    Raises `Refusal`: `not_ready`, `already_collected`, `nothing_left`, `being_looked_for`.
    """
    found = work.sql(
        "SELECT DISTINCT p.id FROM order_line l JOIN shelf_parcel p ON p.id = l.parcel_id JOIN delegation_line d "
        "ON d.line_no = l.line_no WHERE l.order_no = ? AND d.delegation_no = ? AND l.put > l.handed_over ORDER BY p.id",
        (known.order_no, known.no),
    ).fetchall()
    if not found:
        raise _nothing_for(work, known)
    return [parcel for (parcel,) in found]


def _nothing_for(work: Work, known: Delegation) -> Refusal:
    if work.one(
        "SELECT 1 FROM order_line l JOIN delegation_line d ON d.line_no = l.line_no JOIN astray a "
        "ON a.parcel_id = l.parcel_id WHERE l.order_no = ? AND d.delegation_no = ?",
        (known.order_no, known.no),
    ):
        return Refusal("being_looked_for")
    lines = _units_for(work, known)
    if any(here for _, here, _, _ in lines):
        return Refusal("part_of_a_parcel")
    if any(coming for _, _, coming, _ in lines):
        window = work.one("SELECT window_from, window_to FROM shop_order WHERE no = ?", (known.order_no,))
        assert window is not None
        return Refusal("not_ready", window=list(window))
    if any(gone for *_, gone in lines):
        return Refusal("already_collected", **last_taken(work, known.order_no, known.lines))
    return Refusal("nothing_left")


def _units_for(work: Work, known: Delegation) -> list[tuple[int, int, int, int]]:
    """(line, on the shelf, still to come, gone) of each line that a neighbour may take."""
    return [
        row
        for row in work.sql(
            "SELECT l.line_no, iif(p.state = 'ready', l.put - l.handed_over, 0), l.quantity - l.put - l.short "
            "- l.cancelled, l.handed_over FROM order_line l LEFT JOIN parcel p ON p.id = l.parcel_id "
            "WHERE l.order_no = ?",
            (known.order_no,),
        )
        if known.lines is None or row[0] in known.lines
    ]


def last_taken(work: Work, order_no: int, lines: frozenset[int] | None = None) -> dict[str, object]:
    """When things of an order were last taken, and from which slots: never by whom. Facts of `already_collected`."""
    rows = work.sql(
        "SELECT h.at, h.line_no, p.slot FROM handover_line h JOIN parcel p ON p.id = h.parcel_id "
        "WHERE h.order_no = ? AND h.undone_at IS NULL ORDER BY h.id DESC",
        (order_no,),
    ).fetchall()
    rows = [row for row in rows if lines is None or row[1] in lines]
    if not rows:
        return {"at": 0}
    return {"at": rows[0][0], "slots": sorted({slot for at, _, slot in rows if at == rows[0][0]})}
