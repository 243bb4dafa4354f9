"""恢复: what became of orders after the backup, as the cloud heard it from this very box.

Each function books one fact that is true already: with the number, the parcel, the time and the refund that it had
then, and without telling the cloud again. A fact that is known changes nothing; one that does not fit is put on the
list of what a person must look at.
"""

from __future__ import annotations

import msgspec

from tihuo.shop import customers, tickets
from tihuo.shop.events import (
    AdjustedLine,
    Event,
    LineQuantity,
    OrderAccepted,
    OrderAdjusted,
    OrderCancelled,
    OrderHandedOver,
    OrderHandoverUndone,
    OrderReady,
    OrderRefused,
    OrderShort,
    ParcelPlace,
    Refund,
    TicketUpdated,
)
from tihuo.shop.fence import look_again
from tihuo.shop.orders import NewOrder, last_order
from tihuo.shop.parcels import place_in
from tihuo.shop.reclaim import defer_loss, loss_told, stand_in_again
from tihuo.shop.shortages import BY_HAND, enter
from tihuo.shop.stock import OF_GRANT, OF_ITEM, move, offer
from tihuo.shop.waves import next_parcel
from tihuo.shop.weights import weight_back
from tihuo.shop.work import Work

CLOUD = "cloud"
"""Who handed over, where the record of a person is lost."""
_GONE = "quantity - short - cancelled - handed_over"


class _Line(msgspec.Struct, frozen=True):
    line_no: int
    line_id: str
    sku_id: int
    parcel_id: int | None
    open: int
    """Units of it that have not been handed over, missed or cancelled."""


class _Order(msgspec.Struct, frozen=True):
    no: int
    order_id: str
    state: str
    session_id: str
    customer_id: str
    window: tuple[int, int]
    refunds: int


def order_again(work: Work, new: NewOrder, order_no: int, window: tuple[int, int]) -> bool:
    """收单: it was accepted under this number. False if the number is another order's, which must not be.

    The grants that it cites hold enough: see `restoring.cover_order`.
    """
    if work.one("SELECT 1 FROM shop_order WHERE no = ? OR order_id = ?", (order_no, new.order_id)):
        return False
    lines = []
    for number, line in enumerate(new.lines, 1):
        grant = work.one("SELECT sku_id FROM stock_grant WHERE id = ?", (line.grant_id,))
        assert grant is not None
        lines.append((order_no, number, line.line_id, grant[0], line.grant_id, line.quantity, line.unit_price_fen))
        work.sql(
            "UPDATE grant_rights SET remaining = remaining - ?1, sold = sold + ?1, asked = min(asked, remaining - ?1) "
            f"{OF_GRANT}",
            (line.quantity, line.grant_id),
        )
        item = work.one(
            "SELECT max(owed - granted + ?, 0) FROM session_item WHERE session_id = ? AND sku_id = ?",
            (line.quantity, new.session_id, grant[0]),
        )
        work.sql(
            "UPDATE item_rights SET granted = granted - ?1, ordered = ordered + ?1, owed = min(owed, granted - ?1), "
            f"version = ?2 {OF_ITEM}",
            (line.quantity, work.version, new.session_id, grant[0]),
        )
        if item and item[0]:
            defer_loss(work, new.session_id, grant[0], item[0])
    _keep_order(work, new, order_no, window, "accepted")
    work.many(
        "INSERT INTO order_line(order_no, line_no, line_id, sku_id, grant_id, quantity, unit_price_fen, put, short, "
        "cancelled, handed_over, parcel_id) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, NULL)",
        lines,
    )
    if new.window is None:  # then it is the session's own, which a session that came back had lost
        work.sql(
            "UPDATE live_session SET window_from = ?, window_to = ? WHERE id = ? AND EXISTS (SELECT 1 FROM recount "
            "WHERE what = 'new_item' AND session_id = live_session.id)",
            (*window, new.session_id),
        )
    work.record(OrderAccepted(order_id=new.order_id, order_no=order_no, window=window, recovered=True))
    return True


