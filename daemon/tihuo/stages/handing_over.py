"""履约与自提: a customer comes, is recognised, and takes her parcels once."""

from __future__ import annotations

import json

import msgspec

from tihuo.shop import paper
from tihuo.shop.events import (
    CheckedIn,
    LineQuantity,
    OrderHandedOver,
    OrderHandoverUndone,
    StaffCalled,
    VisitEnded,
)
from tihuo.shop.fence import keep_out
from tihuo.shop.labels import queue_label, receipt_facts
from tihuo.shop.orders import IMPORTED
from tihuo.shop.pickups import order_of_code, order_of_short_code
from tihuo.shop.stock import move
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

WELCOME_MS = 45_000
CONFIRM_MS = 20_000
PARTLY_MS = 10_000
DONE_MS = 5_000
REFUSED_MS = 12_000
_LASTS_MS = {"welcome": WELCOME_MS, "confirm": CONFIRM_MS, "partly": PARTLY_MS, "done": DONE_MS}


class Given(msgspec.Struct, frozen=True):
    """What one hand-over came to. `left` parcels of this customer are still on the shelf."""

    visit_id: int
    parcels: list[int]
    units: int
    left: int


def check_in(work: Work, kiosk: str, code: str, method: str = "kiosk") -> int:
    """登记: a code was shown at a kiosk; gives the visit that the kiosk's page is now drawn from.

    A code that helps nobody is a fact too: the visit's `outcome` is then `unknown_code`, `other_shop`, `not_ready`,
    `already_collected`, `cancelled`, `refused_order` or `nothing_left`, with what the page needs in `facts`.
    """
    facts: dict[str, object] = {}
    order_no = customer_id = None
    try:
        keep_out(work)
        order_no = _order_of(work, code)
        customer_id = _customer_of(work, order_no)
        _ready_parcels(work, order_no, customer_id)
        outcome = "welcome"
    except Refusal as refusal:
        outcome, facts = refusal.code, dict(refusal.facts)
        if outcome == "unknown_code":
            order_no = None
    _end_open_visits(work, kiosk, "replaced")
    visit_id = work.sql(
        "INSERT INTO visit(kiosk, order_no, customer_id, outcome, facts, method, opened_at, ends_at, given_before) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(id), 0) FROM handover_line))",
        (
            kiosk,
            order_no,
            customer_id,
            outcome,
            json.dumps(facts),
            method,
            work.now,
            _end_of(work, outcome),
        ),
    ).lastrowid
    assert visit_id is not None
    refusal_code = "" if outcome == "welcome" else outcome
    work.record(CheckedIn(visit_id=visit_id, kiosk=kiosk, order_no=order_no, refusal=refusal_code))
    return visit_id


def hand_over(work: Work, visit_id: int, parcel_ids: list[int] | None = None) -> Given:
    """核销交付 at a kiosk: the customer of an open visit takes these parcels, or all of hers that are ready.

    Raises `Refusal`: `visit_over`, `already_collected` (all of them went over the counter in the meantime).
    """
    keep_out(work)
    visit = work.one(
        "SELECT customer_id, method, order_no FROM visit WHERE id = ? AND closed_at IS NULL "
        "AND outcome IN ('welcome', 'confirm', 'partly')",
        (visit_id,),
    )
    if visit is None:
        raise Refusal("visit_over")
    customer_id, method, order_no = visit
    ready = _ready_parcels(work, order_no, customer_id)
    chosen = ready if parcel_ids is None else [parcel for parcel in ready if parcel in set(parcel_ids)]
    if not chosen:
        raise Refusal("already_collected", at=_collected_at(work, order_no))
    given = _give(work, customer_id, chosen, method, visit_id)
    outcome = "partly" if given.left else "done"
    work.sql(
        "UPDATE visit SET outcome = ?, ends_at = ? WHERE id = ?",
        (outcome, _end_of(work, outcome), visit_id),
    )
    return given


