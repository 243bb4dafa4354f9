"""The tables of `shop.orders`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, text
from sqlmodel import Field, SQLModel

_NOUGHT = {"server_default": text("0")}


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
        CheckConstraint("gone_fen BETWEEN 0 AND quantity * unit_price_fen", name="no_more_goes_back_than_a_line_cost"),
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
