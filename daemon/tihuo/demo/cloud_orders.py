"""What becomes of the orders that the demo cloud sold: the store decides, the cloud keeps the customer's side of it.

The cloud gives money back when the store says so (or when the store could not even read the order), through a bank that
takes its time. What does not add up is written down as an oddity, which the figures show. Every function runs inside a
change of the book.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable, Iterable

import msgspec

from tihuo.cloud import down, fields, up
from tihuo.demo import cloud_codes
from tihuo.demo.cloud_book import CloudBook

Emit = Callable[[msgspec.Struct], str]
Quantities = Iterable[fields.LineQuantity | up.ShortLine]

_PART = 40_000  # bytes of a photograph to an event
_SECOND = ""  # what a second payment under one number paid for: no order of ours
_STILL_TO_COME = "quantity - short - cancelled - handed_over"


class CloudOrders:
    """`emit` puts an event into the stream to the store; `refund_delay` is how many milliseconds the bank takes."""

    def __init__(self, book: CloudBook, emit: Emit, now: Callable[[], int], refund_delay: int) -> None:
        self._book, self._emit, self._now, self._refund_delay = book, emit, now, refund_delay

    def tick(self) -> None:
        """Let the refunds through whose time has come."""
        sql, at = self._book.sql, self._now()
        due = sql.execute("SELECT refund_id FROM refund WHERE state = 'pending' AND due_at <= ?", (at,)).fetchall()
        for row in due:
            sql.execute("UPDATE refund SET state = 'succeeded' WHERE refund_id = ?", (row["refund_id"],))
            self._emit(down.RefundSettled(row["refund_id"], "succeeded", fields.from_millis(at)))

    def apply(self, data: msgspec.Struct) -> None:
        """Take in what the store says about an order; anything else is not for us."""
        order_id: str = getattr(data, "order_id", "")
        order = self._book.sql.execute("SELECT * FROM bought WHERE order_id = ?", (order_id,)).fetchone()
        if order is None:
            return  # sold by somebody else, or before this cloud lost its memory
        state = order["state"]
        cloud_codes.apply(self._book, order_id, data)
        match data:
            case up.OrderAccepted():
                if state == "paid":
                    self._set(order_id, state="accepted", code=data.pickup.code, short_code=data.pickup.short_code)
                elif order["code"] != data.pickup.code:
                    self._book.odd(f"{order_id}: accepted while {state}, with another code")
            case up.OrderRefused(reason="duplicate"):
                self._refund(_SECOND, data.refund)  # of another payment: the first order stands as it is
            case up.OrderRefused():
                if state == "paid":
                    unread = data.reason == "malformed" and data.refund is None
                    back = fields.Refund(f"refuse-{order_id}", order["paid_fen"]) if unread else data.refund
                    self._not_taken(order_id, "refused", data.reason, back)
                elif state != "rejected":
                    self._book.odd(f"{order_id}: refused while {state}")
            case up.OrderShort():
                self._count(order_id, "short", data.lines)
                self._expect_refund(order, data.lines, data.refund)
            case up.OrderAdjusted():
                self._refund(order_id, data.refund)
                self._set(order_id, adjusted_fen=order["adjusted_fen"] + (data.refund.amount_fen if data.refund else 0))
            case up.OrderReady():
                parcels = json.dumps([[parcel.parcel_id, parcel.zone, parcel.slot] for parcel in data.parcels])
                self._set(order_id, state="ready" if state == "accepted" else state, parcels=parcels)
            case up.OrderHandedOver():
                if state in ("refused", "rejected", "paid"):
                    self._book.odd(f"{order_id}: handed over while {state}")
                self._count(order_id, "handed_over", data.lines)
                self._set(order_id, state="handed_over" if data.complete else "partly_handed_over")
            case up.OrderHandoverUndone():
                self._count(order_id, "handed_over", data.lines, sign=-1)
                self._set(order_id, state="partly_handed_over" if self._sum(order_id, "handed_over") else "ready")
            case up.OrderUncollected():
                for line in data.lines:
                    self._book.sql.execute(
                        "UPDATE bought_line SET uncollected = ? WHERE order_id = ? AND line_id = ?",
                        (line.quantity, order_id, line.line_id),
                    )
                self._set(order_id, state="uncollected", reason=data.reason)
            case up.OrderCancelled():
                self._count(order_id, "cancelled", data.lines)
                amount = self._price(order_id, data.lines)
                so_far = self._sum(order_id, "cancelled")  # a part of it now, more another time
                back = fields.Refund(f"{order_id}-cancel{so_far}", amount) if amount else None
                self._refund(order_id, data.refund or back)
            case up.TicketOpened() | up.TicketUpdated():
                ticket = (data.ticket_id, data.request_id or "", order_id, data.state, data.outcome)
                self._book.sql.execute("INSERT OR REPLACE INTO ticket VALUES (?, ?, ?, ?, ?)", ticket)
                self._refund(order_id, data.refund)
        if isinstance(data, up.OrderShort | up.OrderCancelled) and not self._sum(
            order_id, "quantity - short - cancelled"
        ):
            self._set(order_id, state="cancelled" if self._sum(order_id, "cancelled") else "short")

    def request_aftersales(
        self, order_id: str, kind: fields.TicketKind, lines: dict[str, int], reason: str, photos: dict[str, bytes]
    ) -> str:
        """A customer is not content; gives the id of her request. Her photographs go to the store in parts."""
        number = self._book.recall("requests") + 1
        self._book.remember(requests=number)
        request_id = f"R{self._book.recall('epoch'):X}-{number}"
        wanted = tuple(fields.LineQuantity(line_id, quantity) for line_id, quantity in lines.items())
        self._emit(down.AftersalesRequested(request_id, order_id, kind, wanted, reason))
        for name, picture in photos.items():
            parts = [picture[start : start + _PART] for start in range(0, len(picture), _PART)]
            for part, piece in enumerate(parts, 1):
                text = base64.b64encode(piece).decode()
                self._emit(down.AftersalesPhoto(request_id, name, part, len(parts), text))
        return request_id

    def rejected(self, event_id: str) -> None:
        """The store did not understand one of our events. If it was an order, the customer gets the money back."""
        row = self._book.sql.execute("SELECT * FROM bought WHERE event_id = ?", (event_id,)).fetchone()
        if row is not None and row["state"] == "paid":
            back = fields.Refund(f"refuse-{row['order_id']}", row["paid_fen"])
            self._not_taken(row["order_id"], "rejected", "malformed", back)

    def _not_taken(self, order_id: str, state: str, reason: str, refund: fields.Refund | None) -> None:
        self._set(order_id, state=state, reason=reason)
        self._book.sql.execute(
            "UPDATE grant_held SET not_taken = not_taken + (SELECT sum(x.quantity) FROM bought_line x"
            " WHERE x.order_id = ?1 AND x.grant_id = grant_held.grant_id)"
            " WHERE grant_id IN (SELECT grant_id FROM bought_line WHERE order_id = ?1)",
            (order_id,),
        )
        paid = self._book.sql.execute("SELECT paid_fen FROM bought WHERE order_id = ?", (order_id,)).fetchone()[0]
        if (refund.amount_fen if refund else 0) != paid:
            self._book.odd(f"{order_id}: {state}, paid {paid}, refund {refund}")
        self._refund(order_id, refund)

    def _expect_refund(self, order: sqlite3.Row, lines: Quantities, refund: fields.Refund | None) -> None:
        amount = self._price(order["order_id"], lines)
        missing = amount - (refund.amount_fen if refund else 0)
        if not 0 <= missing <= order["adjusted_fen"]:  # some of it may have gone back by weight, or as a substitute
            self._book.odd(f"{order['order_id']}: short by {amount} fen, refund {refund}")
        self._refund(order["order_id"], refund)

    def _refund(self, order_id: str, refund: fields.Refund | None) -> None:
        if refund is None or not refund.amount_fen:
            return
        sql = self._book.sql
        row = (refund.refund_id, order_id, refund.amount_fen, self._now() + self._refund_delay)
        fresh = sql.execute(
            "INSERT OR IGNORE INTO refund (refund_id, order_id, amount_fen, due_at) VALUES (?, ?, ?, ?)", row
        ).rowcount
        known = sql.execute("SELECT * FROM refund WHERE refund_id = ?", (refund.refund_id,)).fetchone()
        if not fresh and (known["order_id"], known["amount_fen"]) != (order_id, refund.amount_fen):
            self._book.odd(f"{refund.refund_id}: asked for twice, and not the same")

    def _count(self, order_id: str, column: str, lines: Quantities, sign: int = 1) -> None:
        for line in lines:
            self._book.sql.execute(
                f"UPDATE bought_line SET {column} = {column} + ? WHERE order_id = ? AND line_id = ?",
                (sign * line.quantity, order_id, line.line_id),
            )
        wrong = self._book.sql.execute(
            f"SELECT line_id FROM bought_line WHERE order_id = ? AND ({column} < 0 OR {_STILL_TO_COME} < 0)",
            (order_id,),
        ).fetchall()
        for row in wrong:
            self._book.odd(f"{order_id} {row['line_id']}: {column} does not fit what was bought")

    def _price(self, order_id: str, lines: Quantities) -> int:
        prices = dict(
            self._book.sql.execute(
                "SELECT line_id, unit_price_fen FROM bought_line WHERE order_id = ?", (order_id,)
            ).fetchall()
        )
        return sum(prices.get(line.line_id, 0) * line.quantity for line in lines)

    def _sum(self, order_id: str, what: str) -> int:
        row = self._book.sql.execute(f"SELECT sum({what}) FROM bought_line WHERE order_id = ?", (order_id,)).fetchone()
        return int(row[0] or 0)

    def _set(self, order_id: str, **columns: object) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        self._book.sql.execute(f"UPDATE bought SET {names} WHERE order_id = ?", (*columns.values(), order_id))
