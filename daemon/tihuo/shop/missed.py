"""少了东西: units that should lie in a parcel and do not. A ticket says so, the rest can be taken meanwhile, and the
units themselves wait until they are found, or until somebody decides that they are gone."""

from __future__ import annotations

from tihuo.shop import tickets
from tihuo.shop.events import LineQuantity, MissedSettled
from tihuo.shop.parcels import reopen_parcel, settle_parcel
from tihuo.shop.short_picks import shorten
from tihuo.shop.shortages import BY_HAND, enter, lose
from tihuo.shop.stock import book
from tihuo.shop.weights import weigh_out
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

KINDS = ("exchange", "refund_only")
"""What she wants for what is missing: the goods, or her money."""

TOLD = {"found": "已找到", "gone": "已按缺货处理", "cancelled": "已随订单取消"}
"""What the customer reads of it."""

Units = dict[int, int]
"""Number of a line or a SKU -> units."""


def report(work: Work, parcel_id: int, skus: Units, kind: str, reason: str) -> list[int]:
    """Units of these SKUs are not in a parcel: a ticket for each order they are of; gives the tickets' numbers.

    What is still on the shelf is not handed over any more; what went over the counter with the rest is a ticket alone.
    Raises `Refusal`: `bad_quantity`, `bad_reason`, `not_ready`, `more_than_bought`.
    """
    if not skus or any(quantity <= 0 for quantity in skus.values()):
        raise Refusal("bad_quantity")
    if kind not in KINDS:
        raise Refusal("bad_reason")
    parcel = work.one("SELECT 1 FROM parcel WHERE id = ? AND state IN ('ready', 'handed_over')", (parcel_id,))
    if parcel is None:
        raise Refusal("not_ready")
    left = dict(skus)
    here: dict[int, Units] = {}
    lines: dict[int, Units] = {}
    for order_no, line_no, sku_id, put, on_shelf, missed in work.sql(
        "SELECT l.order_no, l.line_no, l.sku_id, l.put, l.put - l.handed_over, coalesce(m.quantity, 0) "
        "FROM order_line l LEFT JOIN missed_line m ON m.order_no = l.order_no AND m.line_no = l.line_no "
        "WHERE l.parcel_id = ? AND l.put > 0 ORDER BY l.put = l.handed_over, l.order_no, l.line_no",
        (parcel_id,),
    ).fetchall():
        units = min(left.get(sku_id, 0), put - missed)
        if not units:
            continue
        left[sku_id] -= units
        lines.setdefault(order_no, {})[line_no] = units
        if waiting := min(units, on_shelf - missed):
            here.setdefault(order_no, {})[line_no] = waiting
    if any(left.values()):
        raise Refusal("more_than_bought", left=sum(skus.values()) - sum(left.values()))
    numbers = []
    for order_no, units_of in lines.items():
        tickets.check_bought(work, order_no, units_of)
        number = tickets.open_here(work, order_no, kind, reason, units_of)
        numbers.append(number)
        work.many(
            "INSERT INTO missed_line(order_no, line_no, quantity, ticket_no) VALUES (?1, ?2, ?3, ?4) "
            "ON CONFLICT(order_no, line_no) DO UPDATE SET quantity = quantity + ?3, ticket_no = ?4",
            [(order_no, line_no, units, number) for line_no, units in here.get(order_no, {}).items()],
        )
    return numbers


def found(work: Work, ticket_no: int) -> int:
    """What was missing is here: it can be handed over. The ticket is done. Gives how many units.

    Raises `Refusal("nothing_missed")`.
    """
    lines = _settle(work, ticket_no, "found")
    return sum(units for *_, units in lines)


def give_up(work: Work, ticket_no: int) -> int:
    """What was missing is gone. Who wants goods gets others, as far as there are any, to be put once more; for the rest
    her own rule for missing goods says what happens. The ticket is done. Gives how many units. Raises as `found`."""
    kind = work.one("SELECT kind FROM service_ticket WHERE no = ?", (ticket_no,))
    lines = _settle(work, ticket_no, "gone")
    for order_no, line_no, units in lines:
        write_off(work, order_no, line_no, units, replace=kind == ("exchange",))
    return sum(units for *_, units in lines)


