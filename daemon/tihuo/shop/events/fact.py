"""What every fact is, and what several of them hold."""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", omit_defaults=True):
    """A fact."""

    TO_CLOUD: ClassVar[bool] = False
    TOPICS: ClassVar[tuple[str, ...]] = ()
    """Which boards may look different now."""
    recovered: bool = False
    """A box that was restored from a backup learned this from the cloud, which heard it from the box before."""

    @property
    def goes_to_cloud(self) -> bool:
        """Whether this very fact takes a number in the stream to the cloud."""
        return self.TO_CLOUD and not self.recovered


class LineQuantity(msgspec.Struct, frozen=True, omit_defaults=True):
    line_id: str
    quantity: int
    reason: str = ""


class Refund(msgspec.Struct, frozen=True):
    """Money to give back. `refund_id` follows from what it refunds, so a retry carries the same one."""

    refund_id: str
    amount_fen: int


class AdjustedLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was billed otherwise than it was paid: `quantity` units, by `reason` (`weight` or `substituted`).

    By weight: what was ordered, picked and billed, in grams. Substituted: by units of `sku`, at `unit_price_fen` each.
    """

    line_id: str
    quantity: int
    reason: str
    ordered_grams: int | None = None
    picked_grams: int | None = None
    billed_grams: int | None = None
    sku: str | None = None
    unit_price_fen: int | None = None


class ParcelPlace(msgspec.Struct, frozen=True):
    parcel_id: str
    zone: str
    slot: str


class OrderFact(Event, frozen=True, kw_only=True):
    """A fact about one order. The cloud hears of orders that it sold, not of those read from another program."""

    order_id: str
    imported: bool = False

    @property
    def goes_to_cloud(self) -> bool:
        return self.TO_CLOUD and not self.imported and not self.recovered
