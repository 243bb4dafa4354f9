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
    known_by: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """What she was recognised by: `qr`, `rotating`, `digits`, `delegate` or `phone_tail`; else what kind of text it
    was, such as `payment_code`. Never the text."""
    delegation: int | None = None
    """The neighbour's code that was shown, if it was one."""


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
    handover: int | None = None
    """The first record of the same hand-over; None for that one itself, and for what a restored box was told."""
    shown_no: int | None = None
    """The order whose code was shown; None where staff went by the parcel."""
    delegate: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Who came instead of the customer, as the code that was shown says."""
    ticks: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """In `Work.ticks`, for what may be taken back."""
    undone_by: str = Field(default="", sa_column_kwargs={"server_default": ""})
    undone_why: str = Field(default="", sa_column_kwargs={"server_default": ""})


class StaffCall(SQLModel, table=True):
    """叫店员: somebody at a kiosk wants a person, and `what` for: 'call' (she did not say), 'parcel' (one is not in its
    slot), 'goods' (something is not in it), 'not_hers' (it is somebody else's)."""

    __tablename__ = "staff_call"
    __table_args__ = (CheckConstraint("what IN ('call', 'parcel', 'goods', 'not_hers')"),)

    id: int | None = Field(default=None, primary_key=True)
    kiosk: str
    visit_id: int | None = None
    what: str
    parcels: str = Field(default="[]", sa_column_kwargs={"server_default": "[]"})
    """Which ones, as JSON."""
    at: int
    ticks: int
    answered_by: str = Field(default="", sa_column_kwargs={"server_default": ""})
    closed_at: int | None = None


class Astray(SQLModel, table=True):
    """拿错: a parcel that the book has on the shelf, and that somebody else took home, by an order of hers."""

    __table_args__ = ({"sqlite_with_rowid": False},)

    parcel_id: int = Field(primary_key=True, foreign_key="parcel.id")
    holder_no: int = Field(foreign_key="shop_order.no")
    actor: str
    at: int
