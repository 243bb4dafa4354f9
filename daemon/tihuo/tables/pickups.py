"""The tables of `shop.pickups`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class Visit(SQLModel, table=True):
    """到店: one stay of one customer at one kiosk, which that kiosk's page is drawn from.

    `outcome`: 'welcome', 'confirm' (asks whether all was taken), 'partly', 'done', or a refusal code.
    """

    id: int | None = Field(default=None, primary_key=True)
    kiosk: str
    order_no: int | None = None
    customer_id: str | None = None
    outcome: str
    facts: str = "{}"
    method: str = "kiosk"
    opened_at: int
    ends_at: int
    """In `Work.ticks`: a deadline must not move when the clock does."""
    closed_at: int | None = None
    given_before: int = 0
    """The newest `HandoverLine` when she came: what is beyond it was given to her since."""


class HandoverLine(SQLModel, table=True):
    """核销交付: a record of units that went over the counter."""

    __tablename__ = "handover_line"
    __table_args__ = (CheckConstraint("quantity > 0"),)

    id: int | None = Field(default=None, primary_key=True)
    order_no: int = Field(index=True)
    line_no: int
    parcel_id: int
    quantity: int
    method: str
    actor: str
    at: int
    visit_id: int | None = None
    undone_at: int | None = None
    """When the units came back over the counter, if the hand-over was a mistake."""
