"""What the demo cloud remembers: its own SQLite file (or memory), which no part of the shop ever opens.

Everything in here came over MQTT or was bought by a customer. The CHECKs are the cloud's half of the promise that
nothing is oversold: it cannot even write down a sale that its grants do not cover.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS inbox (
    id TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, at INTEGER,
    data BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS inbox_order ON inbox (epoch, seq);
CREATE TABLE IF NOT EXISTS stock (
    session_id TEXT NOT NULL, sku TEXT NOT NULL, version INTEGER NOT NULL, picture BLOB NOT NULL,
    PRIMARY KEY (session_id, sku)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rejection (id TEXT PRIMARY KEY, reason TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS session (
    session_id TEXT PRIMARY KEY, title TEXT NOT NULL, starts_at INTEGER NOT NULL, ends_at INTEGER,
    closed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS item (
    session_id TEXT NOT NULL, sku TEXT NOT NULL, name TEXT NOT NULL, price_fen INTEGER NOT NULL, kind TEXT NOT NULL,
    limit_per_customer INTEGER, arrives_on TEXT, PRIMARY KEY (session_id, sku)
) STRICT;
CREATE TABLE IF NOT EXISTS grant_held (
    grant_id TEXT PRIMARY KEY, session_id TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL,
    price_fen INTEGER NOT NULL, limit_per_customer INTEGER, sell_until INTEGER NOT NULL,
    sold INTEGER NOT NULL DEFAULT 0, returned INTEGER NOT NULL DEFAULT 0, not_taken INTEGER NOT NULL DEFAULT 0,
    closed INTEGER NOT NULL DEFAULT 0, channel TEXT,
    CHECK (sold >= 0 AND returned >= 0 AND sold + returned <= quantity AND not_taken BETWEEN 0 AND sold)
) STRICT;
CREATE INDEX IF NOT EXISTS grant_of_sku ON grant_held (session_id, sku);
CREATE TABLE IF NOT EXISTS bought (
    order_id TEXT PRIMARY KEY, session_id TEXT NOT NULL, event_id TEXT NOT NULL,
    customer_id TEXT NOT NULL, name TEXT NOT NULL, phone TEXT NOT NULL, channel TEXT NOT NULL,
    placed_at INTEGER NOT NULL, paid_fen INTEGER NOT NULL, window_from INTEGER, window_to INTEGER,
    substitution TEXT NOT NULL, note TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'paid', reason TEXT NOT NULL DEFAULT '',
    cancel_asked INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL DEFAULT '', short_code TEXT NOT NULL DEFAULT '',
    parcels TEXT NOT NULL DEFAULT '[]', adjusted_fen INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS bought_by ON bought (session_id, customer_id);
CREATE TABLE IF NOT EXISTS bought_line (
    order_id TEXT NOT NULL, line_id TEXT NOT NULL, sku TEXT NOT NULL, name TEXT NOT NULL, quantity INTEGER NOT NULL,
    unit_price_fen INTEGER NOT NULL, grant_id TEXT NOT NULL,
    short INTEGER NOT NULL DEFAULT 0, cancelled INTEGER NOT NULL DEFAULT 0,
    handed_over INTEGER NOT NULL DEFAULT 0, uncollected INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (order_id, line_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS neighbour (
    delegation_id TEXT PRIMARY KEY, order_id TEXT NOT NULL, code TEXT NOT NULL, short_code TEXT NOT NULL,
    until INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS changing (order_id TEXT PRIMARY KEY, secret TEXT NOT NULL, step INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS offered_window (
    session_id TEXT NOT NULL, window_from INTEGER NOT NULL, window_to INTEGER NOT NULL, capacity INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS consent (order_id TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS told (order_id TEXT NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS refund (
    refund_id TEXT PRIMARY KEY, order_id TEXT NOT NULL, amount_fen INTEGER NOT NULL, due_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending'
) STRICT;
CREATE TABLE IF NOT EXISTS ticket (
    ticket_id TEXT PRIMARY KEY, request_id TEXT NOT NULL, order_id TEXT NOT NULL, state TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS oddity (what TEXT NOT NULL) STRICT;
"""


class CloudBook:
    """The connection and its transactions. Not thread-safe: the cloud holds its lock around every use."""

    def __init__(self, file: Path | None = None) -> None:
        self.sql = sqlite3.connect(file or ":memory:", isolation_level=None, check_same_thread=False)
        self.sql.row_factory = sqlite3.Row
        self.sql.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;{_SCHEMA}")

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; inside another change it is a part of that one which may fail alone."""
        inside = self.sql.in_transaction
        begin, commit, undo = ("SAVEPOINT part", "RELEASE part", "ROLLBACK TO part") if inside else _WHOLE
        self.sql.execute(begin)
        try:
            yield self.sql
        except BaseException:
            self.sql.execute(undo)
            if inside:
                self.sql.execute(commit)
            raise
        self.sql.execute(commit)

    def recall(self, name: str, otherwise: int = 0) -> int:
        row = self.sql.execute("SELECT value FROM memory WHERE name = ?", (name,)).fetchone()
        return otherwise if row is None else int(row["value"])

    def remember(self, **values: int) -> None:
        self.sql.executemany("INSERT OR REPLACE INTO memory VALUES (?, ?)", values.items())

    def odd(self, what: str) -> None:
        """Write down what does not add up; the figures show it and a test fails on it."""
        self.sql.execute("INSERT INTO oddity VALUES (?)", (what,))

    def close(self) -> None:
        self.sql.close()


_WHOLE = ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
