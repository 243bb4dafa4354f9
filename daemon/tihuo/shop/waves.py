"""分拣波次 and 包裹: the goods of one round of sorting, and the bags they end up in."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from tihuo.shop.fence import numbers_from
from tihuo.shop.work import Work


class Wave(SQLModel, table=True):
    """分拣波次: the orders that are sorted together."""

    __table_args__ = (CheckConstraint("state IN ('open', 'done')"),)

    id: int | None = Field(default=None, primary_key=True)
    session_id: str = Field(foreign_key="live_session.id")
    state: str = "open"
    opened_at: int
    done_at: int | None = None


class Parcel(SQLModel, table=True):
    """包裹: one person's goods for one window in one zone, in one slot.

    `number` of `of` counts the person's parcels for that window; `place` is its turn within the slot.
    """

    __table_args__ = (
        CheckConstraint("state IN ('sorting', 'ready', 'empty', 'handed_over')"),
        CheckConstraint("number BETWEEN 1 AND of_total"),
    )

    id: int | None = Field(default=None, primary_key=True)
    wave_id: int = Field(foreign_key="wave.id", index=True)
    customer_id: str = Field(foreign_key="customer.id", index=True)
    window_from: int
    window_to: int
    zone: str
    slot: str
    place: int = 1
    number: int = 1
    of_total: int = 1
    state: str = "sorting"
    ready_at: int | None = None
    handed_over_at: int | None = None


class Station(SQLModel, table=True):
    """Where somebody sorts, and the item in her hand now: what the shelf lights are drawn from."""

    __table_args__ = ({"sqlite_with_rowid": False},)

    name: str = Field(primary_key=True)
    wave_id: int | None = None
    sku_id: int | None = None
    actor: str = ""
    refusal: str = ""
    text: str = ""
    scanned_at: int = 0


def next_parcel(work: Work) -> int:
    """The number of a new parcel: one that no label ever bore."""
    row = work.one("SELECT coalesce(max(id), 0) FROM parcel")
    assert row is not None
    return max(int(row[0]), numbers_from(work, "parcels")) + 1
