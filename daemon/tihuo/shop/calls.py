"""叫店员: somebody before a kiosk wants a person. It stays on the staff's pages until somebody has seen to it."""

from __future__ import annotations

import json

from tihuo.shop.events import CallAnswered, StaffCalled
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

WHAT = ("call", "parcel", "goods", "not_hers")
"""What for: she did not say; a parcel is not in its slot; something is not in a parcel; it is somebody else's."""
CALL_MS = 5 * 60_000
"""So long, in ticks, a call that nobody has seen to is shown."""


def call(work: Work, kiosk: str, visit_id: int | None = None, what: str = "call", parcels: tuple[int, ...] = ()) -> int:
    """Call staff to a kiosk; gives the number of the call. The same wish once more is the same call, however long it
    has been open; who says more than before says it in a call of its own."""
    about = json.dumps(sorted(parcels))
    open_one = work.one(
        "SELECT id FROM staff_call WHERE closed_at IS NULL AND kiosk = ? AND visit_id IS ? AND what = ? "
        "AND parcels = ?",
        (kiosk, visit_id, what, about),
    )
    if open_one is not None:
        work.sql("UPDATE staff_call SET at = ?, ticks = ? WHERE id = ?", (work.now, work.ticks, open_one[0]))
        number = int(open_one[0])
    else:
        number = (
            work.sql(
                "INSERT INTO staff_call(kiosk, visit_id, what, parcels, at, ticks) VALUES (?, ?, ?, ?, ?, ?)",
                (kiosk, visit_id, what, about, work.now, work.ticks),
            ).lastrowid
            or 0
        )
    work.record(StaffCalled(kiosk=kiosk, visit_id=visit_id, what=what, parcels=tuple(sorted(parcels))))
    return number


def answer(work: Work, call_id: int, *, over: bool) -> None:
    """Somebody says that she is coming, or that it is seen to. Raises `Refusal("call_over")`."""
    row = work.one("SELECT kiosk FROM staff_call WHERE id = ? AND closed_at IS NULL", (call_id,))
    if row is None:
        raise Refusal("call_over")
    work.sql(
        "UPDATE staff_call SET answered_by = ?, closed_at = CASE WHEN ? THEN ? END, ticks = ? WHERE id = ?",
        (work.actor, over, work.now, work.ticks, call_id),
    )
    work.record(CallAnswered(call_id=call_id, kiosk=row[0], over=over))


def hang_up(work: Work) -> None:
    """The box has started: who called before it was switched off has gone."""
    work.sql("UPDATE staff_call SET closed_at = ? WHERE closed_at IS NULL", (work.now,))
