"""What the store may say to the cloud: the `data` of events on `…/up`, and what `…/state` and `…/presence` carry."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tihuo.cloud.fields import (
    Count,
    Day,
    Fen,
    HandedOverBy,
    Id,
    ItemKind,
    LineQuantity,
    Link,
    Moment,
    Name,
    Note,
    Quantity,
    Refund,
    RefusedBecause,
    Sha256,
    Text,
    TicketKind,
    TicketState,
    Window,
    Word,
)

Lines = Annotated[tuple[LineQuantity, ...], Meta(max_length=200)]


class SessionItem(msgspec.Struct, frozen=True, gc=False):
    sku: Id
    name: Name
    price_fen: Fen
    kind: ItemKind
    limit_per_customer: Quantity | None = None
    arrives_on: Day | None = None


class SessionOpened(msgspec.Struct, frozen=True, gc=False):
    """开播: what is for sale. A long list goes out in several events, whose items add up."""

    session_id: Id
    title: Name
    starts_at: Moment
    ends_at: Moment | None
    items: Annotated[tuple[SessionItem, ...], Meta(max_length=500)]


class SessionClosed(SessionOpened, frozen=True, gc=False):
    """下播: nothing more is sold in this session."""


class GrantIssued(msgspec.Struct, frozen=True, gc=False):
    """线上配额: the cloud may sell this many through `channel`, before `sell_until` by its own clock.

    A grant without a channel is for any.
    """

    grant_id: Id
    session_id: Id
    sku: Id
    quantity: Quantity
    price_fen: Fen
    limit_per_customer: Quantity | None
    sell_until: Moment
    channel: Word | None = None


class GrantRevokeRequested(msgspec.Struct, frozen=True, gc=False):
    """Please give this much of a grant back: the goods are broken or did not come. What is sold already, stays sold."""

    grant_id: Id
    quantity: Quantity


class Rotating(msgspec.Struct, frozen=True, gc=False):
    """A code that changes every `step_seconds`. Its text is all of `code` before the last colon, then `*` and
    the number of steps since 1970 in base 32 (digits 0-9A-V), then `:` and the first 80 bits of HMAC-SHA-256 over what
    stands before that colon, in base 32 (RFC 4648); the key is `secret`, in hexadecimal."""

    secret: Annotated[str, Meta(pattern="^[0-9a-f]{40}$")]
    step_seconds: Quantity


class Pickup(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """自提码: the text of the QR code and the digits to read aloud. With `rotating`, the shop's kiosks take only codes
    that change: show those, and neither of the others."""

    code: Annotated[str, Meta(min_length=1, max_length=200)]
    short_code: Word
    rotating: Rotating | None = None


class OrderAccepted(msgspec.Struct, frozen=True, gc=False):
    """收单: all of it will be there in the window, and this is how the customer asks for it."""

    order_id: Id
    pickup: Pickup
    window: Window | None = None


class PickupRenewed(msgspec.Struct, frozen=True, gc=False):
    """换码: this is the order's code from now on; all that it had before open nothing."""

    order_id: Id
    pickup: Pickup


