"""订单 and 订单行: what was paid for, and where each unit of it is on its way to the customer."""

from __future__ import annotations

import msgspec
from sqlalchemy import CheckConstraint, text
from sqlmodel import Field, SQLModel

from tihuo.shop.events import Refund
from tihuo.shop.fence import numbers_from
from tihuo.shop.work import Work

IMPORTED = "import"
"""The channel of orders that were read from another program's export: the cloud never heard of them."""


_NOUGHT = {"server_default": text("0")}


class NewLine(msgspec.Struct, frozen=True):
    line_id: str
    sku: str
    quantity: int
    unit_price_fen: int
    grant_id: str


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A paid order as a channel reports it. Money in fen, times in `Millis`."""

    order_id: str
    session_id: str
    channel: str
    placed_at: int
    paid_at: int
    customer_id: str
    customer_name: str
    customer_phone: str
    window: tuple[int, int] | None
    lines: tuple[NewLine, ...]
    paid_fen: int
    provider: str = ""
    transaction_id: str = ""
    substitution: str = "refund"
    note: str = ""


class Order(SQLModel, table=True):
    """One paid order. Its progress is derived from its lines, never stored beside them."""

    __tablename__ = "shop_order"
    __table_args__ = (
        CheckConstraint("state = 'accepted' OR state = 'refused' OR state = 'cancelled'"),
        CheckConstraint("refunded_fen >= 0 AND refunded_fen <= paid_fen", name="never_refund_more_than_paid"),
    )

    no: int | None = Field(default=None, primary_key=True)
    order_id: str = Field(unique=True)
    session_id: str
    customer_id: str
    channel: str
    state: str
    reason: str = ""
    placed_at: int
    paid_at: int
    accepted_at: int
    paid_fen: int
    refunded_fen: int = 0
    refunds: int = 0
    window_from: int
    window_to: int
    substitution: str = "refund"
    provider: str = ""
    transaction_id: str = ""
    note: str = ""


class OrderLine(SQLModel, table=True):
    """One SKU of one order. `quantity` is what was paid for; put, short and cancelled say where it went."""

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND put >= 0 AND short >= 0 AND cancelled >= 0 AND handed_over >= 0"),
        CheckConstraint("put + short + cancelled <= quantity", name="never_more_than_ordered"),
        CheckConstraint("handed_over <= put", name="never_handed_over_twice"),
        CheckConstraint("picked_grams >= 0 AND weighed >= 0 AND billed_grams >= 0"),
        CheckConstraint(
            "gone_fen BETWEEN 0 AND quantity * unit_price_fen", name="no_more_goes_back_than_a_line_cost"
        ),
        {"sqlite_with_rowid": False},
    )

    order_no: int = Field(primary_key=True, foreign_key="shop_order.no")
    line_no: int = Field(primary_key=True)
    line_id: str
    sku_id: int = Field(foreign_key="sku.id")
    grant_id: str = ""
    quantity: int
    unit_price_fen: int
    put: int = 0
    short: int = 0
    cancelled: int = 0
    handed_over: int = 0
    parcel_id: int | None = None
    put_by: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    """Who put the last unit of it."""
    picked_grams: int = Field(default=0, sa_column_kwargs=_NOUGHT)
    """称重: what `weighed` of the units that were put weigh together."""
    weighed: int = Field(default=0, sa_column_kwargs=_NOUGHT)
    billed_grams: int = Field(default=0, sa_column_kwargs=_NOUGHT)
    """What of `picked_grams` she pays for: never more than was ordered."""
    gone_fen: int = Field(default=0, sa_column_kwargs=_NOUGHT)
    """What of its price is not paid for these goods any more: it went back, or to the line that stands in for it."""
    instead_of: int | None = None
    """替代: the line of the same order whose goods these stand in for."""


ORDERED = "iif(l.instead_of IS NULL, l.quantity - l.cancelled, 0)"
"""Units of line `l` that a customer ordered. What stands in for others was not ordered besides them,"""
MISSED = "l.short - iif(l.instead_of IS NULL, 0, l.quantity - l.cancelled)"
"""and as many of the others are not missed."""


def last_order(work: Work) -> int:
    """The highest number of an order that was ever used, as far as anybody can tell."""
    row = work.one("SELECT coalesce(max(no), 0) FROM shop_order")
    assert row is not None
    return max(int(row[0]), numbers_from(work, "orders"))


def take_refund(work: Work, order_no: int, order_id: str, refunds: int, amount_fen: int) -> Refund:
    """Book the next refund of an order. Its id counts the order's refunds, so a retry names the same one."""
    work.sql(
        "UPDATE shop_order SET refunds = refunds + 1, refunded_fen = refunded_fen + ? WHERE no = ?",
        (amount_fen, order_no),
    )
    return Refund(f"{order_id}-r{refunds + 1}", amount_fen)
