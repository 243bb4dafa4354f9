"""分拣: waves, items in hands, units put, short, weighed and replaced."""

from __future__ import annotations

from typing import ClassVar

from tihuo.shop.events.fact import AdjustedLine, Event, LineQuantity, OrderFact, Refund


class OrderShort(OrderFact, frozen=True, kw_only=True, tag="order.short"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "sorting")
    lines: tuple[LineQuantity, ...]
    refund: Refund


class OrderAdjusted(OrderFact, frozen=True, kw_only=True, tag="order.adjusted"):
    """多退少不补: lines that weigh less than was paid for, or that another SKU stands in for. They still come."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "sorting")
    lines: tuple[AdjustedLine, ...]
    refund: Refund | None


class ShortPicked(Event, frozen=True, kw_only=True, tag="short.picked"):
    """缺货: units of an order are missing, and by its customer's `rule` somebody must decide: `similar` or `ask`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "sorting")
    pick_id: int
    order_id: str
    sku: str
    quantity: int
    rule: str


class ShortDecided(Event, frozen=True, kw_only=True, tag="short.decided"):
    """What became of missing units: `refunded`, or `substituted` by units of `sku`; or what the customer said to it:
    `yes` (something similar), `no` (her money), `nobody` (she did not answer). The actor of the entry decided."""

    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "stock", "sorting")
    pick_id: int
    order_id: str
    quantity: int
    outcome: str
    sku: str = ""


class PhoneShown(Event, frozen=True, kw_only=True, tag="phone.shown"):
    """Somebody looked at a customer's whole phone number, to call her about missing goods. Never the number itself."""

    TOPICS: ClassVar[tuple[str, ...]] = ()
    order_id: str


class Weighed(Event, frozen=True, kw_only=True, tag="units.weighed"):
    """What lies in a parcel of a SKU was weighed: `grams` together, `before` what was known. 0 is not weighed."""

    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    parcel_id: int
    sku: str
    grams: int
    before: int


class WaveOpened(Event, frozen=True, kw_only=True, tag="wave.opened"):
    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    wave_id: int
    session_id: str
    parcels: int
    units: int


class WaveDone(Event, frozen=True, kw_only=True, tag="wave.done"):
    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    wave_id: int


class ItemScanned(Event, frozen=True, kw_only=True, tag="item.scanned"):
    """Staff hold an item: its slots light up. `sku` is empty when nobody in the wave wants it."""

    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    station: str
    sku: str
    text: str = ""
    refusal: str = ""


class StationMoved(Event, frozen=True, kw_only=True, tag="station.moved"):
    """Somebody works on one wave, or carries a cluster of its parcels; without a wave, on all that is open."""

    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    station: str
    wave_id: int | None = None
    cluster: int | None = None


class UnitsPut(Event, frozen=True, kw_only=True, tag="units.put"):
    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    parcel_id: int
    sku: str
    quantity: int
    grams: int = 0


class PutUndone(Event, frozen=True, kw_only=True, tag="put.undone"):
    TOPICS: ClassVar[tuple[str, ...]] = ("sorting",)
    parcel_id: int
    sku: str
    quantity: int


class UnitsDamaged(Event, frozen=True, kw_only=True, tag="units.damaged"):
    """`replaced` of them were made good from free stock; the rest became a shortage."""

    TOPICS: ClassVar[tuple[str, ...]] = ("sorting", "stock")
    sku: str
    quantity: int
    replaced: int


class ParcelReady(Event, frozen=True, kw_only=True, tag="parcel.ready"):
    TOPICS: ClassVar[tuple[str, ...]] = ("sorting", "pickup", "paper")
    parcel_id: int
    slot: str
