"""售后: tickets, photographs, refunds that the cloud settled."""

from __future__ import annotations

from typing import ClassVar

from tihuo.shop.events.fact import Event, LineQuantity, OrderFact


class TicketOpened(OrderFact, frozen=True, kw_only=True, tag="ticket.opened"):
    """售后: a request of a customer became a ticket. One that was opened in the shop says what it is about: the cloud
    knows nothing of it."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("tickets",)
    ticket_id: str
    request_id: str
    wants: str = ""
    reason: str = ""
    lines: tuple[LineQuantity, ...] = ()


class TicketUpdated(OrderFact, frozen=True, kw_only=True, tag="ticket.updated"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("tickets",)
    ticket_id: str
    request_id: str
    state: str
    outcome: str = ""


class GoodsBroughtBack(Event, frozen=True, kw_only=True, tag="goods.brought_back"):
    """退回: a customer brought units of an order back over the counter; `fate` is `quarantine` or `void`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("tickets", "stock", "orders", "pickup")
    ticket_id: str
    order_id: str
    session_id: str
    sku: str
    quantity: int
    fate: str


class MissedSettled(Event, frozen=True, kw_only=True, tag="missed.settled"):
    """少了: units that were not in a parcel are `found`, or `gone` (others take their place, or money goes back), or
    `cancelled`: nobody waits for them any more."""

    TOPICS: ClassVar[tuple[str, ...]] = ("tickets", "pickup", "kiosk", "orders")
    ticket_id: str
    order_id: str
    lines: tuple[LineQuantity, ...]
    outcome: str


class PhotoKept(Event, frozen=True, kw_only=True, tag="photo.kept"):
    """All parts of a photograph of a ticket are here; `size` in bytes."""

    TOPICS: ClassVar[tuple[str, ...]] = ("tickets",)
    ticket_id: str
    name: str
    sha256: str
    size: int


class RefundSettled(Event, frozen=True, kw_only=True, tag="refund.settled"):
    """The cloud says what became of a refund: `succeeded` or `failed`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("orders",)
    refund_id: str
    state: str
