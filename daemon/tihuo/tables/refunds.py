"""The tables of `shop.refunds`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class RefundOutcome(SQLModel, table=True):
    """The last word on one refund. `order_no` is empty where its id is the cloud's own and names no order of ours."""

    __tablename__ = "refund_outcome"
    __table_args__ = (CheckConstraint("state IN ('succeeded', 'failed')"), {"sqlite_with_rowid": False})

    refund_id: str = Field(primary_key=True)
    order_no: int | None = None
    state: str
    settled_at: int
