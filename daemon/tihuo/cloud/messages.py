"""The envelope of the cloud contract, version 1: bytes from the broker in, checked messages out, and back.

    for envelope in decode(payload):           # one object or a batch
        try:
            order = parse_down(envelope)       # tihuo.cloud.down.OrderPlaced, OrderCancelled, ...
        except NotUnderstood as fault:
            park(envelope, fault.reason)       # kept, acked, answered, shown; the stream goes on

A piece whose envelope is damaged comes out as a `Broken` one: it keeps the id, epoch and seq that could still be read,
so that it takes its place in the sequence and blocks nothing; parsing it raises.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw

from tihuo.cloud import down, stream, up
from tihuo.cloud.fields import Count, Epoch, Id, Moment, from_millis

MAX_BATCH = 20  # envelopes that we put into one PUBLISH
MAX_PUBLISH = 60_000  # bytes that we send in one
MAX_RECEIVED = 61_440  # bytes that we read in one

Reason = Literal["malformed_json", "not_an_envelope", "unknown_type", "malformed_data", "oversized", "wrong_store"]


class NotUnderstood(Exception):
    """The other side said something that the contract does not know. `reason` is stable; `detail` is for people."""

    def __init__(self, reason: Reason, detail: str, id: str = "") -> None:  # noqa: A002
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail[:500]
        self.id = id


class _Head(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    specversion: Literal["1.0"]
    id: Id
    source: Annotated[str, Meta(min_length=1, max_length=200)]
    type: Id
    epoch: Epoch
    seq: Count
    time: Moment | None = None
    subject: Annotated[str, Meta(max_length=200)] | None = None
    clock: Literal["good", "unsure"] = "good"
    """Whether the sender vouches for `time`. The order of events is `seq`, never `time`."""


class Envelope(_Head, frozen=True, gc=False, kw_only=True):
    """One event: CloudEvents 1.0, structured JSON, with the place in its stream (`epoch`, `seq`)."""

    data: Raw


class Said(_Head, frozen=True, gc=False, kw_only=True):
    """The same before it is encoded, which it is together with its `data`."""

    data: msgspec.Struct


class Broken(Envelope, frozen=True, gc=False, kw_only=True):
    """What could be saved of a piece that is no proper envelope. `data` holds the piece itself, cut to 4,000 bytes;
    `seq` is 0 where none could be read."""

    reason: Reason
    detail: str


DOWN: dict[str, type[msgspec.Struct]] = {  # what only the cloud says
    "order.placed": down.OrderPlaced,
    "order.cancelled": down.OrderCancelled,
    "grant.returned": down.GrantReturned,
    "grant.closed": down.GrantClosed,
    "aftersales.requested": down.AftersalesRequested,
    "aftersales.photo": down.AftersalesPhoto,
    "refund.settled": down.RefundSettled,
    "reminder.sent": down.ReminderSent,
    "pickup.delegated": down.PickupDelegated,
    "pickup.delegation_revoked": down.PickupDelegationRevoked,
    "reminder.credits": down.ReminderCredits,
    "order.window_chosen": down.OrderWindowChosen,
}
UP: dict[str, type[msgspec.Struct]] = {  # what only the store says
    "session.opened": up.SessionOpened,
    "session.closed": up.SessionClosed,
    "grant.issued": up.GrantIssued,
    "grant.revoke_requested": up.GrantRevokeRequested,
    "order.accepted": up.OrderAccepted,
    "order.refused": up.OrderRefused,
    "pickup.renewed": up.PickupRenewed,
    "pickup.delegate_code": up.PickupDelegateCode,
    "pickup.delegation_revoked": up.PickupDelegationRevoked,
    "order.short": up.OrderShort,
    "order.adjusted": up.OrderAdjusted,
    "order.ready": up.OrderReady,
    "order.handed_over": up.OrderHandedOver,
    "order.handover_undone": up.OrderHandoverUndone,
    "order.uncollected": up.OrderUncollected,
    "order.cancelled": up.OrderCancelled,
    "reminder.due": up.ReminderDue,
    "windows.changed": up.WindowsChanged,
    "order.window_changed": up.OrderWindowChanged,
    "ticket.opened": up.TicketOpened,
    "ticket.updated": up.TicketUpdated,
    "announcement.prepared": up.AnnouncementPrepared,
}
STREAM: dict[str, type[msgspec.Struct]] = {  # what both say, outside the sequence
    "stream.hello": stream.Hello,
    "stream.ack": stream.Ack,
    "stream.resend": stream.Resend,
    "stream.rejected": stream.Rejected,
    "stream.recover": stream.Recover,
    "stream.echo": stream.Echo,
}
_Decoders = Mapping[str, msgspec.json.Decoder[Any]]
_down: _Decoders = {name: msgspec.json.Decoder(shape) for name, shape in {**DOWN, **STREAM}.items()}
_up: _Decoders = {name: msgspec.json.Decoder(shape) for name, shape in {**UP, **STREAM}.items()}
_type_of = {shape: name for table in (DOWN, UP, STREAM) for name, shape in table.items()}

_one = msgspec.json.Decoder(Envelope)
_many = msgspec.json.Decoder(list[Envelope])
_pieces = msgspec.json.Decoder(list[Raw])
_any = msgspec.json.Decoder(Raw)
_loose = msgspec.json.Decoder(dict[str, Raw])
_id = msgspec.json.Decoder(Id)
_count = msgspec.json.Decoder(Count)
_traffic = msgspec.json.Decoder(down.Traffic)
_state = msgspec.json.Decoder(up.State)
_presence = msgspec.json.Decoder(up.Presence)
_encoder = msgspec.json.Encoder()

# What msgspec raises over foreign bytes: its own errors and bad UTF-8 are ValueErrors, brackets without end are not.
_FAULTS = (ValueError, RecursionError)


def decode(payload: bytes) -> list[Envelope]:
    """Read one PUBLISH: an envelope, or an array of them in order.

    A damaged piece comes out as `Broken`. Raises NotUnderstood (`malformed_json`, `not_an_envelope`) when nothing in it
    can be told apart. An array of more than 20 is read all the same: that is the sender's fault, not the customer's.
    """
    if len(payload) <= MAX_RECEIVED:
        try:
            if payload[:1] == b"{":
                return [_one.decode(payload)]
            if batch := _many.decode(payload):
                return batch
        except _FAULTS:
            pass
    return _salvage(payload)


def parse_down(envelope: Envelope, store: str = "") -> msgspec.Struct:
    """The checked `data` of an event from the cloud: a struct of `tihuo.cloud.down` or `tihuo.cloud.stream`.

    `store`, when given, is our own id: what says that it is meant for another store is not understood.
    Raises NotUnderstood (`unknown_type`, `malformed_data`, `wrong_store`, or what made the envelope a `Broken` one).
    """
    return _parse(_down, envelope, store)


def parse_up(envelope: Envelope, store: str = "") -> msgspec.Struct:
    """The checked `data` of an event from a store: a struct of `tihuo.cloud.up` or `.stream`. See `parse_down`."""
    return _parse(_up, envelope, store)


def wrap(
    data: msgspec.Struct,
    *,
    id: str,  # noqa: A002
    source: str,
    epoch: int,
    seq: int,
    at: int,
    subject: str | None = None,
    sure: bool = True,
) -> Said:
    """Put an event into its envelope; the type follows from the struct. `at` is in milliseconds, and may be `sure`."""
    return Said(
        specversion="1.0",
        id=id,
        source=source,
        type=_type_of[type(data)],
        epoch=epoch,
        seq=seq,
        data=data,
        time=from_millis(at),
        subject=subject,
        clock="good" if sure else "unsure",
    )


def type_of(data: msgspec.Struct) -> str:
    """OrderAccepted(...) -> 'order.accepted'."""
    return _type_of[type(data)]


def encode(envelopes: Sequence[Envelope | Said]) -> list[bytes]:
    """Turn envelopes into as few PUBLISH payloads as the contract allows, in order. See `pack`."""
    if 1 < len(envelopes) <= MAX_BATCH:
        together = _encoder.encode(envelopes)
        if len(together) <= MAX_PUBLISH:
            return [together]
    return pack(map(_encoder.encode, envelopes))


def pack(encoded: Iterable[bytes]) -> list[bytes]:
    """Put encoded envelopes together, at most 20 and 60,000 bytes to a payload; one alone stays an object.

    Raises ValueError for an envelope that does not fit into a PUBLISH by itself.
    """
    payloads: list[bytes] = []
    batch: list[bytes] = []
    size = 1
    for one in encoded:
        if len(one) > MAX_PUBLISH - 2:
            raise ValueError(f"an envelope of {len(one)} bytes is larger than the {MAX_PUBLISH} of a PUBLISH")
        if batch and (len(batch) == MAX_BATCH or size + len(one) + 1 > MAX_PUBLISH):
            payloads.append(_together(batch))
            batch, size = [], 1
        batch.append(one)
        size += len(one) + 1
    if batch:
        payloads.append(_together(batch))
    return payloads


def read_traffic(payload: bytes) -> down.Traffic:
    """One counter from `…/traffic`. Raises NotUnderstood."""
    return _read(_traffic, payload)


def read_state(payload: bytes) -> up.State:
    """The picture of the stock from `…/state`. Raises NotUnderstood."""
    return _read(_state, payload)


def read_presence(payload: bytes) -> up.Presence:
    """A heartbeat from `…/presence`. Raises NotUnderstood."""
    return _read(_presence, payload)


def write(picture: up.State | up.Presence | down.Traffic) -> bytes:
    """The payload of a topic that carries no envelopes."""
    return _encoder.encode(picture)


def _parse(decoders: _Decoders, envelope: Envelope, store: str) -> Any:
    if isinstance(envelope, Broken):
        raise NotUnderstood(envelope.reason, envelope.detail, envelope.id)
    if store:
        for party in (envelope.source, envelope.subject):
            if party and party.startswith("store/") and party != f"store/{store}":
                raise NotUnderstood("wrong_store", f"this is about {party}", envelope.id)
    decoder = decoders.get(envelope.type)
    if decoder is None:
        raise NotUnderstood("unknown_type", envelope.type, envelope.id)
    try:
        return decoder.decode(envelope.data)
    except _FAULTS as fault:
        raise NotUnderstood("malformed_data", str(fault), envelope.id) from None


def _read(decoder: msgspec.json.Decoder[Any], payload: bytes) -> Any:
    if len(payload) > MAX_RECEIVED:
        raise NotUnderstood("oversized", f"{len(payload)} bytes")
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as fault:
        raise NotUnderstood("malformed_data", str(fault)) from None
    except _FAULTS as fault:
        raise NotUnderstood("malformed_json", str(fault)) from None


def _together(batch: list[bytes]) -> bytes:
    return batch[0] if len(batch) == 1 else b"[" + b",".join(batch) + b"]"


def _salvage(payload: bytes) -> list[Envelope]:
    """The slow way, for a payload with a fault in it: piece by piece."""
    try:
        whole = bytes(_any.decode(payload))
        pieces = [bytes(piece) for piece in _pieces.decode(whole)] if whole.startswith(b"[") else [whole]
    except _FAULTS as fault:
        raise NotUnderstood("malformed_json", str(fault)) from None
    if not pieces:
        raise NotUnderstood("not_an_envelope", "an empty array")
    return [_mend(piece, oversized=len(payload) > MAX_RECEIVED) for piece in pieces]


def _mend(piece: bytes, oversized: bool) -> Envelope:
    """One piece: whole if it can be, `Broken` if not."""
    reason: Reason = "not_an_envelope"
    if oversized:
        reason, detail = "oversized", f"{len(piece)} bytes in a PUBLISH of more than {MAX_RECEIVED}"
    else:
        try:
            return _one.decode(piece)
        except _FAULTS as fault:
            detail = str(fault)
    try:
        parts = _loose.decode(piece)
    except _FAULTS:
        parts = {}
    epoch, seq = _saved(_count, parts.get("epoch"), 0), _saved(_count, parts.get("seq"), 0)
    return Broken(
        specversion="1.0",
        id=_saved(_id, parts.get("id"), "") or f"broken-{hashlib.sha256(piece).hexdigest()[:24]}",
        source="unknown",
        type="unknown",
        epoch=epoch,
        seq=seq if epoch else 0,
        data=Raw(piece[:4000]),
        reason=reason,
        detail=detail[:500],
    )


def _saved(decoder: msgspec.json.Decoder[Any], part: Raw | None, otherwise: Any) -> Any:
    try:
        return otherwise if part is None else decoder.decode(part)
    except _FAULTS:
        return otherwise
