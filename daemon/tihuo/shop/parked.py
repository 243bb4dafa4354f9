"""搁置的消息: messages that a person should see. The ledger keeps the table, the page of the owner shows it."""

from __future__ import annotations

from tihuo.shop.events import MessageParked
from tihuo.shop.work import Work


def park(
    work: Work,
    message_id: str,
    reason: str,
    detail: str,
    payload: bytes,
    *,
    kind: str = "",
    answer_epoch: int | None = None,
) -> None:
    """Keep a message whole. `kind` is its type where it can be read; `answer_epoch` the cloud's epoch in which
    `stream.rejected` is the answer to it."""
    parked_id = work.sql(
        "INSERT INTO parked(message_id, kind, reason, detail, payload, at, answer_epoch) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (message_id, kind, reason, detail, payload, work.now, answer_epoch),
    ).lastrowid
    assert parked_id is not None
    work.record(MessageParked(parked_id=parked_id, message_id=message_id, reason=reason))