class PickupDelegateCode(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """代取: with this code somebody else collects until then: only these lines, or whatever waits for the customer.

    It answers `pickup.delegated`; the shop may also give one to a customer who phones, under a name of its own.
    """

    order_id: Id
    delegation_id: Id
    code: Annotated[str, Meta(min_length=1, max_length=200)]
    short_code: Word
    until: Moment
    lines: Annotated[tuple[Id, ...], Meta(max_length=200)] = ()


class PickupDelegationRevoked(msgspec.Struct, frozen=True, gc=False):
    """A neighbour's code opens nothing any more."""

    order_id: Id
    delegation_id: Id


class OrderRefused(msgspec.Struct, frozen=True, gc=False):
    """拒单: the order is not taken at all, and all of its money goes back.

    `duplicate` is about a second order of a number that is taken: it ends nothing of the first, names no lines, and
    `refund` is there only if the second was paid for by itself. `malformed` names what could still be read.
    """

    order_id: Id
    reason: RefusedBecause
    lines: Lines
    refund: Refund | None


class ShortLine(msgspec.Struct, frozen=True, gc=False):
    line_id: Id
    quantity: Quantity
    reason: Note = ""


class OrderShort(msgspec.Struct, frozen=True, gc=False):
    """缺货: this many of these lines will not come."""

    order_id: Id
    lines: Annotated[tuple[ShortLine, ...], Meta(min_length=1, max_length=200)]
    refund: Refund | None


class AdjustedLine(msgspec.Struct, frozen=True, gc=False):
    """So many units of a line are billed otherwise than they were paid, and still come.

    By `weight`: what was ordered, what was picked and what is billed, in grams, of these units together. `substituted`:
    the customer gets as many units of `sku`, at `unit_price_fen` each; what is said of the line later is about those.
    """

    line_id: Id
    quantity: Quantity
    reason: Literal["weight", "substituted"]
    ordered_grams: Count | None = None
    picked_grams: Count | None = None
    billed_grams: Count | None = None
    sku: Id | None = None
    unit_price_fen: Fen | None = None


class OrderAdjusted(msgspec.Struct, frozen=True, gc=False):
    """多退少不补: these lines cost less than was paid for them, never more; `refund` is the difference, if any."""

    order_id: Id
    lines: Annotated[tuple[AdjustedLine, ...], Meta(min_length=1, max_length=200)]
    refund: Refund | None


class Parcel(msgspec.Struct, frozen=True, gc=False):
    parcel_id: Id
    zone: Word
    slot: Word | None = None


class OrderReady(msgspec.Struct, frozen=True, gc=False):
    """Its parcels wait on the shelf."""

    order_id: Id
    parcels: Annotated[tuple[Parcel, ...], Meta(max_length=200)]
    window: Window | None = None


class OrderHandedOver(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """核销交付: the customer has these goods since that moment, however late we say so. `by` says what she, or who came
    instead, was recognised by."""

    order_id: Id
    lines: Lines
    handed_over_at: Moment
    method: HandedOverBy
    complete: bool
    by: Literal["", "qr", "rotating", "digits", "delegate", "phone_tail"] = ""


class _Undone(msgspec.Struct, frozen=True, gc=False):
    order_id: Id
    lines: Lines
    reason: Note
    at: Moment


class OrderHandoverUndone(_Undone, frozen=True, gc=False):
    """These goods came back over the counter at once; they were not handed over after all."""


class OrderUncollected(_Undone, frozen=True, gc=False):
    """逾期未取: nobody came for these. `step` 1: the window is over; 3: they are kept `until` then. What the shop gives
    up is `order.cancelled`."""

    step: Annotated[int, Meta(ge=1, le=9)] = 1
    until: Moment | None = None


class OrderCancelled(_Undone, frozen=True, gc=False):
    """The store took these lines out of the order; `refund` says what goes back when the store knows."""

    refund: Refund | None = None


class ReminderDue(msgspec.Struct, frozen=True, gc=False):
    """Please tell the customer that her order waits, and the orders in `also`, in one message.

    After `until` the shop calls her: then say nothing, and answer `failed`.
    """

    order_id: Id
    window: Window | None
    due_at: Moment
    also: Annotated[tuple[Id, ...], Meta(max_length=100)] = ()
    until: Moment | None = None


class PickupWindow(msgspec.Struct, frozen=True, gc=False):
    """自提时段: from when until when, and for how many customers."""

    from_: Moment = msgspec.field(name="from")
    to: Moment
    capacity: Quantity


class WindowsChanged(msgspec.Struct, frozen=True, gc=False):
    """All pickup windows that the customers of a session may choose from. One that is full may still be sold."""

    session_id: Id
    windows: Annotated[tuple[PickupWindow, ...], Meta(max_length=100)]


class OrderWindowChanged(msgspec.Struct, frozen=True, gc=False):
    """An order is to be fetched in this window, `at` the customer's own time if she named one."""

    order_id: Id
    window: Window
    at: Moment | None = None


class _Ticket(msgspec.Struct, frozen=True, gc=False):
    ticket_id: Id
    request_id: Id | None
    order_id: Id
    state: TicketState
    outcome: Note = ""
    refund: Refund | None = None


class TicketOpened(_Ticket, frozen=True, gc=False, omit_defaults=True):
    """售后工单: the shop looks into what a customer is not content with.

    What she said in the shop has a request that the box named, `box-` and the ticket, and tells `kind`, `reason` and
    `lines`, as `aftersales.requested` does."""

    kind: TicketKind | None = None
    reason: Note = ""
    lines: tuple[LineQuantity, ...] = ()


class TicketUpdated(_Ticket, frozen=True, gc=False):
    """How far a ticket is; done or rejected it has an outcome."""


class AnnouncementPrepared(msgspec.Struct, frozen=True, gc=False):
    """What a person may post to announce a session."""

    session_id: Id
    channel: Word
    text: Text
    link: Link = ""
    poster_sha256: Sha256 | None = None


class StateItem(msgspec.Struct, frozen=True, gc=False):
    """Where the units of one SKU in one session are; `version` only grows."""

    sku: Id
    session_id: Id
    free: Count
    granted: Count
    ordered: Count
    remaining_to_sell: Count
    version: Count


class State(msgspec.Struct, frozen=True, gc=False):
    """The latest picture of the stock: only what changed since the last one, or everything after a hello."""

    version: Count
    as_of: Moment
    items: Annotated[tuple[StateItem, ...], Meta(max_length=1000)]


class Presence(msgspec.Struct, frozen=True, gc=False):
    """The heartbeat, every 30 seconds. `queue` counts events that the cloud has not acknowledged yet; `head` is the
    newest seal of the journal, as entry:hash. A cloud keeps the heads it heard: who rewrites a journal cannot rewrite
    them."""

    online: bool
    since: Moment | None = None
    version: Name = ""
    queue: Count = 0
    head: Name = ""
