"""到店提醒: a customer is told once, shortly before she is to come, that her goods are ready.

The cloud tells her, as long as it knows the order and she agreed to another message; otherwise somebody calls. One row
per order that was ready; one message or call for all orders that she is to fetch within an hour.
"""

from __future__ import annotations

import msgspec

from tihuo.shop.events import CallNeeded, ReminderDue
from tihuo.shop.orders import IMPORTED
from tihuo.shop.work import Work

TOGETHER_MS = 3_600_000
"""Orders that she fetches within so long are one reminder."""
AGAIN_MS = 7_200_000
"""Who was told is told again only if her time is so much later than what she was told."""
OUTCOMES = ("reached", "no_answer", "wrong_number")
"""What a call can come to."""
CALLS = 2
"""So often somebody tries to reach her."""

READY = (
    "EXISTS (SELECT 1 FROM order_line l JOIN shelf_parcel p ON p.id = l.parcel_id "
    "WHERE l.order_no = r.order_no AND l.put > l.handed_over)"
)
"""Whether anything of the order of reminder `r` waits on the shelf."""


class Due(msgspec.Struct, frozen=True):
    """An order of which its customer is to be told."""

    order_no: int
    order_id: str
    comes_at: int
    due_at: int
    window_from: int
    window_to: int
    ready: bool
    imported: bool


def expect(work: Work, order_no: int) -> None:
    """An order is ready: its customer is to be reminded when the time comes, if she was not told already."""
    row = work.one(
        "SELECT o.customer_id, o.channel = ?2 AND coalesce(c.phone, '') = '', coalesce(t.at, o.window_from), "
        "r.told_for FROM shop_order o LEFT JOIN customer c ON c.id = o.customer_id "
        "LEFT JOIN own_time t ON t.order_no = o.no LEFT JOIN reminder r ON r.order_no = o.no WHERE o.no = ?1",
        (order_no, IMPORTED),
    )
    assert row is not None
    customer_id, out_of_reach, comes_at, told_for = row
    if out_of_reach or (told_for is not None and comes_at < told_for + AGAIN_MS):
        return
    work.sql(
        "INSERT INTO reminder(order_no, customer_id, comes_at, due_at, state, why, answer_by, after_seq, calls) "
        "VALUES (?1, ?2, ?3, ?4, 'waiting', '', 0, 0, 0) ON CONFLICT(order_no) DO UPDATE SET comes_at = ?3, "
        "due_at = ?4, state = 'waiting', why = '', calls = 0, with_order = NULL",
        (order_no, customer_id, comes_at, comes_at - work.house.remind_before_ms),
    )


def moved(work: Work, order_no: int) -> None:
    """The window of an order is another one now. One that is not ready yet is expected when it is."""
    if work.one("SELECT 1 FROM reminder WHERE order_no = ?", (order_no,)):
        expect(work, order_no)


def wait_again(work: Work, parcel_id: int) -> None:
    """A parcel that was gone when its customer should have been told is on the shelf again: she is still to be told."""
    work.sql(
        "UPDATE reminder SET state = 'waiting' WHERE state = 'gone' "
        "AND order_no IN (SELECT order_no FROM order_line WHERE parcel_id = ?)",
        (parcel_id,),
    )


def hers(work: Work, customer_id: str) -> list[Due]:
    """What a customer is not told of yet."""
    rows = work.sql(
        "SELECT r.order_no, o.order_id, r.comes_at, r.due_at, o.window_from, o.window_to, "
        f"o.state = 'accepted' AND {READY}, o.channel = ?2 FROM reminder r JOIN shop_order o ON o.no = r.order_no "
        "WHERE r.customer_id = ?1 AND r.state = 'waiting' ORDER BY r.order_no",
        (customer_id, IMPORTED),
    )
    return [Due(*row) for row in rows.fetchall()]


def ask(work: Work, due: list[Due]) -> None:
    """Ask the cloud for one message about these orders of one customer, if it knows them and she agreed to any more."""
    if imported := [one.order_no for one in due if one.imported]:
        call(work, imported, "imported")
    due = [one for one in due if not one.imported]
    if not due:
        return
    first = due[0]
    if not _take_credit(work, [one.order_id for one in due], first.order_no):
        call(work, [one.order_no for one in due], "no_consent")
        return
    head = work.one("SELECT coalesce(max(up_seq), 0) FROM journal WHERE up_epoch = ?", (work.epoch,))
    assert head is not None
    work.many(
        "UPDATE reminder SET state = 'asked', told_for = comes_at, with_order = ?, answer_by = ?, after_seq = ? "
        "WHERE order_no = ?",
        [(first.order_no, work.ticks + work.house.remind_answer_ms, head[0], one.order_no) for one in due],
    )
    work.record(
        ReminderDue(
            order_id=first.order_id,
            window=(first.window_from, first.window_to),
            due_at=min(one.due_at for one in due),
            until=work.now + work.house.remind_answer_ms,
            also=tuple(one.order_id for one in due[1:]),
        )
    )


def call(work: Work, order_nos: list[int], why: str) -> None:
    """No message reaches her: somebody calls."""
    work.many(
        "UPDATE reminder SET state = 'call', why = ?, told_for = comes_at, with_order = coalesce(with_order, ?) "
        "WHERE order_no = ?",
        [(why, order_nos[0], order_no) for order_no in order_nos],
    )
    order = work.one("SELECT order_id FROM shop_order WHERE no = ?", (order_nos[0],))
    assert order is not None
    work.record(CallNeeded(order_id=order[0], why=why))


def heard_since(work: Work, after_seq: int) -> bool:
    """Whether the cloud has heard anything that was said after that number in the stream."""
    row = work.one("SELECT epoch, seq FROM cursor WHERE name = 'up'")
    return row is not None and row[0] == work.epoch and int(row[1]) > after_seq


def _take_credit(work: Work, order_ids: list[str], order_no: int) -> bool:
    """Use one of the messages that she agreed to. Where nobody ever said how many there are, it is tried."""
    customer = work.one("SELECT customer_id FROM shop_order WHERE no = ?", (order_no,))
    assert customer is not None
    subjects = [*(f"order:{order_id}" for order_id in order_ids), f"customer:{customer[0]}"]
    marks = ", ".join("?" * len(subjects))
    known = dict(work.sql(f"SELECT subject, count FROM reminder_credit WHERE subject IN ({marks})", subjects))
    if not known:
        return True
    for subject in subjects:
        if known.get(subject):
            work.sql("UPDATE reminder_credit SET count = count - 1 WHERE subject = ?", (subject,))
            return True
    return False
