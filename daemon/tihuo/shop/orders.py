"""订单 and 订单行: what was paid for, and where each unit of it is on its way to the customer."""

from __future__ import annotations

import msgspec
from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from tihuo.shop.events import LineQuantity, OrderShort, Refund
from tihuo.shop.fence import numbers_from
from tihuo.shop.stock import move
from tihuo.shop.work import Work

IMPORTED = "import"
"""The channel of orders that were read from another program's export: the cloud never heard of them."""


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


def last_order(work: Work) -> int:
    """The highest number of an order that was ever used, as far as anybody can tell."""
    row = work.one("SELECT coalesce(max(no), 0) FROM shop_order")
    assert row is not None
    return max(int(row[0]), numbers_from(work, "orders"))


def shorten(work: Work, order_no: int, line_no: int, quantity: int, reason: str) -> None:
    """缺货: some units of a line will not come. Voids their rights, refunds their price, tells the cloud.

    The refund never exceeds what is left of the payment. Raises `sqlite3.IntegrityError` if the line has not that
    many units open.
    """
    row = work.one(
        "SELECT o.order_id, o.session_id, o.paid_fen - o.refunded_fen, o.refunds, l.line_id, l.sku_id, "
        "l.unit_price_fen, o.channel FROM order_line l JOIN shop_order o ON o.no = l.order_no "
        "WHERE l.order_no = ? AND l.line_no = ?",
        (order_no, line_no),
    )
    assert row is not None
    order_id, session_id, refundable, refunds, line_id, sku_id, price, channel = row
    amount = min(quantity * price, refundable)
    work.sql(
        "UPDATE order_line SET short = short + ? WHERE order_no = ? AND line_no = ?", (quantity, order_no, line_no)
    )
    move(work, "ordered", "void", [(session_id, sku_id, quantity)])
    refund = take_refund(work, order_no, order_id, refunds, amount)
    lines = (LineQuantity(line_id, quantity, reason),)
    work.record(OrderShort(order_id=order_id, imported=channel == IMPORTED, lines=lines, refund=refund))


def take_refund(work: Work, order_no: int, order_id: str, refunds: int, amount_fen: int) -> Refund:
    """Book the next refund of an order. Its id counts the order's refunds, so a retry names the same one."""
    work.sql(
        "UPDATE shop_order SET refunds = refunds + 1, refunded_fen = refunded_fen + ? WHERE no = ?",
        (amount_fen, order_no),
    )
    return Refund(f"{order_id}-r{refunds + 1}", amount_fen)
