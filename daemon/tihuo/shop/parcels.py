"""包裹 on its way: what follows when a parcel is complete, and when something is taken out of it again."""

from __future__ import annotations

from tihuo.shop import paper, reminders
from tihuo.shop.events import OrderReady, ParcelMoved, ParcelPlace, ParcelReady, WaveDone
from tihuo.shop.labels import queue_label
from tihuo.shop.orders import IMPORTED
from tihuo.shop.weights import settle_weights
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work


def settle_parcel(work: Work, parcel_id: int) -> str:
    """What follows when nothing is missing from a parcel any more: its label, its orders, its wave.

    A parcel that was ready before and has changed gets a new label. Gives the parcel's state.
    """
    totals = work.one(
        "SELECT sum(quantity - put - short - cancelled), sum(put), sum(put - handed_over) FROM order_line "
        "WHERE parcel_id = ?",
        (parcel_id,),
    )
    parcel = work.one("SELECT slot, wave_id, state FROM parcel WHERE id = ?", (parcel_id,))
    assert totals is not None and parcel is not None
    wanted, put_in, on_shelf = totals
    slot, wave_id, before = parcel
    if wanted:
        return "sorting"
    settle_weights(work, parcel_id)
    # the last unit of a parcel may prove short when the customer has taken the others already
    state = "ready" if on_shelf else "handed_over" if put_in else "empty"
    work.sql(
        "UPDATE parcel SET state = ?1, ready_at = ?2, handed_over_at = CASE ?1 WHEN 'handed_over' THEN ?2 END "
        "WHERE id = ?3",
        (state, work.now, parcel_id),
    )
    call_off_label(work, parcel_id)
    if state == "ready":
        queue_label(work, parcel_id)
        work.record(ParcelReady(parcel_id=parcel_id, slot=slot))
    if before == "sorting":
        for (order_no,) in work.sql(
            "SELECT DISTINCT order_no FROM order_line WHERE parcel_id = ?", (parcel_id,)
        ).fetchall():
            _announce(work, order_no)
    if not work.one("SELECT 1 FROM parcel WHERE wave_id = ? AND state = 'sorting'", (wave_id,)):
        done = "UPDATE wave SET state = 'done', done_at = ? WHERE id = ? AND state = 'open'"
        if work.sql(done, (work.now, wave_id)).rowcount:
            work.sql("UPDATE station SET wave_id = NULL, cluster = NULL WHERE wave_id = ?", (wave_id,))
            work.record(WaveDone(wave_id=wave_id))
    return state


def reopen_parcel(work: Work, parcel_id: int) -> None:
    """Something is to go into a parcel that was settled before, or came out of it: it is sorted again.

    A parcel of which nothing had come gave up its place in the slot, and takes the first that nobody has.
    """
    row = work.one("SELECT slot, place, wave_id, state FROM parcel WHERE id = ?", (parcel_id,))
    assert row is not None
    slot, place, wave_id, state = row
    if state == "empty":
        place = place_in(work, parcel_id, slot)
    work.sql("UPDATE parcel SET state = 'sorting', ready_at = NULL, place = ? WHERE id = ?", (place, parcel_id))
    work.sql("UPDATE wave SET state = 'open', done_at = NULL WHERE id = ?", (wave_id,))
    call_off_label(work, parcel_id)


def place_in(work: Work, parcel_id: int, slot: str) -> int:
    """The first place in a slot that no other parcel has."""
    taken = {
        row[0]
        for row in work.sql(
            "SELECT place FROM parcel WHERE slot = ? AND state IN ('sorting', 'ready') AND id <> ?", (slot, parcel_id)
        )
    }
    return next(n for n in range(1, len(taken) + 2) if n not in taken)


def move_parcel(work: Work, parcel_id: int, slot: str) -> None:
    """移位: a parcel on the shelf stands in another slot of its zone now, and gets a label that says so.

    Raises `Refusal`: `not_ready`, `unknown_slot`, `wrong_zone`.
    """
    parcel = work.one("SELECT slot, zone FROM parcel WHERE id = ? AND state = 'ready'", (parcel_id,))
    if parcel is None:
        raise Refusal("not_ready")
    before, zone = parcel
    if not any(slot in slots for slots in work.house.slots.values()):
        raise Refusal("unknown_slot", slot=slot[:12])
    if slot not in work.house.slots.get(zone, ()):
        raise Refusal("wrong_zone", zone=zone)
    if slot == before:
        return
    work.sql("UPDATE parcel SET slot = ?, place = ? WHERE id = ?", (slot, place_in(work, parcel_id, slot), parcel_id))
    call_off_label(work, parcel_id)
    queue_label(work, parcel_id)
    work.record(ParcelMoved(parcel_id=parcel_id, slot=slot, before=before))


def call_off_label(work: Work, parcel_id: int) -> None:
    """A label that is not on paper yet is not printed."""
    for (job_id,) in work.sql(
        "SELECT id FROM print_job WHERE subject = ? AND state IN ('queued', 'expired')", (f"parcel:{parcel_id}",)
    ).fetchall():
        paper.moved(work, job_id, ("queued", "expired"), "cancelled")


def _announce(work: Work, order_no: int) -> None:
    """Tell the cloud that an order can be collected, once nothing of it is still being sorted."""
    places = work.sql(
        "SELECT p.id, p.zone, p.slot, p.state, sum(l.put - l.handed_over) FROM order_line l "
        "JOIN parcel p ON p.id = l.parcel_id WHERE l.order_no = ? GROUP BY p.id",
        (order_no,),
    ).fetchall()
    ready = tuple(
        ParcelPlace(f"p{parcel}", zone, slot)
        for parcel, zone, slot, state, units in places
        if state == "ready" and units
    )
    if any(state == "sorting" for *_, state, _ in places) or not ready:
        return
    order = work.one("SELECT order_id, window_from, window_to, channel FROM shop_order WHERE no = ?", (order_no,))
    assert order is not None
    order_id, start, end, channel = order
    work.record(OrderReady(order_id=order_id, imported=channel == IMPORTED, parcels=ready, window=(start, end)))
    reminders.expect(work, order_no)
