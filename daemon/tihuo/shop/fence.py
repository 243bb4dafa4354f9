"""恢复: a box that remembers less than others do stands behind a fence until it knows again what they saw of it.

A backup brings back an older shop. What happened after it is still true: rights were lent, parcels stand in slots,
goods have left the shop. So a restored box lends nothing, hands nothing over and takes nothing back until the cloud has
told it what it said itself, and until it has heard again what the cloud said to it. The row `Fence` says how far that
is; it survives restarts, and is kept afterwards as the record of the restore.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import CheckConstraint, text
from sqlmodel import Field, SQLModel

from tihuo.shop.words import Refusal
from tihuo.shop.work import Look, Work

NUMBERS_APART = 10_000
"""How far beyond all numbers it knows a restored box begins to count again: nobody can tell it which ones were used
last, and a number on a label or in a phone must never mean two things."""


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


class Standing(msgspec.Struct, frozen=True):
    """The fence as it stands now."""

    id: int
    state: str
    trouble: str
    acked: tuple[int, int]
    told: tuple[int, int]
    stock_told: int
    down: tuple[int, int]
    down_first: int
    passed: bool


def standing(look: Look | Work) -> Standing | None:
    """The fence, or None in ordinary times."""
    row = look.one(
        "SELECT id, state, trouble, acked_epoch, acked_seq, told_epoch, told_seq, stock_told, down_epoch, down_seq, "
        "down_first, passed_by <> '' FROM fence WHERE lifted_at IS NULL"
    )
    if row is None:
        return None
    number, state, trouble, *acked_to_first, passed = row
    acked_epoch, acked, told_epoch, told, stock, down_epoch, down, first = acked_to_first
    return Standing(
        number, state, trouble, (acked_epoch, acked), (told_epoch, told), stock, (down_epoch, down), first, bool(passed)
    )


def keep_out(work: Work) -> None:
    """For what moves goods between shop and customer. Raises `Refusal("restoring")` behind a fence, unless the owner
    went on without the cloud."""
    if work.one("SELECT 1 FROM fence WHERE lifted_at IS NULL AND passed_by = ''"):
        raise Refusal("restoring")


def may_lend(work: Work) -> bool:
    """Whether rights may be lent to the cloud, or taken back: never behind a fence, whoever has passed it."""
    return work.one("SELECT 1 FROM fence WHERE lifted_at IS NULL") is None


def numbers_from(work: Work, what: str) -> int:
    """Below or at this, numbers of `orders` or `parcels` may have been used by a box that nobody can ask any more."""
    row = work.one("SELECT value FROM keep WHERE name = ?", (f"{what}_from",))
    return int(row[0]) if row else 0


def look_again(work: Work, what: str, session_id: str = "", sku: str = "", quantity: int = 0, note: str = "") -> None:
    """Put something on the list of what a person must look at (盘点), or more of it on the line that is there."""
    row = work.one(
        "UPDATE recount SET quantity = quantity + ? WHERE what = ? AND session_id = ? AND sku = ? AND note = ? "
        "AND settled_at IS NULL RETURNING id",
        (quantity, what, session_id, sku, note),
    )
    if row is None:
        work.sql(
            "INSERT INTO recount(what, session_id, sku, quantity, note, applied, at, settled_by) "
            "VALUES (?, ?, ?, ?, ?, 0, ?, '')",
            (what, session_id, sku, quantity, note, work.now),
        )
