"""自提时段, 到店提醒, 逾期未取: when customers come, what reminds them, what becomes of what nobody fetches."""

from __future__ import annotations

from typing import ClassVar

from tihuo.shop.events.fact import Event, LineQuantity, OrderFact


class WindowsChanged(Event, frozen=True, kw_only=True, tag="windows.changed"):
    """All pickup windows of a session: from, to, and for how many customers."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("windows",)
    session_id: str
    windows: tuple[tuple[int, int, int], ...]


class OrderWindowChanged(OrderFact, frozen=True, kw_only=True, tag="order.window_changed"):
    """An order is to be fetched in another window, or at a time of her own."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "pickup", "windows")
    window: tuple[int, int]
    at: int | None = None


class ReminderDue(OrderFact, frozen=True, kw_only=True, tag="reminder.due"):
    """The cloud is asked to remind a customer, until a moment after which the shop calls her; `also` names her other
    orders that the same message is about."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("calls",)
    window: tuple[int, int]
    due_at: int
    until: int
    also: tuple[str, ...] = ()


class CallNeeded(Event, frozen=True, kw_only=True, tag="reminder.call_needed"):
    """No message reaches a customer: somebody calls her."""

    TOPICS: ClassVar[tuple[str, ...]] = ("calls",)
    order_id: str
    why: str


class CustomerCalled(Event, frozen=True, kw_only=True, tag="customer.called"):
    """What a call came to: `reached`, `no_answer` or `wrong_number`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("calls", "uncollected")
    order_id: str
    outcome: str
    about: str


class NoShowMarked(Event, frozen=True, kw_only=True, tag="order.no_show"):
    """爽约: her window ended, her goods were ready, and she did not come."""

    TOPICS: ClassVar[tuple[str, ...]] = ("uncollected",)
    order_id: str


class OrderUncollected(OrderFact, frozen=True, kw_only=True, tag="order.uncollected"):
    """逾期未取: nobody came for these; step 1 of the ladder, or, with `until`, that they are kept once more."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "uncollected")
    lines: tuple[LineQuantity, ...]
    at: int
    step: int
    reason: str = ""
    until: int | None = None


class UncollectedMoved(Event, frozen=True, kw_only=True, tag="parcel.uncollected"):
    """A parcel that nobody came for went a step on: `told`, `task`, `held`, `decide`, `kept`, `refund`, `void`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("uncollected",)
    parcel_id: int
    step: str


class ParcelMoved(Event, frozen=True, kw_only=True, tag="parcel.moved"):
    """移位: a parcel stands in another slot now."""

    TOPICS: ClassVar[tuple[str, ...]] = ("pickup", "uncollected")
    parcel_id: int
    slot: str
    before: str