def hand_over_by_code(work: Work, code: str, method: str = "staff_code") -> Given:
    """核销交付 at the counter: everything that is ready for the customer of this code, in one step.

    Raises `Refusal` with the codes of `check_in`.
    """
    keep_out(work)
    order_no = _order_of(work, code)
    customer_id = _customer_of(work, order_no)
    return _give(work, customer_id, _ready_parcels(work, order_no, customer_id), method, None)


def hand_over_parcel(
    work: Work, parcel_id: int, lines: dict[int, int] | None = None, method: str = "staff_phone"
) -> Given:
    """核销交付 at the counter of one parcel, or of some units of it: {SKU number: quantity}.

    Raises `Refusal`: `already_collected`, `not_ready`, `more_than_ready`, `bad_quantity`.
    """
    keep_out(work)
    if lines is not None and any(quantity <= 0 for quantity in lines.values()):
        raise Refusal("bad_quantity")
    parcel = work.one("SELECT state, customer_id, handed_over_at FROM parcel WHERE id = ?", (parcel_id,))
    if parcel is None or parcel[0] in ("sorting", "empty"):
        raise Refusal("not_ready")
    if parcel[0] == "handed_over":
        raise Refusal("already_collected", at=parcel[2])
    return _give(work, parcel[1], [parcel_id], method, None, lines)


def undo_hand_over(work: Work, parcel_id: int, reason: str) -> int:
    """撤销核销: what went out of this parcel last went by mistake and is back in its slot; gives how many units.

    The record of the hand-over stays, marked as undone. Raises `Refusal`: `not_handed_over`, `no_reason`.
    """
    keep_out(work)
    reason = reason.strip()[:200]
    if not reason:
        raise Refusal("no_reason")
    rows = work.sql(
        "SELECT h.id, h.order_no, h.line_no, h.quantity, l.line_id, l.sku_id, o.session_id FROM handover_line h "
        "JOIN order_line l ON l.order_no = h.order_no AND l.line_no = h.line_no "
        "JOIN shop_order o ON o.no = h.order_no, "
        "(SELECT at, method, actor, visit_id FROM handover_line WHERE parcel_id = ?1 AND undone_at IS NULL "
        "ORDER BY id DESC LIMIT 1) last WHERE h.parcel_id = ?1 AND h.undone_at IS NULL AND h.at = last.at "
        "AND h.method = last.method AND h.actor = last.actor AND h.visit_id IS last.visit_id ORDER BY h.id",
        (parcel_id,),
    ).fetchall()
    if not rows:
        raise Refusal("not_handed_over")
    work.many("UPDATE handover_line SET undone_at = ? WHERE id = ?", [(work.now, row[0]) for row in rows])
    work.many(
        "UPDATE order_line SET handed_over = handed_over - ? WHERE order_no = ? AND line_no = ?",
        [(quantity, order_no, line_no) for _, order_no, line_no, quantity, *_ in rows],
    )
    move(work, "handed_over", "ordered", [(session, sku, quantity) for *_, quantity, _, sku, session in rows])
    _back_in_its_slot(work, parcel_id)
    back: dict[int, list[LineQuantity]] = {}
    for _, order_no, _, quantity, line_id, *_ in rows:
        back.setdefault(order_no, []).append(LineQuantity(line_id, quantity))
    for order_no, lines in back.items():
        order = work.one("SELECT order_id, channel FROM shop_order WHERE no = ?", (order_no,))
        assert order is not None
        imported = order[1] == IMPORTED
        work.record(
            OrderHandoverUndone(order_id=order[0], imported=imported, lines=tuple(lines), reason=reason, at=work.now)
        )
    return sum(row[3] for row in rows)


