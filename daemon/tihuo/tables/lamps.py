"""The tables of `shop.lamps`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class DeadLamp(SQLModel, table=True):
    """A slot whose lamp does not shine: a person saw it `dark`, or its line was `silent` too often."""

    __tablename__ = "dead_lamp"
    __table_args__ = (CheckConstraint("why IN ('dark', 'silent')"), {"sqlite_with_rowid": False})

    slot: str = Field(primary_key=True)
    why: str
    actor: str
    at: int
