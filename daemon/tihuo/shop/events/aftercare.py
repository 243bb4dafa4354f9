"""售后: tickets, photographs, refunds that the cloud settled."""

from __future__ import annotations

from typing import ClassVar

from tihuo.shop.events.fact import Event


class TicketOpened(Event, frozen=True, kw_only=True, tag="ticket.opened"):
    """售后: a request of a customer became a ticket."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("tickets",)
    ticket_id: str
    request_id: str
    order_id: str


class TicketUpdated(Event, frozen=True, kw_only=True, tag="ticket.updated"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("tickets",)
    ticket_id: str
    request_id: str
    order_id: str
    state: str
    outcome: str = ""


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
