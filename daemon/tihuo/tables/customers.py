"""The tables of `shop.customers`."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Field, SQLModel


class Customer(SQLModel, table=True):
    """One buyer, as the channel that sold to her names her."""

    __table_args__ = ({"sqlite_with_rowid": False},)

    id: str = Field(primary_key=True)
    name: str = ""
    phone: str = ""
    door: str = ""
    first_seen: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
