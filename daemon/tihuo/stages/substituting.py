"""缺货处理: somebody decides what happens to units that did not come, by the rule that their customer chose."""

from __future__ import annotations

from tihuo.shop import customers, short_picks, substitutes
from tihuo.shop.events import ShortDecided
from tihuo.shop.fence import keep_out, may_lend
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

ANSWERS = ("yes", "no", "nobody")


def substitute(work: Work, pick_id: int, sku_id: int) -> int:
    """替代: units of another SKU stand in for what is missing, as many as are there; the rest waits on. Gives how many.

    Raises `Refusal`: `pick_settled`, `not_asked_yet` (her rule is to be asked first), `dearer`, `nothing_spare` (of it,
    in that zone), `already_collected` (its parcel has gone), `restoring`.
    """
    keep_out(work)
    gap = _open(work, pick_id)
    rule = work.one("SELECT rule, answer FROM short_pick WHERE id = ?", (pick_id,))
    if rule == ("ask", "") or rule == ("ask", "nobody"):
        raise Refusal("not_asked_yet")
    if gap.parcel_state == "handed_over":
        raise Refusal("already_collected", at=work.now)
    other = substitutes.spare(work, gap, sku_id)
    if other is None:
        raise Refusal("nothing_spare")
    if other.price_fen > gap.unit_price_fen:
        raise Refusal("dearer")
    units = min(gap.quantity, other.there)
    if units < gap.quantity:
        _split(work, pick_id, gap.quantity - units)
    substitutes.stand_in(work, pick_id, gap, other, units)
    return units


def refund(work: Work, pick_id: int) -> None:
    """退款: the money goes back instead. Raises `Refusal`: `pick_settled`, `restoring`."""
    keep_out(work)
    _open(work, pick_id)
    short_picks.refund_pick(work, pick_id)


def note_answer(work: Work, pick_id: int, answer: str) -> None:
    """询问: what she said on the phone: `yes` to something similar; `no`, then her money goes back; `nobody`, when she
    did not answer and it stays on the list.

    Raises `Refusal`: `pick_settled`, `bad_answer`, `restoring`.
    """
    keep_out(work)
    gap = _open(work, pick_id)
    if answer not in ANSWERS:
        raise Refusal("bad_answer")
    work.sql(
        "UPDATE short_pick SET answer = ?, answered_by = ?, answered_at = ?, calls = calls + 1 WHERE id = ?",
        (answer, work.actor, work.now, pick_id),
    )
    work.record(ShortDecided(pick_id=pick_id, order_id=gap.order_id, quantity=gap.quantity, outcome=answer))
    if answer == "no":
        short_picks.refund_pick(work, pick_id)


def show_phone(work: Work, pick_id: int) -> str:
    """The whole number of a customer who is to be asked, for the call; that it was shown is kept.

    Raises `Refusal`: `pick_settled`, `not_to_be_asked`.
    """
    gap = _open(work, pick_id)
    if work.one("SELECT 1 FROM short_pick WHERE id = ? AND rule = 'ask'", (pick_id,)) is None:
        raise Refusal("not_to_be_asked")
    return customers.show(work, gap.order_no)[1]


def refund_overdue(work: Work) -> int:
    """Nobody decided in time: the money goes back. Gives how many cases."""
    if not may_lend(work):
        return 0
    overdue = work.sql(
        "SELECT id FROM short_pick WHERE state = 'open' AND due_at <= ? ORDER BY id", (work.ticks,)
    ).fetchall()
    for (pick_id,) in overdue:
        short_picks.refund_pick(work, pick_id)
    return len(overdue)


def go_on(work: Work) -> None:
    """The box has started, and the count of its deadlines may have begun anew: what waits has all of its time again."""
    work.sql("UPDATE short_pick SET due_at = ? WHERE state = 'open'", (work.ticks + work.house.decide_within_ms,))


def _open(work: Work, pick_id: int) -> substitutes.Missing:
    gap = substitutes.missing(work, pick_id)
    if gap is None:
        raise Refusal("pick_settled")
    return gap


def _split(work: Work, pick_id: int, rest: int) -> None:
    """So many units of a case go on waiting in a case of their own."""
    columns = "order_no, line_no, reason, rule, state, opened_by, opened_at, due_at, calls, answer, answered_by, "
    columns += "answered_at, refund_id, refund_fen, settled_by"
    work.sql(
        f"INSERT INTO short_pick({columns}, quantity) SELECT {columns}, ? FROM short_pick WHERE id = ?",
        (rest, pick_id),
    )
    work.sql("UPDATE short_pick SET quantity = quantity - ? WHERE id = ?", (rest, pick_id))
