"""The tables of `shop.deliveries`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel


class PurchaseWish(SQLModel, table=True):
    """What the owner wants of an item beyond what was sold, and a word to the supplier."""

    __tablename__ = "purchase_wish"
    __table_args__ = (CheckConstraint("units >= 0"), {"sqlite_with_rowid": False})

    session_id: str = Field(primary_key=True, foreign_key="live_session.id")
    sku_id: int = Field(primary_key=True, foreign_key="sku.id")
    units: int
    note: str = ""


class PurchaseList(SQLModel, table=True):
    """采购单: what a supplier was told, once. The newest that no delivery took up is what he is to bring."""

    __tablename__ = "purchase_list"
    __table_args__ = (Index("lists_of_session", "session_id", "supplier"),)

    id: int | None = Field(default=None, primary_key=True)
    session_id: str = Field(foreign_key="live_session.id")
    supplier: str
    sent_at: int
    sent_by: str
    delivery_id: int | None = Field(default=None, foreign_key="delivery.id")


class PurchaseLine(SQLModel, table=True):
    """Units of a SKU on a purchase list."""

    __tablename__ = "purchase_line"
    __table_args__ = (CheckConstraint("quantity > 0"), {"sqlite_with_rowid": False})

    list_id: int = Field(primary_key=True, foreign_key="purchase_list.id")
    sku_id: int = Field(primary_key=True, foreign_key="sku.id")
    quantity: int


class Delivery(SQLModel, table=True):
    """到货单: one arrival of one supplier for one session."""

    __table_args__ = (
        CheckConstraint("state IN ('open', 'closed', 'dropped')"),
        Index("deliveries_of_session", "session_id", "supplier"),
    )

    id: int | None = Field(default=None, primary_key=True)
    session_id: str = Field(foreign_key="live_session.id")
    supplier: str
    state: str = "open"
    """`dropped` if it was opened by mistake: its number is never used again."""
    opened_at: int
    opened_by: str
    counted_by: str = ""
    """Who said that all is counted; emptied by the next count."""
    closed_at: int | None = None
    closed_by: str = ""


class DeliveryLine(SQLModel, table=True):
    """One SKU of a delivery: what was expected, and, once it is closed, what became of what came."""

    __tablename__ = "delivery_line"
    __table_args__ = (
        CheckConstraint("expected >= 0 AND good >= 0 AND damaged >= 0 AND wrong >= 0"),
        CheckConstraint("expected + over = good + short", name="expected_is_received_or_short"),
        CheckConstraint("arrived >= 0 AND from_stock >= 0 AND to_stock >= 0 AND minted >= 0 AND back >= 0"),
        CheckConstraint("missing >= 0 AND later >= 0 AND short >= 0 AND over >= 0"),
        {"sqlite_with_rowid": False},
    )

    delivery_id: int = Field(primary_key=True, foreign_key="delivery.id")
    sku_id: int = Field(primary_key=True, foreign_key="sku.id")
    expected: int = 0
    """While it is open, what the supplier was asked for; once it is closed, at least what the session needed of it."""
    good: int = 0
    damaged: int = 0
    wrong: int = 0
    short: int = 0
    over: int = 0
    arrived: int = 0
    """Units that stand behind rights of the session now, `from_stock` of them the shop's own."""
    from_stock: int = 0
    to_stock: int = 0
    minted: int = 0
    """Units that came on top and are for sale at once."""
    back: int = 0
    """Units that go back to the supplier."""
    missing: int = 0
    """Rights that lost their unit: made good by nobody's rights, or a shortage."""
    later: int = 0
    """Units that the supplier still brings, in another delivery."""
    policy: str = ""


class DeliveryCount(SQLModel, table=True):
    """Units that somebody counted in, of one batch. `sku_id` is empty for a thing that the catalog does not know."""

    __tablename__ = "delivery_count"
    __table_args__ = (
        CheckConstraint("how IN ('good', 'damaged', 'wrong')"),
        CheckConstraint("quantity > 0"),
        CheckConstraint("sku_id IS NOT NULL OR how = 'wrong'", name="what_nobody_knows_is_wrong"),
        Index("counts_of_sku", "sku_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    delivery_id: int = Field(foreign_key="delivery.id", index=True)
    sku_id: int | None = Field(default=None, foreign_key="sku.id")
    text: str = ""
    """What was scanned or written of a thing that the catalog does not know."""
    how: str
    quantity: int
    batch: str = ""
    use_by: str = ""
    """保质期到: YYYY-MM-DD, or empty."""
    actor: str
    at: int
    undone_at: int | None = None