def renumber(work: Work, order_id: str, number: int) -> None:
    """The customer's phone shows the code of this number. A backup from a life that ended may know the order by
    another, which nobody was told."""
    row = work.one("SELECT no, state FROM shop_order WHERE order_id = ?", (order_id,))
    if row is None or row[0] == number:
        return
    if row[1] == "refused" or work.one("SELECT 1 FROM shop_order WHERE no = ?", (number,)):
        look_again(work, "contradiction", note=f"{order_id} order.accepted")
        return
    work.sql("UPDATE shop_order SET no = ? WHERE no = ?", (number, row[0]))
    for table in ("order_line", "short_pick", "handover_line", "visit", "service_ticket", "refund_outcome"):
        work.sql(f"UPDATE {table} SET order_no = ? WHERE order_no = ?", (number, row[0]))


def refusal_again(work: Work, new: NewOrder, reason: str, refund: Refund | None) -> None:
    """拒单: it was refused, and its money went back. Nobody was told its number, so it gets another."""
    _keep_order(work, new, last_order(work) + 1, new.window or (0, 0), "refused", reason, refund)
    work.many(
        "UPDATE grant_terms SET refused = refused + ? WHERE id = ?",
        [(line.quantity, line.grant_id) for line in new.lines],
    )
    lines = tuple(LineQuantity(line.line_id, line.quantity, reason) for line in new.lines)
    work.record(OrderRefused(order_id=new.order_id, reason=reason, lines=lines, refund=refund, recovered=True))


def _keep_order(
    work: Work,
    new: NewOrder,
    order_no: int,
    window: tuple[int, int],
    state: str,
    reason: str = "",
    refund: Refund | None = None,
) -> None:
    customers.keep_all(work, [(new.customer_id, new.customer_name, new.customer_phone, "")])
    work.sql(
        "INSERT INTO shop_order(no, order_id, session_id, customer_id, channel, state, reason, placed_at, paid_at, "
        "accepted_at, paid_fen, refunded_fen, refunds, window_from, window_to, substitution, provider, transaction_id, "
        "note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order_no,
            new.order_id,
            new.session_id,
            new.customer_id,
            new.channel,
            state,
            reason,
            new.placed_at,
            new.paid_at,
            work.now,
            new.paid_fen,
            min(refund.amount_fen, new.paid_fen) if refund else 0,
            1 if refund else 0,
            *window,
            new.substitution,
            new.provider,
            new.transaction_id,
            new.note,
        ),
    )


def short_again(work: Work, order_id: str, lines: list[tuple[str, int, str]], refund: Refund | None) -> None:
    """缺货: these units did not come, and this was refunded."""
    order = _order(work, order_id, "order.short")
    number = int(refund.refund_id.rpartition("-r")[2]) if refund and "-r" in refund.refund_id else 0
    if order is None or (number and number <= order.refunds):
        return
    for line_id, quantity, reason in lines:
        _missed_again(work, order, line_id, quantity, reason, "refunded")
    if refund is not None:
        work.sql(
            "UPDATE shop_order SET refunds = max(refunds, ?), refunded_fen = min(paid_fen, refunded_fen + ?) "
            "WHERE no = ?",
            (number, refund.amount_fen, order.no),
        )
    _record(work, OrderShort(order_id=order_id, lines=_said(lines), refund=refund or Refund(f"{order_id}-r0", 0)))


def adjusted_again(work: Work, order_id: str, lines: list[AdjustedLine], refund: Refund | None) -> None:
    """多退少不补: these lines were billed for less, by their weight or because other goods stood in for them."""
    order = _order(work, order_id, "order.adjusted")
    number = int(refund.refund_id.rpartition("-r")[2]) if refund and "-r" in refund.refund_id else 0
    if order is None or (number and number <= order.refunds):
        return
    for line in lines:
        if line.reason == "weight":
            _weighed_again(work, order, line)
        else:
            _stood_in_again(work, order, line)
    if refund is not None:
        work.sql(
            "UPDATE shop_order SET refunds = max(refunds, ?), refunded_fen = min(paid_fen, refunded_fen + ?) "
            "WHERE no = ?",
            (number, refund.amount_fen, order.no),
        )
    _record(work, OrderAdjusted(order_id=order_id, lines=tuple(lines), refund=refund))


