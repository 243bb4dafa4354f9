"""称重: what lies in a parcel is put on the scale."""

from __future__ import annotations

from tihuo.shop.events import Weighed
from tihuo.shop.fence import keep_out
from tihuo.shop.weights import check_grams, far_off, settle_weights, weigh_in, weigh_out
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work


def weigh(work: Work, parcel_id: int, sku_id: int, grams: int, sure: bool = False) -> int:
    """All units of a SKU that lie in a parcel weigh `grams` together; 0 takes that back. Gives what was known before.

    What goes back for them goes back when the parcel is complete; never is more taken from the customer.
    Raises `Refusal`: `not_by_weight`, `bad_weight`, `not_put` (nothing of it lies there), `already_collected`,
    `weight_far_off` (half or twice of what is usual: say `sure` if it is right), `restoring`.
    """
    keep_out(work)
    sku = work.one("SELECT code, nominal_grams FROM sku WHERE id = ?", (sku_id,))
    if sku is None or sku[1] is None:
        raise Refusal("not_by_weight")
    if grams:
        check_grams(grams)
    lines = work.sql(
        "SELECT order_no, line_no, put, weighed, picked_grams, handed_over FROM order_line "
        "WHERE parcel_id = ? AND sku_id = ? AND put > 0 ORDER BY order_no, line_no",
        (parcel_id, sku_id),
    ).fetchall()
    if not lines:
        raise Refusal("not_put")
    if any(line[5] for line in lines):
        raise Refusal("already_collected", at=work.now)
    units = sum(line[2] for line in lines)
    if grams and not sure and far_off(units, grams, sku[1]):
        raise Refusal("weight_far_off", grams=grams, usual=units * sku[1])
    before = sum(line[4] for line in lines)
    weigh_out(work, [(order_no, line_no, weighed) for order_no, line_no, _, weighed, *_ in lines if weighed], before)
    weigh_in(work, [(order_no, line_no, put) for order_no, line_no, put, *_ in lines], grams)
    work.record(Weighed(parcel_id=parcel_id, sku=sku[0], grams=grams, before=before))
    if work.one("SELECT 1 FROM parcel WHERE id = ? AND state = 'ready'", (parcel_id,)):
        settle_weights(work, parcel_id)
    return int(before)
