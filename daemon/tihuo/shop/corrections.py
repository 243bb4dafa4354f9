"""库存校准: what follows when there are more or fewer units of a SKU than the book says.

Fewer: the shop's own stock first, then the sessions that have the SKU, each by the rules of a loss (`shop.shortages`).
More: the shop's own stock, or new rights of an open session.
"""

from __future__ import annotations

import msgspec

from tihuo.shop.counts import loose_of_items
from tihuo.shop.events import StockCorrected
from tihuo.shop.grants import lend
from tihuo.shop.shortages import charge, lose, wanted_units
from tihuo.shop.stock import mint
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

LESS = ("fewer", "broken", "expired", "sample", "miscounted", "other")
MORE = ("more", "miscounted", "other")
COUNTED = "count"
"""The reason of a correction that a count (盘点) brought about."""


class Corrected(msgspec.Struct, frozen=True):
    """What became of a correction of `quantity` units: `on_hand` of them in the shop's own stock, `covered` by what
    nobody had bought, `owed` until the cloud answers, `short` for customers."""

    correction_id: int
    quantity: int
    on_hand: int
    covered: int = 0
    owed: int = 0
    short: int = 0


def take_out(
    work: Work, sku_id: int, quantity: int, reason: str, *, note: str = "", session_id: str = "", policy: str = "",
    count_id: int | None = None, photo: bytes | None = None,
) -> Corrected:  # fmt: skip
    """There are so many fewer. With a session, beyond the shop's own stock only that one loses.

    Raises `Refusal("more_than_there")`.
    """
    row = work.one("SELECT on_hand, code FROM sku WHERE id = ?", (sku_id,))
    assert row is not None
    from_stock = min(quantity, row[0])
    _stock(work, sku_id, -from_stock)
    losses, covered, owed, short, left = [], 0, 0, 0, quantity - from_stock
    for session, most in _losers(work, sku_id, session_id) if left else []:
        units = min(left, most)
        if units <= 0:
            continue
        loss = lose(work, session, sku_id, units, reason, policy or work.house.shortage_policy)
        if loss.short:
            charge(work, loss.shortage_id, loss.short)
        losses.append(loss.shortage_id)
        covered, owed, short, left = covered + loss.covered, owed + loss.owed, short + loss.short, left - units
    if left:
        raise Refusal("more_than_there", there=quantity - left, sku=row[1])
    number = _keep(work, sku_id, row[1], -quantity, -from_stock, reason, note, losses, "", count_id, photo)
    return Corrected(number, -quantity, -from_stock, covered, owed, short)


def put_in(
    work: Work, sku_id: int, quantity: int, reason: str, *, note: str = "", session_id: str = "",
    count_id: int | None = None, photo: bytes | None = None,
) -> Corrected:  # fmt: skip
    """There are so many more: for the shop, or for sale at once in an open session of goods on hand.

    Raises `Refusal`: `session_not_open`, `not_on_hand`.
    """
    row = work.one("SELECT code FROM sku WHERE id = ?", (sku_id,))
    assert row is not None
    if session_id:
        item = work.one(
            "SELECT l.state, i.kind FROM session_item i JOIN live_session l ON l.id = i.session_id "
            "WHERE i.session_id = ? AND i.sku_id = ?",
            (session_id, sku_id),
        )
        if item is None or item[0] != "open":
            raise Refusal("session_not_open", session=session_id)
        if item[1] != "on_hand":
            raise Refusal("not_on_hand", sku=row[0])
        mint(work, session_id, sku_id, quantity)
    else:
        _stock(work, sku_id, quantity)
    on_hand = 0 if session_id else quantity
    number = _keep(work, sku_id, row[0], quantity, on_hand, reason, note, [], session_id, count_id, photo)
    if session_id:
        lend(work, session_id, sku_id)
    return Corrected(number, quantity, on_hand)


def _losers(work: Work, sku_id: int, session_id: str) -> list[tuple[str, int]]:
    """(session, units that it can lose): goods on hand before pre-sales, what is on sale first, the newest first.

    A pre-sale that nobody named loses no more than has come of it.
    """
    found = []
    for item in loose_of_items(work, sku_id):
        if session_id and item.session_id != session_id:
            continue
        most = item.unsold + wanted_units(work, item.session_id, sku_id)
        found.append((item.session_id, most if session_id or item.kind == "on_hand" else min(most, item.loose)))
    return found


def _stock(work: Work, sku_id: int, quantity: int) -> None:
    if quantity:
        work.sql("UPDATE sku SET on_hand = on_hand + ? WHERE id = ?", (quantity, sku_id))


def _keep(
    work: Work, sku_id: int, sku: str, quantity: int, on_hand: int, reason: str, note: str, losses: list[int],
    session_id: str, count_id: int | None, photo: bytes | None,
) -> int:  # fmt: skip
    row = work.one(
        "INSERT INTO correction(sku_id, quantity, on_hand, session_id, losses, reason, note, actor, at, "
        "count_id, photo, undone_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '') RETURNING id",
        (
            sku_id, quantity, on_hand, session_id, msgspec.json.encode(losses).decode(), reason, note,
            work.actor, work.now, count_id, photo,
        ),
    )  # fmt: skip
    assert row is not None
    work.record(
        StockCorrected(
            correction_id=row[0],
            sku=sku,
            quantity=quantity,
            on_hand=on_hand,
            reason=reason,
            note=note,
            session_id=session_id,
            count_id=count_id,
        )
    )
    return int(row[0])
