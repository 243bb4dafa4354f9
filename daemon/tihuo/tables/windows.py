"""The tables of `shop.windows`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class PickupWindow(SQLModel, table=True):
    """自提时段 of a session, and how many customers it is meant for. Times in `Millis`."""

    __tablename__ = "pickup_window"
    __table_args__ = (
        CheckConstraint("capacity > 0"),
        CheckConstraint("window_to > window_from"),
        {"sqlite_with_rowid": False},
    )

    session_id: str = Field(primary_key=True, foreign_key="live_session.id")
    window_from: int = Field(primary_key=True)
    window_to: int
    capacity: int


class OwnTime(SQLModel, table=True):
    """When a customer said that she means to come for an order, inside of its window or not."""

    __tablename__ = "own_time"

    order_no: int | None = Field(default=None, primary_key=True, foreign_key="shop_order.no")
    at: int
