"""配额: how many may be sold while the session runs, and how many of them stay for walk-ins."""

from __future__ import annotations

from tihuo.shop.events import CapSet, ReserveSet
from tihuo.shop.fence import keep_out
from tihuo.shop.grants import call_home, kept_units, lend
from tihuo.shop.stock import OF_ITEM, mint, unmint
from tihuo.shop.words import Refusal
from tihuo.shop.work import Row, Work

MOST = 1_000_000
"""Units of a cap or a reserve at most."""


def set_cap(work: Work, session_id: str, sku: str, cap: int) -> None:
    """Raise or lower an item's cap (上限), in the name of whoever does it.

    Raising makes rights, of on-hand goods from the shop's stock, and lends them. Lowering takes free rights first and
    asks the cloud for the rest; what it has sold stays sold, and whatever comes back until then ends.
    Raises `Refusal`: `unknown_sku`, `session_not_open` (it is over), `bad_quantity`, `not_enough_on_hand`.
    """
    keep_out(work)
    sku_id, state, before, offered, free, _, _, _, kind, on_hand = _item(work, session_id, sku, cap)
    more = cap - offered
    if kind == "on_hand" and more > on_hand:
        raise Refusal("not_enough_on_hand", sku=sku)
    work.sql(
        "UPDATE item_terms SET cap_set_by = ? WHERE session_id = ? AND sku_id = ?", (work.actor, session_id, sku_id)
    )
    if more >= 0:
        if kind == "on_hand":
            work.sql("UPDATE sku SET on_hand = on_hand - ? WHERE id = ?", (more, sku_id))
        mint(work, session_id, sku_id, more)
    else:
        taken = min(free, -more)
        if taken:
            unmint(work, session_id, sku_id, "free", taken, "offered")
        work.sql(f"UPDATE item_rights SET cap = ?, version = ? {OF_ITEM}", (cap, work.version, session_id, sku_id))
    work.record(CapSet(session_id=session_id, sku=sku, cap=cap, before=before))
    if state == "open":
        lend(work, session_id, sku_id)
        call_home(work, session_id, sku_id)


def set_reserve(work: Work, session_id: str, sku: str, reserve: int) -> None:
    """Keep so many units of an item for walk-ins (到店留货) in all, those that they bought among them.

    What the reserve is short of is asked back; what it no longer needs is lent. Raises as `set_cap` does.
    """
    keep_out(work)
    sku_id, state, *_ = _item(work, session_id, sku, reserve)
    _keep(work, session_id, sku_id, sku, reserve)
    if state == "open":
        lend(work, session_id, sku_id)
        call_home(work, session_id, sku_id)


def ask_back(work: Work, session_id: str, sku: str, quantity: int) -> int:
    """Somebody in the shop wants units that the cloud holds: ask for them, and keep for walk-ins what comes.

    Gives how many were asked for, which is less when the cloud holds less. Raises `Refusal`: `unknown_sku`,
    `session_not_open`, `bad_quantity`, `nothing_lent`.
    """
    keep_out(work)
    sku_id, state, _, offered, free, reserve, walk_in, spare, *_ = _item(work, session_id, sku, quantity)
    if quantity == 0:
        raise Refusal("bad_quantity")
    if state != "open":
        raise Refusal("session_not_open", session=session_id)
    if not spare:
        raise Refusal("nothing_lent", sku=sku)
    kept = kept_units(offered, reserve, walk_in, work.house)
    _keep(work, session_id, sku_id, sku, walk_in + max(kept, free) + min(quantity, spare))
    return call_home(work, session_id, sku_id)


def _keep(work: Work, session_id: str, sku_id: int, sku: str, reserve: int) -> None:
    work.sql("UPDATE item_terms SET reserve = ? WHERE session_id = ? AND sku_id = ?", (reserve, session_id, sku_id))
    work.sql(f"UPDATE item_rights SET version = ? {OF_ITEM}", (work.version, session_id, sku_id))
    work.record(ReserveSet(session_id=session_id, sku=sku, reserve=reserve))


def _item(work: Work, session_id: str, sku: str, wanted: int) -> Row:
    """(sku id, state, cap, offered, free, reserve, walk_in, lent and not asked for, kind, in the shop's stock)"""
    if not 0 <= wanted <= MOST:
        raise Refusal("bad_quantity")
    row = work.one(
        "SELECT s.id, l.state, i.cap, i.offered, i.free, i.reserve, i.walk_in, "
        "(SELECT coalesce(sum(remaining - asked), 0) FROM stock_grant WHERE session_id = i.session_id "
        "AND sku_id = i.sku_id), i.kind, s.on_hand FROM session_item i JOIN sku s ON s.id = i.sku_id "
        "JOIN live_session l ON l.id = i.session_id WHERE i.session_id = ? AND s.code = ?",
        (session_id, sku),
    )
    if row is None:
        raise Refusal("unknown_sku", sku=sku)
    if row[1] == "closed":
        raise Refusal("session_not_open", session=session_id)
    return row
