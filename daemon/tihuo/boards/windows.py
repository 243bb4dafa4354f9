"""自提时段: how many come when, how many of them have come, and how many a window is meant for."""

from __future__ import annotations

import msgspec

from tihuo.shop.words import mask_name
from tihuo.shop.work import Look


class WindowLoad(msgspec.Struct, frozen=True):
    """One window of a session: `capacity` 0 is a time that is none of its pickup windows.

    Of customers, parcels and units: how many are expected, and with how many it is done (`came`, `taken`, `given`).
    """

    window_from: int
    window_to: int
    capacity: int
    customers: int
    came: int
    parcels: int
    taken: int
    units: int
    given: int

    @property
    def waiting(self) -> int:
        return self.customers - self.came

    @property
    def over(self) -> int:
        """So many more than it is meant for."""
        return max(0, self.customers - self.capacity) if self.capacity else 0

    @property
    def room(self) -> int:
        return max(0, self.capacity - self.customers)


class OrderWindow(msgspec.Struct, frozen=True):
    """When an order is to be fetched; `at` is the time that she named herself."""

    order_no: int
    order_id: str
    session_id: str
    name: str
    window_from: int
    window_to: int
    at: int | None
    left: int


def window_loads(look: Look, session_id: str) -> list[WindowLoad]:
    """Every pickup window of a session, and every other time for which anything of it waits."""
    offered = look.rows(
        "SELECT window_from, window_to, capacity FROM pickup_window WHERE session_id = ? ORDER BY window_from",
        (session_id,),
    )
    people = look.rows(
        "SELECT window_from, window_to, count(*), sum(done) FROM (SELECT o.window_from, o.window_to, "
        "sum(l.quantity - l.short - l.cancelled - l.handed_over) = 0 AS done FROM shop_order o "
        "JOIN order_line l ON l.order_no = o.no WHERE o.session_id = ? AND o.state = 'accepted' "
        "GROUP BY o.window_from, o.window_to, o.customer_id HAVING sum(l.quantity - l.short - l.cancelled) > 0) "
        "GROUP BY window_from, window_to",
        (session_id,),
    )
    units = look.rows(
        "SELECT o.window_from, o.window_to, sum(l.quantity - l.short - l.cancelled), sum(l.handed_over) "
        "FROM shop_order o JOIN order_line l ON l.order_no = o.no WHERE o.session_id = ? AND o.state = 'accepted' "
        "GROUP BY o.window_from, o.window_to",
        (session_id,),
    )
    parcels = look.rows(
        "SELECT p.window_from, p.window_to, sum(p.state <> 'empty'), sum(p.state = 'handed_over') FROM wave w "
        "CROSS JOIN parcel p ON p.wave_id = w.id WHERE w.session_id = ? GROUP BY p.window_from, p.window_to",
        (session_id,),
    )
    sizes = {(start, end): size for start, end, size in offered}
    customers, of_units, of_parcels = (
        {(start, end): (all_of, done) for start, end, all_of, done in rows} for rows in (people, units, parcels)
    )
    none = (0, 0)
    return [
        WindowLoad(*span, sizes.get(span, 0), *customers.get(span, none), *of_parcels.get(span, none),
                   *of_units.get(span, none))
        for span in sorted({*sizes, *customers})
    ]  # fmt: skip


def order_window(look: Look, order_no: int) -> OrderWindow | None:
    row = look.one(
        "SELECT o.no, o.order_id, o.session_id, coalesce(c.name, ''), o.window_from, o.window_to, t.at, "
        "iif(o.state = 'accepted', sum(l.quantity - l.short - l.cancelled - l.handed_over), 0) FROM shop_order o "
        "JOIN order_line l ON l.order_no = o.no LEFT JOIN customer c ON c.id = o.customer_id "
        "LEFT JOIN own_time t ON t.order_no = o.no WHERE o.no = ? GROUP BY o.no",
        (order_no,),
    )
    if row is None:
        return None
    masked = (*row[:3], mask_name(row[3]), *row[4:])
    return OrderWindow(*masked)