def _weighed_again(work: Work, order: _Order, told: AdjustedLine) -> None:
    row = work.one(
        "SELECT l.line_no, l.unit_price_fen, s.nominal_grams FROM order_line l JOIN sku s ON s.id = l.sku_id "
        "WHERE l.order_no = ? AND l.line_id = ? AND l.quantity >= ? AND s.nominal_grams > 0 ORDER BY l.line_no",
        (order.no, told.line_id, told.quantity),
    )
    if row is None:
        look_again(work, "contradiction", quantity=told.quantity, note=f"{order.order_id} order.adjusted")
        return
    line_no, price, nominal = row
    back = weight_back(told.quantity, told.billed_grams or 0, price, nominal)
    work.sql(
        "UPDATE order_line SET weighed = ?1, picked_grams = ?2, billed_grams = ?3, "
        "gone_fen = max(gone_fen, min(short * unit_price_fen + ?4, quantity * unit_price_fen)) "
        "WHERE order_no = ?5 AND line_no = ?6",
        (told.quantity, told.picked_grams or 0, told.billed_grams or 0, back, order.no, line_no),
    )


def _stood_in_again(work: Work, order: _Order, told: AdjustedLine) -> None:
    sku = work.one("SELECT id, code, price_fen FROM sku WHERE code = ?", (told.sku,))
    known = sku and work.one(
        "SELECT 1 FROM order_line WHERE order_no = ? AND line_id = ? AND sku_id = ? AND instead_of IS NOT NULL",
        (order.no, told.line_id, sku[0]),
    )
    if known:
        return
    line = _missed_again(work, order, told.line_id, told.quantity, "short", "substituted")
    if sku is None or line is None:
        look_again(work, "contradiction", quantity=told.quantity, note=f"{order.order_id} order.adjusted")
        return
    offer(work, order.session_id, sku[0], "on_hand", sku[2], None, None, CLOUD)
    stand_in_again(work, order.session_id, sku[0], sku[1], told.quantity)
    work.sql(
        "INSERT INTO order_line(order_no, line_no, line_id, sku_id, grant_id, quantity, unit_price_fen, put, short, "
        "cancelled, handed_over, instead_of) SELECT order_no, (SELECT max(line_no) + 1 FROM order_line "
        "WHERE order_no = ?1), line_id, ?2, '', ?3, ?4, 0, 0, 0, 0, line_no FROM order_line "
        "WHERE order_no = ?1 AND line_no = ?5",
        (order.no, sku[0], told.quantity, told.unit_price_fen or 0, line),
    )
    parcel = work.one("SELECT parcel_id FROM order_line WHERE order_no = ? AND line_no = ?", (order.no, line))
    if parcel and parcel[0] is not None:
        work.sql(  # apart, as only a line that changes is counted in its wave
            "UPDATE order_line SET parcel_id = ?1 WHERE order_no = ?2 AND instead_of = ?3 AND parcel_id IS NULL",
            (parcel[0], order.no, line),
        )
        _settle(work, parcel[0], work.now)


def _missed_again(work: Work, order: _Order, line_id: str, quantity: int, reason: str, state: str) -> int | None:
    """Units of a line did not come, and it is known what was decided; gives the line. Those that the backup knows to
    be missing, and waiting for that, are not missed twice."""
    line_no = None
    left = quantity
    for pick_id, number, units in work.sql(
        "SELECT k.id, k.line_no, k.quantity FROM short_pick k JOIN order_line l ON l.order_no = k.order_no "
        "AND l.line_no = k.line_no WHERE k.order_no = ? AND l.line_id = ? AND k.state = 'open' ORDER BY k.id",
        (order.no, line_id),
    ).fetchall():
        if units <= left:
            work.sql(
                "UPDATE short_pick SET state = ?, settled_by = ?, settled_at = ? WHERE id = ?",
                (state, CLOUD, work.now, pick_id),
            )
            left, line_no = left - units, number
            _gone(work, order, number, units)
    if not left:
        return line_no
    line, units = _units(work, order, line_id, left, "order.short")
    if line is None or not units:
        return line_no
    _less(work, order, line, units, "short")
    _gone(work, order, line.line_no, units)
    move(work, "ordered", "void", [(order.session_id, line.sku_id, units)])
    _charge(work, order.session_id, line.sku_id, units, reason)
    return line.line_no


