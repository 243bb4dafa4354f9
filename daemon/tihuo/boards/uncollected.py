"""逾期未取: whose turn it is with every parcel that nobody fetched, until when, and who did not come before."""

from __future__ import annotations

import msgspec

from tihuo.shop.uncollected import OWNERS
from tihuo.shop.words import mask_name, mask_phone
from tihuo.shop.work import Look, Row

_HERS = "n.customer_id = p.customer_id"
_MARK = (
    "NOT EXISTS (SELECT 1 FROM handover_line h WHERE h.order_no = n.order_no AND h.undone_at IS NULL "
    "AND h.at <= n.forgiven_until)"
)
"""Whether mark `n` stands: she did not come later that day."""


class UncollectedRow(msgspec.Struct, frozen=True):
    """A parcel that nobody fetched: its `step` (see `shop.uncollected`), whose turn that is, when it ends (`due_at`).

    `limit_at`: so long it may wait in its zone. `said` is what the last of `calls` came to; `no_shows` counts windows
    of hers that ended without her, this one too. Money in fen; name and phone are masked.
    """

    parcel_id: int
    order_no: int
    slot: str
    place: int
    zone: str
    name: str
    phone: str
    window_from: int
    window_to: int
    step: str
    owner: str
    due_at: int
    limit_at: int
    calls: int
    said: str
    moved: bool
    units: int
    worth_fen: int
    no_shows: int
    goods: str


class UncollectedCounts(msgspec.Struct, frozen=True):
    """Parcels on the shelf by whose turn it is: hers while her window lasts, hers after it, staff's, owner's."""

    window: int = 0
    told: int = 0
    staff: int = 0
    owner: int = 0
    overdue: int = 0
    """Of those, how many are past the time of their zone."""


class NoShows(msgspec.Struct, frozen=True):
    """爽约 of one customer. `name` is masked."""

    customer_id: str
    name: str
    count: int
    last_at: int


_ROWS = (
    "SELECT p.id, (SELECT min(order_no) FROM order_line WHERE parcel_id = p.id), p.slot, p.place, p.zone, c.name, "
    "c.phone, p.window_from, p.window_to, u.step, u.due_at, u.limit_at, u.calls, u.said, u.moved, "
    "(SELECT sum(put - handed_over) FROM order_line WHERE parcel_id = p.id), "
    "(SELECT sum((put - handed_over) * unit_price_fen) FROM order_line WHERE parcel_id = p.id), "
    f"(SELECT count(*) FROM no_show n WHERE {_HERS} AND {_MARK}), "
    "(SELECT group_concat(d.name || ' ×' || (l.put - l.handed_over), '、') FROM order_line l JOIN sku s "
    "ON s.id = l.sku_id JOIN product d ON d.id = s.product_id WHERE l.parcel_id = p.id AND l.put > l.handed_over) "
    "FROM uncollected u JOIN parcel p ON p.id = u.parcel_id JOIN customer c ON c.id = p.customer_id "
)


def steps_due(look: Look, now: int) -> bool:
    """Whether any parcel goes a step on; asked every second. None does behind a fence."""
    return look.one(
        "SELECT 1 FROM uncollected WHERE step <> 'decide' AND due_at <= ? AND NOT EXISTS "
        "(SELECT 1 FROM fence WHERE lifted_at IS NULL) LIMIT 1",
        (now,),
    ) is not None  # fmt: skip


def uncollected(look: Look, also_waiting: bool = False) -> list[UncollectedRow]:
    """What nobody fetched, the next to be dealt with on top; `also_waiting`: all that is on the shelf, because the
    clock cannot say what is late."""
    where = "" if also_waiting else "WHERE u.step <> 'window' "
    return [_row(row) for row in look.rows(f"{_ROWS}{where}ORDER BY u.due_at, p.id LIMIT 500")]


def uncollected_one(look: Look, parcel_id: int) -> UncollectedRow | None:
    row = look.one(f"{_ROWS}WHERE p.id = ?", (parcel_id,))
    return _row(row) if row else None


def uncollected_counts(look: Look, now: int) -> UncollectedCounts:
    steps: dict[str, int] = dict(look.rows("SELECT step, count(*) FROM uncollected GROUP BY step"))
    late = look.one("SELECT count(*) FROM uncollected WHERE step <> 'window' AND limit_at <= ?", (now,))
    return UncollectedCounts(
        window=steps.get("window", 0),
        told=steps.get("told", 0) + steps.get("kept", 0),
        staff=steps.get("task", 0),
        owner=steps.get("held", 0) + steps.get("decide", 0),
        overdue=late[0] if late else 0,
    )


def no_shows(look: Look, limit: int = 100) -> list[NoShows]:
    """Who did not come, whoever failed most often first."""
    rows = look.rows(
        f"SELECT n.customer_id, c.name, count(*), max(n.at) FROM no_show n JOIN customer c ON c.id = n.customer_id "
        f"WHERE {_MARK} GROUP BY n.customer_id ORDER BY count(*) DESC, max(n.at) DESC LIMIT ?",
        (limit,),
    )
    return [NoShows(customer_id, mask_name(name), *rest) for customer_id, name, *rest in rows]


def _row(row: Row) -> UncollectedRow:
    shown = (mask_name(row[5]), mask_phone(row[6]) if row[6] else "")
    masked = (*row[:5], *shown, *row[7:10], OWNERS[row[9]], *row[10:14], bool(row[14]), *row[15:])
    return UncollectedRow(*masked)
