"""What the demo cloud sells: a mini program's back end in small (小程序后台).

It sells only from grants that it has heard of, while its own clock is before their `sell_until`, and never more than
they hold. Every function runs inside a change of the book.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from tihuo.cloud import down, fields, up
from tihuo.demo.cloud_book import CloudBook

Emit = Callable[[msgspec.Struct], str]


class CannotSell(Exception):
    """Nothing was bought. Codes: `sold_out`, `unknown_sku`, `over_limit`, `no_session`, `too_late`."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(f"{code} {facts}" if facts else code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True)
class Shopper:
    """Somebody with the mini program open."""

    id: str
    name: str
    phone: str = ""


@dataclass(frozen=True)
class Wish:
    """What a shopper wants: `quantity` of `sku` in the session, to be fetched in `window` (Millis from, to), if any."""

    session_id: str
    lines: Sequence[tuple[str, int]]
    window: tuple[int, int] | None = None
    channel: str = "mini_program"
    substitution: fields.Substitution = "refund"
    note: str = ""


class CloudSales:
    """Sessions, items, grants and the till. `emit` puts an event into the stream to the store and gives its id."""

    def __init__(self, book: CloudBook, emit: Emit, now: Callable[[], int]) -> None:
        self._book, self._emit, self._now = book, emit, now

    # selling

    def place(self, shopper: Shopper, wish: Wish) -> str:
        """Sell, take the money and tell the store. Returns the order id. Raises CannotSell; then nothing happened."""
        sql, at = self._book.sql, self._now()
        session = sql.execute("SELECT closed FROM session WHERE session_id = ?", (wish.session_id,)).fetchone()
        if session is None or session["closed"]:
            raise CannotSell("no_session", session_id=wish.session_id)
        lines: list[down.OrderLine] = []
        for sku, quantity in wish.lines:
            self._check_limit(shopper, wish, sku, quantity)
            for grant, taken in self._take(wish, sku, quantity, at):
                lines.append(down.OrderLine(f"l{len(lines) + 1}", sku, taken, grant["price_fen"], grant["grant_id"]))
        number = self._book.recall("orders") + 1
        self._book.remember(orders=number)
        order = down.OrderPlaced(
            order_id=f"D{self._book.recall('epoch'):X}-{number:05}",
            session_id=wish.session_id,
            channel=wish.channel,
            placed_at=fields.from_millis(at),
            paid_at=fields.from_millis(at),
            customer=down.Customer(shopper.id, shopper.name, shopper.phone),
            lines=tuple(lines),
            paid_fen=sum(line.quantity * line.unit_price_fen for line in lines),
            payment=down.Payment("demo", f"pay-{self._book.recall('epoch'):x}-{number}"),
            window=fields.Window(*map(fields.from_millis, wish.window)) if wish.window else None,
            substitution=wish.substitution,
            note=wish.note,
        )
        self._write_down(order, wish, at, self._emit(order))
        return order.order_id

    def _check_limit(self, shopper: Shopper, wish: Wish, sku: str, quantity: int) -> None:
        row = self._book.sql.execute(
            "SELECT limit_per_customer AS most FROM item WHERE session_id = ? AND sku = ?", (wish.session_id, sku)
        ).fetchone()
        if row is None:
            raise CannotSell("unknown_sku", sku=sku)
        if row["most"] is None:
            return
        had = self._book.sql.execute(
            "SELECT coalesce(sum(quantity - cancelled), 0) FROM bought_line JOIN bought USING (order_id)"
            " WHERE session_id = ? AND customer_id = ? AND sku = ? AND state NOT IN ('refused', 'rejected')",
            (wish.session_id, shopper.id, sku),
        ).fetchone()[0]
        now_wanted = sum(q for s, q in wish.lines if s == sku)
        if had + now_wanted > row["most"]:
            raise CannotSell("over_limit", sku=sku, limit=row["most"])

    def _take(self, wish: Wish, sku: str, quantity: int, at: int) -> list[tuple[sqlite3.Row, int]]:
        """Take `quantity` out of the grants that the wish's channel may sell: out of one that has enough, else out of
        several."""
        grants = self._book.sql.execute(
            "SELECT *, quantity - sold - returned AS remaining FROM grant_held WHERE session_id = ? AND sku = ?"
            " AND coalesce(channel, ?3) = ?3 AND NOT closed AND quantity > sold + returned"
            " ORDER BY sell_until, grant_id",
            (wish.session_id, sku, wish.channel),
        ).fetchall()
        open_now = [grant for grant in grants if at < grant["sell_until"]]
        if sum(grant["remaining"] for grant in open_now) < quantity:
            raise CannotSell("too_late" if grants and not open_now else "sold_out", sku=sku)
        whole = next((grant for grant in open_now if grant["remaining"] >= quantity), None)
        taken = []
        for grant in [whole] if whole else open_now:
            some = min(quantity, grant["remaining"])
            if some:
                self._book.sql.execute(
                    "UPDATE grant_held SET sold = sold + ? WHERE grant_id = ?", (some, grant["grant_id"])
                )
                taken.append((grant, some))
                quantity -= some
        return taken

    def _write_down(self, order: down.OrderPlaced, wish: Wish, at: int, event_id: str) -> None:
        sql, who = self._book.sql, order.customer
        window = wish.window or (None, None)
        sql.execute(
            "INSERT INTO bought (order_id, session_id, event_id, customer_id, name, phone, channel, placed_at,"
            " paid_fen, window_from, window_to, substitution, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (order.order_id, order.session_id, event_id, who.id, who.name, who.phone, order.channel, at)
            + (order.paid_fen, *window, order.substitution, order.note),
        )
        names = dict(sql.execute("SELECT sku, name FROM item WHERE session_id = ?", (order.session_id,)).fetchall())
        sql.executemany(
            "INSERT INTO bought_line (order_id, line_id, sku, name, quantity, unit_price_fen, grant_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (order.order_id, x.line_id, x.sku, names[x.sku], x.quantity, x.unit_price_fen, x.grant_id)
                for x in order.lines
            ],
        )

    def cancel(self, order_id: str, reason: str) -> None:
        """The customer does not want it any more. What comes of it, the store says."""
        changed = self._book.sql.execute(
            "UPDATE bought SET cancel_asked = 1 WHERE order_id = ? AND NOT cancel_asked"
            " AND state IN ('paid', 'accepted', 'ready')",
            (order_id,),
        ).rowcount
        if changed:
            self._emit(down.OrderCancelled(order_id, reason, fields.from_millis(self._now())))

    def give_back(self, grant_id: str, quantity: int) -> int:
        """Give back up to `quantity` unsold rights of a grant; how many there were to give."""
        row = self._book.sql.execute(
            "SELECT quantity - sold - returned AS remaining FROM grant_held WHERE grant_id = ? AND NOT closed",
            (grant_id,),
        ).fetchone()
        some = min(quantity, row["remaining"]) if row else 0
        if some:
            self._book.sql.execute("UPDATE grant_held SET returned = returned + ? WHERE grant_id = ?", (some, grant_id))
            self._emit(down.GrantReturned(grant_id, some))
        return some

    def tick(self) -> None:
        """Close the grants whose time is up."""
        late = self._book.sql.execute(
            "SELECT grant_id FROM grant_held WHERE NOT closed AND sell_until <= ?", (self._now(),)
        ).fetchall()
        for row in late:
            self._close_grant(row["grant_id"])

    def _close_grant(self, grant_id: str) -> None:
        row = self._book.sql.execute(
            "SELECT sold - not_taken AS sold, closed FROM grant_held WHERE grant_id = ?", (grant_id,)
        ).fetchone()
        if row and not row["closed"]:
            through = self._book.sql.execute("SELECT coalesce(max(seq), 0) FROM outbox").fetchone()[0]
            self._book.sql.execute("UPDATE grant_held SET closed = 1 WHERE grant_id = ?", (grant_id,))
            self._emit(down.GrantClosed(grant_id, row["sold"], through))

    # what the store says

    def apply(self, data: msgspec.Struct) -> None:
        """Take in what the store says about its sessions and grants; anything else is not for us."""
        match data:
            case up.SessionClosed():
                self._session(data, closed=True)
                grants = self._book.sql.execute(
                    "SELECT grant_id FROM grant_held WHERE session_id = ? AND NOT closed", (data.session_id,)
                ).fetchall()
                for row in grants:
                    self._close_grant(row["grant_id"])
            case up.SessionOpened():
                self._session(data, closed=False)
            case up.GrantIssued():
                self._book.sql.execute(
                    "INSERT OR IGNORE INTO grant_held"
                    " (grant_id, session_id, sku, quantity, price_fen, limit_per_customer, sell_until, channel)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (data.grant_id, data.session_id, data.sku, data.quantity, data.price_fen, data.limit_per_customer)
                    + (fields.to_millis(data.sell_until), data.channel),
                )
            case up.GrantRevokeRequested():
                if not self.give_back(data.grant_id, data.quantity):
                    self._close_grant(data.grant_id)  # there is nothing left in it: say that too

    def _session(self, data: up.SessionOpened, closed: bool) -> None:
        ends_at = fields.to_millis(data.ends_at) if data.ends_at else None
        self._book.sql.execute(
            "INSERT INTO session VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET title = excluded.title,"
            " starts_at = excluded.starts_at, ends_at = excluded.ends_at, closed = closed OR excluded.closed",
            (data.session_id, data.title, fields.to_millis(data.starts_at), ends_at, closed),
        )
        self._book.sql.executemany(
            "INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (data.session_id, x.sku, x.name, x.price_fen, x.kind, x.limit_per_customer)
                + (x.arrives_on.isoformat() if x.arrives_on else None,)
                for x in data.items
            ],
        )
