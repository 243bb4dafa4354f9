"""自提: orders that can be collected, visits, hand-overs, reminders."""

from __future__ import annotations

from typing import ClassVar

from tihuo.shop.events.fact import Event, LineQuantity, OrderFact, ParcelPlace


class ReminderSent(Event, frozen=True, kw_only=True, tag="reminder.sent"):
    """The cloud says whether a customer was reminded: `sent`, `no_consent` or `failed`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("orders",)
    order_id: str
    state: str


class OrderReady(OrderFact, frozen=True, kw_only=True, tag="order.ready"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "pickup")
    parcels: tuple[ParcelPlace, ...]
    window: tuple[int, int]


class OrderHandedOver(OrderFact, frozen=True, kw_only=True, tag="order.handed_over"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "pickup", "kiosk")
    lines: tuple[LineQuantity, ...]
    handed_over_at: int
    method: str
    complete: bool
    by: str = ""
    """What was shown or said: `shop.identity.Identity.method`; empty where staff went by the parcel."""
    delegate: str = ""


class OrderHandoverUndone(OrderFact, frozen=True, kw_only=True, tag="order.handover_undone"):
    """Units came back over the counter at once: they were handed over by mistake."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "pickup", "kiosk")
    lines: tuple[LineQuantity, ...]
    reason: str
    at: int


class CheckedIn(Event, frozen=True, kw_only=True, tag="visit.checked_in"):
    """A customer stands at a kiosk. `refusal` says why the page cannot help her, if it cannot."""

    TOPICS: ClassVar[tuple[str, ...]] = ("kiosk", "pickup")
    visit_id: int
    kiosk: str
    order_no: int | None = None
    refusal: str = ""
    by: str = ""
    """What she was recognised by, or what kind of thing she showed. Never the text itself."""
    delegate: str = ""
    """Who came instead of her, masked."""


class VisitEnded(Event, frozen=True, kw_only=True, tag="visit.ended"):
    TOPICS: ClassVar[tuple[str, ...]] = ("kiosk", "pickup")
    visit_id: int
    kiosk: str
    how: str


class StaffCalled(Event, frozen=True, kw_only=True, tag="staff.called"):
    """叫店员: at a kiosk, and `what` about: `call`, `parcel`, `goods` or `not_hers`, as in `tihuo.shop.calls`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("kiosk", "pickup")
    kiosk: str
    visit_id: int | None = None
    what: str = "call"
    parcels: tuple[int, ...] = ()


class CallAnswered(Event, frozen=True, kw_only=True, tag="staff.answered"):
    """Somebody is on the way to a kiosk; `over` when it is seen to."""

    TOPICS: ClassVar[tuple[str, ...]] = ("kiosk", "pickup")
    call_id: int
    kiosk: str
    over: bool = False


class ParcelAstray(Event, frozen=True, kw_only=True, tag="parcel.astray"):
    """拿错: a parcel went home with the customer of order `holder_no`; later it is `back`, or it is `lost`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("pickup", "kiosk", "orders", "uncollected")
    parcel_id: int
    holder_no: int
    state: str = "gone"
