"""The tables of `shop.hands`."""

from __future__ import annotations

from sqlmodel import Field, SQLModel


class Aside(SQLModel, table=True):
    """What a station's scans left: `quantity` (0: none) is about `sku_id`; `last` is `[[parcel, SKU, units]]`."""

    __tablename__ = "scan_aside"
    __table_args__ = ({"sqlite_with_rowid": False},)

    station: str = Field(primary_key=True)
    sku_id: int = 0
    quantity: int = 0
    last: str = "[]"
