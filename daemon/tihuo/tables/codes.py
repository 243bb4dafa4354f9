"""The tables of `shop.code_turns`, `shop.delegates` and `shop.guesses`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel


class CodeTurn(SQLModel, table=True):
    """换码: a renewal of an order's code. `no` counts those of the box: its eight digits stand for it."""

    __tablename__ = "code_turn"
    __table_args__ = (UniqueConstraint("order_no", "turn"), CheckConstraint("turn > 0"))

    no: int | None = Field(default=None, primary_key=True)
    order_no: int = Field(foreign_key="shop_order.no")
    turn: int
    reason: str
    actor: str
    at: int


class Delegation(SQLModel, table=True):
    """代取: somebody may collect instead of a customer until a moment."""

    no: int | None = Field(default=None, primary_key=True)
    delegation_id: str = Field(unique=True)
    order_no: int = Field(foreign_key="shop_order.no", index=True)
    name: str
    until: int
    some: int
    """1: only the lines in `DelegationLine`; 0: whatever waits for the customer of the order."""
    actor: str
    at: int
    revoked_at: int | None = None


class DelegationLine(SQLModel, table=True):
    """A line of the order that a neighbour may take."""

    __tablename__ = "delegation_line"
    __table_args__ = ({"sqlite_with_rowid": False},)

    delegation_no: int = Field(primary_key=True, foreign_key="delegation.no")
    line_no: int = Field(primary_key=True)


class GuessDoor(SQLModel, table=True):
    """猜码: how many wrong codes came through one door lately, and how long it pauses for that (`Work.ticks`)."""

    __tablename__ = "guess_door"
    __table_args__ = ({"sqlite_with_rowid": False},)

    door: str = Field(primary_key=True)
    wrong: int
    counted_at: int
    pause: int
    free_at: int
