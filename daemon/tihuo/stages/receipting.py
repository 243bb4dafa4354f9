"""小票 on wish: a receipt for whoever asks for one, at the kiosk or at the counter."""

from __future__ import annotations

from tihuo.shop import paper
from tihuo.shop.handovers import MOST_RECORDS
from tihuo.shop.labels import receipt_facts
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

_GONE = (
    "SELECT h.order_no, h.line_no, h.quantity, h.method, h.at, o.customer_id, h.delegate FROM handover_line h "
    "JOIN shop_order o ON o.no = h.order_no WHERE h.undone_at IS NULL AND "
)


def of_visit(work: Work, visit_id: int) -> int:
    """A receipt of all that was handed over in a visit at a kiosk; gives the job. Asked for twice it is one receipt.

    Raises `Refusal`: `nothing_handed_over`, `no_receipts`.
    """
    subject = f"visit:{visit_id}"
    known = work.one("SELECT id FROM print_job WHERE subject = ? AND kind = 'receipt' ORDER BY id LIMIT 1", (subject,))
    if known is not None:
        return int(known[0])
    before = work.one("SELECT given_before FROM visit WHERE id = ?", (visit_id,))
    if before is None:
        raise Refusal("nothing_handed_over")
    return _queue(work, subject, f"{_GONE} h.id > ? AND h.visit_id = ? ORDER BY h.id", (before[0], visit_id))


def of_handover(work: Work, handover: int) -> int:
    """A receipt of one hand-over, for staff: the first one, or a further copy that says so. Raises as `of_visit`."""
    subject = f"handover:{handover}"
    known = work.one("SELECT max(id) FROM print_job WHERE subject = ? AND kind = 'receipt'", (subject,))
    if known is not None and known[0] is not None:
        return paper.reprint(work, known[0])
    order = work.one("SELECT order_no FROM handover_line WHERE id = ?", (handover,))
    if order is None:
        raise Refusal("nothing_handed_over")
    ends = f"{_GONE} h.id BETWEEN ?1 AND ?1 + {MOST_RECORDS} AND (h.id = ?1 OR h.handover = ?1) ORDER BY h.id"
    return _queue(work, subject, ends, (handover,))


def _queue(work: Work, subject: str, statement: str, parameters: tuple[int, ...]) -> int:
    rows = work.sql(statement, parameters).fetchall()
    if not rows:
        raise Refusal("nothing_handed_over")
    if not work.house.print_receipts:
        raise Refusal("no_receipts")
    *_, method, at, customer_id, delegate = rows[-1]
    units = [(order_no, line_no, quantity) for order_no, line_no, quantity, *_ in rows]
    return paper.queue(
        work, "receipt", subject, {**receipt_facts(work, customer_id, units, method, delegate), "at": at}
    )
