"""The tables of `shop.uncollected`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel


class Uncollected(SQLModel, table=True):
    """逾期未取: whose turn it is with a parcel on the shelf, and until when. Triggers keep a row for each parcel that
    is ready, and for no other."""

    __tablename__ = "uncollected"
    __table_args__ = (
        CheckConstraint("step IN ('window', 'told', 'task', 'held', 'decide', 'kept')"),
        Index("uncollected_due", "due_at", sqlite_where=text("step <> 'decide'")),
        Index("uncollected_open", "step", sqlite_where=text("step <> 'window'")),
    )

    parcel_id: int | None = Field(default=None, primary_key=True, foreign_key="parcel.id")
    step: str
    due_at: int
    """When this step ends, in `Millis`."""
    limit_at: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """So long the goods may wait in their zone; 0 while her window lasts."""
    calls: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    said: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    """What the last call came to."""
    moved: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """Whether it was moved out of the way."""


class NoShow(SQLModel, table=True):
    """爽约: the window of an order ended without her; forgiven if she came until `forgiven_until`."""

    __tablename__ = "no_show"
    __table_args__ = (Index("no_show_of_customer", "customer_id"),)

    order_no: int | None = Field(default=None, primary_key=True, foreign_key="shop_order.no")
    customer_id: str
    at: int
    forgiven_until: int


class GivenUp(SQLModel, table=True):
    """What the owner decided about a parcel that nobody came for, order by order."""

    __tablename__ = "given_up"
    __table_args__ = (CheckConstraint("how IN ('refund', 'void')"), {"sqlite_with_rowid": False})

    order_no: int = Field(primary_key=True, foreign_key="shop_order.no")
    parcel_id: int = Field(primary_key=True, foreign_key="parcel.id")
    how: str
    actor: str
    at: int
