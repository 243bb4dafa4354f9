"""The tables of `shop.staff`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class User(SQLModel, table=True):
    """A person with a PIN. Only its hash is kept."""

    __tablename__ = "shop_user"
    __table_args__ = (CheckConstraint("role IN ('owner', 'staff')"), {"sqlite_with_rowid": False})

    name: str = Field(primary_key=True)
    role: str
    pin_hash: str
    renewed: int = 0
    """Counts PIN changes: a cookie from before is no longer good."""
