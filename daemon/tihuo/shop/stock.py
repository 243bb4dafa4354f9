"""Rights to units: where each one is, and the only arithmetic that may move it.

Each sellable unit is a right that lives in exactly one place (cloud contract, "Grants"). For every SKU of a live
session the row `SessionItem` holds how many are where, and its CHECK constraints are the invariants:
`minted = free + granted + ordered + quarantine + handed_over + void`, none of them negative, and `owed <= granted`, so
that every unit that somebody ordered is there. A transaction that would break one cannot commit.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from tihuo.shop.work import Work

PLACES = ("free", "granted", "ordered", "quarantine", "handed_over", "void")


class LiveSession(SQLModel, table=True):
    """直播场次: one evening's sale."""

    __tablename__ = "live_session"
    __table_args__ = (CheckConstraint("state IN ('draft', 'open', 'closed')"), {"sqlite_with_rowid": False})

    id: str = Field(primary_key=True)
    title: str
    state: str = "draft"
    starts_at: int
    ends_at: int
    window_from: int
    window_to: int
    version: int = 0
    """`Work.version` when it was planned, then when it was opened. By it the newest session is found, not by times."""


class SessionItem(SQLModel, table=True):
    """One SKU in one session, and where each of its rights is."""

    __tablename__ = "session_item"
    __table_args__ = (
        CheckConstraint(f"minted = {' + '.join(PLACES)}", name="every_right_in_one_place"),
        *(CheckConstraint(f"{place} >= 0", name=f"{place}_not_negative") for place in PLACES),
        CheckConstraint("owed BETWEEN 0 AND granted", name="what_is_ordered_is_there"),
        CheckConstraint("free = 0 OR (owed = 0 AND offered = cap)", name="free_units_make_good_first"),
        CheckConstraint("walk_in BETWEEN 0 AND handed_over", name="the_counter_sells_over_the_counter"),
        CheckConstraint("cap BETWEEN 0 AND offered"),
        CheckConstraint("reserve IS NULL OR reserve >= 0"),
        CheckConstraint("unsold >= 0"),
        CheckConstraint("kind IN ('on_hand', 'presale')"),
        CheckConstraint("limit_per_customer IS NULL OR limit_per_customer > 0"),
    )

    session_id: str = Field(primary_key=True, foreign_key="live_session.id")
    sku_id: int = Field(primary_key=True, foreign_key="sku.id")
    kind: str = "presale"
    price_fen: int
    limit_per_customer: int | None = None
    arrives_on: str | None = None
    cap: int = 0
    """上限: how many may be sold, on the word of `cap_set_by`."""
    cap_set_by: str = ""
    offered: int = 0
    """Rights that stand because of the cap. Above it while rights that a lowered cap took are still lent or sold."""
    reserve: int | None = None
    """到店留货: units kept for walk-ins in all; none said, the shop's percentage of what is offered."""
    walk_in: int = 0
    """Units sold over the counter; a part of `handed_over`."""
    owed: int = 0
    """Units that are missing while the rights to them are still lent: rights that come back go to `void` first."""
    unsold: int = 0
    """Free rights that ended with the session."""
    minted: int = 0
    free: int = 0
    granted: int = 0
    ordered: int = 0
    quarantine: int = 0
    handed_over: int = 0
    void: int = 0
    version: int = 0


class Grant(SQLModel, table=True):
    """线上配额: rights lent to whoever sells online. Only the holder gives them back."""

    __tablename__ = "stock_grant"
    __table_args__ = (
        CheckConstraint("issued = remaining + sold + returned", name="every_granted_right_in_one_place"),
        CheckConstraint("asked BETWEEN 0 AND remaining", name="nobody_is_asked_for_more_than_he_has"),
        CheckConstraint("remaining >= 0 AND sold >= 0 AND returned >= 0"),
        CheckConstraint("unsold BETWEEN 0 AND returned"),
        CheckConstraint("refused >= 0"),
        Index("grant_of_item", "session_id", "sku_id"),
        CheckConstraint("state IN ('open', 'closed')"),
    )

    id: str = Field(primary_key=True)
    session_id: str = Field(foreign_key="live_session.id")
    sku_id: int = Field(foreign_key="sku.id")
    channel: str = "mini_program"
    price_fen: int
    issued: int
    remaining: int
    sold: int = 0
    returned: int = 0
    asked: int = 0
    """Of `remaining`: rights that the holder was asked to give back and has not answered for."""
    unsold: int = 0
    """Of `returned`: what came back when the session was over."""
    refused: int = 0
    """Units of refused orders that cited this grant: the holder may count them as sold when it closes."""
    said_sold: int | None = None
    """What the holder said it sold, when it closed the grant."""
    state: str = "open"
    sell_until: int


