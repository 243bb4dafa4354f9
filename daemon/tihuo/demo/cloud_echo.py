"""What the demo cloud can tell a shop that lost its memory: all that the shop itself once said, and its stock as last
seen.

It keeps every event that it heard, in the order in which the shop said it. A real cloud would keep some weeks.
"""

from __future__ import annotations

import msgspec

from tihuo.cloud import stream, up
from tihuo.cloud.fields import from_millis, to_millis
from tihuo.cloud.messages import Envelope
from tihuo.demo.cloud_book import CloudBook

_EVER = 1 << 62
_PIECES = 200
_BYTES = 40_000  # of one answer; a PUBLISH holds 60,000


class CloudEcho:
    """The part of the book that is there for the other side. Every function runs inside a change of the book."""

    def __init__(self, book: CloudBook) -> None:
        self._book = book

    def keep(self, envelope: Envelope) -> bool:
        """Keep an event of the shop; False when its id was heard before."""
        at = to_millis(envelope.time) if envelope.time else None
        row = (envelope.id, envelope.epoch, envelope.seq, envelope.type, at, bytes(envelope.data))
        return bool(self._book.sql.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?, ?, ?, ?, ?)", row).rowcount)

    def see(self, item: up.StateItem) -> None:
        """Keep the newest picture of an item's stock."""
        self._book.sql.execute(
            "INSERT INTO stock VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version,"
            " picture = excluded.picture WHERE excluded.version >= version",
            (item.session_id, item.sku, item.version, msgspec.json.encode(item)),
        )

    def answer(self, asked: stream.Recover, present: int, head: stream.Received) -> stream.Echo:
        """What the shop said after what it remembers, before its `present` epoch; then the stock, as far as sessions
        are open. A shop that asks about its present epoch was overtaken in the middle of it."""
        sql = self._book.sql
        before = _EVER if asked.epoch == present else present
        heard = sql.execute(
            "SELECT epoch, seq FROM inbox WHERE epoch < ? ORDER BY epoch DESC, seq DESC LIMIT 1", (before,)
        ).fetchone()
        after = (asked.epoch, asked.seq)
        to_tell = sql.execute(
            "SELECT count(*) FROM inbox WHERE (epoch, seq) > (?, ?) AND epoch < ?", (*after, before)
        ).fetchone()[0]
        stock = sql.execute(
            "SELECT picture FROM stock JOIN session USING (session_id) WHERE NOT closed ORDER BY session_id, sku"
        ).fetchall()[asked.stock :]
        events = self._events(after, before)
        pictures = [msgspec.json.decode(row["picture"], type=up.StateItem) for row in stock[:_PIECES]]
        if to_tell:
            pictures = []
        return stream.Echo(
            to=present,
            after=stream.Received(*after),
            left=to_tell + len(stock) - len(events) - len(pictures),
            heard=stream.Received(heard["epoch"], heard["seq"]) if heard else stream.Received(0, 0),
            head=head,
            events=tuple(events),
            stock=tuple(pictures),
        )

    def _events(self, after: tuple[int, int], before: int) -> list[stream.Said]:
        rows = self._book.sql.execute(
            "SELECT * FROM inbox WHERE (epoch, seq) > (?, ?) AND epoch < ? ORDER BY epoch, seq LIMIT ?",
            (*after, before, _PIECES),
        )
        events: list[stream.Said] = []
        size = 0
        for row in rows:
            size += len(row["data"]) + 150
            if events and size > _BYTES:
                break
            time = None if row["at"] is None else from_millis(row["at"])
            events.append(stream.Said(row["id"], row["type"], row["epoch"], row["seq"], msgspec.Raw(row["data"]), time))
        return events
