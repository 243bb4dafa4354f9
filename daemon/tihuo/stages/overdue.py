"""逾期未取: what nobody fetched goes step by step from the customer to the staff to the owner, and never without one.

window ──her window ends──► told ──half of its zone's time──► task ──called and moved──► held
                                                                └────────┬──────────────┘
                                   kept ◄── keep ── decide ◄── its zone's time is over
"""

from __future__ import annotations

from tihuo.shop import customers, parcels
from tihuo.shop.cancelling import TakenOut, cancel_rest
from tihuo.shop.days import day_ends
from tihuo.shop.events import (
    CustomerCalled,
    LineQuantity,
    NoShowMarked,
    OrderUncollected,
    QuarantineDecided,
    UncollectedMoved,
)
from tihuo.shop.fence import keep_out, may_lend
from tihuo.shop.orders import IMPORTED
from tihuo.shop.reminders import OUTCOMES
from tihuo.shop.shortages import void_quarantined
from tihuo.shop.uncollected import KEEP_DAYS, kept_ms
from tihuo.shop.windows import when_staff
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

AT_ONCE = 100
"""So many parcels go a step on in one transaction."""
DAY_MS = 86_400_000


def move_on(work: Work) -> int:
    """Every parcel whose step is over takes the next one; gives how many. Only by a clock that somebody vouches for,
    and not while a restored box learns who came."""
    if not work.sure or not may_lend(work):
        return 0
    due = work.sql(
        "SELECT parcel_id, step, due_at FROM uncollected WHERE step <> 'decide' AND due_at <= ? "
        "ORDER BY due_at, parcel_id LIMIT ?",
        (work.now, AT_ONCE),
    ).fetchall()
    over = [(parcel_id, due_at) for parcel_id, step, due_at in due if step == "window"]
    if over:
        _windows_over(work, over)
    for parcel_id, step, _ in due:
        if step == "told":
            limit = work.one("SELECT limit_at FROM uncollected WHERE parcel_id = ?", (parcel_id,))
            assert limit is not None
            _step(work, parcel_id, "task", limit[0])
        elif step != "window":
            _step(work, parcel_id, "decide", None)
    return len(due)