class Shortage(SQLModel, table=True):
    """缺货记录: units that broke or never came, how they were made good, and how many customers went without."""

    __table_args__ = (
        CheckConstraint("quantity > 0 AND covered >= 0 AND short >= 0"),
        CheckConstraint("covered + short <= quantity", name="each_missing_unit_is_made_good_once"),
        CheckConstraint("(settled_at IS NULL) = (covered + short < quantity)", name="settled_when_nothing_is_owed"),
        CheckConstraint("policy IN ('first_paid', 'pro_rata', 'one_each', 'by_hand')"),
        Index("shortage_of_item", "session_id", "sku_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    session_id: str = Field(foreign_key="live_session.id")
    sku_id: int = Field(foreign_key="sku.id")
    quantity: int
    covered: int = 0
    """Made good by rights that nobody had bought."""
    short: int = 0
    """What customers went without; the rest of `quantity` is owed."""
    reason: str
    policy: str
    actor: str
    at: int
    settled_at: int | None = None


_TOGETHER = 16
_VALUES = f"FROM (VALUES {', '.join(['(?, ?)'] * _TOGETHER)}) AS now WHERE"
_ITEM = "UPDATE session_item SET version = ?1, granted = granted - ?3, ordered = ordered + ?3 WHERE rowid = ?2"
_ITEMS = (
    "UPDATE session_item SET version = ?, granted = granted - now.column2, ordered = ordered + now.column2 "
    f"{_VALUES} session_item.rowid = now.column1"
)
_GRANT = (
    "UPDATE stock_grant SET remaining = remaining - ?2, sold = sold + ?2, asked = min(asked, remaining - ?2) "
    "WHERE rowid = ?1"
)
_GRANTS = (
    "UPDATE stock_grant SET remaining = remaining - now.column2, sold = sold + now.column2, "
    f"asked = min(asked, remaining - now.column2) {_VALUES} stock_grant.rowid = now.column1"
)


def sell(work: Work, items: list[tuple[int, int]], grants: list[tuple[int, int]]) -> None:
    """Move rights from granted to ordered, for who knows the row numbers: (rowid, quantity > 0), each row once."""
    _update(work, _GRANT, _GRANTS, grants)
    _update(work, _ITEM, _ITEMS, items, work.version)


def _update(work: Work, one: str, many: str, rows: list[tuple[int, int]], *first: int) -> None:
    """Many rows to a statement: with each, SQLite lends the interpreter to who is busy and gets it back late."""
    whole = len(rows) - len(rows) % _TOGETHER
    for start in range(0, whole, _TOGETHER):
        work.sql(many, [*first, *chain.from_iterable(rows[start : start + _TOGETHER])])
    if whole < len(rows):
        work.many(one, [(*first, *row) for row in rows[whole:]])


def _move_sql(source: str, target: str) -> str:
    return (
        f"UPDATE session_item SET {source} = {source} - ?1, {target} = {target} + ?1, version = ?2 "
        "WHERE session_id = ?3 AND sku_id = ?4"
    )


_MOVES = {(a, b): _move_sql(a, b) for a in PLACES for b in PLACES if a != b}


def move(work: Work, source: str, target: str, rights: Iterable[tuple[str, int, int]]) -> None:
    """Move rights between two places. `rights`: (session id, sku id, quantity > 0), each pair once or more.

    The CHECK constraints refuse a move that would leave a place negative: `sqlite3.IntegrityError`, nothing happened.
    """
    work.many(_MOVES[source, target], [(quantity, work.version, session, sku) for session, sku, quantity in rights])


def mint(work: Work, session_id: str, sku_id: int, quantity: int) -> None:
    """Make new rights of an item, from stock on hand or a pre-sale cap that a named person set.

    They make good what is owed before any of them is free.
    """
    made_good = min(quantity, owed(work, session_id, sku_id))
    work.sql(
        "UPDATE session_item SET minted = minted + ?1, offered = offered + ?1, cap = offered + ?1, "
        "free = free + ?1 - ?2, void = void + ?2, owed = owed - ?2, version = ?3 WHERE session_id = ?4 AND sku_id = ?5",
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
        f"UPDATE session_item SET {counted}minted = minted - ?1, {place} = {place} - ?1, version = ?2 "
        "WHERE session_id = ?3 AND sku_id = ?4",
        (quantity, work.version, session_id, sku_id),
    )
    work.sql(
        "UPDATE sku SET on_hand = on_hand + ?1 WHERE id = ?2 AND EXISTS (SELECT 1 FROM session_item "
        "WHERE session_id = ?3 AND sku_id = ?2 AND kind = 'on_hand')",
        (quantity, sku_id, session_id),
    )


def owed(work: Work, session_id: str, sku_id: int) -> int:
    row = work.one("SELECT owed FROM session_item WHERE session_id = ? AND sku_id = ?", (session_id, sku_id))
    return int(row[0]) if row else 0


def make_good(work: Work, session_id: str, sku_id: int, place: str, quantity: int) -> int:
    """Rights that come back make good what is owed, the oldest loss first; gives how many did."""
    made_good = min(quantity, owed(work, session_id, sku_id))
    if made_good:
        work.sql(
            f"UPDATE session_item SET {place} = {place} - ?1, void = void + ?1, owed = owed - ?1, version = ?2 "
            "WHERE session_id = ?3 AND sku_id = ?4",
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
