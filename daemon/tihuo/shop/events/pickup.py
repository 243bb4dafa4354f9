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


class VisitEnded(Event, frozen=True, kw_only=True, tag="visit.ended"):
    TOPICS: ClassVar[tuple[str, ...]] = ("kiosk", "pickup")
    visit_id: int
    kiosk: str
    how: str


class StaffCalled(Event, frozen=True, kw_only=True, tag="staff.called"):
    TOPICS: ClassVar[tuple[str, ...]] = ("kiosk", "pickup")
    kiosk: str
    visit_id: int | None = None
