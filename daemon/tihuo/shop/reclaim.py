"""恢复: rights after a restore. Which of them the cloud holds is known; where they came from may not be.

A grant that a backup does not know took its rights from what was free, as far as that goes; the others are made, and
written on the list (盘点) until it is clear whether they came home again, were goods on the shelf, or must be counted.
"""

from __future__ import annotations

from tihuo.shop.fence import look_again
from tihuo.shop.shortages import charge, enter, wanted_units
from tihuo.shop.stock import OF_GRANT, OF_ITEM, move, open_losses, order_spare, unmint
from tihuo.shop.work import Work


def lend_more(work: Work, grant_id: str, quantity: int) -> None:
    """The cloud holds so many more rights of a grant: free ones, then ones that nobody knew of (盘点)."""
    row = work.one(
        "SELECT g.session_id, g.sku_id, s.code FROM stock_grant g JOIN sku s ON s.id = g.sku_id WHERE g.id = ?",
        (grant_id,),
    )
    assert row is not None
    session_id, sku_id, sku = row
    work.sql(
        f"UPDATE grant_rights SET issued = issued + ?1, remaining = remaining + ?1 {OF_GRANT}", (quantity, grant_id)
    )
    free = work.one("SELECT free FROM session_item WHERE session_id = ? AND sku_id = ?", (session_id, sku_id))
    unknown = max(0, quantity - (free[0] if free else 0))
    work.sql(
        "UPDATE item_rights SET free = free - ?1, granted = granted + ?2, minted = minted + ?3, "
        f"offered = offered + ?3, cap = cap + ?3, version = ?4 {OF_ITEM}",
        (quantity - unknown, quantity, unknown, work.version, session_id, sku_id),
    )
    if unknown:
        look_again(work, "minted", session_id, sku, unknown)


def stand_in_again(work: Work, session_id: str, sku_id: int, sku: str, quantity: int) -> None:
    """替代: units stood in for others. As many as are there are ordered; the rest is made, for somebody to count."""
    row = work.one(
        "SELECT coalesce(i.free, 0) + s.on_hand FROM sku s LEFT JOIN session_item i ON i.sku_id = s.id "
        "AND i.session_id = ? WHERE s.id = ?",
        (session_id, sku_id),
    )
    assert row is not None
    there = min(quantity, row[0])
    if there:
        order_spare(work, session_id, sku_id, there)
    if quantity > there:
        work.sql(
            f"UPDATE item_rights SET minted = minted + ?1, ordered = ordered + ?1, version = ?2 {OF_ITEM}",
            (quantity - there, work.version, session_id, sku_id),
        )
        look_again(work, "minted", session_id, sku, quantity - there)


def sell_again(work: Work) -> None:
    """到店零售 that the replaced book knows of, booked as far as there are free units for it."""
    for session_id, sku_id, sku in work.sql(
        "SELECT i.session_id, i.sku_id, s.code FROM session_item i JOIN sku s ON s.id = i.sku_id JOIN recount r "
        "ON r.session_id = i.session_id AND r.sku = s.code WHERE r.what = 'walk_in' AND r.settled_at IS NULL"
    ).fetchall():
        _sell_again(work, session_id, sku_id, sku)


def settle_rights(work: Work) -> None:
    """Item by item: rights that nobody knew of and that came home again end; walk-in sales that the replaced book
    knows are booked; free units that were gone when the cloud last looked wait for somebody to look for them."""
    for session_id, sku_id, sku, kind, state, seen, new in work.sql(
        "SELECT i.session_id, i.sku_id, s.code, i.kind, l.state, e.free, EXISTS (SELECT 1 FROM recount "
        "WHERE what = 'new_item' AND session_id = i.session_id AND sku = s.code AND settled_at IS NULL) "
        "FROM session_item i JOIN sku s ON s.id = i.sku_id JOIN live_session l ON l.id = i.session_id "
        "LEFT JOIN echo_stock e ON e.session_id = i.session_id AND e.sku = s.code WHERE l.state <> 'draft'"
    ).fetchall():
        _end_unknown(work, session_id, sku_id, sku, kind)
        _sell_again(work, session_id, sku_id, sku)
        free = _free(work, session_id, sku_id)
        if state == "closed":
            if free:
                unmint(work, session_id, sku_id, "free", free, "unsold")
        elif seen is not None and free > seen:
            move(work, "free", "quarantine", [(session_id, sku_id, free - seen)])
            look_again(work, "missing", session_id, sku, free - seen)
        elif seen is not None and new and free < seen:
            work.sql(
                "UPDATE item_rights SET minted = minted + ?1, offered = offered + ?1, cap = offered + ?1, "
                f"quarantine = quarantine + ?1, version = ?2 {OF_ITEM}",
                (seen - free, work.version, session_id, sku_id),
            )
            look_again(work, "missing", session_id, sku, seen - free)


