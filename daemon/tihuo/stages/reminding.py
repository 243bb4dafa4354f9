"""到店提醒: the cloud is asked to remind customers; where it cannot, somebody calls."""

from __future__ import annotations

from tihuo.shop import customers, reminders
from tihuo.shop.events import CustomerCalled, ReminderSent
from tihuo.shop.fence import may_lend
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

AT_ONCE = 100
"""So many orders are looked at in one transaction."""


def remind(work: Work) -> int:
    """Whose time has come is reminded, once for all that she fetches; gives how many customers.

    Only by a clock that somebody vouches for, and not while a restored box learns what it said before.
    """
    if not work.sure or not may_lend(work):
        return 0
    due = work.sql(
        "SELECT DISTINCT customer_id FROM (SELECT customer_id FROM reminder WHERE state = 'waiting' AND due_at <= ? "
        "ORDER BY due_at LIMIT ?)",
        (work.now, AT_ONCE),
    ).fetchall()
    for (customer_id,) in due:
        _remind_one(work, customer_id)
    return len(due)


def _remind_one(work: Work, customer_id: str) -> None:
    found = reminders.hers(work, customer_id)
    over = [one for one in found if not one.ready or max(one.window_to, one.comes_at) <= work.now]
    work.many("UPDATE reminder SET state = 'gone' WHERE order_no = ?", [(one.order_no,) for one in over])
    left = [one for one in found if one not in over]
    while left:
        last = min(one.comes_at for one in left) + reminders.TOGETHER_MS
        together = [one for one in left if one.comes_at <= last]
        if min(one.due_at for one in together) > work.now:
            return
        reminders.ask(work, together)
        left = [one for one in left if one.comes_at > last]


def give_up_waiting(work: Work) -> int:
    """The cloud did not answer in time: somebody calls. Gives how many messages that was."""
    late = work.sql(
        "SELECT with_order, max(after_seq) FROM reminder WHERE state = 'asked' AND answer_by <= ? GROUP BY with_order",
        (work.ticks,),
    ).fetchall()
    for with_order, after_seq in late:
        orders = work.sql(
            "SELECT order_no FROM reminder WHERE with_order = ? AND state = 'asked' ORDER BY order_no", (with_order,)
        ).fetchall()
        why = "no_answer" if reminders.heard_since(work, after_seq) else "offline"
        reminders.call(work, [order_no for (order_no,) in orders], why)
    return len(late)


def go_on(work: Work) -> None:
    """The box has started: the cloud has all of its time to answer again."""
    work.sql("UPDATE reminder SET answer_by = ? WHERE state = 'asked'", (work.ticks + work.house.remind_answer_ms,))


def note_result(work: Work, order_id: str, state: str) -> None:
    """The cloud says whether it reminded a customer: `sent`, `no_consent` or `failed`. Raises
    `Refusal("unknown_order")`."""
    order = work.one("SELECT no, customer_id FROM shop_order WHERE order_id = ?", (order_id,))
    if order is None:
        raise Refusal("unknown_order", order=order_id)
    work.record(ReminderSent(order_id=order_id, state=state))
    if state == "no_consent":
        work.sql("UPDATE reminder_credit SET count = 0 WHERE subject IN (?, ?)",
                 (f"order:{order_id}", f"customer:{order[1]}"))  # fmt: skip
    told = work.sql(
        "SELECT order_no FROM reminder WHERE with_order = ? AND (state = 'asked' OR state = 'call' AND calls = 0) "
        "ORDER BY order_no",
        (order[0],),
    ).fetchall()
    if not told:
        return
    if state == "sent":
        work.many("UPDATE reminder SET state = 'sent', why = '' WHERE order_no = ?", told)
    else:
        reminders.call(work, [order_no for (order_no,) in told], state)


def note_credits(work: Work, order_id: str, customer_id: str, count: int) -> None:
    """The cloud says how many messages a customer agreed to, for one order or for all of hers."""
    subject = f"order:{order_id}" if order_id else f"customer:{customer_id}"
    work.sql(
        "INSERT INTO reminder_credit(subject, count) VALUES (?1, ?2) ON CONFLICT(subject) DO UPDATE SET count = ?2",
        (subject, count),
    )


def show_phone(work: Work, order_no: int) -> tuple[str, str]:
    """Name and number of whoever is to be called; that somebody looked is kept. Raises `Refusal("call_settled")`."""
    if work.one("SELECT 1 FROM reminder WHERE order_no = ? AND state IN ('call', 'waiting')", (order_no,)) is None:
        raise Refusal("call_settled")
    return customers.show(work, order_no)


def note_call(work: Work, order_no: int, outcome: str) -> None:
    """What a call came to: `reached`, `no_answer` (she is called once more), `wrong_number`; for all that she fetches.

    While nobody vouches for the clock, people are called who are not due. Raises `Refusal`: `call_settled`,
    `bad_answer`.
    """
    if outcome not in reminders.OUTCOMES:
        raise Refusal("bad_answer")
    row = work.one(
        "SELECT r.customer_id, o.order_id, r.comes_at FROM reminder r JOIN shop_order o ON o.no = r.order_no "
        "WHERE r.order_no = ? AND (r.state = 'call' OR r.state = 'waiting' AND NOT ?)",
        (order_no, work.sure),
    )
    if row is None:
        raise Refusal("call_settled")
    customer_id, order_id, comes_at = row
    open_states = ("call",) if work.sure else ("call", "waiting")
    marks = ", ".join("?" * len(open_states))
    work.sql(
        "UPDATE reminder SET calls = calls + 1, told_for = comes_at, state = iif(?1 = 'no_answer' AND calls + 1 < ?2, "
        f"'call', 'done') WHERE customer_id = ?3 AND abs(comes_at - ?4) <= ?5 AND state IN ({marks})",
        (outcome, reminders.CALLS, customer_id, comes_at, reminders.TOGETHER_MS, *open_states),
    )
    work.record(CustomerCalled(order_id=order_id, outcome=outcome, about="reminder"))


def told_again(work: Work, order_ids: list[str]) -> None:
    """After a restore: the cloud was asked to remind her of these."""
    work.many(
        "UPDATE reminder SET state = 'sent', told_for = comes_at WHERE state = 'waiting' "
        "AND order_no = (SELECT no FROM shop_order WHERE order_id = ?)",
        [(order_id,) for order_id in order_ids],
    )


def ready_again(work: Work, order_id: str) -> None:
    """After a restore: an order is ready, and its customer is to be reminded if she was not."""
    row = work.one("SELECT no FROM shop_order WHERE order_id = ? AND state = 'accepted'", (order_id,))
    if row is not None:
        reminders.expect(work, row[0])
