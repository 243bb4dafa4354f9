"""核销交付: units that go over the counter once, and come back if it was a mistake; each is a record that stays.

One hand-over is all that went at one moment to one customer; the number of its first record names it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from tihuo.shop import paper
from tihuo.shop.delegates import last_taken
from tihuo.shop.events import LineQuantity, OrderHandedOver, OrderHandoverUndone
from tihuo.shop.labels import queue_label, receipt_facts
from tihuo.shop.orders import IMPORTED
from tihuo.shop.parcels import place_in
from tihuo.shop.stock import move, move_items
from tihuo.shop.uncollected import given_up
from tihuo.shop.words import Refusal
from tihuo.shop.work import Look, Rows, Work, json_of, rows_at_once

MOST_RECORDS = 10_000
"""The records of one hand-over follow each other; no customer takes more of them at once."""
Line = tuple[int, int]
"""(order number, line number)"""


class Given(msgspec.Struct, frozen=True):
    """What one hand-over came to. `left` parcels of this customer are still on the shelf."""

    visit_id: int
    parcels: list[int]
    units: int
    left: int
    handover: int = 0


class Way(msgspec.Struct, frozen=True):
    """How a hand-over came about: by which `method`, in which visit, by the code of which order, to whom instead."""

    method: str
    visit_id: int | None = None
    shown_no: int | None = None
    delegate: str = ""
    by: str = ""
    """What the customer was recognised by: `Identity.method`."""


class Gone(msgspec.Struct, frozen=True):
    """A record of units of one parcel that went over the counter and did not come back."""

    id: int
    order_no: int
    line_no: int
    quantity: int
    line_id: str
    sku_id: int
    session_id: str
    handover: int
    ticks: int
    at: int


_SHELF = (
    "SELECT json_group_array(json_array(id, customer_id)) FROM shelf_parcel "
    "WHERE customer_id IN (SELECT value FROM json_each(?))"
)


def ready_parcels(work: Work, order_no: int, customer_id: str) -> list[int]:
    """The customer's parcels on the shelf: those of this order and whatever else waits for her.

    Raises `Refusal` as `ready_for_each`."""
    return ready_for_each(work, [(order_no, customer_id)])[0]


def ready_for_each(work: Work, customers: list[tuple[int, str]]) -> list[list[int]]:
    """The parcels on the shelf of each of different customers: those of the order and whatever else waits for her.

    Raises `Refusal`: `not_ready`, `already_collected`, `nothing_left`, `given_up_refund`, `given_up_void`,
    `being_looked_for` (somebody else took it home).
    """
    ready: dict[str, list[int]] = {customer_id: [] for _, customer_id in customers}
    for parcel_id, customer_id in rows_at_once(work, _SHELF, ready):
        ready[customer_id].append(parcel_id)
    for order_no, customer_id in customers:
        if not ready[customer_id]:
            raise _nothing_ready(work, order_no, customer_id)
    return [ready[customer_id] for _, customer_id in customers]


def _nothing_ready(work: Work, order_no: int, customer_id: str) -> Refusal:
    if work.one("SELECT 1 FROM astray a JOIN parcel p ON p.id = a.parcel_id WHERE p.customer_id = ?", (customer_id,)):
        return Refusal("being_looked_for")
    totals = work.one(
        "SELECT sum(handed_over), sum(quantity - put - short - cancelled) FROM order_line WHERE order_no = ?",
        (order_no,),
    )
    assert totals is not None
    if totals[1]:
        window = work.one("SELECT window_from, window_to FROM shop_order WHERE no = ?", (order_no,))
        assert window is not None
        return Refusal("not_ready", window=list(window))
    if (refusal := given_up(work, order_no)) is not None:
        return refusal
    if totals[0]:
        return Refusal("already_collected", **last_taken(work, order_no))
    return Refusal("nothing_left")


class Taking(msgspec.Struct, frozen=True):
    """What a customer is to be given: all that lies in these parcels, or so many units of each SKU, or only these
    lines. `turn` says whose job it is, of those that are run together."""

    customer_id: str
    parcels: list[int]
    way: Way
    skus: dict[int, int] | None = None
    lines: Collection[Line] | None = None
    turn: int = 0


class _Taken:
    """What one taking comes to: its `units` (order, line, quantity, parcel), and the rights to them."""

    __slots__ = ("_missed", "_wanted", "first", "orders", "rights", "stays", "taking", "units")

    def __init__(self, taking: Taking) -> None:
        self.taking = taking
        self.units: list[tuple[int, int, int, int]] = []
        self.rights: list[tuple[int, int]] = []
        self.orders: dict[int, list[LineQuantity]] = {}
        self.stays: set[int] = set()
        """Parcels that are not empty yet."""
        self.first = 0
        self._wanted = dict(taking.skus) if taking.skus is not None else None
        self._missed = 0

    def look_at(
        self,
        order_no: int,
        line_no: int,
        line_id: str,
        sku_id: int,
        item: int,
        parcel: int,
        on_shelf: int,
        missing: int,
    ) -> None:
        """A line of which something lies in one of the parcels."""
        quantity = 0
        if self.taking.lines is None or (order_no, line_no) in self.taking.lines:
            self._missed += missing
            quantity = max(0, on_shelf - missing)
            if self._wanted is not None:
                quantity = min(quantity, self._wanted.get(sku_id, 0))
        if quantity < on_shelf:
            self.stays.add(parcel)
        if not quantity:
            return
        if self._wanted is not None:
            self._wanted[sku_id] -= quantity
        self.units.append((order_no, line_no, quantity, parcel))
        self.rights.append((item, quantity))
        self.orders.setdefault(order_no, []).append(LineQuantity(line_id, quantity))

    def check(self) -> None:
        if not self.units or (self._wanted is not None and any(self._wanted.values())):
            raise Refusal("being_looked_for" if self._missed else "more_than_ready")


_ON_SHELF = (
    "SELECT json_group_array(json_array(l.order_no, l.line_no, l.line_id, l.sku_id, t.no, l.parcel_id, "
    "l.put - l.handed_over, "
    "coalesce((SELECT quantity FROM missed_line m WHERE m.order_no = l.order_no AND m.line_no = l.line_no), 0))) "
    "FROM order_line l JOIN shop_order o ON o.no = l.order_no "
    "JOIN item_terms t ON t.session_id = o.session_id AND t.sku_id = l.sku_id "
    "WHERE l.parcel_id IN (SELECT value FROM json_each(?)) AND l.put > l.handed_over"
)
_TO_COME = (
    "SELECT json_group_array(json_array(no, order_id, channel, units)) FROM (SELECT o.no, o.order_id, o.channel, "
    "sum(l.put - l.handed_over) + sum(l.quantity - l.put - l.short - l.cancelled) AS units "
    "FROM shop_order o JOIN order_line l ON l.order_no = o.no WHERE o.no IN (SELECT value FROM json_each(?)) "
    "GROUP BY o.no)"
)
_LEFT = (
    "SELECT json_group_array(json_array(customer_id, parcels)) FROM (SELECT customer_id, count(*) AS parcels "
    "FROM shelf_parcel WHERE customer_id IN (SELECT value FROM json_each(?)) GROUP BY customer_id)"
)


def give(work: Work, taking: Taking) -> Given:
    """Hand over what is to be taken. What somebody reported as missing is not given.

    Raises `Refusal`: `more_than_ready`, `being_looked_for`.
    """
    return give_each(work, [taking])[0]


def give_each(work: Work, takings: list[Taking]) -> list[Given]:
    """As `give`, to different customers at once: they share the statements, each has its own records and facts."""
    taken = [_Taken(taking) for taking in takings]
    of_parcel = {parcel: one for one in taken for parcel in one.taking.parcels}
    for row in rows_at_once(work, _ON_SHELF, of_parcel):
        of_parcel[row[5]].look_at(*row)
    _write_down(work, taken)
    emptied = [parcel for parcel, one in of_parcel.items() if parcel not in one.stays]
    work.sql(
        "UPDATE parcel SET state = 'handed_over', handed_over_at = ? WHERE id IN (SELECT value FROM json_each(?))",
        (work.now, json_of(emptied)),
    )
    move_items(work, "ordered", "handed_over", [right for one in taken for right in one.rights])
    orders = {row[0]: row for row in rows_at_once(work, _TO_COME, [no for one in taken for no in one.orders])}
    left = dict(rows_at_once(work, _LEFT, [taking.customer_id for taking in takings]))
    given = []
    for one in taken:
        customer_id, way = one.taking.customer_id, one.taking.way
        work.act_for(one.taking.turn)
        for no, told in one.orders.items():
            _, order_id, channel, to_come = orders[no]
            work.record(
                OrderHandedOver(
                    order_id=order_id,
                    imported=channel == IMPORTED,
                    lines=tuple(told),
                    handed_over_at=work.now,
                    method=way.method,
                    complete=not to_come,
                    by=way.by,
                    delegate=way.delegate,
                )
            )
        if work.house.print_receipts and not work.house.receipts_on_wish:
            facts = receipt_facts(work, customer_id, [unit[:3] for unit in one.units], way.method, way.delegate)
            paper.queue(work, "receipt", f"handover:{one.first}", facts)
        units = sum(quantity for _, _, quantity, _ in one.units)
        given.append(Given(way.visit_id or 0, one.taking.parcels, units, left.get(customer_id, 0), one.first))
    return given


def _write_down(work: Work, taken: list[_Taken]) -> None:
    """The records of what goes, one for each line, and the count of each line by them."""
    newest = work.one("SELECT coalesce(max(id), 0) FROM handover_line")
    assert newest is not None
    number = first = newest[0] + 1
    records: list[tuple[Any, ...]] = []
    for one in taken:
        one.check()
        way = one.taking.way
        work.act_for(one.taking.turn)
        one.first, which = number, None
        for order_no, line_no, quantity, parcel in one.units:
            records.append(
                (number, order_no, line_no, parcel, quantity, way.method, work.actor, work.now,
                 way.visit_id, which, way.shown_no, way.delegate, work.ticks)
            )  # fmt: skip
            number, which = number + 1, one.first
    work.many(
        "INSERT INTO handover_line(id, order_no, line_no, parcel_id, quantity, method, actor, at, visit_id, handover, "
        "shown_no, delegate, ticks) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        records,
    )
    work.sql(
        "UPDATE order_line SET handed_over = order_line.handed_over + h.quantity FROM handover_line h "
        "WHERE h.id >= ? AND order_line.order_no = h.order_no AND order_line.line_no = h.line_no",
        (first,),
    )


def out_there(rows: Rows, order_no: int) -> dict[int, int]:
    """Line -> units of an order that are with its customer now: handed over, and not brought back."""
    return dict(
        rows(
            "SELECT l.line_no, l.handed_over - (SELECT coalesce(sum(quantity), 0) FROM returned_line r "
            "WHERE r.order_no = l.order_no AND r.line_no = l.line_no) AS out FROM order_line l "
            "WHERE l.order_no = ? AND out > 0 ORDER BY l.line_no",
            (order_no,),
        )
    )


def gone_of(work: Work, parcel_id: int) -> list[Gone]:
    """What went out of a parcel and is still out, the latest hand-over first."""
    rows = work.sql(
        "SELECT h.id, h.order_no, h.line_no, h.quantity, l.line_id, l.sku_id, o.session_id, coalesce(h.handover, h.id) "
        "AS which, h.ticks, h.at FROM order_line l JOIN handover_line h ON h.order_no = l.order_no "
        "AND h.line_no = l.line_no JOIN shop_order o ON o.no = l.order_no WHERE l.parcel_id = ?1 "
        "AND h.parcel_id = ?1 AND h.undone_at IS NULL ORDER BY which DESC, h.id",
        (parcel_id,),
    )
    return [Gone(*row) for row in rows]


def take_back(work: Work, parcel_id: int, gone: list[Gone], reason: str) -> int:
    """These records of a parcel were a mistake: its units are on the shelf again, the cloud is told, the records stay
    and say who took them back and why. Gives how many units.

    Raises `Refusal`: `brought_back` (some of them are at another place by now).
    """
    work.many(
        "UPDATE handover_line SET undone_at = ?, undone_by = ?, undone_why = ? WHERE id = ?",
        [(work.now, work.actor, reason, record.id) for record in gone],
    )
    work.many(
        "UPDATE order_line SET handed_over = handed_over - ? WHERE order_no = ? AND line_no = ?",
        [(record.quantity, record.order_no, record.line_no) for record in gone],
    )
    for order_no in {record.order_no for record in gone}:
        if work.one(
            "SELECT 1 FROM returned_line r JOIN order_line l ON l.order_no = r.order_no AND l.line_no = r.line_no "
            "WHERE r.order_no = ? GROUP BY r.line_no HAVING sum(r.quantity) > max(l.handed_over)",
            (order_no,),
        ):
            raise Refusal("brought_back")
    move(work, "handed_over", "ordered", [(record.session_id, record.sku_id, record.quantity) for record in gone])
    _back_in_its_slot(work, parcel_id)
    back: dict[int, list[LineQuantity]] = {}
    for record in gone:
        back.setdefault(record.order_no, []).append(LineQuantity(record.line_id, record.quantity))
    for order_no, lines in back.items():
        order = work.one("SELECT order_id, channel FROM shop_order WHERE no = ?", (order_no,))
        assert order is not None
        imported = order[1] == IMPORTED
        work.record(
            OrderHandoverUndone(order_id=order[0], imported=imported, lines=tuple(lines), reason=reason, at=work.now)
        )
    return sum(record.quantity for record in gone)


def _back_in_its_slot(work: Work, parcel_id: int) -> None:
    """A bag that had left is ready again. If its place is another's by now, it gets a new one and a new label; and a
    label too if it left without one, as a bag does whose last unit proved short when the others were gone."""
    parcel = work.one(
        "UPDATE parcel SET state = 'ready', handed_over_at = NULL WHERE id = ? AND state = 'handed_over' "
        "RETURNING slot, place",
        (parcel_id,),
    )
    if parcel is None:  # a part of it never left
        return
    slot, place = parcel
    taken = work.one(
        "SELECT 1 FROM parcel WHERE slot = ? AND place = ? AND state IN ('sorting', 'ready') AND id <> ?",
        (slot, place, parcel_id),
    )
    if taken:
        work.sql("UPDATE parcel SET place = ? WHERE id = ?", (place_in(work, parcel_id, slot), parcel_id))
    labelled = "SELECT 1 FROM print_job WHERE subject = ? AND state <> 'cancelled'"
    if taken or not work.one(labelled, (f"parcel:{parcel_id}",)):
        queue_label(work, parcel_id)


BEFORE = "handovers_before"
"""What went over the counter up to this record went before the box was started."""


def begin_anew(work: Work) -> None:
    """The box has started: the count that hand-overs were timed by may have begun anew."""
    work.sql(
        "INSERT INTO keep VALUES (?1, (SELECT coalesce(max(id), 0) FROM handover_line)) "
        "ON CONFLICT(name) DO UPDATE SET value = excluded.value",
        (BEFORE,),
    )


def may_be_undone(
    look: Look | Work, handover: int, ticks: int, at: int, moment: tuple[int, bool, int], ms: int
) -> bool:
    """Whether a hand-over is younger than `ms`. `moment`: time, whether it is sure, ticks.

    By ticks; if the box was started since, by a clock that somebody vouches for, and not at all without one.
    """
    now, sure, counted = moment
    row = look.one("SELECT value FROM keep WHERE name = ?", (BEFORE,))
    if row is None or handover > int(row[0]):
        return counted - ticks <= ms
    return sure and 0 <= now - at <= ms
