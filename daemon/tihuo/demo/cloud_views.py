"""What the demo cloud can show: to a customer, to the simulator page, and to a test that wants to see it add up."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from tihuo.demo.cloud_book import CloudBook


@dataclass(frozen=True)
class Offer:
    """One article of an open session, as the mini program shows it: `left` may be bought now."""

    session_id: str
    sku: str
    name: str
    price_fen: int
    left: int
    limit_per_customer: int | None


@dataclass(frozen=True)
class BoughtLine:
    line_id: str
    sku: str
    name: str
    quantity: int
    unit_price_fen: int
    grant_id: str
    short: int
    cancelled: int
    handed_over: int
    uncollected: int


@dataclass(frozen=True)
class BoughtRefund:
    refund_id: str
    amount_fen: int
    state: str


@dataclass(frozen=True)
class BoughtOrder:
    """One order as its customer sees it. `state`: paid (not answered yet), accepted, ready, partly_handed_over,
    handed_over, refused, rejected (not understood), short (nothing of it will come), cancelled, uncollected.
    `code` is the text of the QR code; `parcels` are (id, zone, slot); times are Millis."""

    order_id: str
    session_id: str
    customer_id: str
    name: str
    phone: str
    placed_at: int
    paid_fen: int
    window: tuple[int, int] | None
    note: str
    state: str
    reason: str
    code: str
    short_code: str
    parcels: tuple[tuple[str, str, str | None], ...]
    lines: tuple[BoughtLine, ...]
    refunds: tuple[BoughtRefund, ...]


@dataclass(frozen=True)
class HeldGrant:
    """`remaining` may still be sold (0 once closed); `not_taken` was sold and then refused by the store."""

    grant_id: str
    session_id: str
    sku: str
    quantity: int
    sold: int
    not_taken: int
    returned: int
    remaining: int
    sell_until: int
    closed: bool
    channel: str | None
    """The only channel that it may be sold through; None for any."""


@dataclass(frozen=True)
class Figures:
    """The cloud's books in one look. Units are base units of whatever was sold; `balanced` means that nothing is odd:
    each grant covers what was sold from it, each unit is in one place, no customer got back more than they paid."""

    orders: dict[str, int]
    paid_fen: int
    refund_due_fen: int
    refunded_fen: int
    granted: int
    sold: int
    not_taken: int
    returned: int
    short: int
    cancelled: int
    handed_over: int
    waiting: int
    rejections: int
    oddities: tuple[str, ...]

    @property
    def balanced(self) -> bool:
        return not self.oddities


def offers(book: CloudBook, at: int) -> list[Offer]:
    rows = book.sql.execute(
        "SELECT i.session_id, i.sku, i.name, i.price_fen, i.limit_per_customer, coalesce(sum(g.quantity - g.sold"
        " - g.returned), 0) AS left FROM item i JOIN session s USING (session_id) LEFT JOIN grant_held g"
        " ON g.session_id = i.session_id AND g.sku = i.sku AND NOT g.closed AND g.sell_until > ?"
        " WHERE NOT s.closed GROUP BY i.session_id, i.sku ORDER BY i.session_id, i.sku",
        (at,),
    )
    return [Offer(**dict(row)) for row in rows]


def grants(book: CloudBook) -> list[HeldGrant]:
    rows = book.sql.execute(
        "SELECT grant_id, session_id, sku, quantity, sold, not_taken, returned, sell_until, closed, channel,"
        " iif(closed, 0, quantity - sold - returned) AS remaining FROM grant_held ORDER BY grant_id"
    )
    return [HeldGrant(**{**dict(row), "closed": bool(row["closed"])}) for row in rows]


def order(book: CloudBook, order_id: str) -> BoughtOrder:
    """Raises KeyError when this cloud never sold it."""
    row = book.sql.execute("SELECT * FROM bought WHERE order_id = ?", (order_id,)).fetchone()
    if row is None:
        raise KeyError(order_id)
    return _order(book.sql, row)


def orders(book: CloudBook) -> list[BoughtOrder]:
    rows = book.sql.execute("SELECT * FROM bought ORDER BY placed_at, order_id").fetchall()
    return [_order(book.sql, row) for row in rows]


def figures(book: CloudBook) -> Figures:
    sql = book.sql
    states = dict(sql.execute("SELECT state, count(*) FROM bought GROUP BY state").fetchall())
    money = sql.execute(
        "SELECT coalesce(sum(amount_fen), 0) AS due, coalesce(sum(iif(state = 'succeeded', amount_fen, 0)), 0) AS done"
        " FROM refund"
    ).fetchone()
    given = sql.execute(
        "SELECT coalesce(sum(quantity), 0) AS granted, coalesce(sum(sold), 0) AS sold,"
        " coalesce(sum(not_taken), 0) AS not_taken, coalesce(sum(returned), 0) AS returned FROM grant_held"
    ).fetchone()
    units = sql.execute(
        "SELECT coalesce(sum(short), 0) AS short, coalesce(sum(cancelled), 0) AS cancelled,"
        " coalesce(sum(handed_over), 0) AS handed_over, coalesce(sum(iif(state IN ('refused', 'rejected'), 0,"
        " quantity - short - cancelled - handed_over)), 0) AS waiting FROM bought_line JOIN bought USING (order_id)"
    ).fetchone()
    return Figures(
        orders=states,
        paid_fen=sql.execute("SELECT coalesce(sum(paid_fen), 0) FROM bought").fetchone()[0],
        refund_due_fen=money["due"],
        refunded_fen=money["done"],
        **dict(given),
        **dict(units),
        rejections=sql.execute("SELECT count(*) FROM rejection").fetchone()[0],
        oddities=tuple(_oddities(sql)),
    )


def _order(sql: sqlite3.Connection, row: sqlite3.Row) -> BoughtOrder:
    lines = sql.execute(
        "SELECT line_id, sku, name, quantity, unit_price_fen, grant_id, short, cancelled, handed_over, uncollected"
        " FROM bought_line WHERE order_id = ? ORDER BY line_id",
        (row["order_id"],),
    )
    refunds = sql.execute(
        "SELECT refund_id, amount_fen, state FROM refund WHERE order_id = ? ORDER BY refund_id", (row["order_id"],)
    )
    return BoughtOrder(
        order_id=row["order_id"],
        session_id=row["session_id"],
        customer_id=row["customer_id"],
        name=row["name"],
        phone=row["phone"],
        placed_at=row["placed_at"],
        paid_fen=row["paid_fen"],
        window=None if row["window_from"] is None else (row["window_from"], row["window_to"]),
        note=row["note"],
        state=row["state"],
        reason=row["reason"],
        code=row["code"],
        short_code=row["short_code"],
        parcels=tuple((parcel_id, zone, slot) for parcel_id, zone, slot in json.loads(row["parcels"])),
        lines=tuple(BoughtLine(**dict(line)) for line in lines),
        refunds=tuple(BoughtRefund(**dict(refund)) for refund in refunds),
    )


def _oddities(sql: sqlite3.Connection) -> list[str]:
    """What was noticed on the way, and what a look at the whole shows."""
    found = [row["what"] for row in sql.execute("SELECT what FROM oddity")]
    uncovered = sql.execute(
        "SELECT grant_id, sold, (SELECT coalesce(sum(quantity), 0) FROM bought_line x"
        " WHERE x.grant_id = g.grant_id) AS lines FROM grant_held g WHERE lines != sold"
    )
    found += [f"{row['grant_id']}: sold {row['sold']}, but its lines hold {row['lines']}" for row in uncovered]
    generous = sql.execute(
        "SELECT order_id, paid_fen, sum(amount_fen) AS back FROM refund JOIN bought USING (order_id)"
        " GROUP BY order_id HAVING back > paid_fen"
    )
    found += [f"{row['order_id']}: paid {row['paid_fen']}, gets {row['back']} back" for row in generous]
    return found