def _gone(work: Work, order: _Order, line_no: int, units: int) -> None:
    work.sql(
        "UPDATE order_line SET gone_fen = min(gone_fen + unit_price_fen * ?, unit_price_fen * quantity) "
        "WHERE order_no = ? AND line_no = ?",
        (units, order.no, line_no),
    )


def _charge(work: Work, session_id: str, sku_id: int, units: int, reason: str) -> None:
    enter(work, session_id, sku_id, units, reason or "short", BY_HAND, short=units, actor=CLOUD)
    loss_told(work, session_id, sku_id, units)


def cancelled_again(work: Work, order_id: str, lines: list[tuple[str, int, str]], reason: str, at: int) -> None:
    """These units were cancelled: their rights are in quarantine, what lay in a slot was taken out."""
    order = _order(work, order_id, "order.cancelled")
    if order is None or order.state != "accepted":
        return
    for line_id, quantity, _ in lines:
        line, units = _units(work, order, line_id, quantity, "order.cancelled")
        if line is None or not units:
            continue
        _less(work, order, line, units, "cancelled")
        move(work, "ordered", "quarantine", [(order.session_id, line.sku_id, units)])
    work.sql(
        "UPDATE shop_order SET state = 'cancelled', reason = ?1 WHERE no = ?2 AND NOT EXISTS (SELECT 1 FROM order_line "
        f"WHERE order_no = ?2 AND (handed_over > 0 OR {_GONE} > 0))",
        (reason, order.no),
    )
    _record(work, OrderCancelled(order_id=order_id, lines=_said(lines), reason=reason, at=at))


def ready_again(work: Work, order_id: str, parcels: list[tuple[str, str, str]], at: int) -> None:
    """The order's parcels (id, zone, slot) stood on the shelf: each is complete, whoever else's goods are in it."""
    order = _order(work, order_id, "order.ready")
    if order is None:
        return
    for number, (parcel_id, zone, slot) in enumerate(parcels, 1):
        known = parcel_id.removeprefix("p")
        if not known.isdigit():
            look_again(work, "contradiction", note=f"{order_id} {parcel_id}")
            continue
        _parcel_again(work, order, int(known), zone, slot, (number, len(parcels)))
        work.sql(
            "UPDATE order_line SET parcel_id = ?1 WHERE order_no = ?2 AND parcel_id IS NULL AND short + cancelled < "
            "quantity AND (?3 OR sku_id IN (SELECT id FROM sku WHERE zone = ?4))",
            (int(known), order.no, len(parcels) == 1, zone),
        )
        work.sql(
            "UPDATE sku SET zone = ?1 WHERE zone <> ?1 AND ?2 AND code IN (SELECT sku FROM recount WHERE "
            "what = 'new_sku') AND id IN (SELECT sku_id FROM order_line WHERE order_no = ?3)",
            (zone, len(parcels) == 1, order.no),
        )
        work.sql("UPDATE order_line SET put = quantity - short - cancelled WHERE parcel_id = ?", (int(known),))
        _settle(work, int(known), at)
    if work.one(f"SELECT 1 FROM order_line WHERE order_no = ? AND parcel_id IS NULL AND {_GONE} > 0", (order.no,)):
        look_again(work, "contradiction", note=f"{order_id} order.ready")
    places = tuple(ParcelPlace(*parcel) for parcel in parcels)
    _record(work, OrderReady(order_id=order_id, parcels=places, window=order.window))


def handed_over_again(work: Work, order_id: str, lines: list[tuple[str, int, str]], at: int, method: str) -> None:
    """核销交付: these units went over the counter at that time. They cannot go a second time."""
    order = _order(work, order_id, "order.handed_over")
    if order is None:
        return
    for line_id, quantity, _ in lines:
        line, units = _units(work, order, line_id, quantity, "order.handed_over")
        if line is None or not units:
            continue
        parcel_id = line.parcel_id or _parcel_of(work, order, line)
        work.sql(
            "UPDATE order_line SET handed_over = handed_over + ?1, put = max(put, handed_over + ?1), parcel_id = ?2 "
            "WHERE order_no = ?3 AND line_no = ?4",
            (units, parcel_id, order.no, line.line_no),
        )
        work.sql(
            "INSERT INTO handover_line(order_no, line_no, parcel_id, quantity, method, actor, at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (order.no, line.line_no, parcel_id, units, method, CLOUD, at),
        )
        move(work, "ordered", "handed_over", [(order.session_id, line.sku_id, units)])
        _settle(work, parcel_id, at)
    left = work.one(f"SELECT sum({_GONE}) FROM order_line WHERE order_no = ?", (order.no,))
    complete = not (left and left[0])
    _record(
        work,
        OrderHandedOver(order_id=order_id, lines=_said(lines), handed_over_at=at, method=method, complete=complete),
    )