def defer_loss(work: Work, session_id: str, sku_id: int, units: int) -> None:
    """破损缺货: rights that were owed for a loss had been sold, so customers went without. Who, the cloud may tell."""
    left = units
    for shortage_id, missing in open_losses(work, session_id, sku_id):
        some = min(left, missing)
        if not work.sql("DELETE FROM shortage WHERE id = ? AND quantity = ?", (shortage_id, some)).rowcount:
            work.sql(
                "UPDATE shortage SET quantity = quantity - ?1, settled_at = CASE WHEN covered + short = quantity - ?1 "
                "THEN ?2 END WHERE id = ?3",
                (some, work.now, shortage_id),
            )
        left -= some
    look_again(work, "loss", session_id, _code(work, sku_id), units)


def loss_told(work: Work, session_id: str, sku_id: int, units: int) -> None:
    """The cloud told which customers went without so many."""
    work.sql(
        "UPDATE recount SET quantity = max(quantity - ?, 0) WHERE what = 'loss' AND session_id = ? AND sku = ?",
        (units, session_id, _code(work, sku_id)),
    )


def charge_losses(work: Work) -> None:
    """破损缺货: what nobody has heard of yet is charged now, to whoever waits for such a unit."""
    for session_id, sku, sku_id, units in work.sql(
        "SELECT r.session_id, r.sku, s.id, r.quantity FROM recount r JOIN sku s ON s.code = r.sku "
        "WHERE r.what = 'loss' AND r.quantity > 0"
    ).fetchall():
        short = min(units, wanted_units(work, session_id, sku_id))
        if short:
            charge(work, enter(work, session_id, sku_id, short, "lost", work.house.shortage_policy), short)
        if units > short:
            look_again(work, "contradiction", session_id, sku, units - short)
    work.sql("DELETE FROM recount WHERE what = 'loss'")


def _code(work: Work, sku_id: int) -> str:
    row = work.one("SELECT code FROM sku WHERE id = ?", (sku_id,))
    return str(row[0]) if row else ""


def _end_unknown(work: Work, session_id: str, sku_id: int, sku: str, kind: str) -> None:
    line = work.one(
        "SELECT id, quantity - applied FROM recount WHERE what = 'minted' AND session_id = ? AND sku = ? "
        "AND settled_at IS NULL",
        (session_id, sku),
    )
    if line is None:
        return
    recount_id, left = line
    for place in ("free", "quarantine"):  # they were lent again after they had come home, or been found good
        row = work.one(f"SELECT {place} FROM session_item WHERE session_id = ? AND sku_id = ?", (session_id, sku_id))
        assert row is not None
        back = min(left, row[0])
        work.sql(
            "UPDATE item_rights SET minted = minted - ?1, offered = offered - ?1, cap = cap - ?1, "
            f"{place} = {place} - ?1, version = ?2 {OF_ITEM}",
            (back, work.version, session_id, sku_id),
        )
        left -= back
    on_hand = work.one("SELECT on_hand FROM sku WHERE id = ?", (sku_id,))
    taken = min(left, on_hand[0]) if on_hand and kind == "on_hand" else 0
    work.sql("UPDATE sku SET on_hand = on_hand - ? WHERE id = ?", (taken, sku_id))
    if left:
        work.sql("UPDATE recount SET quantity = ?, applied = ? WHERE id = ?", (left, taken, recount_id))
    else:
        work.sql("DELETE FROM recount WHERE id = ?", (recount_id,))


def _sell_again(work: Work, session_id: str, sku_id: int, sku: str) -> None:
    line = work.one(
        "SELECT id, quantity - applied FROM recount WHERE what = 'walk_in' AND session_id = ? AND sku = ? "
        "AND settled_at IS NULL",
        (session_id, sku),
    )
    if line is None:
        return
    sold = min(line[1], _free(work, session_id, sku_id))
    work.sql(
        "UPDATE item_rights SET free = free - ?1, handed_over = handed_over + ?1, walk_in = walk_in + ?1, "
        f"version = ?2 {OF_ITEM}",
        (sold, work.version, session_id, sku_id),
    )
    work.sql("UPDATE recount SET applied = applied + ? WHERE id = ?", (sold, line[0]))


def _free(work: Work, session_id: str, sku_id: int) -> int:
    row = work.one("SELECT free FROM session_item WHERE session_id = ? AND sku_id = ?", (session_id, sku_id))
    return int(row[0]) if row else 0