def _windows_over(work: Work, parcels: list[tuple[int, int]]) -> None:
    """Her window ended: a mark where she could have come, one notice for each order, and the zone's time begins."""
    lines: dict[int, list[LineQuantity]] = {}
    for parcel_id, ended in parcels:
        row = work.one("SELECT zone, ready_at, window_to FROM parcel WHERE id = ?", (parcel_id,))
        assert row is not None
        zone, ready_at, window_to = row
        limit = ended + kept_ms(work, zone)
        house = work.house
        turn = when_staff(ended + kept_ms(work, zone) // 2, limit, house.timezone, house.opens)
        work.sql("UPDATE uncollected SET limit_at = ? WHERE parcel_id = ?", (limit, parcel_id))
        _step(work, parcel_id, "told", max(ended, turn))
        first = work.first_time(f"uncollected:{parcel_id}:{window_to}")  # it may be sorted again and be ready again
        for order_no, line_id, units in work.sql(
            "SELECT order_no, line_id, put - handed_over FROM order_line WHERE parcel_id = ? AND put > handed_over "
            "ORDER BY order_no, line_no",
            (parcel_id,),
        ).fetchall():
            if first:
                lines.setdefault(order_no, []).append(LineQuantity(line_id, units))
            if ready_at + work.house.remind_before_ms <= window_to:
                _mark(work, order_no, window_to)
    for order_no, mine in lines.items():
        order = work.one("SELECT order_id, channel FROM shop_order WHERE no = ?", (order_no,))
        assert order is not None
        imported = order[1] == IMPORTED
        work.record(OrderUncollected(order_id=order[0], imported=imported, lines=tuple(mine), at=work.now, step=1))


def _mark(work: Work, order_no: int, window_to: int) -> None:
    """爽约, unless she came for a part of it."""
    marked = work.sql(
        "INSERT OR IGNORE INTO no_show(order_no, customer_id, at, forgiven_until) "
        "SELECT no, customer_id, ?, ? FROM shop_order o WHERE no = ? AND NOT EXISTS "
        "(SELECT 1 FROM handover_line h WHERE h.order_no = o.no AND h.undone_at IS NULL)",
        (work.now, day_ends(window_to, work.house.timezone), order_no),
    ).rowcount
    if marked:
        order = work.one("SELECT order_id FROM shop_order WHERE no = ?", (order_no,))
        assert order is not None
        work.record(NoShowMarked(order_id=order[0]))


def take_up(work: Work, parcel_id: int) -> None:
    """Somebody takes it up now, whatever the clock says. Raises `Refusal`: `not_on_the_shelf`, `window_runs`."""
    step, due_at, limit = _row(work, parcel_id)
    if step == "window":
        if work.sure and due_at > work.now:
            raise Refusal("window_runs", at=due_at)
        limit = _begin(work, parcel_id)
    if step in ("window", "told"):
        _step(work, parcel_id, "task", limit)


def show_phone(work: Work, parcel_id: int) -> tuple[str, str]:
    """Name and number of whoever did not come; that somebody looked is kept. Raises `Refusal("not_on_the_shelf")`."""
    if _row(work, parcel_id)[0] == "window" and work.sure:
        raise Refusal("not_on_the_shelf")
    order = work.one("SELECT min(order_no) FROM order_line WHERE parcel_id = ?", (parcel_id,))
    assert order is not None
    return customers.show(work, order[0])


def note_call(work: Work, parcel_id: int, outcome: str) -> None:
    """What a call came to, for all of hers that waits: `reached`, `no_answer` or `wrong_number`.

    Raises `Refusal`: `not_on_the_shelf`, `bad_answer`.
    """
    if outcome not in OUTCOMES:
        raise Refusal("bad_answer")
    _row(work, parcel_id)
    work.sql(
        "UPDATE uncollected SET calls = calls + 1, said = ?1 WHERE step <> 'window' AND parcel_id IN (SELECT q.id "
        "FROM parcel p JOIN parcel q ON q.customer_id = p.customer_id AND q.state = 'ready' WHERE p.id = ?2)",
        (outcome, parcel_id),
    )
    order = work.one(
        "SELECT o.order_id FROM order_line l JOIN shop_order o ON o.no = l.order_no WHERE l.parcel_id = ? LIMIT 1",
        (parcel_id,),
    )
    assert order is not None
    work.record(CustomerCalled(order_id=order[0], outcome=outcome, about="uncollected"))
    for (mine,) in work.sql(
        "SELECT u.parcel_id FROM uncollected u JOIN parcel q ON q.id = u.parcel_id JOIN parcel p "
        "ON p.customer_id = q.customer_id WHERE p.id = ? AND u.step = 'task'",
        (parcel_id,),
    ).fetchall():
        _task_done(work, mine)


def move_parcel(work: Work, parcel_id: int, slot: str) -> str:
    """移位: a parcel stands in another slot of its zone now, out of the way; its label says so. Gives the slot.

    Raises `Refusal`: `not_on_the_shelf`, `unknown_slot`, `wrong_zone`.
    """
    keep_out(work)
    slot = slot.strip().upper().removeprefix("TH:SLOT:")
    _row(work, parcel_id)
    parcels.move_parcel(work, parcel_id, slot)
    work.sql("UPDATE uncollected SET moved = 1 WHERE parcel_id = ? AND step <> 'window'", (parcel_id,))
    _task_done(work, parcel_id)
    return slot


def leave_in_place(work: Work, parcel_id: int) -> None:
    """It is in nobody's way where it stands. Raises `Refusal("not_on_the_shelf")`."""
    _row(work, parcel_id)
    work.sql("UPDATE uncollected SET moved = 1 WHERE parcel_id = ? AND step <> 'window'", (parcel_id,))
    _task_done(work, parcel_id)


def _task_done(work: Work, parcel_id: int) -> None:
    row = work.one(
        "SELECT limit_at FROM uncollected WHERE parcel_id = ? AND step = 'task' AND calls > 0 AND moved", (parcel_id,)
    )
    if row is not None:
        _step(work, parcel_id, "held", row[0])


def keep(work: Work, parcel_id: int, until: int) -> None:
    """The owner keeps it for her until then, and the cloud is told.

    Raises `Refusal`: `not_on_the_shelf`, `window_runs`, `bad_times` (over, or too far away).
    """
    _may_decide(work, parcel_id)
    if not work.now < until <= work.now + KEEP_DAYS * DAY_MS:
        raise Refusal("bad_times")
    if not _row(work, parcel_id)[2]:
        _begin(work, parcel_id)
    _step(work, parcel_id, "kept", until)
    for order_no, order_id, channel in _orders(work, parcel_id):
        lines = tuple(
            LineQuantity(*line)
            for line in work.sql(
                "SELECT line_id, put - handed_over FROM order_line WHERE parcel_id = ? AND order_no = ? "
                "AND put > handed_over ORDER BY line_no",
                (parcel_id, order_no),
            )
        )
        imported = channel == IMPORTED
        work.record(
            OrderUncollected(order_id=order_id, imported=imported, lines=lines, at=work.now, step=3, until=until)
        )


def give_up(work: Work, parcel_id: int, *, money_back: bool, spoiled: bool) -> list[TakenOut]:
    """The owner gives up what nobody fetched; gives what is to be taken out of its slot.

    The rights wait in quarantine, or end if the goods are `spoiled`, which is written down as a loss. Without
    `money_back` the customer has lost it. Raises `Refusal`: `not_on_the_shelf`, `window_runs`, `restoring`.
    """
    keep_out(work)
    _may_decide(work, parcel_id)
    out: list[TakenOut] = []
    for order_no, *_ in _orders(work, parcel_id):
        units = work.sql(
            "SELECT o.session_id, l.sku_id, s.code, sum(l.quantity - l.short - l.cancelled - l.handed_over) "
            "FROM order_line l JOIN shop_order o ON o.no = l.order_no JOIN sku s ON s.id = l.sku_id "
            "WHERE l.parcel_id = ? AND l.order_no = ? GROUP BY l.sku_id HAVING sum(l.put - l.handed_over) > 0",
            (parcel_id, order_no),
        ).fetchall()
        out += cancel_rest(work, order_no, "uncollected", parcel_id, money_back=money_back)
        for session_id, sku_id, sku, quantity in units if spoiled else ():
            void_quarantined(work, session_id, sku_id, quantity, "uncollected")
            work.record(QuarantineDecided(session_id=session_id, sku=sku, quantity=quantity, outcome="void"))
        work.sql(
            "INSERT OR REPLACE INTO given_up(order_no, parcel_id, how, actor, at) VALUES (?, ?, ?, ?, ?)",
            (order_no, parcel_id, "refund" if money_back else "void", work.actor, work.now),
        )
    work.record(UncollectedMoved(parcel_id=parcel_id, step="refund" if money_back else "void"))
    return out


def told_again(work: Work, order_id: str) -> None:
    """After a restore: the cloud was told that nobody came for these."""
    for parcel_id, zone, due_at in work.sql(
        "SELECT p.id, p.zone, u.due_at FROM uncollected u JOIN parcel p ON p.id = u.parcel_id WHERE u.step = 'window' "
        "AND p.id IN (SELECT l.parcel_id FROM order_line l JOIN shop_order o ON o.no = l.order_no "
        "WHERE o.order_id = ?)",
        (order_id,),
    ).fetchall():
        limit = due_at + kept_ms(work, zone)
        work.sql("UPDATE uncollected SET limit_at = ? WHERE parcel_id = ?", (limit, parcel_id))
        _step(work, parcel_id, "told", limit)


def _step(work: Work, parcel_id: int, step: str, due_at: int | None) -> None:
    """The next step, due then; None: as long ago as it is due already."""
    work.sql(
        "UPDATE uncollected SET step = ?, due_at = coalesce(?, due_at) WHERE parcel_id = ?", (step, due_at, parcel_id)
    )
    work.record(UncollectedMoved(parcel_id=parcel_id, step=step))


def _row(work: Work, parcel_id: int) -> tuple[str, int, int]:
    row = work.one("SELECT step, due_at, limit_at FROM uncollected WHERE parcel_id = ?", (parcel_id,))
    if row is None:
        raise Refusal("not_on_the_shelf")
    return row[0], row[1], row[2]


def _may_decide(work: Work, parcel_id: int) -> None:
    step, due_at, _ = _row(work, parcel_id)
    if step == "window" and work.sure and due_at > work.now:
        raise Refusal("window_runs", at=due_at)


def _begin(work: Work, parcel_id: int) -> int:
    """The time of its zone begins now, because somebody says so; gives its end."""
    row = work.one("SELECT zone FROM parcel WHERE id = ?", (parcel_id,))
    assert row is not None
    limit = work.now + kept_ms(work, row[0])
    work.sql("UPDATE uncollected SET limit_at = ? WHERE parcel_id = ?", (limit, parcel_id))
    return limit


def _orders(work: Work, parcel_id: int) -> list[tuple[int, str, str]]:
    """The orders of which anything lies in a parcel."""
    return [
        (order_no, order_id, channel)
        for order_no, order_id, channel in work.sql(
            "SELECT DISTINCT o.no, o.order_id, o.channel FROM order_line l JOIN shop_order o ON o.no = l.order_no "
            "WHERE l.parcel_id = ? AND l.put > l.handed_over ORDER BY o.no",
            (parcel_id,),
        ).fetchall()
    ]