def undone_again(work: Work, order_id: str, lines: list[tuple[str, int, str]], reason: str, at: int) -> None:
    """撤销核销: these units came back over the counter."""
    order = _order(work, order_id, "order.handover_undone")
    if order is None:
        return
    for line_id, quantity, _ in lines:
        left = quantity
        for record_id, line_no, parcel_id, sku_id, units in work.sql(
            "SELECT h.id, h.line_no, h.parcel_id, l.sku_id, h.quantity FROM handover_line h JOIN order_line l "
            "ON l.order_no = h.order_no AND l.line_no = h.line_no WHERE h.order_no = ? AND l.line_id = ? "
            "AND h.undone_at IS NULL ORDER BY h.at DESC, h.id DESC",
            (order.no, line_id),
        ).fetchall():
            if units > left:  # a record is undone whole, and not always the newest one
                continue
            left -= units
            work.sql("UPDATE handover_line SET undone_at = ? WHERE id = ?", (at, record_id))
            work.sql(
                "UPDATE order_line SET handed_over = handed_over - ? WHERE order_no = ? AND line_no = ?",
                (units, order.no, line_no),
            )
            move(work, "handed_over", "ordered", [(order.session_id, sku_id, units)])
            _settle(work, parcel_id, at)
        if left:
            look_again(work, "contradiction", note=f"{order_id} order.handover_undone")
    _record(work, OrderHandoverUndone(order_id=order_id, lines=_said(lines), reason=reason, at=at))


def _order(work: Work, order_id: str, told: str) -> _Order | None:
    row = work.one(
        "SELECT no, order_id, state, session_id, customer_id, window_from, window_to, refunds FROM shop_order "
        "WHERE order_id = ?",
        (order_id,),
    )
    if row is None:
        look_again(work, "half_known", note=order_id)
        return None
    if row[2] == "refused":
        look_again(work, "contradiction", note=f"{order_id} {told}")
        return None
    return _Order(row[0], row[1], row[2], row[3], row[4], (row[5], row[6]), row[7])


def _units(work: Work, order: _Order, line_id: str, quantity: int, told: str) -> tuple[_Line | None, int]:
    """The line, and how many of the units can still be true; the others are a contradiction."""
    row = work.one(
        f"SELECT line_no, line_id, sku_id, parcel_id, {_GONE} FROM order_line WHERE order_no = ? AND line_id = ? "
        f"ORDER BY {_GONE} >= ? DESC, line_no",  # what stands in for goods is the same line to the cloud
        (order.no, line_id, quantity),
    )
    line = _Line(*row) if row else None
    units = min(quantity, line.open) if line else 0
    if units < quantity:
        look_again(work, "contradiction", quantity=quantity - units, note=f"{order.order_id} {told}")
    return line, units


def _less(work: Work, order: _Order, line: _Line, units: int, column: str) -> None:
    """So many units of a line are `short` or `cancelled`, and lie in no slot."""
    work.sql(
        f"UPDATE order_line SET {column} = {column} + ?1, put = min(put, quantity - short - cancelled - ?1) "
        "WHERE order_no = ?2 AND line_no = ?3",
        (units, order.no, line.line_no),
    )
    if line.parcel_id is not None:
        _settle(work, line.parcel_id, work.now)


def _parcel_of(work: Work, order: _Order, line: _Line) -> int:
    """A parcel for goods of which only the hand-over is known."""
    zone = work.one("SELECT zone FROM sku WHERE id = ?", (line.sku_id,))
    assert zone is not None
    known = work.one(
        "SELECT p.id FROM parcel p JOIN order_line l ON l.parcel_id = p.id WHERE l.order_no = ? AND p.zone = ?",
        (order.no, zone[0]),
    )
    if known is not None:
        return int(known[0])
    slots = work.house.slots.get(zone[0]) or ("",)
    parcel_id = next_parcel(work)
    _parcel_again(work, order, parcel_id, zone[0], slots[0], (1, 1))
    return parcel_id


