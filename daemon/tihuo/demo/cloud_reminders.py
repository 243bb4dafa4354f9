"""The demo cloud's messages to customers (订阅消息): whoever agreed to one when she ordered can be reminded once.

With dice, customers agree or not, some messages fail, and some customers choose a window; without, everything goes
well. Every function runs inside a change of the book.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from tihuo.cloud import down, fields, up
from tihuo.demo.cloud_book import CloudBook

Emit = Callable[[msgspec.Struct], str]


class CloudReminders:
    """`emit` puts an event into the stream to the store."""

    def __init__(self, book: CloudBook, emit: Emit, now: Callable[[], int], dice: random.Random | None) -> None:
        self._book, self._emit, self._now, self._dice = book, emit, now, dice

    def placed(self, order_id: str) -> None:
        """An order was paid; perhaps its customer agreed to a message."""
        if self._dice is None:
            return
        agreed = int(self._dice.random() < 0.8)
        self._book.sql.execute("INSERT INTO consent VALUES (?, ?)", (order_id, agreed))
        self._emit(down.ReminderCredits(agreed, order_id=order_id))

    def wished(self, session_id: str) -> tuple[int, int] | None:
        """A window that has room, which two customers in three choose; None: she leaves it to the shop."""
        rows = self._book.sql.execute(
            "SELECT window_from, window_to, capacity, (SELECT count(*) FROM bought b WHERE b.session_id = w.session_id"
            " AND b.window_from = w.window_from) AS taken FROM offered_window w WHERE session_id = ?",
            (session_id,),
        ).fetchall()
        free = [(row["window_from"], row["window_to"]) for row in rows if row["taken"] < row["capacity"]]
        if self._dice is None or not free or self._dice.random() > 0.67:
            return None
        return self._dice.choice(free)

    def choose(self, order_id: str, window: tuple[int, int], at: int | None) -> None:
        """The customer means to come in that window, or at a time of her own."""
        start, end = map(fields.from_millis, window)
        own = None if at is None else fields.from_millis(at)
        self._emit(down.OrderWindowChosen(order_id, fields.Window(start, end), own))

    def apply(self, data: msgspec.Struct) -> None:
        """Take in what the store says about windows and reminders; anything else is not for us."""
        sql = self._book.sql
        match data:
            case up.ReminderDue(order_id=order_id, until=until):
                late = until is not None and self._now() > fields.to_millis(until)
                state: fields.ReminderOutcome = "failed" if late else self._send(order_id)
                sql.executemany(
                    "INSERT INTO told (order_id, state, at) VALUES (?, ?, ?)",
                    [(one, state, self._now()) for one in (order_id, *data.also)],
                )
                self._emit(down.ReminderSent(order_id, state))
            case up.WindowsChanged(session_id=session_id, windows=windows):
                sql.execute("DELETE FROM offered_window WHERE session_id = ?", (session_id,))
                sql.executemany(
                    "INSERT INTO offered_window VALUES (?, ?, ?, ?)",
                    [(session_id, fields.to_millis(w.from_), fields.to_millis(w.to), w.capacity) for w in windows],
                )
            case up.OrderWindowChanged(order_id=order_id, window=window):
                span = (fields.to_millis(window.from_), fields.to_millis(window.to))
                sql.execute("UPDATE bought SET window_from = ?, window_to = ? WHERE order_id = ?", (*span, order_id))

    def _send(self, order_id: str) -> fields.ReminderOutcome:
        if self._dice is None:
            return "sent"
        if not self._book.sql.execute(
            "UPDATE consent SET count = count - 1 WHERE order_id = ? AND count > 0", (order_id,)
        ).rowcount:
            return "no_consent"
        return "failed" if self._dice.random() < 0.1 else "sent"

    def told(self) -> list[tuple[str, str]]:
        """(order, outcome) of every reminder that was asked for."""
        return [tuple(row) for row in self._book.sql.execute("SELECT order_id, state FROM told ORDER BY rowid")]

    def windows(self, session_id: str) -> list[tuple[int, int, int]]:
        """What customers may choose from: from, to, for how many."""
        rows = self._book.sql.execute(
            "SELECT window_from, window_to, capacity FROM offered_window WHERE session_id = ? ORDER BY window_from",
            (session_id,),
        )
        return [tuple(row) for row in rows]
