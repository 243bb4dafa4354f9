"""恢复: a box that remembers less than others do stands behind a fence until it knows again what they saw of it.

A backup brings back an older shop. What happened after it is still true: rights were lent, parcels stand in slots,
goods have left the shop. So a restored box lends nothing, hands nothing over and takes nothing back until the cloud has
told it what it said itself, and until it has heard again what the cloud said to it. The row `Fence` says how far that
is; it survives restarts, and is kept afterwards as the record of the restore.
"""

from __future__ import annotations

import msgspec

from tihuo.shop.words import Refusal
from tihuo.shop.work import Look, Work

NUMBERS_APART = 10_000
"""How far beyond all numbers it knows a restored box begins to count again: nobody can tell it which ones were used
last, and a number on a label or in a phone must never mean two things."""


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
