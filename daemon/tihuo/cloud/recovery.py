"""恢复, between box and cloud: what the box once said comes back to it, and is merged with what the cloud says again.

1. *Asking.* The box says in its hello, and in `stream.recover`, how far it remembers what it said. The cloud answers
   with pieces of `stream.echo`, which are kept until the last one is there. Whatever else the cloud says waits.
2. *Opening.* Sessions and grants that the box had told of are put back; numbers begin beyond those it had used.
3. *Hearing.* The cloud says its own stream again from where the backup ends. An order gets the answer, and so the
   number and the code, that it had; one without an answer is taken as any other.
4. *Settling.* What became of orders is booked: short, ready, handed over, cancelled. Then the fence is lifted.

Each step is a few transactions, and where they are is in the database: a box that dies in between goes on from there.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import msgspec

from tihuo.cloud import stream
from tihuo.cloud.fields import to_millis
from tihuo.cloud.recalled import again, number_of
from tihuo.ledger.database import Readers
from tihuo.ledger.journal import cursor, move_cursor, outgoing_head
from tihuo.ledger.writer import Writer
from tihuo.shop.fence import Standing, look_again, standing
from tihuo.shop.words import Refusal
from tihuo.shop.work import Look, Work
from tihuo.stages import recalling, restoring

log = logging.getLogger(__name__)

AT_ONCE = 300
"""Facts that are merged in one transaction."""
ASK_AGAIN = (2.0, 30.0)
"""Seconds until a question to the cloud is asked again, and the longest pause that grows to."""
_OPENING = ("session.opened", "grant.issued")
_ANSWERS = ("order.accepted", "order.refused", "ticket.opened")
OPENED_HERE = "OR (type = 'ticket.opened' AND json_extract(data, '$.kind') IS NOT NULL)"
"""A ticket that answers nothing the cloud said: a customer said it in the shop."""


class Merged(msgspec.Struct):
    """What a transaction of the merge came to."""

    more: bool = False
    resend_from: int | None = None
    rejected: list[stream.Rejected] = []


def overtaken(work: Work, received: stream.Received) -> bool:
    """Whether the cloud says that it heard more of the box than the box remembers to have said."""
    return (received.epoch, received.seq) > (work.epoch, outgoing_head(work, work.epoch))


def question(work: Work) -> stream.Recover:
    """What to ask a cloud that says so."""
    return stream.Recover(work.epoch, outgoing_head(work, work.epoch))


def hear(work: Work, echo: stream.Echo) -> bool:
    """A piece of what the box once said; True if it was news. A piece that comes twice changes nothing.

    A box that stands behind no fence has asked because the cloud named a number that it never used. If the cloud can
    show what was said under it, the box was put back by other means than `tihuo restore`, and the fence goes up.
    """
    fence = standing(work)
    after = (echo.after.epoch, echo.after.seq)
    if fence is None:
        news = any(_is_of_this_store(work, said) and not _is_mine(work, said) for said in echo.events)
        if echo.to == work.epoch == echo.after.epoch and news:
            restoring.raise_fence(work, "overtaken", max(work.epoch, echo.heard.epoch) + 1, after)
            return True
        return False
    if echo.to != work.epoch or fence.state != "asking" or after != fence.told:
        return False
    _keep(work, echo)
    told = (echo.events[-1].epoch, echo.events[-1].seq) if echo.events else after
    stock = work.one("SELECT count(*) FROM echo_stock")
    here = cursor(work, "down")
    lost = (echo.head.epoch == here[0] and echo.first > here[1] + 1) or not echo.whole
    forgot = lost or bool(fence.acked[1] and (echo.heard.epoch, echo.heard.seq) < fence.acked)
    done = echo.left == 0
    work.sql(
        "UPDATE fence SET told_epoch = ?, told_seq = ?, stock_told = ?, to_tell = ?, down_epoch = ?, down_seq = ?, "
        "down_first = ?, trouble = ?, state = ? WHERE id = ?",
        (
            *told,
            stock[0] if stock else 0,
            echo.left,
            echo.head.epoch,
            echo.head.seq,
            echo.first,
            "cloud_forgot" if forgot else "",
            "opening" if done and (fence.passed or not forgot) else "asking",
            fence.id,
        ),
    )
    return True


def _keep(work: Work, echo: stream.Echo) -> None:
    rows = []
    for said in echo.events:
        order_id = msgspec.json.decode(said.data, type=_Named).order_id
        at = to_millis(said.time) if said.time else work.now
        known = work.now if _is_mine(work, said) else None
        rows.append((said.epoch, said.seq, said.type, order_id, bytes(said.data), at, known))
    work.many(
        "INSERT INTO echo(epoch, seq, type, order_id, data, at, used_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        rows,
    )
    work.many(
        "INSERT INTO echo_stock VALUES (?, ?, ?, ?) ON CONFLICT(session_id, sku) DO UPDATE SET free = excluded.free, "
        "version = excluded.version WHERE excluded.version >= version",
        [(item.session_id, item.sku, item.free, item.version) for item in echo.stock],
    )


class _Named(msgspec.Struct):
    order_id: str = ""


def _is_of_this_store(work: Work, said: stream.Said) -> bool:
    """Whether it bears an id that only this store gives: nothing else may raise the fence."""
    return re.fullmatch(rf"{re.escape(work.house.store_id)}-[0-9]{{1,16}}-[0-9]{{1,16}}", said.id) is not None


def _is_mine(work: Work, said: stream.Said) -> bool:
    """Whether the journal holds what went out under this id."""
    _, _, tail = said.id.partition(f"{work.house.store_id}-")
    epoch, _, seq = tail.partition("-")
    if not (epoch.isdigit() and seq.isdigit()):
        return False
    row = work.one(
        "SELECT kind, coalesce(json_extract(data, '$.order_id'), '') FROM journal WHERE up_epoch = ? AND up_seq = ?",
        (int(epoch), int(seq)),
    )
    return row == (said.type, msgspec.json.decode(said.data, type=_Named).order_id)


def cannot_tell(work: Work) -> None:
    """The cloud does not know the question."""
    work.sql("UPDATE fence SET trouble = 'cloud_cannot_tell' WHERE lifted_at IS NULL AND state = 'asking'")


def ask_anew(work: Work) -> None:
    """The cloud greets: it may have begun anew itself, so what it said of its own stream is asked again."""
    work.sql("UPDATE fence SET state = 'asking' WHERE lifted_at IS NULL AND state = 'hearing'")


def reached(work: Work) -> bool:
    """Whether the cloud's stream has been heard again as far as it went; then orders are settled."""
    fence = standing(work)
    if fence is None or fence.state != "hearing":
        return False
    if fence.down[1] and cursor(work, "down") < fence.down:
        return False
    work.sql("UPDATE fence SET state = 'settling' WHERE id = ?", (fence.id,))
    return True


