"""The tables of `shop.catalog`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from tihuo.shop.words import Zone

ZONES = ", ".join(f"'{zone}'" for zone in Zone)


class Product(SQLModel, table=True):
    """商品: what people call the thing."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    supplier: str = ""


class Sku(SQLModel, table=True):
    """规格: the thing as it is counted, priced, scanned and stored."""

    __table_args__ = (
        CheckConstraint("price_fen >= 0"),
        CheckConstraint("on_hand >= 0"),
        CheckConstraint(f"zone IN ({ZONES})"),
        CheckConstraint("nominal_grams IS NULL OR nominal_grams > 0"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    product_id: int = Field(foreign_key="product.id")
    spec: str = ""
    unit: str = "件"
    barcode: str | None = None
    """Several SKUs may carry the same one, as a pack of two does: whoever scans it says which it is."""
    zone: str = Zone.AMBIENT
    price_fen: int
    on_hand: int = 0
    """库存: units in the shop that no live session has minted into rights."""
    nominal_grams: int | None = None
    """称重商品: what one unit is sold as; None for what is not sold by weight."""
    scale_code: str | None = Field(default=None, unique=True)
    """The number of these goods on the shop's scale, without leading zeros: it stands in the codes that it prints."""
