"""批量打印: many pieces of paper that were asked for at once, and can be halted and called off together."""

from __future__ import annotations

from typing import Any

import msgspec

from tihuo.shop.events import BatchMoved
from tihuo.shop.paper import moved
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work


class Piece(msgspec.Struct, frozen=True):
    """Paper that is thought out and not asked for yet: what a print job will be, in its words."""

    kind: str
    subject: str
    content: dict[str, Any]
    zone: str = ""


def begin(work: Work, subject: str) -> int:
    """A batch without jobs; gives its number."""
    batch_id = work.sql(
        "INSERT INTO print_batch(subject, state, actor, made_at) VALUES (?, 'printing', ?, ?)",
        (subject, work.actor, work.now),
    ).lastrowid
    assert batch_id is not None
    return batch_id


def pause(work: Work, batch_id: int) -> None:
    """Nothing more of it leaves the box; what is in the printer comes out. Raises `Refusal("batch_moved")`."""
    _move(work, batch_id, "printing", "paused")


def resume(work: Work, batch_id: int) -> None:
    """Go on where it stopped. Raises `Refusal("batch_moved")`."""
    _move(work, batch_id, "paused", "printing")


def cancel(work: Work, batch_id: int) -> int:
    """What has not left the box is called off; gives how many pieces. Raises `Refusal("batch_moved")`."""
    if not work.sql(
        "UPDATE print_batch SET state = 'cancelled' WHERE id = ? AND state <> 'cancelled'", (batch_id,)
    ).rowcount:
        raise Refusal("batch_moved")
    work.record(BatchMoved(batch_id=batch_id, state="cancelled"))
    waiting = work.sql(
        "SELECT id FROM print_job WHERE batch_id = ? AND state IN ('queued', 'expired')", (batch_id,)
    ).fetchall()
    for (job_id,) in waiting:
        moved(work, job_id, ("queued", "expired"), "cancelled")
    return len(waiting)


def _move(work: Work, batch_id: int, source: str, target: str) -> None:
    if not work.sql("UPDATE print_batch SET state = ? WHERE id = ? AND state = ?", (target, batch_id, source)).rowcount:
        raise Refusal("batch_moved")
    work.record(BatchMoved(batch_id=batch_id, state=target))
