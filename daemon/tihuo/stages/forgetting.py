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
"""Pieces of paper, visits, calls and numbers of the queue that are settled stay until so many newer ones have followed;
who was reminded, did not come or sent somebody, until so many newer orders have."""
MESSAGES_KEPT = 200
"""So many newer ones for a message that was put aside: it is kept as it came, with whole names and numbers."""
AT_ONCE = 500

_SETTLED = {
    "print_job": "state IN ('printed', 'cancelled')",
    "print_batch": "NOT EXISTS (SELECT 1 FROM print_job WHERE batch_id = print_batch.id)",
    "visit": "closed_at IS NOT NULL",
    "staff_call": "closed_at IS NOT NULL",
    "turn": "state IN ('done', 'gone')",
    "parked": "settled_at IS NOT NULL",
}
_OF_ORDERS = (
    ("own_time", "order_no", "order_no", "true"),
    ("reminder", "order_no", "order_no", "true"),
    ("no_show", "order_no", "order_no", "true"),
    ("given_up", "order_no", "order_no", "true"),
    # the newest stays: its number, and with it a neighbour's code, is never used twice
    ("delegation", "no", "order_no", "no < (SELECT max(no) FROM delegation)"),
    ("reminder_credit", "subject", "(SELECT no FROM shop_order WHERE order_id = substr(subject, 7))",
     "subject GLOB 'order:*'"),
)  # fmt: skip
"""Table, what names a row, the number of its order, and what else must hold. The order itself stays."""
FORGOTTEN = ("once", *_SETTLED, *(table for table, *_ in _OF_ORDERS), "delegation_line")
"""Every table of which anything is forgotten."""


def old_keys(look: Look, newest: int, after: str) -> tuple[list[str], str | None]:
    """The keys beyond `after` that may be forgotten when `newest` is the last fact, of the next few; and the last of
    those few to go on after, None when there are no more."""
    rows = look.rows("SELECT key, entry FROM once WHERE key > ? ORDER BY key LIMIT ?", (after, 2 * AT_ONCE))
    old = [key for key, entry in rows if entry < newest - KEYS_KEPT]
    return old, rows[-1][0] if len(rows) == 2 * AT_ONCE else None


def forget_keys(work: Work, keys: list[str]) -> None:
    work.many("DELETE FROM once WHERE key = ?", [(key,) for key in keys])


def has_old_rows(look: Look) -> bool:
    return any(look.rows(f"{old} LIMIT 1") for _, _, old in _all_old())


def forget_rows(work: Work) -> int:
    """Forget the oldest settled rows of each table; gives how many, some 500 of each at most."""
    gone = sum(
        work.sql(f"DELETE FROM {table} WHERE {key} IN ({old} LIMIT {AT_ONCE})").rowcount
        for table, key, old in _all_old()
    )
    work.sql("DELETE FROM delegation_line WHERE delegation_no NOT IN (SELECT no FROM delegation)")
    return gone


def _all_old() -> list[tuple[str, str, str]]:
    """(table, what names its rows, the SELECT of those that may be forgotten)."""
    found = []
    for table, settled in _SETTLED.items():
        kept = MESSAGES_KEPT if table == "parked" else ROWS_KEPT
        old = f"SELECT id FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - {kept} AND {settled} ORDER BY id"
        found.append((table, "id", old))
    for table, key, order_no, holds in _OF_ORDERS:
        old = (
            f"SELECT row FROM (SELECT {key} AS row, {order_no} AS its FROM {table} WHERE {holds}) "
            f"WHERE its <= (SELECT max(no) FROM shop_order) - {ROWS_KEPT} AND NOT EXISTS (SELECT 1 FROM order_line "
            "WHERE order_no = its AND quantity > short + cancelled + handed_over)"
        )
        found.append((table, key, old))
    return found
