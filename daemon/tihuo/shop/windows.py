"""自提时段: when the customers of a session are to come, so that not all of them come at once.

A session has one window of its own. Its owner may cut it into pickup windows, each meant for so many customers. Who
chose none gets one when sorting begins. A bag is fetched as a whole, so what lies in one bag moves along.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from tihuo.shop import reminders
from tihuo.shop.events import OrderWindowChanged, WindowsChanged
from tihuo.shop.labels import queue_label
from tihuo.shop.orders import IMPORTED
from tihuo.shop.parcels import call_off_label
from tihuo.shop.uncollected import GRACE_MS
from tihuo.shop.words import Refusal
from tihuo.shop.work import Rows, Work, rows_of

Span = tuple[int, int]
"""From, to."""
HOUR_MS = 3_600_000


class Room(msgspec.Struct, frozen=True):
    """A pickup window, for how many customers it is meant, and how many come."""

    window_from: int
    window_to: int
    capacity: int
    customers: int


def rooms(rows: Rows, session_id: str) -> list[Room]:
    """The pickup windows of a session in their order; none if it has only its own."""
    return [
        Room(*row)
        for row in rows(
            "SELECT w.window_from, w.window_to, w.capacity, (SELECT count(DISTINCT o.customer_id) FROM shop_order o "
            "WHERE o.session_id = w.session_id AND o.state = 'accepted' AND o.window_from = w.window_from "
            "AND o.window_to = w.window_to) FROM pickup_window w WHERE w.session_id = ? ORDER BY w.window_from",
            (session_id,),
        )
    ]


def tell_windows(work: Work, session_id: str) -> None:
    """Tell the cloud all windows of a session."""
    there = tuple((room.window_from, room.window_to, room.capacity) for room in rooms(rows_of(work), session_id))
    work.record(WindowsChanged(session_id=session_id, windows=there))


def share_out(work: Work, session_id: str) -> dict[int, Span]:
    """Give a window to every order that names none and is not in a bag yet: order -> window.

    She comes once: with another order of hers, if that has a window. Otherwise to the window that is least full for
    its size, the earlier of two; one that is over is given to nobody. A full one is given only if all are full: a paid
    order is never refused for it.
    """
    open_rooms = [room for room in rooms(rows_of(work), session_id) if room.window_to > work.now or not work.sure]
    if not open_rooms:
        return {}
    waiting = work.sql(
        "SELECT o.no, o.customer_id FROM shop_order o JOIN live_session s ON s.id = o.session_id "
        "WHERE o.session_id = ?1 AND o.state = 'accepted' AND o.window_from = s.window_from "
        "AND o.window_to = s.window_to AND NOT EXISTS (SELECT 1 FROM pickup_window w WHERE w.session_id = ?1 "
        "AND w.window_from = o.window_from AND w.window_to = o.window_to) "
        "AND NOT EXISTS (SELECT 1 FROM order_line l WHERE l.order_no = o.no AND l.parcel_id IS NOT NULL) ORDER BY o.no",
        (session_id,),
    ).fetchall()
    if not waiting:
        return {}
    sizes = {(room.window_from, room.window_to): room.capacity for room in open_rooms}
    taken = {(room.window_from, room.window_to): room.customers for room in open_rooms}
    comes = {
        customer: (start, end)
        for customer, start, end in work.sql(
            "SELECT customer_id, window_from, window_to FROM shop_order WHERE session_id = ? AND state = 'accepted' "
            "ORDER BY no DESC",
            (session_id,),
        )
        if (start, end) in sizes
    }
    given = {}
    for order_no, customer in waiting:
        if customer not in comes:
            comes[customer] = min(sizes, key=lambda span: (taken[span] / sizes[span], span))
            taken[comes[customer]] += 1
        given[order_no] = comes[customer]
    for order_no, span in given.items():
        _set_window(work, order_no, span, None)
    return given


def bring_together(work: Work, order_no: int, span: Span, at: int | None = None) -> list[int]:
    """An order is to be fetched in another window, or `at` a time of her own; gives all orders that move along.

    Whatever lies in one bag with it does, and the bags' labels say so. Bags that have left stay as they were.
    """
    orders, bags = _belongs(work, order_no)
    before = {_window(work, number) for number in orders}
    customer = work.one("SELECT customer_id FROM shop_order WHERE no = ?", (order_no,))
    assert customer is not None
    work.many("UPDATE parcel SET window_from = ?, window_to = ? WHERE id = ?", [(*span, bag) for bag in bags])
    work.many(
        "UPDATE uncollected SET step = 'window', limit_at = 0, due_at = max(?1, (SELECT ready_at FROM parcel "
        "WHERE id = ?2) + ?3) WHERE parcel_id = ?2 AND step IN ('window', 'told', 'task', 'held')",
        [(span[1], bag, GRACE_MS) for bag in bags],
    )
    for number in orders:
        _set_window(work, number, span, at)
    if bags:
        for window in before | {span}:
            _number_anew(work, customer[0], window)
        for bag in bags:
            if work.one("SELECT 1 FROM parcel WHERE id = ? AND state = 'ready'", (bag,)):
                call_off_label(work, bag)
                queue_label(work, bag)
    return orders


def _set_window(work: Work, order_no: int, span: Span, at: int | None) -> None:
    order = work.one(
        "UPDATE shop_order SET window_from = ?, window_to = ? WHERE no = ? RETURNING order_id, channel",
        (*span, order_no),
    )
    assert order is not None
    if at is None:
        work.sql("DELETE FROM own_time WHERE order_no = ?", (order_no,))
    else:
        work.sql("INSERT OR REPLACE INTO own_time(order_no, at) VALUES (?, ?)", (order_no, at))
    work.record(OrderWindowChanged(order_id=order[0], imported=order[1] == IMPORTED, window=span, at=at))
    reminders.moved(work, order_no)


def _window(work: Work, order_no: int) -> Span:
    row = work.one("SELECT window_from, window_to FROM shop_order WHERE no = ?", (order_no,))
    assert row is not None
    return row[0], row[1]


def _belongs(work: Work, order_no: int) -> tuple[list[int], list[int]]:
    """An order with all that lie in one bag with it, and the bags that are still here."""
    orders, bags = {order_no}, set[int]()
    fresh = [order_no]
    while fresh:
        number = fresh.pop()
        for (bag,) in work.sql(
            "SELECT DISTINCT p.id FROM order_line l JOIN parcel p ON p.id = l.parcel_id "
            "WHERE l.order_no = ? AND p.state IN ('sorting', 'ready')",
            (number,),
        ).fetchall():
            bags.add(bag)
            for (other,) in work.sql("SELECT DISTINCT order_no FROM order_line WHERE parcel_id = ?", (bag,)).fetchall():
                if other not in orders:
                    orders.add(other)
                    fresh.append(other)
    return sorted(orders), sorted(bags)


def _number_anew(work: Work, customer_id: str, span: Span) -> None:
    """Her parcels of a window are 1 to n again, on the labels too."""
    bags = work.sql(
        "SELECT id, number, of_total, state FROM parcel WHERE customer_id = ? AND window_from = ? AND window_to = ? "
        "ORDER BY id",
        (customer_id, *span),
    ).fetchall()
    for number, (bag, was, of, state) in enumerate(bags, 1):
        if (was, of) != (number, len(bags)):
            work.sql("UPDATE parcel SET number = ?, of_total = ? WHERE id = ?", (number, len(bags), bag))
            if state == "ready":
                call_off_label(work, bag)
                queue_label(work, bag)


def checked(windows: list[tuple[int, int, int]]) -> None:
    """Windows of one session stand one behind another. Raises `Refusal`: `bad_times`, `bad_quantity`,
    `window_overlaps`."""
    before = 0
    for start, end, capacity in sorted(windows):
        if end <= start:
            raise Refusal("bad_times")
        if capacity < 1:
            raise Refusal("bad_quantity")
        if start < before:
            raise Refusal("window_overlaps")
        before = end


def when_staff(half: int, limit: int, timezone: str, opens: tuple[int, int]) -> int:
    """When it is the staff's turn, if somebody is in the shop at `half`; else when it opens next, or, if that is beyond
    the limit, an hour before it closes. `opens` in minutes of the day."""
    zone = ZoneInfo(timezone)
    here = datetime.fromtimestamp(half / 1000, UTC).astimezone(zone)
    minute = here.hour * 60 + here.minute
    start, end = opens
    if start <= minute < end if start < end else minute >= start or minute < end:
        return half
    day = here.date() if minute < start else here.date() + timedelta(1)
    opening = round(datetime.combine(day, time(start // 60, start % 60), zone).timestamp() * 1000)
    if opening <= limit:
        return opening
    day = here.date() if minute >= end else here.date() - timedelta(1)
    return round(datetime.combine(day, time(end // 60, end % 60), zone).timestamp() * 1000) - HOUR_MS
