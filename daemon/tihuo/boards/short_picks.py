"""缺货处理: what waits for a decision, what could stand in, and what was decided."""

from __future__ import annotations

import msgspec

from tihuo.shop.substitutes import missing
from tihuo.shop.words import mask_name, mask_phone, phone_tail
from tihuo.shop.work import Look, Row


class Waiting(msgspec.Struct, frozen=True):
    """Units that somebody decides about now. `rule` is `similar` or `ask`; `answer` what she said, if she was called.

    `chosen` is true when a substitute may be chosen; `gone` when her parcel has left, so that only money is left.
    """

    pick_id: int
    order_no: int
    order_id: str
    name: str
    phone: str
    sku: str
    product: str
    spec: str
    unit: str
    zone: str
    slot: str
    quantity: int
    unit_price_fen: int
    reason: str
    rule: str
    answer: str
    answered_by: str
    calls: int
    opened_at: int
    due_at: int
    gone: bool

    @property
    def may_choose(self) -> bool:
        return not self.gone and (self.rule == "similar" or self.answer == "yes")


class Candidate(msgspec.Struct, frozen=True):
    """A SKU that may stand in: `there` units that nobody bought; `why` is `same_product`, `same_supplier`, `alike` or
    an empty string; `less_fen` goes back for each unit."""

    sku_id: int
    sku: str
    product: str
    spec: str
    unit: str
    price_fen: int
    there: int
    why: str
    less_fen: int


class Decided(msgspec.Struct, frozen=True):
    """One case, from when units were missed to what became of them. Money in fen, times in `Millis`."""

    pick_id: int
    order_no: int
    order_id: str
    name: str
    tail: str
    sku: str
    product: str
    spec: str
    quantity: int
    reason: str
    rule: str
    state: str
    opened_by: str
    opened_at: int
    calls: int
    answer: str
    answered_by: str
    answered_at: int | None
    settled_by: str
    settled_at: int | None
    instead: str
    refund_fen: int


_WAITING = (
    "SELECT k.id, k.order_no, o.order_id, coalesce(c.name, ''), coalesce(c.phone, ''), s.code, d.name, s.spec, s.unit, "
    "s.zone, coalesce(p.slot, ''), k.quantity, l.unit_price_fen, k.reason, k.rule, k.answer, k.answered_by, k.calls, "
    "k.opened_at, k.due_at, coalesce(p.state, '') = 'handed_over' FROM short_pick k "
    "JOIN shop_order o ON o.no = k.order_no JOIN order_line l ON l.order_no = k.order_no AND l.line_no = k.line_no "
    "JOIN sku s ON s.id = l.sku_id JOIN product d ON d.id = s.product_id LEFT JOIN parcel p ON p.id = l.parcel_id "
    "LEFT JOIN customer c ON c.id = o.customer_id WHERE k.state = 'open'"
)


def waiting(look: Look) -> list[Waiting]:
    """What is due first stands first."""
    return [_waiting(row) for row in look.rows(f"{_WAITING} ORDER BY k.due_at, k.id")]


def waiting_one(look: Look, pick_id: int) -> Waiting | None:
    row = look.one(f"{_WAITING} AND k.id = ?", (pick_id,))
    return _waiting(row) if row else None


def waiting_count(look: Look) -> int:
    row = look.one("SELECT count(*) FROM short_pick WHERE state = 'open'")
    return int(row[0]) if row else 0


def picks_overdue(look: Look, ticks: int) -> bool:
    """Whether anything waits that nobody decided about in time."""
    return look.one("SELECT 1 FROM short_pick WHERE state = 'open' AND due_at <= ?", (ticks,)) is not None


