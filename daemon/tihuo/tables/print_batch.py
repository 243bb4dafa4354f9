"""The tables of `shop.print_batch`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class PrintBatch(SQLModel, table=True):
    """Its jobs carry its id; how far it is, they tell. A paused batch keeps its jobs, and no printer takes them."""

    __tablename__ = "print_batch"
    __table_args__ = (CheckConstraint("state IN ('printing', 'paused', 'cancelled')"),)

    id: int | None = Field(default=None, primary_key=True)
    subject: str
    state: str = "printing"
    actor: str = ""
    made_at: int
