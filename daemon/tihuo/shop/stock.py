"""Rights to units: where each one is, and the only arithmetic that may move it.

Each sellable unit is a right that lives in exactly one place (cloud contract, "Grants"). For every SKU of a live
session the row `SessionItem` holds how many are where, and its CHECK constraint is the invariant of the contract:
`minted = free + granted + ordered + quarantine + handed_over + void`, none of them negative. A transaction that
would break it cannot commit.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from tihuo.shop.events import GrantIssued
from tihuo.shop.work import House, Work

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


class SessionItem(SQLModel, table=True):
    """One SKU in one session, and where each of its rights is."""

    __tablename__ = "session_item"
    __table_args__ = (
        CheckConstraint(f"minted = {' + '.join(PLACES)}", name="every_right_in_one_place"),
        *(CheckConstraint(f"{place} >= 0", name=f"{place}_not_negative") for place in PLACES),
        CheckConstraint("kind IN ('on_hand', 'presale')"),
        CheckConstraint("limit_per_customer IS NULL OR limit_per_customer > 0"),
        {"sqlite_with_rowid": False},
    )

    session_id: str = Field(primary_key=True, foreign_key="live_session.id")
    sku_id: int = Field(primary_key=True, foreign_key="sku.id")
    kind: str = "presale"
    price_fen: int
    limit_per_customer: int | None = None
    arrives_on: str | None = None
    cap_set_by: str = ""
    offered: int = 0
    """What was for sale when the session was planned; closing ends unsold rights and leaves this."""
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
        CheckConstraint("remaining >= 0 AND sold >= 0 AND returned >= 0"),
        CheckConstraint("state IN ('open', 'closed')"),
        {"sqlite_with_rowid": False},
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
    state: str = "open"
    sell_until: int


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
    """Make new free rights, from stock on hand or a pre-sale cap that a named person set."""
    work.sql(
        "UPDATE session_item SET minted = minted + ?1, free = free + ?1, version = ?2 "
        "WHERE session_id = ?3 AND sku_id = ?4",
        (quantity, work.version, session_id, sku_id),
    )


def mint_from_shelf(work: Work, session_id: str, sku_id: int, quantity: int) -> int:
    """Make up to `quantity` more free rights of an on-hand item from the shop's stock; gives how many there were."""
    row = work.one(
        "SELECT s.on_hand FROM sku s JOIN session_item i ON i.sku_id = s.id "
        "WHERE i.session_id = ? AND s.id = ? AND i.kind = 'on_hand'",
        (session_id, sku_id),
    )
    found = min(quantity, row[0]) if row else 0
    if found:
        work.sql("UPDATE sku SET on_hand = on_hand - ? WHERE id = ?", (found, sku_id))
        mint(work, session_id, sku_id, found)
    return found


def end_free(work: Work, session_id: str, sku_id: int, quantity: int) -> None:
    """End free rights of a session that is over; goods that were on hand are the shop's stock again."""
    mint(work, session_id, sku_id, -quantity)
    work.sql(
        "UPDATE sku SET on_hand = on_hand + ?1 WHERE id = ?2 AND EXISTS (SELECT 1 FROM session_item "
        "WHERE session_id = ?3 AND sku_id = ?2 AND kind = 'on_hand')",
        (quantity, sku_id, session_id),
    )


def grant_size(free: int, granted: int, house: House) -> int:
    """How many free rights to lend next, 0 for none now (contract, "Grants", rule 10).

    Lend when what the cloud holds has fallen below a fifth of what could still be sold; then 60 % of the free rights,
    and the last few one by one, so that a cut line strands as little as possible.
    """
    lendable = free - free * house.walk_in_reserve_percent // 100
    if lendable <= 0 or granted * 100 >= house.refill_below_percent * (granted + lendable):
        return 0
    if lendable <= house.single_below:
        return 1
    return max(1, lendable * house.first_grant_percent // 100)


def issue_grant(work: Work, session_id: str, sku_id: int, quantity: int) -> str:
    """Move free rights into a new grant and record the message that tells the cloud; gives the grant's id.

    The record is in the same transaction, so a crash sends the same grant again and never a second one.
    """
    row = work.one(
        "SELECT s.code, i.price_fen, i.limit_per_customer, l.ends_at FROM session_item i JOIN sku s ON s.id = i.sku_id "
        "JOIN live_session l ON l.id = i.session_id WHERE i.session_id = ? AND i.sku_id = ?",
        (session_id, sku_id),
    )
    number = work.one("UPDATE keep SET value = value + 1 WHERE name = 'grants' RETURNING value")
    assert row is not None and number is not None
    code, price_fen, limit, sell_until = row
    grant_id = f"g{work.epoch}-{number[0]}"
    work.sql(
        "INSERT INTO stock_grant(id, session_id, sku_id, channel, price_fen, issued, remaining, sold, returned, state, "
        "sell_until) VALUES (?1, ?2, ?3, 'mini_program', ?4, ?5, ?5, 0, 0, 'open', ?6)",
        (grant_id, session_id, sku_id, price_fen, quantity, sell_until),
    )
    move(work, "free", "granted", [(session_id, sku_id, quantity)])
    work.record(
        GrantIssued(
            grant_id=grant_id,
            session_id=session_id,
            sku=code,
            quantity=quantity,
            price_fen=price_fen,
            limit_per_customer=limit,
            sell_until=sell_until,
        )
    )
    return grant_id
