"""到店提醒: whom nobody could remind, so that somebody calls; and who comes soon and is not sorted yet."""

from __future__ import annotations

import msgspec

from tihuo.shop.reminders import READY, TOGETHER_MS
from tihuo.shop.words import mask_name, mask_phone
from tihuo.shop.work import Look, Row


class RemindersDue(msgspec.Struct, frozen=True):
    waiting: bool
    """Somebody is to be reminded now."""
    unanswered: bool
    """The cloud did not say in time whether it did."""


class CallRow(msgspec.Struct, frozen=True):
    """A customer to be called: `order_no` stands for all her `orders`. `why` is `no_consent`, `failed`, `offline`,
    `no_answer` (of the cloud), `imported` (it never heard of her), or empty while nobody vouches for the clock. Name
    and phone are masked."""

    order_no: int
    name: str
    phone: str
    comes_at: int
    window_from: int
    window_to: int
    why: str
    calls: int
    orders: int
    slots: str


class LateOrder(msgspec.Struct, frozen=True):
    """An order whose customer comes soon, and of which `units` are not sorted."""

    order_no: int
    order_id: str
    name: str
    window_from: int
    window_to: int
    units: int


def reminders_due(look: Look, now: int, ticks: int) -> RemindersDue:
    """What the timetable asks every second; `now` 0 where nobody vouches for it. Nothing is due behind a fence."""
    row = look.one(
        "SELECT EXISTS (SELECT 1 FROM reminder WHERE state = 'waiting' AND due_at <= ?1) AND NOT EXISTS "
        "(SELECT 1 FROM fence WHERE lifted_at IS NULL), "
        "EXISTS (SELECT 1 FROM reminder WHERE state = 'asked' AND answer_by <= ?2)",
        (now, ticks),
    )
    assert row is not None
    return RemindersDue(bool(row[0]), bool(row[1]))


def call_list(look: Look, also_waiting: bool = False) -> list[CallRow]:
    """Who is to be called, whoever comes first on top and who was called before at the end. `also_waiting`: all who
    were not reminded yet, because the clock cannot say whose turn it is."""
    states = "('waiting', 'call')" if also_waiting else "('call')"
    rows = look.rows(
        "SELECT r.customer_id, r.order_no, c.name, c.phone, r.comes_at, o.window_from, o.window_to, r.why, r.calls, "
        "(SELECT group_concat(DISTINCT p.slot) FROM order_line l JOIN shelf_parcel p ON p.id = l.parcel_id "
        "WHERE l.order_no = r.order_no) FROM reminder r "
        "CROSS JOIN shop_order o ON o.no = r.order_no "
        f"JOIN customer c ON c.id = r.customer_id WHERE r.state IN {states} AND o.state = 'accepted' AND {READY} "
        "ORDER BY r.comes_at, r.order_no"
    )
    groups: list[list[Row]] = []
    last: dict[str, list[Row]] = {}
    for row in rows:
        group = last.get(row[0])
        if group is None or row[4] - group[0][4] > TOGETHER_MS:
            last[row[0]] = group = []
            groups.append(group)
        group.append(row)
    found = [_call(group) for group in groups]
    return sorted(found, key=lambda call: (call.calls, call.comes_at))


def reminders_left(look: Look, now: int) -> int:
    """How many orders should be reminded by now and are not, or wait for the cloud to say that they were."""
    row = look.one("SELECT count(*) FROM reminder WHERE state = 'asked' OR state = 'waiting' AND due_at <= ?", (now,))
    return int(row[0]) if row else 0


def calls_waiting(look: Look) -> int:
    """How many customers are to be called."""
    return len(call_list(look))


def _call(group: list[Row]) -> CallRow:
    _, order_no, name, phone, comes_at, start, end, why, calls, _ = group[0]
    slots = sorted({slot for row in group for slot in (row[9] or "").split(",") if slot})
    masked = (mask_name(name), mask_phone(phone) if phone else "")
    return CallRow(order_no, *masked, comes_at, start, end, why, calls, len(group), " ".join(slots))


def late_orders(look: Look, now: int, lead_ms: int = 1_800_000) -> list[LateOrder]:
    """Accepted orders of the newest sessions whose window begins soon or runs, and which are not sorted."""
    rows = look.rows(
        "SELECT o.no, o.order_id, coalesce(c.name, ''), o.window_from, o.window_to, "
        "sum(l.quantity - l.put - l.short - l.cancelled) FROM shop_order o JOIN order_line l ON l.order_no = o.no "
        "LEFT JOIN customer c ON c.id = o.customer_id WHERE o.session_id IN (SELECT id FROM live_session "
        "WHERE state <> 'draft' ORDER BY version DESC LIMIT 3) AND o.state = 'accepted' AND o.window_from <= ? "
        "AND o.window_to > ? GROUP BY o.no HAVING sum(l.quantity - l.put - l.short - l.cancelled) > 0 "
        "ORDER BY o.window_from, o.no",
        (now + lead_ms, now),
    )
    return [LateOrder(row[0], row[1], mask_name(row[2]), *row[3:]) for row in rows]
