"""What the cloud may say to the store: the `data` of every event on `…/down`, and the counters on `…/traffic`.

Names and meanings are those of the contract, version 1; fields that we do not know are ignored, as it may add some.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from tihuo.cloud.fields import (
    Base64,
    Count,
    Fen,
    Id,
    LineQuantity,
    Link,
    Moment,
    Name,
    Note,
    Phone,
    Quantity,
    RefundId,
    RefundOutcome,
    ReminderOutcome,
    Sha256,
    Substitution,
    TicketKind,
    Window,
    Word,
)


class Customer(msgspec.Struct, frozen=True, gc=False):
    """顾客: who bought, as far as the cloud tells us. Name and phone may be empty."""

    id: Id
    name: Name = ""
    phone: Phone = ""


class OrderLine(msgspec.Struct, frozen=True, gc=False):
    """One SKU of an order, at the price that the customer paid for one."""

    line_id: Id
    sku: Id
    quantity: Quantity
    unit_price_fen: Fen
    grant_id: Id | None = None


class Payment(msgspec.Struct, frozen=True, gc=False):
    provider: Word
    transaction_id: Id


class OrderPlaced(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """下单: a paid order. A line without a grant of its own was sold from the grant of the order."""

    order_id: Id
    session_id: Id
    channel: Word
    placed_at: Moment
    paid_at: Moment
    customer: Customer
    lines: Annotated[tuple[OrderLine, ...], Meta(min_length=1, max_length=200)]
    paid_fen: Fen
    payment: Payment
    grant_id: Id | None = None
    window: Window | None = None
    substitution: Substitution = "refund"
    note: Note = ""

    def grant_of(self, line: OrderLine) -> str | None:
        """The grant that this line was sold from; None when the cloud names none, which nobody can accept."""
        return line.grant_id or self.grant_id


class OrderCancelled(msgspec.Struct, frozen=True, gc=False):
    """The customer or the cloud takes a paid order back; what comes of it, the store says."""

    order_id: Id
    reason: Note
    cancelled_at: Moment


class PickupDelegated(msgspec.Struct, frozen=True, gc=False):
    """代取: the customer asks for a code for somebody else until then, for these lines or for whatever waits."""

    order_id: Id
    delegation_id: Id
    until: Moment
    lines: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=200)] | None = None
    name: Name = ""


class PickupDelegationRevoked(msgspec.Struct, frozen=True, gc=False):
    """The customer takes a neighbour's code back."""

    order_id: Id
    delegation_id: Id


class GrantReturned(msgspec.Struct, frozen=True, gc=False):
    """The cloud gives back rights of a 线上配额 that it did not sell."""

    grant_id: Id
    quantity: Quantity


class GrantClosed(msgspec.Struct, frozen=True, gc=False):
    """Nothing more will come from this grant: all that it sold was said up to `through_seq` of this stream."""

    grant_id: Id
    sold: Count
    through_seq: Count


class Photo(msgspec.Struct, frozen=True, gc=False):
    """A photograph that the cloud keeps."""

    name: Id
    media_type: Id
    url: Link
    sha256: Sha256


class AftersalesRequested(msgspec.Struct, frozen=True, gc=False):
    """售后: a customer is not content with what she got."""

    request_id: Id
    order_id: Id
    kind: TicketKind
    lines: Annotated[tuple[LineQuantity, ...], Meta(max_length=200)]
    reason: Note = ""
    photos: Annotated[tuple[Photo, ...], Meta(max_length=20)] = ()


class AftersalesPhoto(msgspec.Struct, frozen=True, gc=False):
    """One part, at most 40 KB, of a photograph that the cloud has no store for."""

    request_id: Id
    name: Id
    part: Annotated[int, Meta(ge=1, le=1000)]
    parts: Annotated[int, Meta(ge=1, le=1000)]
    base64: Base64


class RefundSettled(msgspec.Struct, frozen=True, gc=False):
    """What became of a refund at the bank. A later word on the same refund counts."""

    refund_id: RefundId
    state: RefundOutcome
    settled_at: Moment


class ReminderSent(msgspec.Struct, frozen=True, gc=False):
    """Whether the customer was told that her order waits."""

    order_id: Id
    state: ReminderOutcome


class OrderWindowChosen(msgspec.Struct, frozen=True, gc=False):
    """The customer means to come in this window, or `at` a time of her own in it."""

    order_id: Id
    window: Window
    at: Moment | None = None


class ReminderCredits(msgspec.Struct, frozen=True, gc=False):
    """How many more messages a customer agreed to: for one order, or for all of hers. It replaces what was said."""

    count: Annotated[int, Meta(ge=0, le=1000)]
    order_id: Id | None = None
    customer_id: Id | None = None


class Traffic(msgspec.Struct, frozen=True, gc=False):
    """A total for one minute: hearing it again overwrites, it never adds. Not part of the ordered stream."""

    session_id: Id
    channel: Word
    metric: Annotated[
        str,
        Meta(max_length=80, pattern=r"^(click|reserve|view|viewer_seconds|follow|product_click:.{1,64})$"),
    ]
    bucket: Moment
    count: Count
