"""The small words of the wire: how long an id may be, how much one order may hold, how a time is written.

Everything that arrives from outside passes these bounds before anybody acts on it. A bound is generous for a shop and
small for a database; a number beyond it is a fault of the sender, never a business case.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Word = Annotated[str, Meta(min_length=1, max_length=32)]  # a channel, a payment provider, a zone
RefundId = Annotated[str, Meta(min_length=1, max_length=100)]  # made of an order's id
Name = Annotated[str, Meta(max_length=120)]
Phone = Annotated[str, Meta(max_length=32)]
Note = Annotated[str, Meta(max_length=500)]
Text = Annotated[str, Meta(max_length=4000)]
Link = Annotated[str, Meta(max_length=2000)]
Sha256 = Annotated[str, Meta(min_length=64, max_length=64)]
Base64 = Annotated[str, Meta(max_length=55_000)]  # 40 KB of a photograph

Quantity = Annotated[int, Meta(ge=1, le=100_000)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]  # JSON numbers are exact up to here
Epoch = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Fen = Annotated[int, Meta(ge=0, le=1_000_000_000)]

Moment = Annotated[datetime, Meta(tz=True)]
Day = date

Substitution = Literal["refund", "similar", "ask"]
ItemKind = Literal["on_hand", "presale"]
RefusedBecause = Literal[
    "sold_out", "unknown_grant", "grant_closed", "over_limit", "unknown_sku", "duplicate", "malformed"
]
HandedOverBy = Literal["kiosk", "staff_code", "staff_phone"]
TicketKind = Literal["return", "exchange", "refund_only"]
TicketState = Literal["open", "in_progress", "done", "rejected"]
RefundOutcome = Literal["succeeded", "failed"]
ReminderOutcome = Literal["sent", "no_consent", "failed"]

_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_moment = msgspec.json.Decoder(Moment)


def to_millis(moment: datetime) -> int:
    """A time from the wire, in any offset, as whole milliseconds since 1970 UTC (what the shop counts in)."""
    return (moment - _ZERO) // _MILLISECOND


@lru_cache(maxsize=256)
def from_millis(millis: int) -> datetime:
    """The shop's milliseconds as a UTC time that goes onto the wire. All facts of a commit have the same."""
    return _ZERO + millis * _MILLISECOND


def rfc3339(millis: int) -> str:
    """1767225600123 -> '2026-01-01T00:00:00.123Z'."""
    return from_millis(millis).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def read_rfc3339(text: str) -> int:
    """'2026-01-01T08:00:00+08:00' -> 1767225600000. Raises ValueError unless date, time and offset are there."""
    return to_millis(_moment.decode(msgspec.json.encode(text)))


class Window(msgspec.Struct, frozen=True, gc=False):
    """自提时段: from when until when the customer means to come."""

    from_: Moment = msgspec.field(name="from")
    to: Moment


class LineQuantity(msgspec.Struct, frozen=True, gc=False):
    """How many of one line of an order."""

    line_id: Id
    quantity: Quantity


class Refund(msgspec.Struct, frozen=True, gc=False):
    """Money to give back. The id is derived from what is refunded, so a retry carries the same one."""

    refund_id: RefundId
    amount_fen: Fen
