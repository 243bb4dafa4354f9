"""线上配额: how many rights are lent to each channel, asked back, and where they go when they come home."""

from __future__ import annotations

from tihuo.shop.events import GrantIssued, GrantRevokeRequested
from tihuo.shop.fence import may_lend
from tihuo.shop.stock import OF_GRANT, make_good, move, unmint
from tihuo.shop.work import House, Work

MOST_TO_A_GRANT = 100_000
"""Units that one message of the cloud contract can speak of."""


def kept_units(offered: int, reserve: int | None, walk_in: int, house: House) -> int:
    """到店留货: what is still kept for walk-ins. Counted from what was offered, less what walk-ins bought."""
    wanted = offered * house.walk_in_reserve_percent // 100 if reserve is None else reserve
    return max(0, wanted - walk_in)


def grant_size(lendable: int, granted: int, house: House, share: int = 100) -> int:
    """How many free rights to lend a channel next, 0 for none now (contract, "Grants", rule 10).

    `lendable` is what is free beyond the reserve, `granted` what the channel holds, `share` its percentage of a sale.
    Lend when what it holds has fallen below a fifth of what it could still sell; then 60 % of its share of what is
    lendable, and the last few one by one, so that a cut line strands as little as possible.
    """
    part = lendable * share
    if part <= 0 or granted * 10_000 >= house.refill_below_percent * (granted * 100 + part):
        return 0
    if lendable <= house.single_below:
        return 1
    return max(1, part * house.first_grant_percent // 10_000)


def lend(work: Work, session_id: str, sku_id: int, but: str = "") -> None:
    """Lend what is free beyond the reserve to every channel that runs low, while the session is open.

    `but` is a channel that has just given rights back: it gets none until it sells again, or they would go to and fro.
    """
    row = work.one(
        "SELECT i.free, i.offered, i.reserve, i.walk_in FROM session_item i JOIN live_session l ON l.id = i.session_id "
        "WHERE i.session_id = ? AND i.sku_id = ? AND l.state = 'open' AND i.free > 0",
        (session_id, sku_id),
    )
    if row is None or not may_lend(work):
        return
    free, offered, reserve, walk_in = row
    lendable = left = free - kept_units(offered, reserve, walk_in, work.house)
    if lendable <= 0:
        return
    held = dict(
        work.sql(
            "SELECT channel, sum(remaining) FROM stock_grant WHERE session_id = ? AND sku_id = ? GROUP BY channel",
            (session_id, sku_id),
        ).fetchall()
    )
    for channel, share in work.house.channels:
        wanted = 0 if channel == but else grant_size(lendable, held.get(channel, 0), work.house, share)
        size = min(wanted, left, MOST_TO_A_GRANT)
        if size:
            issue_grant(work, session_id, sku_id, size, channel)
            left -= size


def issue_grant(work: Work, session_id: str, sku_id: int, quantity: int, channel: str = "mini_program") -> str:
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
    keep_grant(work, grant_id, session_id, sku_id, channel, price_fen, sell_until, quantity)
    move(work, "free", "granted", [(session_id, sku_id, quantity)])
    work.record(
        GrantIssued(
            grant_id=grant_id,
            session_id=session_id,
            sku=code,
            channel=channel,
            quantity=quantity,
            price_fen=price_fen,
            limit_per_customer=limit,
            sell_until=sell_until,
        )
    )
    return grant_id


def keep_grant(
    work: Work, grant_id: str, session_id: str, sku_id: int, channel: str, price_fen: int, sell_until: int, rights: int
) -> None:
    """Write a grant down; who calls this says where its rights come from."""
    number = work.sql(
        "INSERT INTO grant_terms(id, item_no, channel, price_fen, refused, state, sell_until) "
        "VALUES (?, (SELECT no FROM item_terms WHERE session_id = ? AND sku_id = ?), ?, ?, 0, 'open', ?)",
        (grant_id, session_id, sku_id, channel, price_fen, sell_until),
    ).lastrowid
    work.sql("INSERT INTO grant_rights VALUES (?1, ?2, ?2, 0, 0, 0, 0)", (number, rights))


def call_home(work: Work, session_id: str, sku_id: int) -> int:
    """Ask the cloud for what the shop lacks and has not asked for yet; gives how many units were asked for now.

    Lacking is what is owed, what a lowered cap took, and what the reserve is short of. However often the lack is looked
    at, no right is asked for twice, and none that is not lent.
    """
    row = work.one(
        "SELECT free, offered, cap, reserve, walk_in, owed FROM session_item WHERE session_id = ? AND sku_id = ?",
        (session_id, sku_id),
    )
    assert row is not None
    free, offered, cap, reserve, walk_in, owed = row
    kept = kept_units(offered, reserve, walk_in, work.house)
    grants = work.sql(
        "SELECT id, asked, remaining - asked FROM stock_grant WHERE session_id = ? AND sku_id = ? AND remaining > 0 "
        "ORDER BY remaining - asked DESC, id",
        (session_id, sku_id),
    ).fetchall()
    wanted = owed + (offered - cap) + max(0, kept - free) - sum(asked for _, asked, _ in grants)
    asked_now = 0
    if wanted <= 0 or not may_lend(work):
        return 0
    for grant_id, _, spare in grants:
        units = min(spare, wanted - asked_now)
        if units > 0:
            work.sql(f"UPDATE grant_rights SET asked = asked + ? {OF_GRANT}", (units, grant_id))
            work.record(GrantRevokeRequested(grant_id=grant_id, session_id=session_id, quantity=units))
            asked_now += units
    return asked_now


def come_home(work: Work, session_id: str, sku_id: int, place: str, quantity: int) -> None:
    """Rights leave `place` and nobody holds them: they make good what is owed, then what a lowered cap took, and the
    rest is free; or ends, if the session is over."""
    left = quantity - make_good(work, session_id, sku_id, place, quantity)
    row = work.one(
        "SELECT i.offered - i.cap, l.state FROM session_item i JOIN live_session l ON l.id = i.session_id "
        "WHERE i.session_id = ? AND i.sku_id = ?",
        (session_id, sku_id),
    )
    assert row is not None
    over, state = row
    if state == "closed":
        if left:
            unmint(work, session_id, sku_id, place, left)
        return
    ended = min(left, over)
    if ended:
        unmint(work, session_id, sku_id, place, ended, "offered")
    if left > ended:
        move(work, place, "free", [(session_id, sku_id, left - ended)])