def merge(work: Work) -> Merged:
    """The next facts, a few hundred to a transaction."""
    fence = standing(work)
    if fence is None or fence.state not in ("opening", "settling"):
        return Merged()
    opening = fence.state == "opening"
    rows = work.sql(
        "SELECT epoch, seq, type, data, at FROM echo WHERE used_at IS NULL AND "
        f"(type {'IN' if opening else 'NOT IN'} (SELECT value FROM json_each(?)) "
        f"{'' if opening else OPENED_HERE}) ORDER BY epoch, seq LIMIT ?",
        (msgspec.json.encode(_OPENING if opening else _OPENING + _ANSWERS).decode(), AT_ONCE),
    ).fetchall()
    merged = Merged(rejected=[])
    for epoch, seq, kind, data, at in rows:
        try:
            with work.attempt():
                again(work, kind, data, at)
        except Exception as error:
            log.exception("%s %s-%s could not be merged", kind, epoch, seq)
            if kind.startswith("down."):
                reason = error.code if isinstance(error, Refusal) else "internal"
                merged.rejected.append(stream.Rejected(kind.partition(":")[2], reason))
            else:
                look_again(work, "contradiction", note=f"{kind} {epoch}-{seq}")
        work.sql("UPDATE echo SET used_at = ? WHERE epoch = ? AND seq = ?", (work.now, epoch, seq))
    merged.more = len(rows) == AT_ONCE
    if not merged.more and opening:
        merged.resend_from = _listen(work, fence)
        merged.more = reached(work)
    elif not merged.more:
        restoring.lift_fence(work)
    return merged


def _listen(work: Work, fence: Standing) -> int:
    """All rights are back: from here on the cloud's own stream is heard. Gives the number it should begin with."""
    restoring.say_again(work)
    for order_id, code in work.sql(
        "SELECT order_id, json_extract(data, '$.pickup.code') FROM echo WHERE type = 'order.accepted'"
    ).fetchall():
        number = number_of(work, code or "")
        if number is not None:
            restoring.use_beyond(work, "orders", number)
            recalling.renumber(work, order_id, number)
    parcels = work.one(
        "SELECT max(CAST(substr(json_extract(parcel.value, '$.parcel_id'), 2) AS INTEGER)) FROM echo, "
        "json_each(echo.data, '$.parcels') parcel WHERE echo.type = 'order.ready'"
    )
    restoring.use_beyond(work, "parcels", parcels[0] or 0 if parcels else 0)
    seen = work.one("SELECT max(version) FROM echo_stock")
    restoring.use_beyond(work, "versions", seen[0] or 0 if seen else 0)
    epoch, seq = cursor(work, "down")
    if epoch == fence.down[0] and seq + 1 < fence.down_first:  # the owner goes on without what is in between
        seq = fence.down_first - 1
        move_cursor(work, "down", epoch, seq)
    work.sql("UPDATE fence SET state = 'hearing' WHERE id = ?", (fence.id,))
    return seq + 1 if epoch == fence.down[0] else 1


class Recovery:
    """The relay's part in a restore: asks the cloud, and has the ledger merge what came."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers
        self._dirty = True
        self._ask_at = 0.0
        self._pause = ASK_AGAIN[0]
        self.fence: Standing | None = None

    def changed(self) -> None:
        """Something about the fence was committed."""
        self._dirty = True

    def greeting(self, look: Look) -> stream.Received | None:
        """What the box's hello must say of it; asks at once."""
        self.fence = standing(look)
        self._ask_at = 0.0
        self._pause = ASK_AGAIN[0]
        return stream.Received(*self.fence.told) if self.fence else None

    def step(self, now: float, say: Callable[[msgspec.Struct], None]) -> bool:
        """Ask, or merge; True when there is more to merge."""
        if self._dirty or self.fence is not None:  # the owner may have passed it, which nobody tells us
            self._dirty = False
            before = self.fence
            self.fence = self._readers.read(standing)
            if before is None or self.fence is None or before.told != self.fence.told:
                self._ask_at = 0.0
                self._pause = ASK_AGAIN[0]
        fence = self.fence
        if fence is None:
            return False
        if fence.state == "asking" and now >= self._ask_at:
            self._ask_at = now + self._pause
            self._pause = min(self._pause * 2, ASK_AGAIN[1])
            say(stream.Recover(*fence.told, fence.stock_told))
        if fence.state not in ("opening", "settling"):
            return False
        merged: Merged = self._writer.write(merge, actor="cloud").result(timeout=30)
        self._dirty = True
        for rejected in merged.rejected:
            say(rejected)
        if merged.resend_from is not None:
            say(stream.Resend(merged.resend_from))
        return True