def _back_in_its_slot(work: Work, parcel_id: int) -> None:
    """A bag that had left is ready again. If its place is another's by now, it gets a new one and a new label; and a
    label too if it left without one, as a bag does whose last unit proved short when the others were gone."""
    parcel = work.one(
        "UPDATE parcel SET state = 'ready', handed_over_at = NULL WHERE id = ? AND state = 'handed_over' "
        "RETURNING slot, place",
        (parcel_id,),
    )
    if parcel is None:  # a part of it never left
        return
    slot, place = parcel
    taken = {
        row[0]
        for row in work.sql(
            "SELECT place FROM parcel WHERE slot = ? AND state IN ('sorting', 'ready') AND id <> ?", (slot, parcel_id)
        )
    }
    if place in taken:
        free = next(n for n in range(1, len(taken) + 2) if n not in taken)
        work.sql("UPDATE parcel SET place = ? WHERE id = ?", (free, parcel_id))
    labelled = "SELECT 1 FROM print_job WHERE subject = ? AND state <> 'cancelled'"
    if place in taken or not work.one(labelled, (f"parcel:{parcel_id}",)):
        queue_label(work, parcel_id)


def ask_again(work: Work) -> int:
    """The clock moves visits on: an unanswered welcome asks once more, everything else goes back to idle.

    Gives how many moved. Nothing is ever taken for granted: an unanswered question hands nothing over.
    """
    overdue = work.sql(
        "SELECT id, kiosk, outcome FROM visit WHERE closed_at IS NULL AND ends_at <= ?", (work.ticks,)
    ).fetchall()
    for visit_id, kiosk, outcome in overdue:
        if outcome == "welcome":
            work.sql(
                "UPDATE visit SET outcome = 'confirm', ends_at = ? WHERE id = ?", (_end_of(work, "confirm"), visit_id)
            )
            work.record(CheckedIn(visit_id=visit_id, kiosk=kiosk))
        else:
            _end(work, visit_id, kiosk, "walked_away" if outcome == "confirm" else "over")
    return len(overdue)


def go_on(work: Work) -> None:
    """The box has started: the count that visits are timed by may have begun anew, so whoever stood at a kiosk then
    gets her time once more."""
    for visit_id, outcome in work.sql("SELECT id, outcome FROM visit WHERE closed_at IS NULL").fetchall():
        work.sql("UPDATE visit SET ends_at = ? WHERE id = ?", (_end_of(work, outcome), visit_id))


def leave(work: Work, visit_id: int) -> None:
    """The customer, or the page's countdown, ends a visit. Ending it twice changes nothing."""
    row = work.one("SELECT kiosk FROM visit WHERE id = ? AND closed_at IS NULL", (visit_id,))
    if row is not None:
        _end(work, visit_id, row[0], "left")


def call_staff(work: Work, kiosk: str, visit_id: int | None = None) -> None:
    """叫店员: somebody at the kiosk wants a person."""
    work.record(StaffCalled(kiosk=kiosk, visit_id=visit_id))


def _order_of(work: Work, code: str) -> int:
    code = code.strip()
    if code.replace(" ", "").isdigit():
        return order_of_short_code(code, work.house.code_key)
    return order_of_code(code, work.house.store_id, work.house.code_key)


def _customer_of(work: Work, order_no: int) -> str:
    row = work.one("SELECT customer_id, state FROM shop_order WHERE no = ?", (order_no,))
    if row is None:
        raise Refusal("unknown_code")
    if row[1] != "accepted":
        raise Refusal("cancelled" if row[1] == "cancelled" else "refused_order")
    return str(row[0])


def _ready_parcels(work: Work, order_no: int, customer_id: str) -> list[int]:
    """The customer's parcels on the shelf: those of this order and whatever else waits for her."""
    ready = [
        row[0]
        for row in work.sql(
            "SELECT id FROM parcel WHERE customer_id = ? AND state = 'ready' ORDER BY id", (customer_id,)
        )
    ]
    if ready:
        return ready
    totals = work.one(
        "SELECT sum(handed_over), sum(quantity - put - short - cancelled) FROM order_line WHERE order_no = ?",
        (order_no,),
    )
    assert totals is not None
    if totals[1]:
        window = work.one("SELECT window_from, window_to FROM shop_order WHERE no = ?", (order_no,))
        assert window is not None
        raise Refusal("not_ready", window=list(window))
    if totals[0]:
        raise Refusal("already_collected", at=_collected_at(work, order_no))
    raise Refusal("nothing_left")


