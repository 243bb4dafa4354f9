"""搁置的消息: what the cloud said and the box could not follow, kept until a person replays or dismisses it."""

from __future__ import annotations

from typing import NoReturn

from tihuo.cloud import stream
from tihuo.cloud.inbound import act
from tihuo.cloud.messages import Broken, Envelope, NotUnderstood, decode, parse_down
from tihuo.shop.events import MessageSettled
from tihuo.shop.words import Refusal
from tihuo.shop.work import Look, Work


def replay(work: Work, parked_id: int) -> None:
    """Do now what a parked message wanted, outside of the sequence, and settle it.

    An order is never replayed: it was answered, and its money went back. Raises `Refusal`: `unknown_message`,
    `message_settled`, `cannot_replay` (it is no whole event), `still_not_understood`, and what the stage says.
    """
    envelope = _envelope(_open(work, parked_id))
    if envelope.seq == 0 or envelope.type == "order.placed":
        raise Refusal("cannot_replay")
    try:
        data = parse_down(envelope, work.house.store_id)
        if work.first_time(envelope.id):
            act(work, data)
    except NotUnderstood as fault:
        raise Refusal("still_not_understood", reason=fault.reason, detail=fault.detail) from None
    _settle(work, parked_id, "replayed")


def dismiss(work: Work, parked_id: int) -> None:
    """A person has seen to it: the message is done with. Raises `Refusal`: `unknown_message`, `message_settled`."""
    _open(work, parked_id)
    _settle(work, parked_id, "dismissed")


def rejections(look: Look, limit: int = 100) -> list[stream.Rejected]:
    """Answers that the cloud may have missed, oldest first: `stream.rejected` has no number and nobody acknowledges it.

    They are said again at every hello until somebody settles the message or the cloud begins a new epoch.
    """
    rows = look.rows(
        "SELECT message_id, reason, detail FROM parked WHERE settled_at IS NULL "
        "AND answer_epoch = (SELECT epoch FROM cursor WHERE name = 'down') ORDER BY id DESC LIMIT ?",
        (limit,),
    )
    return [stream.Rejected(message_id, reason, detail[:500]) for message_id, reason, detail in reversed(rows)]


def _open(work: Work, parked_id: int) -> bytes:
    row = work.one("SELECT payload, settled_at FROM parked WHERE id = ?", (parked_id,))
    if row is None:
        raise Refusal("unknown_message")
    if row[1] is not None:
        raise Refusal("message_settled")
    return bytes(row[0])


def _envelope(payload: bytes) -> Envelope:
    try:
        envelopes = decode(payload)
    except NotUnderstood:
        _cannot()
    if len(envelopes) != 1 or isinstance(envelopes[0], Broken):
        _cannot()
    return envelopes[0]


def _cannot() -> NoReturn:
    raise Refusal("cannot_replay") from None


def _settle(work: Work, parked_id: int, how: str) -> None:
    row = work.one(
        "UPDATE parked SET settled_at = ?, settled_by = ?, settled_how = ? WHERE id = ? RETURNING message_id",
        (work.now, work.actor, how, parked_id),
    )
    assert row is not None
    work.record(MessageSettled(parked_id=parked_id, message_id=row[0], how=how))
