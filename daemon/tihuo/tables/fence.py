"""The tables of `shop.fence`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, text
from sqlmodel import Field, SQLModel


class Fence(SQLModel, table=True):
    """One restore. `state`: `asking` the cloud what it knows, `opening` (sessions and rights that it named are put
    back), `hearing` (the cloud says again what it said), `settling` (what became of orders), then `done`."""

    __table_args__ = (
        CheckConstraint("state IN ('asking', 'opening', 'hearing', 'settling', 'done')"),
        CheckConstraint("why IN ('restored', 'overtaken')"),
    )

    id: int | None = Field(default=None, primary_key=True)
    why: str
    raised_at: int
    backup_at: int
    """The last moment that the box remembers."""
    epoch: int
    seq: int
    """The last thing it remembers to have said to the cloud."""
    acked_epoch: int
    acked_seq: int
    """What the cloud had acknowledged by then: less than that, and it has forgotten something itself."""
    said_again: int = 0
    """Whether what it had not acknowledged has been said again."""
    told_epoch: int
    told_seq: int
    """Up to where the cloud has told it what it said after that."""
    stock_told: int = 0
    to_tell: int | None = None
    """How much the cloud has still to tell; None until it has answered."""
    down_epoch: int = 0
    down_seq: int = 0
    """Up to where it must hear the cloud's own stream again."""
    down_first: int = 1
    """The oldest number of that stream that the cloud can still say."""
    state: str = "asking"
    trouble: str = ""
    """Why the cloud cannot help: `cloud_cannot_tell`, `cloud_forgot`."""
    passed_by: str = ""
    """Who decided to go on without the cloud."""
    passed_at: int | None = None
    lifted_at: int | None = None


class Echo(SQLModel, table=True):
    """What the box itself once said, as the cloud told it back: kept until all is there, and afterwards as a record."""

    __table_args__ = ({"sqlite_with_rowid": False},)

    epoch: int = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    type: str
    order_id: str = Field(default="", index=True)
    data: bytes
    at: int
    used_at: int | None = None


class EchoStock(SQLModel, table=True):
    """What the cloud last saw free of an item: what left the shop unsaid, over the counter, is missing there."""

    __tablename__ = "echo_stock"
    __table_args__ = ({"sqlite_with_rowid": False},)

    session_id: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    free: int
    version: int


class Recount(SQLModel, table=True):
    """盘点: something a person must look at, because nobody told the box. `what`: `minted` (units lent or sold for
    which the backup had no rights), `missing` (free units that were gone when the cloud last looked), `received`,
    `walk_in`, `damaged` (found in the replaced book), `new_sku`, `new_item` (an item that came back without its cap),
    `half_known` (an order whose answer is known and nothing else), `contradiction` (what the cloud told does not fit),
    `imported` (orders of another program, to be imported again), `unread` (the replaced book tells nothing). A `loss`
    stands there only while the fence does: units whose customers the cloud may still name."""

    id: int | None = Field(default=None, primary_key=True)
    what: str
    session_id: str = ""
    sku: str = ""
    quantity: int = 0
    note: str = ""
    applied: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """How many of them the box has booked by itself."""
    at: int
    settled_at: int | None = None
    settled_by: str = ""
