"""The tables of `shop.tickets`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class ServiceTicket(SQLModel, table=True):
    """One request about one order. `outcome` is what the shop wrote when it was done or rejected."""

    __tablename__ = "service_ticket"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'in_progress', 'done', 'rejected')"),
        CheckConstraint("kind IN ('return', 'exchange', 'refund_only')"),
    )

    no: int | None = Field(default=None, primary_key=True)
    ticket_id: str = Field(unique=True)
    request_id: str = Field(unique=True)
    order_no: int = Field(foreign_key="shop_order.no", index=True)
    kind: str
    reason: str = ""
    state: str = "open"
    outcome: str = ""
    opened_at: int
    moved_at: int
    missed: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """What became of units that were missing: 'found', 'gone', 'cancelled'. She may complain of them again."""


class TicketLine(SQLModel, table=True):
    """How many units of a line of the order a ticket is about."""

    __tablename__ = "ticket_line"
    __table_args__ = (CheckConstraint("quantity > 0"), {"sqlite_with_rowid": False})

    ticket_no: int = Field(primary_key=True, foreign_key="service_ticket.no")
    line_no: int = Field(primary_key=True)
    quantity: int


class MissedLine(SQLModel, table=True):
    """少了: units that should lie in a parcel and do not; nobody gets them before they are found or decided about."""

    __tablename__ = "missed_line"
    __table_args__ = (CheckConstraint("quantity > 0"), {"sqlite_with_rowid": False})

    order_no: int = Field(primary_key=True)
    line_no: int = Field(primary_key=True)
    quantity: int
    ticket_no: int = Field(foreign_key="service_ticket.no")


class ReturnedLine(SQLModel, table=True):
    """退回: units that a customer brought back, and where they went: 'quarantine' or 'void'."""

    __tablename__ = "returned_line"
    __table_args__ = (CheckConstraint("quantity > 0"), CheckConstraint("fate IN ('quarantine', 'void')"))

    id: int | None = Field(default=None, primary_key=True)
    ticket_no: int = Field(foreign_key="service_ticket.no")
    order_no: int = Field(index=True)
    line_no: int
    quantity: int
    fate: str
    actor: str
    at: int


class TicketPhoto(SQLModel, table=True):
    """A photograph: the cloud's address of it, or its bytes. `sha256` is empty until all `parts` are here."""

    __tablename__ = "ticket_photo"

    id: int | None = Field(default=None, primary_key=True)
    ticket_no: int = Field(foreign_key="service_ticket.no", index=True)
    name: str
    parts: int = 0
    url: str = ""
    sha256: str = ""
    content: bytes | None = None


class PhotoPart(SQLModel, table=True):
    """A part of a photograph of which others are still on their way."""

    __tablename__ = "photo_part"

    photo_id: int = Field(primary_key=True, foreign_key="ticket_photo.id")
    part: int = Field(primary_key=True)
    content: bytes