def _parcel_again(work: Work, order: _Order, parcel_id: int, zone: str, slot: str, number: tuple[int, int]) -> None:
    if work.one("SELECT 1 FROM parcel WHERE id = ?", (parcel_id,)):
        return
    wave = work.one("SELECT max(id) FROM wave WHERE session_id = ? AND opened_at = 0", (order.session_id,))
    wave_id = wave[0] if wave else None
    if wave_id is None:  # one wave of each session for what was sorted in waves that nobody knows
        wave_id = work.sql(
            "INSERT INTO wave(session_id, state, opened_at) VALUES (?, 'open', 0)", (order.session_id,)
        ).lastrowid
    place = place_in(work, parcel_id, slot)
    work.sql(
        "INSERT INTO parcel(id, wave_id, customer_id, window_from, window_to, zone, slot, place, number, of_total, "
        "state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'sorting')",
        (parcel_id, wave_id, order.customer_id, *order.window, zone, slot, place, *number),
    )


def _settle(work: Work, parcel_id: int, at: int) -> None:
    """The parcel's state follows from its lines; no label, no message: both are out already."""
    row = work.one(
        "SELECT sum(quantity - put - short - cancelled), sum(put), sum(put - handed_over) FROM order_line "
        "WHERE parcel_id = ?",
        (parcel_id,),
    )
    assert row is not None
    wanted, put_in, on_shelf = row
    if wanted is None:
        work.sql("DELETE FROM parcel WHERE id = ?", (parcel_id,))
        return
    state = "sorting" if wanted else "ready" if on_shelf else "handed_over" if put_in else "empty"
    work.sql(
        "UPDATE parcel SET state = ?1, ready_at = CASE WHEN ?1 <> 'sorting' THEN coalesce(ready_at, ?2) END, "
        "handed_over_at = CASE ?1 WHEN 'handed_over' THEN ?2 END WHERE id = ?3",
        (state, at, parcel_id),
    )


def _said(lines: list[tuple[str, int, str]]) -> tuple[LineQuantity, ...]:
    return tuple(LineQuantity(*line) for line in lines)


def _record(work: Work, event: Event) -> None:
    work.record(msgspec.structs.replace(event, recovered=True))


def ticket_again(
    work: Work,
    ticket_id: str,
    request_id: str,
    order_id: str,
    kind: str,
    reason: str,
    lines: list[tuple[str, int]],
    photos: list[tuple[str, str, str]],
) -> None:
    """售后工单: this request became a ticket of this name. `work` tells the cloud nothing, which told it."""
    order = work.one("SELECT no FROM shop_order WHERE order_id = ?", (order_id,))
    if order is None or work.one("SELECT 1 FROM service_ticket WHERE request_id = ?", (request_id,)):
        return
    known = dict(work.sql("SELECT line_id, line_no FROM order_line WHERE order_no = ?", (order[0],)).fetchall())
    units = {known[line_id]: quantity for line_id, quantity in lines if line_id in known}
    number = tickets.open_ticket(work, request_id, order[0], order_id, kind, reason, units)
    work.sql("UPDATE service_ticket SET ticket_id = ? WHERE no = ?", (ticket_id, number))
    work.many(
        "INSERT INTO ticket_photo(ticket_no, name, parts, url, sha256) VALUES (?, ?, 0, ?, ?)",
        [(number, *photo) for photo in photos],
    )


def ticket_moved_again(work: Work, ticket_id: str, state: str, outcome: str, at: int) -> None:
    """售后工单: it was this far. Of one that is settled nothing is looked for any more."""
    row = work.one(
        "UPDATE service_ticket SET state = ?, outcome = ?, moved_at = ? WHERE ticket_id = ? RETURNING request_id, "
        "(SELECT order_id FROM shop_order WHERE no = order_no), no",
        (state, outcome, at, ticket_id),
    )
    if row is not None:
        if state not in tickets.NEXT:
            work.sql("DELETE FROM missed_line WHERE ticket_no = ?", (row[2],))
        _record(
            work, TicketUpdated(ticket_id=ticket_id, request_id=row[0], order_id=row[1], state=state, outcome=outcome)
        )
