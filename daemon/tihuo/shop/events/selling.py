"""直播: sessions, rights lent and given back, orders taken and refused."""

from __future__ import annotations

from typing import ClassVar

from tihuo.shop.events.fact import Event, LineQuantity, OrderFact, Refund


class ItemOffered(Event, frozen=True, kw_only=True, tag="item.offered"):
    """A SKU became part of a session, with so many rights: from stock, or on the word of `cap_set_by`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    sku: str
    quantity: int
    cap_set_by: str


class CapSet(Event, frozen=True, kw_only=True, tag="cap.set"):
    """上限: from now on so many units of an item may be sold; before, it was `before`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    sku: str
    cap: int
    before: int


class ReserveSet(Event, frozen=True, kw_only=True, tag="reserve.set"):
    """到店留货: so many units of an item are for walk-ins in all, sold ones among them."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    sku: str
    reserve: int


class SessionOpened(Event, frozen=True, kw_only=True, tag="session.opened"):
    """A session began, or has more for sale. `skus` are the codes of the items that this very message tells; a long
    session says it several times. Empty means all of them."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    skus: tuple[str, ...] = ()


class SessionClosed(Event, frozen=True, kw_only=True, tag="session.closed"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("stock", "sorting")
    session_id: str
    skus: tuple[str, ...] = ()
    """As in `SessionOpened`."""


class GrantIssued(Event, frozen=True, kw_only=True, tag="grant.issued"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    grant_id: str
    session_id: str
    sku: str
    quantity: int
    price_fen: int
    limit_per_customer: int | None = None
    sell_until: int
    channel: str = ""


class GrantRevokeRequested(Event, frozen=True, kw_only=True, tag="grant.revoke_requested"):
    """The shop lacks units and asks for rights back. The holder gives what it has not sold."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    grant_id: str
    session_id: str
    quantity: int


class GrantClosed(Event, frozen=True, kw_only=True, tag="grant.closed"):
    """The holder sells nothing more from a grant; it says that it sold `said` units, and `sold` arrived here."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    grant_id: str
    sold: int
    said: int | None = None


class RightsReturned(Event, frozen=True, kw_only=True, tag="rights.returned"):
    """The cloud gave rights of a grant back."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    grant_id: str
    quantity: int


class QuarantineDecided(Event, frozen=True, kw_only=True, tag="quarantine.decided"):
    """Somebody looked at goods of cancelled orders: `resell` or `void`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    sku: str
    quantity: int
    outcome: str


class WalkInSold(Event, frozen=True, kw_only=True, tag="walk_in.sold"):
    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    sku: str
    quantity: int


class OrderAccepted(Event, frozen=True, kw_only=True, tag="order.accepted"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock")
    order_id: str
    order_no: int
    window: tuple[int, int]


class OrderRefused(Event, frozen=True, kw_only=True, tag="order.refused"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders",)
    order_id: str
    reason: str
    lines: tuple[LineQuantity, ...]
    refund: Refund | None


class OrderCancelled(OrderFact, frozen=True, kw_only=True, tag="order.cancelled"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "sorting", "pickup", "kiosk")
    lines: tuple[LineQuantity, ...]
    reason: str
    at: int
    refund: Refund | None = None
    """What goes back, where the prices of the lines alone do not tell it: something of them went back before."""


class OrderImported(Event, frozen=True, kw_only=True, tag="order.imported"):
    """An order that another program took, read from its export."""

    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock")
    order_id: str
    order_no: int
