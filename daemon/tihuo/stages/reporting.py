"""少了东西: what a customer says at the kiosk when something is not as it should be, and who answers her."""

from __future__ import annotations

from tihuo.shop import calls, missed
from tihuo.shop.fence import keep_out
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

WAIT_MS = 90_000
"""So long a kiosk stays with a customer who waits for somebody."""
SAID = "她在取货机上说少了"
"""The reason of a ticket that a customer opened herself."""


def report_parcels(work: Work, visit_id: int, parcels: list[int], what: str = "parcel") -> int:
    """She cannot find these parcels of hers (`parcel`), or one is somebody else's (`not_hers`): staff is called.

    They stay where the book has them. Gives the number of the call. Raises `Refusal`: `visit_over`, `bad_reason`,
    `not_ready`.
    """
    if what not in ("parcel", "not_hers"):
        raise Refusal("bad_reason")
    kiosk, _ = _stands_here(work, visit_id, parcels)
    return calls.call(work, kiosk, visit_id, what, tuple(set(parcels)))


def report_goods(work: Work, visit_id: int, parcel_id: int, skus: missed.Units, kind: str) -> int:
    """So many units are not in a parcel of hers: a ticket on the spot, and staff is called. The rest can be taken.

    Gives the number of the call. Raises `Refusal`: `visit_over`, and what `missed.report` raises.
    """
    keep_out(work)
    kiosk, _ = _stands_here(work, visit_id, [parcel_id])
    missed.report(work, parcel_id, skus, kind, SAID)
    return calls.call(work, kiosk, visit_id, "goods", (parcel_id,))


def answer_call(work: Work, call_id: int, over: bool = False) -> None:
    """Staff: on the way, or it is seen to. Raises `Refusal("call_over")`."""
    calls.answer(work, call_id, over=over)


def _stands_here(work: Work, visit_id: int, parcels: list[int]) -> tuple[str, str]:
    """The kiosk and the customer of an open visit, whose time is counted anew: she waits."""
    visit = work.one(
        "SELECT kiosk, customer_id FROM visit WHERE id = ? AND closed_at IS NULL "
        "AND outcome IN ('welcome', 'confirm', 'partly', 'done')",
        (visit_id,),
    )
    if visit is None or not visit[1]:
        raise Refusal("visit_over")
    if not parcels:
        raise Refusal("not_ready")
    for parcel_id in parcels:
        if not work.one(
            "SELECT 1 FROM parcel WHERE id = ? AND customer_id = ? AND state IN ('ready', 'handed_over')",
            (parcel_id, visit[1]),
        ):
            raise Refusal("not_ready")
    work.sql("UPDATE visit SET ends_at = max(ends_at, ?) WHERE id = ?", (work.ticks + WAIT_MS, visit_id))
    return str(visit[0]), str(visit[1])
