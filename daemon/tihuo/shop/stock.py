"""Rights to units: where each one is, and the only arithmetic that may move it.

Each sellable unit is a right that lives in exactly one place (cloud contract, "Grants"). For every SKU of a live
session the row `ItemRights` holds how many are where, and its CHECK constraints are the invariants:
`minted = free + granted + ordered + quarantine + handed_over + void`, none of them negative, and `owed <= granted`, so
that every unit that somebody ordered is there. A transaction that would break one cannot commit.

What was planned or agreed is one row, the *terms*; where the rights are is another of the same number, the *rights*:
short, so that what a sale changes lies close together on the disk. `session_item` and `stock_grant` are both in one, to
be read.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tihuo.shop.work import Work

PLACES = ("free", "granted", "ordered", "quarantine", "handed_over", "void")


OF_ITEM = "WHERE no = (SELECT no FROM item_terms WHERE session_id = ? AND sku_id = ?)"
"""The end of an UPDATE of `item_rights` that stands after its other parameters."""
OF_GRANT = "WHERE no = (SELECT no FROM grant_terms WHERE id = ?)"
"""The same of `grant_rights`."""
_ITEM = "UPDATE item_rights SET version = ?3, granted = granted - ?2, ordered = ordered + ?2 WHERE no = ?1"
_GRANT = (
    "UPDATE grant_rights SET remaining = remaining - ?2, sold = sold + ?2, asked = min(asked, remaining - ?2) "
    "WHERE no = ?1"
)
_FEW = 8
_GRANTS = (
    "UPDATE grant_rights SET remaining = remaining - units.value, sold = sold + units.value, "
    "asked = min(asked, remaining - units.value) FROM json_each(?) AS units WHERE no = units.key"
)
"""For more than a few: with each statement SQLite lends the interpreter to who is busy, and gets it back late."""


def offer(
    work: Work,
    session_id: str,
    sku_id: int,
    kind: str,
    price_fen: int,
    limit_per_customer: int | None,
    arrives_on: str | None,
    cap_set_by: str,
) -> bool:
    """Make a SKU an item of a session, of which there are no rights yet. False if it was one before."""
    terms = work.sql(
        "INSERT INTO item_terms(session_id, sku_id, kind, price_fen, limit_per_customer, arrives_on, cap_set_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (session_id, sku_id, kind, price_fen, limit_per_customer, arrives_on, cap_set_by),
    )
    if terms.rowcount:
        work.sql(
            "INSERT INTO item_rights VALUES (?, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?)", (terms.lastrowid, work.version)
        )
    return bool(terms.rowcount)


def sell(work: Work, items: dict[int, int], grants: dict[int, int]) -> None:
    """Move rights from granted to ordered, for who knows the row numbers: no -> quantity > 0."""
    if len(grants) > _FEW:
        work.sql(_GRANTS, (msgspec.json.encode(grants).decode(),))
        _move_at_once(work, "granted", "ordered", items)
    else:
        work.many(_GRANT, grants.items())
        work.many(_ITEM, [(no, units, work.version) for no, units in items.items()])


def _move_sql(source: str, target: str) -> str:
    return f"UPDATE item_rights SET {source} = {source} - ?1, {target} = {target} + ?1, version = ?2 {OF_ITEM}"


def _move_many_sql(source: str, target: str) -> str:
    return (
        f"UPDATE item_rights SET version = ?, {source} = {source} - units.value, {target} = {target} + units.value "
        "FROM json_each(?) AS units WHERE no = units.key"
    )


_MOVES_OF_MANY = {(a, b): _move_many_sql(a, b) for a in PLACES for b in PLACES if a != b}
_MOVES = {(a, b): _move_sql(a, b) for a in PLACES for b in PLACES if a != b}


def move(work: Work, source: str, target: str, rights: Iterable[tuple[str, int, int]]) -> None:
    """Move rights between two places. `rights`: (session id, sku id, quantity > 0), each pair once or more.

    The CHECK constraints refuse a move that would leave a place negative: `sqlite3.IntegrityError`, nothing happened.
    """
    work.many(_MOVES[source, target], [(quantity, work.version, session, sku) for session, sku, quantity in rights])


def move_items(work: Work, source: str, target: str, rights: Iterable[tuple[int, int]]) -> None:
    """As `move`, for who knows the row numbers: (item number, quantity > 0), each once or more. Each is a row of its
    own in the book of moves, so an item that comes again waits for another statement."""
    rest = list(rights)
    while rest:
        units: dict[int, int] = {}
        again: list[tuple[int, int]] = []
        for no, quantity in rest:
            if no in units:
                again.append((no, quantity))
            else:
                units[no] = quantity
        _move_at_once(work, source, target, units)
        rest = again


def _move_at_once(work: Work, source: str, target: str, units: dict[int, int]) -> None:
    work.sql(_MOVES_OF_MANY[source, target], (work.version, msgspec.json.encode(units).decode()))


def mint(work: Work, session_id: str, sku_id: int, quantity: int) -> None:
    """Make new rights of an item, from stock on hand or a pre-sale cap that a named person set.

    They make good what is owed before any of them is free.
    """
    made_good = min(quantity, owed(work, session_id, sku_id))
    work.sql(
        "UPDATE item_rights SET minted = minted + ?1, offered = offered + ?1, cap = offered + ?1, "
        f"free = free + ?1 - ?2, void = void + ?2, owed = owed - ?2, version = ?3 {OF_ITEM}",
        (quantity, made_good, work.version, session_id, sku_id),
    )
    cover(work, session_id, sku_id, made_good)


def unmint(work: Work, session_id: str, sku_id: int, place: str, quantity: int, ended: str = "") -> None:
    """End rights that nobody holds any more; goods that were on hand are the shop's stock again.

    `ended` is `offered` when a lowered cap takes them and `unsold` when the session is over.
    """
    counted = {
        "offered": "cap = min(cap, offered - ?1), offered = offered - ?1, ",
        "unsold": "unsold = unsold + ?1, ",
        "": "",
    }[ended]
    work.sql(
        f"UPDATE item_rights SET {counted}minted = minted - ?1, {place} = {place} - ?1, version = ?2 {OF_ITEM}",
        (quantity, work.version, session_id, sku_id),
    )
    work.sql(
        "UPDATE sku SET on_hand = on_hand + ?1 WHERE id = ?2 AND EXISTS (SELECT 1 FROM session_item "
        "WHERE session_id = ?3 AND sku_id = ?2 AND kind = 'on_hand')",
        (quantity, sku_id, session_id),
    )


def order_spare(work: Work, session_id: str, sku_id: int, quantity: int) -> None:
    """Units that nobody bought become ordered, without a grant: free rights first, then the shop's own stock.

    The SKU must be an item of the session. The CHECK constraints refuse more than there is: `sqlite3.IntegrityError`.
    """
    row = work.one("SELECT free FROM session_item WHERE session_id = ? AND sku_id = ?", (session_id, sku_id))
    assert row is not None
    free = min(quantity, row[0])
    if free:
        move(work, "free", "ordered", [(session_id, sku_id, free)])
    if quantity > free:
        work.sql("UPDATE sku SET on_hand = on_hand - ? WHERE id = ?", (quantity - free, sku_id))
        work.sql(
            f"UPDATE item_rights SET minted = minted + ?1, ordered = ordered + ?1, version = ?2 {OF_ITEM}",
            (quantity - free, work.version, session_id, sku_id),
        )


def owed(work: Work, session_id: str, sku_id: int) -> int:
    row = work.one("SELECT owed FROM session_item WHERE session_id = ? AND sku_id = ?", (session_id, sku_id))
    return int(row[0]) if row else 0


def make_good(work: Work, session_id: str, sku_id: int, place: str, quantity: int) -> int:
    """Rights that come back make good what is owed, the oldest loss first; gives how many did."""
    made_good = min(quantity, owed(work, session_id, sku_id))
    if made_good:
        work.sql(
            f"UPDATE item_rights SET {place} = {place} - ?1, void = void + ?1, owed = owed - ?1, version = ?2 "
            f"{OF_ITEM}",
            (made_good, work.version, session_id, sku_id),
        )
        cover(work, session_id, sku_id, made_good)
    return made_good


def cover(work: Work, session_id: str, sku_id: int, quantity: int) -> None:
    """Write down which losses were made good."""
    for shortage_id, missing in open_losses(work, session_id, sku_id):
        units = min(quantity, missing)
        if units:
            book(work, shortage_id, "covered", units)
        quantity -= units


def open_losses(work: Work, session_id: str, sku_id: int) -> list[tuple[int, int]]:
    """(shortage, units still owed), the oldest first."""
    return work.sql(
        "SELECT id, quantity - covered - short FROM shortage WHERE session_id = ? AND sku_id = ? "
        "AND settled_at IS NULL ORDER BY id",
        (session_id, sku_id),
    ).fetchall()


def book(work: Work, shortage_id: int, how: str, units: int) -> None:
    """Count units of a loss as `covered` or `short`; the last one settles it."""
    work.sql(
        f"UPDATE shortage SET {how} = {how} + ?1, "
        "settled_at = CASE WHEN covered + short + ?1 = quantity THEN ?2 END WHERE id = ?3",
        (units, work.now, shortage_id),
    )