def candidates(look: Look, pick_id: int, limit: int = 30) -> list[Candidate]:
    """What may stand in, the likeliest first: the same product, then the same supplier, then a name that is alike.

    Only goods of the same zone that somebody could put in the bag now, and that cost no more.
    """
    gap = missing(look, pick_id)
    if gap is None:
        return []
    wanted = look.one(
        "SELECT l.sku_id, s.product_id, d.name, d.supplier FROM order_line l JOIN sku s ON s.id = l.sku_id "
        "JOIN product d ON d.id = s.product_id WHERE l.order_no = ? AND l.line_no = ?",
        (gap.order_no, gap.line_no),
    )
    assert wanted is not None
    sku_id, product_id, name, supplier = wanted
    rows = look.rows(
        "SELECT s.id, s.code, d.name, s.spec, s.unit, coalesce(i.price_fen, s.price_fen) AS price, "
        "coalesce(i.free, 0) + s.on_hand AS there, s.product_id, d.supplier FROM sku s "
        "JOIN product d ON d.id = s.product_id LEFT JOIN session_item i ON i.sku_id = s.id AND i.session_id = ? "
        "WHERE s.zone = ? AND s.id <> ? AND there > 0 AND price <= ?",
        (gap.session_id, gap.zone, sku_id, gap.unit_price_fen),
    )
    found = []
    for row in rows:
        why, shared = _likeness(product_id, name, supplier, other=row[7], alike=row[2], by=row[8])
        about = (*row[:7], why, gap.unit_price_fen - row[5])
        found.append((Candidate(*about), shared))
    found.sort(key=lambda one: (-_RANK[one[0].why], -one[1], one[0].less_fen, one[0].sku_id))
    return [candidate for candidate, _ in found[:limit]]


def decided(look: Look, session_id: str) -> list[Decided]:
    """Every case of a session, in the order in which it came up: those that wait have no `settled_at`."""
    return [_decided(row) for row in look.rows(f"{_DECIDED} WHERE o.session_id = ? ORDER BY k.id", (session_id,))]


def decided_of_order(look: Look, order_no: int) -> list[Decided]:
    return [_decided(row) for row in look.rows(f"{_DECIDED} WHERE k.order_no = ? ORDER BY k.id", (order_no,))]


_RANK = {"same_product": 3, "same_supplier": 2, "alike": 1, "": 0}
_DECIDED = (
    "SELECT k.id, k.order_no, o.order_id, coalesce(c.name, ''), coalesce(c.phone, ''), s.code, d.name, s.spec, "
    "k.quantity, k.reason, k.rule, k.state, k.opened_by, k.opened_at, k.calls, k.answer, k.answered_by, k.answered_at, "
    "k.settled_by, k.settled_at, coalesce((SELECT trim(y.name || ' ' || x.spec) FROM order_line n "
    "JOIN sku x ON x.id = n.sku_id JOIN product y ON y.id = x.product_id WHERE n.order_no = k.order_no "
    "AND n.line_no = k.new_line_no), ''), k.refund_fen FROM short_pick k JOIN shop_order o ON o.no = k.order_no "
    "JOIN order_line l ON l.order_no = k.order_no AND l.line_no = k.line_no JOIN sku s ON s.id = l.sku_id "
    "JOIN product d ON d.id = s.product_id LEFT JOIN customer c ON c.id = o.customer_id"
)


def _waiting(row: Row) -> Waiting:
    masked = (*row[:3], mask_name(row[3]), mask_phone(row[4]), *row[5:-1], bool(row[-1]))
    return Waiting(*masked)


def _decided(row: Row) -> Decided:
    masked = (*row[:3], mask_name(row[3]), phone_tail(row[4]), *row[5:])
    return Decided(*masked)


def _likeness(product_id: int, name: str, supplier: str, other: int, alike: str, by: str) -> tuple[str, int]:
    """Why one thing may stand in for another, and how many pairs of letters their names share."""
    shared = len({name[n : n + 2] for n in range(len(name) - 1)} & {alike[n : n + 2] for n in range(len(alike) - 1)})
    if other == product_id:
        return "same_product", shared
    if supplier and supplier == by:
        return "same_supplier", shared
    return ("alike", shared) if shared else ("", 0)
