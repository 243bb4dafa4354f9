"""The tables of `shop.waves`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, text
from sqlmodel import Field, SQLModel

_NOUGHT = {"server_default": text("0")}


class Wave(SQLModel, table=True):
    """分拣波次: the orders that are sorted together.

    `window_from` and `building` say what it was chosen by, if by more than its session. `cluster_of`: so many parcels
    are carried at once, 0 for a wave in which each product is spread over all slots.
    """

    __table_args__ = (CheckConstraint("state IN ('open', 'done')"), CheckConstraint("cluster_of >= 0"))

    id: int | None = Field(default=None, primary_key=True)
    session_id: str = Field(foreign_key="live_session.id")
    state: str = "open"
    opened_at: int
    done_at: int | None = None
    window_from: int | None = None
    building: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    cluster_of: int = Field(default=0, sa_column_kwargs=_NOUGHT)


class WaveItem(SQLModel, table=True):
    """One SKU of a wave in units, kept by the database itself whenever a line changes: a trigger of the schema."""

    __tablename__ = "wave_item"
    __table_args__ = (
        CheckConstraint("put + short BETWEEN 0 AND wanted", name="no_more_than_is_wanted"),
        {"sqlite_with_rowid": False},
    )

    wave_id: int = Field(primary_key=True, foreign_key="wave.id")
    sku_id: int = Field(primary_key=True, foreign_key="sku.id")
    wanted: int
    put: int
    short: int


class Parcel(SQLModel, table=True):
    """包裹: one person's goods for one window in one zone, in one slot.

    `number` of `of` counts the person's parcels for that window over all waves; `place` is its turn within the slot;
    `cluster` is the number, within the wave, of the parcels that are carried together (0: none is).
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
    cluster: int = Field(default=0, sa_column_kwargs=_NOUGHT)
    state: str = "sorting"
    ready_at: int | None = None
    handed_over_at: int | None = None


class Station(SQLModel, table=True):
    """Where somebody sorts, and the item in her hand now: what the shelf lights are drawn from.

    `wave_id` and `cluster` say what she works on; without them, on all open waves that are spread. `picker` is her
    number for as long as something is sorted: colour and rhythm follow from it. `seen` counts on with each scan.
    """

    __table_args__ = ({"sqlite_with_rowid": False},)

    name: str = Field(primary_key=True)
    wave_id: int | None = None
    cluster: int | None = None
    picker: int | None = Field(default=None, unique=True)
    sku_id: int | None = None
    actor: str = ""
    refusal: str = ""
    text: str = ""
    scanned_at: int = 0
    grams: int = Field(default=0, sa_column_kwargs=_NOUGHT)
    """What a scale said of the piece in her hand."""
    seen: int = Field(default=0, sa_column_kwargs=_NOUGHT)
