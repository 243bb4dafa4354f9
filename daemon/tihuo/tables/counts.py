"""The tables of `shop.counts`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel


class UnitMove(SQLModel, table=True):
    """One movement of an item's rights: what it added to each place. `n` counts the item's movements."""

    __tablename__ = "unit_move"
    __table_args__ = ({"sqlite_with_rowid": False},)

    item_no: int = Field(primary_key=True, foreign_key="item_terms.no")
    n: int = Field(primary_key=True)
    entry: int
    """The first entry of the journal that was written together with it."""
    free: int
    granted: int
    ordered: int
    quarantine: int
    handed_over: int
    void: int
    owed: int
    held: int
    """What was granted afterwards: what is missing at the next movement was sold in between."""


class StockMove(SQLModel, table=True):
    """One movement of the shop's own stock of a SKU, as `UnitMove`."""

    __tablename__ = "stock_move"
    __table_args__ = ({"sqlite_with_rowid": False},)

    sku_id: int = Field(primary_key=True, foreign_key="sku.id")
    n: int = Field(primary_key=True)
    entry: int
    on_hand: int


class Correction(SQLModel, table=True):
    """库存校准: somebody saw that there are `quantity` more units, or fewer if it is negative, and why."""

    __table_args__ = (
        CheckConstraint("quantity <> 0"),
        Index("correction_with_photo", "id", sqlite_where=text("photo IS NOT NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    sku_id: int = Field(foreign_key="sku.id", index=True)
    quantity: int
    on_hand: int
    """How much of `quantity` went to or came from the shop's own stock."""
    session_id: str
    """The session into which the others were minted."""
    losses: str
    """Numbers of the shortages that it made, as JSON."""
    reason: str
    note: str
    actor: str
    at: int
    count_id: int | None = Field(default=None, foreign_key="stock_count.id")
    photo: bytes | None = None
    undone_at: int | None = None
    undone_by: str = ""


class StockCount(SQLModel, table=True):
    """盘点: somebody counts what lies in a place; `name` is the zone or the supplier."""

    __tablename__ = "stock_count"
    __table_args__ = (
        CheckConstraint("place IN ('all', 'zone', 'supplier')"),
        CheckConstraint("state IN ('open', 'applied', 'dropped')"),
        Index("one_count_of_a_place", "place", "name", unique=True, sqlite_where=text("state = 'open'")),
    )

    id: int | None = Field(default=None, primary_key=True)
    place: str
    name: str
    state: str
    opened_by: str
    opened_at: int
    closed_by: str = ""
    closed_at: int | None = None


class CountLine(SQLModel, table=True):
    """One SKU of a count. What should be there (`expected`) is written down when somebody says that hers is complete:
    what is sold or put afterwards changes nothing in the difference."""

    __tablename__ = "count_line"
    __table_args__ = (CheckConstraint("counted >= 0"), {"sqlite_with_rowid": False})

    count_id: int = Field(primary_key=True, foreign_key="stock_count.id")
    sku_id: int = Field(primary_key=True, foreign_key="sku.id")
    counted: int
    expected: int | None = None
    to_come: int
    """Units of pre-sales that nobody has booked as arrived: what is over may be those."""
    actor: str
    at: int
    rounds: int
    """How often it was counted before."""
