"""Goods: the catalog, what was asked for and what came, what is lost, found and counted."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from tihuo.shop.events.fact import Event


class SkuKept(Event, frozen=True, kw_only=True, tag="sku.kept"):
    """A SKU is in the catalog as it is written there now."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    sku: str
    price_fen: int


class GoodsReceived(Event, frozen=True, kw_only=True, tag="goods.received"):
    """Units came into the shop; with a session, they are for sale in it at once."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    sku: str
    quantity: int
    session_id: str = ""


class PurchaseListSent(Event, frozen=True, kw_only=True, tag="purchase.sent"):
    """采购单: a supplier was told what to bring, `units` of `skus` things in all."""

    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    list_id: int
    session_id: str
    supplier: str
    skus: int
    units: int


class PurchaseWished(Event, frozen=True, kw_only=True, tag="purchase.wished"):
    """The owner wants so many units of an item beyond what was sold."""

    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    session_id: str
    sku: str
    units: int


class DeliveryOpened(Event, frozen=True, kw_only=True, tag="delivery.opened"):
    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    delivery_id: int
    session_id: str
    supplier: str


class DeliveryDropped(Event, frozen=True, kw_only=True, tag="delivery.dropped"):
    """It was opened by mistake: nothing had been counted."""

    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    delivery_id: int


class UnitsCounted(Event, frozen=True, kw_only=True, tag="units.counted"):
    """Units of a delivery were counted in, `how` they were; `sku` is empty for what the catalog does not know."""

    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    delivery_id: int
    count_id: int
    sku: str
    quantity: int
    how: str


class CountUndone(Event, frozen=True, kw_only=True, tag="count.undone"):
    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    delivery_id: int
    count_id: int


class DeliveryCounted(Event, frozen=True, kw_only=True, tag="delivery.counted"):
    """Somebody said that all of a delivery is counted: the owner closes it."""

    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries",)
    delivery_id: int


class ArrivedLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one SKU of a delivery, in units; as in `tihuo.shop.deliveries.DeliveryLine`."""

    sku: str
    expected: int
    good: int
    damaged: int = 0
    wrong: int = 0
    arrived: int = 0
    from_stock: int = 0
    to_stock: int = 0
    minted: int = 0
    missing: int = 0
    later: int = 0


class DeliveryClosed(Event, frozen=True, kw_only=True, tag="delivery.closed"):
    """到货入库: what came of a delivery is stock, or stands behind what was sold; what did not is written off."""

    TOPICS: ClassVar[tuple[str, ...]] = ("deliveries", "stock", "sorting", "orders")
    delivery_id: int
    session_id: str
    supplier: str
    lines: tuple[ArrivedLine, ...]


class UnitsLost(Event, frozen=True, kw_only=True, tag="units.lost"):
    """Units broke or never came: `covered` made good, `owed` until the cloud answers, `short` for customers."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock", "orders", "sorting")
    session_id: str
    sku: str
    quantity: int
    covered: int
    owed: int
    short: int
    reason: str


class UnitsFound(Event, frozen=True, kw_only=True, tag="units.found"):
    """A loss was a mistake: so many units stand behind their rights again, or the shop's own stock has them."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    session_id: str
    sku: str
    quantity: int


class StockCorrected(Event, frozen=True, kw_only=True, tag="stock.corrected"):
    """库存校准: there are `quantity` more units than the book said, or fewer; `on_hand` of them the shop's own.

    `undoes` is the correction that this one takes back.
    """

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    correction_id: int
    sku: str
    quantity: int
    on_hand: int
    reason: str
    note: str = ""
    session_id: str = ""
    count_id: int | None = None
    undoes: int | None = None


class PhotosForgotten(Event, frozen=True, kw_only=True, tag="photos.forgotten"):
    """Photographs of these corrections were deleted: they were `old`, or there were too many (`full`)."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock",)
    corrections: tuple[int, ...]
    why: str


class StockCountMoved(Event, frozen=True, kw_only=True, tag="count.moved"):
    """盘点: a count of a place was `opened`, `applied` with so many units `more` and `less`, or `dropped`."""

    TOPICS: ClassVar[tuple[str, ...]] = ("stock", "counts")
    count_id: int
    state: str
    place: str = ""
    name: str = ""
    more: int = 0
    less: int = 0


class CountLineSaid(Event, frozen=True, kw_only=True, tag="count.line"):
    """So many units of a SKU were counted so far; with `expected`, that is all of them, and so many should be there."""

    TOPICS: ClassVar[tuple[str, ...]] = ("counts",)
    count_id: int
    sku: str
    counted: int
    expected: int | None = None
