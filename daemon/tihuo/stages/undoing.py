"""撤销核销: a hand-over that was a mistake is taken back, and a parcel that went with the wrong person is put right."""

from __future__ import annotations

from collections.abc import Iterable

from tihuo.shop import reminders
from tihuo.shop.events import ParcelAstray
from tihuo.shop.fence import keep_out
from tihuo.shop.handovers import MOST_RECORDS, gone_of, may_be_undone, take_back
from tihuo.shop.missed import lose_parcel
from tihuo.shop.parcels import move_parcel
from tihuo.shop.words import Refusal, Role
from tihuo.shop.work import Work

WRONG_PERSON = "wrong_person"
REASONS = (WRONG_PERSON, "changed_mind", "mistake")
"""What staff tap; an owner may also write one of her own."""


def undo_hand_over(work: Work, parcel_id: int, reason: str, handover: int = 0, role: str = Role.STAFF) -> int:
    """撤销核销: what went out of this parcel last went by mistake and is back in its slot; gives how many units.

    `handover` names the one that is meant, so that a second tap of somebody else does not take back one before it. The
    record stays, marked as undone. Raises `Refusal`: `not_handed_over`, `already_undone`, `no_reason`, `brought_back`,
    `too_late_to_take_back` (for staff, after `House.undo_within_ms`).
    """
    keep_out(work)
    reason = reason.strip()[:200]
    if not reason:
        raise Refusal("no_reason")
    return _undo(work, parcel_id, reason, handover, role)


def undo_whole(work: Work, handover: int, reason: str, role: str = Role.STAFF) -> int:
    """撤销核销 of all that went in one hand-over and is still out; gives how many units. Raises as `undo_hand_over`."""
    keep_out(work)
    reason = reason.strip()[:200]
    if not reason:
        raise Refusal("no_reason")
    parcels = work.sql(
        "SELECT DISTINCT parcel_id FROM handover_line WHERE id BETWEEN ?1 AND ?1 + ?2 AND (id = ?1 OR handover = ?1) "
        "AND undone_at IS NULL ORDER BY 1",
        (handover, MOST_RECORDS),
    ).fetchall()
    if not parcels:
        raise Refusal("already_undone")
    return sum(_undo(work, parcel_id, reason, handover, role) for (parcel_id,) in parcels)


def put_right(
    work: Work, parcel_id: int, holder_no: int, hers: Iterable[int] = (), role: str = Role.STAFF
) -> list[int]:
    """拿错了: the customer of order `holder_no` went home with a parcel of somebody else.

    In one step: the parcel's own hand-over is taken back if the book has one, because its customer did not get it; so
    are those of the parcels that are `hers` and still stand on the shelf; and until it is back a note says who has it,
    nobody waits for its customer, and a mark that she did not come for it goes.
    Gives the parcels that were taken back. Raises `Refusal`: `not_ready`, `unknown_order`, `her_own`, `already_astray`,
    and what `undo_hand_over` raises.
    """
    keep_out(work)
    parcel = work.one("SELECT state, customer_id FROM parcel WHERE id = ?", (parcel_id,))
    holder = work.one("SELECT customer_id FROM shop_order WHERE no = ?", (holder_no,))
    if parcel is None or parcel[0] not in ("ready", "handed_over"):
        raise Refusal("not_ready")
    if holder is None:
        raise Refusal("unknown_order")
    if holder[0] == parcel[1]:
        raise Refusal("her_own")
    if work.one("SELECT 1 FROM astray WHERE parcel_id = ?", (parcel_id,)):
        raise Refusal("already_astray")
    back = []
    if gone_of(work, parcel_id):
        _undo(work, parcel_id, WRONG_PERSON, 0, role)
        back.append(parcel_id)
    for number in dict.fromkeys(hers):
        if not work.one("SELECT 1 FROM parcel WHERE id = ? AND customer_id = ?", (number, holder[0])):
            raise Refusal("not_handed_over")
        _undo(work, number, WRONG_PERSON, 0, role)
        back.append(number)
    work.sql(
        "INSERT INTO astray(parcel_id, holder_no, actor, at) VALUES (?, ?, ?, ?)",
        (parcel_id, holder_no, work.actor, work.now),
    )
    orders = "SELECT order_no FROM order_line WHERE parcel_id = ?"
    work.sql(f"DELETE FROM no_show WHERE order_no IN ({orders})", (parcel_id,))
    work.record(ParcelAstray(parcel_id=parcel_id, holder_no=holder_no))
    return back


def settle_astray(work: Work, parcel_id: int, back: bool) -> None:
    """A parcel that went astray is on the shelf again, as if it were ready only now; or it never comes `back`, and its
    goods are replaced or refunded as any that are lost. Raises `Refusal("not_astray")`."""
    keep_out(work)
    work.sql("UPDATE parcel SET ready_at = ? WHERE id = ? AND state = 'ready'", (work.now, parcel_id))
    row = work.one("DELETE FROM astray WHERE parcel_id = ? RETURNING holder_no", (parcel_id,))
    if row is None:
        raise Refusal("not_astray")
    if back:
        reminders.wait_again(work, parcel_id)
    else:
        lose_parcel(work, parcel_id)
    work.record(ParcelAstray(parcel_id=parcel_id, holder_no=row[0], state="back" if back else "lost"))


def put_elsewhere(work: Work, parcel_id: int, slot: str) -> None:
    """移位: a parcel on the shelf is put into another slot of its zone. Raises as `shop.parcels.move_parcel`."""
    keep_out(work)
    move_parcel(work, parcel_id, slot)


def _undo(work: Work, parcel_id: int, reason: str, handover: int, role: str) -> int:
    gone = gone_of(work, parcel_id)
    if not gone:
        raise Refusal("already_undone" if handover else "not_handed_over")
    last = handover or gone[0].handover
    records = [record for record in gone if record.handover == last]
    if not records:
        raise Refusal("already_undone")
    first = records[0]
    moment = (work.now, work.sure, work.ticks)
    within = work.house.undo_within_ms
    if role != Role.OWNER and not may_be_undone(work, first.handover, first.ticks, first.at, moment, within):
        raise Refusal("too_late_to_take_back", minutes=within // 60_000)
    reminders.wait_again(work, parcel_id)
    return take_back(work, parcel_id, records, reason)