def _collected_at(work: Work, order_no: int) -> int:
    row = work.one(
        "SELECT at FROM handover_line WHERE order_no = ? AND undone_at IS NULL ORDER BY id DESC LIMIT 1", (order_no,)
    )
    return int(row[0]) if row else 0


def _give(
    work: Work,
    customer_id: str,
    parcels: list[int],
    method: str,
    visit_id: int | None,
    only: dict[int, int] | None = None,
) -> Given:
    marks = ", ".join("?" * len(parcels))
    units: list[tuple[int, int, int]] = []
    touched: dict[int, list[LineQuantity]] = {}
    rights = []
    wanted = dict(only) if only is not None else None
    for order_no, line_no, line_id, sku_id, session_id, parcel_id, on_shelf in work.sql(
        "SELECT l.order_no, l.line_no, l.line_id, l.sku_id, o.session_id, l.parcel_id, l.put - l.handed_over "
        "FROM order_line l JOIN shop_order o ON o.no = l.order_no "
        f"WHERE l.parcel_id IN ({marks}) AND l.put > l.handed_over ORDER BY l.order_no, l.line_no",
        tuple(parcels),
    ).fetchall():
        quantity = on_shelf if wanted is None else min(on_shelf, wanted.get(sku_id, 0))
        if not quantity:
            continue
        if wanted is not None:
            wanted[sku_id] -= quantity
        units.append((order_no, line_no, quantity))
        touched.setdefault(order_no, []).append(LineQuantity(line_id, quantity))
        rights.append((session_id, sku_id, quantity))
        record = work.sql(
            "INSERT INTO handover_line(order_no, line_no, parcel_id, quantity, method, actor, at, visit_id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (order_no, line_no, parcel_id, quantity, method, work.actor, work.now, visit_id),
        ).lastrowid
    if not units or (wanted is not None and any(wanted.values())):
        raise Refusal("more_than_ready")
    work.many("UPDATE order_line SET handed_over = handed_over + ?3 WHERE order_no = ?1 AND line_no = ?2", units)
    work.many(
        "UPDATE parcel SET state = 'handed_over', handed_over_at = ? WHERE id = ? AND NOT EXISTS "
        "(SELECT 1 FROM order_line WHERE parcel_id = parcel.id AND put > handed_over)",
        [(work.now, parcel) for parcel in parcels],
    )
    move(work, "ordered", "handed_over", rights)
    for order_no, lines in touched.items():
        order = work.one(
            "SELECT o.order_id, sum(l.put - l.handed_over) + sum(l.quantity - l.put - l.short - l.cancelled), "
            "o.channel FROM shop_order o JOIN order_line l ON l.order_no = o.no WHERE o.no = ?",
            (order_no,),
        )
        assert order is not None
        work.record(
            OrderHandedOver(
                order_id=order[0],
                imported=order[2] == IMPORTED,
                lines=tuple(lines),
                handed_over_at=work.now,
                method=method,
                complete=not order[1],
            )
        )
    left = work.one("SELECT count(*) FROM parcel WHERE customer_id = ? AND state = 'ready'", (customer_id,))
    assert left is not None
    if work.house.print_receipts:
        paper.queue(work, "receipt", f"handover:{record}", receipt_facts(work, customer_id, units, method))
    return Given(visit_id or 0, parcels, sum(quantity for *_, quantity in units), left[0])


def _end_of(work: Work, outcome: str) -> int:
    """When a visit moves on by itself: not by the time, which may jump."""
    return work.ticks + _LASTS_MS.get(outcome, REFUSED_MS)


def _end_open_visits(work: Work, kiosk: str, how: str) -> None:
    for (visit_id,) in work.sql("SELECT id FROM visit WHERE kiosk = ? AND closed_at IS NULL", (kiosk,)).fetchall():
        _end(work, visit_id, kiosk, how)


def _end(work: Work, visit_id: int, kiosk: str, how: str) -> None:
    work.sql("UPDATE visit SET closed_at = ? WHERE id = ?", (work.now, visit_id))
    work.record(VisitEnded(visit_id=visit_id, kiosk=kiosk, how=how))