def call_off(work: Work, order_no: int, parcel_id: int | None) -> None:
    """An order is cancelled, or what of it lies in one parcel: nobody looks for what is missing there any more."""
    for ticket_no in _open_tickets(work, order_no, parcel_id):
        _settle(work, ticket_no, "cancelled")


def lose_parcel(work: Work, parcel_id: int) -> None:
    """A parcel with all that lies in it is gone: what a ticket says is missing in it as `give_up`, the rest as who
    wants the goods."""
    for ticket_no in _open_tickets(work, None, parcel_id):
        give_up(work, ticket_no)
    for order_no, line_no, units in work.sql(
        "SELECT order_no, line_no, put - handed_over FROM order_line WHERE parcel_id = ? AND put > handed_over",
        (parcel_id,),
    ).fetchall():
        write_off(work, order_no, line_no, units, replace=True)


def write_off(work: Work, order_no: int, line_no: int, quantity: int, *, replace: bool) -> None:
    """Units that the book has in a parcel are gone: others that nobody bought take their place where `replace` says so;
    what they do not make good will not come (缺货), with what the customer chose for that."""
    row = work.one(
        "SELECT o.session_id, l.sku_id, l.parcel_id FROM order_line l JOIN shop_order o ON o.no = l.order_no "
        "WHERE l.order_no = ? AND l.line_no = ?",
        (order_no, line_no),
    )
    assert row is not None
    session_id, sku_id, parcel_id = row
    work.sql("UPDATE order_line SET put = put - ? WHERE order_no = ? AND line_no = ?", (quantity, order_no, line_no))
    weigh_out(work, [(order_no, line_no, quantity)])
    reopen_parcel(work, parcel_id)
    if replace:
        loss = lose(work, session_id, sku_id, quantity, "lost", work.house.shortage_policy)
        if loss.short:
            shorten(work, order_no, line_no, loss.short, "lost")
            book(work, loss.shortage_id, "short", loss.short)
    else:
        enter(work, session_id, sku_id, quantity, "short", BY_HAND, short=quantity)
        shorten(work, order_no, line_no, quantity, "short")
    settle_parcel(work, parcel_id)


def _open_tickets(work: Work, order_no: int | None, parcel_id: int | None) -> list[int]:
    """The tickets that say what is missing of an order, in a parcel, or of both."""
    rows = work.sql(
        "SELECT DISTINCT m.ticket_no FROM missed_line m JOIN order_line l ON l.order_no = m.order_no "
        "AND l.line_no = m.line_no WHERE (?1 IS NULL OR m.order_no = ?1) AND (?2 IS NULL OR l.parcel_id = ?2) "
        "ORDER BY 1",
        (order_no, parcel_id),
    )
    return [ticket_no for (ticket_no,) in rows.fetchall()]


def _settle(work: Work, ticket_no: int, outcome: str) -> list[tuple[int, int, int]]:
    """Forget what a ticket says is missing, and close it; gives (order, line, units) that are still on the shelf."""
    rows = work.sql(
        "SELECT m.order_no, m.line_no, min(m.quantity, l.put - l.handed_over), l.line_id FROM missed_line m "
        "JOIN order_line l ON l.order_no = m.order_no AND l.line_no = m.line_no WHERE m.ticket_no = ? "
        "ORDER BY m.order_no, m.line_no",
        (ticket_no,),
    ).fetchall()
    if not rows:
        raise Refusal("nothing_missed")
    work.sql("DELETE FROM missed_line WHERE ticket_no = ?", (ticket_no,))
    work.sql("UPDATE service_ticket SET missed = ? WHERE no = ?", (outcome, ticket_no))
    ticket_id, order_id = tickets.close(work, ticket_no, TOLD[outcome])
    told = tuple(LineQuantity(line_id, units) for *_, units, line_id in rows if units)
    work.record(MissedSettled(ticket_id=ticket_id, order_id=order_id, lines=told, outcome=outcome))
    return [(order_no, line_no, units) for order_no, line_no, units, _ in rows if units]
