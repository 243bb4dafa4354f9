"""遗忘: what the shop need not remember row by row any more, so that nothing but its history grows for ever.

How old something is, is counted in facts of the journal and in rows that came after it, never in time: a box whose
clock jumps a year forgets nothing early. The journal itself is never cut.
"""

from __future__ import annotations

from tihuo.shop.work import Look, Work

KEYS_KEPT = 200_000
"""A wish (`Writer.write(once=)`) and an event of the cloud are known again until so many facts have followed: some two
weeks of 500 orders a day. A page repeats a wish within minutes; a repeat from the cloud is known by its place in the
stream as well, for ever."""
ROWS_KEPT = 20_000
"""Pieces of paper, visits and messages that are settled stay until so many newer ones have followed."""
AT_ONCE = 500

_SETTLED = {
    "print_job": "state IN ('printed', 'cancelled')",
    "visit": "closed_at IS NOT NULL",
    "staff_call": "closed_at IS NOT NULL",
    "parked": "settled_at IS NOT NULL",
}


def old_keys(look: Look, newest: int, after: str) -> tuple[list[str], str | None]:
    """The keys beyond `after` that may be forgotten when `newest` is the last fact, of the next few; and the last of
    those few to go on after, None when there are no more."""
    rows = look.rows("SELECT key, entry FROM once WHERE key > ? ORDER BY key LIMIT ?", (after, 2 * AT_ONCE))
    old = [key for key, entry in rows if entry < newest - KEYS_KEPT]
    return old, rows[-1][0] if len(rows) == 2 * AT_ONCE else None


def forget_keys(work: Work, keys: list[str]) -> None:
    work.many("DELETE FROM once WHERE key = ?", [(key,) for key in keys])


def has_old_rows(look: Look) -> bool:
    return any(look.rows(f"{_old(table)} LIMIT 1") for table in _SETTLED)


def forget_rows(work: Work) -> int:
    """Forget the oldest settled paper, visits and messages; gives how many, at most 500 of each."""
    return sum(
        work.sql(f"DELETE FROM {table} WHERE id IN ({_old(table)} LIMIT {AT_ONCE})").rowcount for table in _SETTLED
    )


def _old(table: str) -> str:
    return (
        f"SELECT id FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - {ROWS_KEPT} AND {_SETTLED[table]} "
        "ORDER BY id"
    )
