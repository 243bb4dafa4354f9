"""缺货: units that broke or never came. What nobody bought makes them good; the rest, customers go without.

Free rights make a loss good first, then the shop's own stock of on-hand goods. What the cloud still holds may come
back, so as much as is lent is *owed* and asked for; rights that come back make it good. What is beyond that is certain:
a policy says whose orders it is, and they are refunded and told (contract, "Grants", rule 7).
"""

from __future__ import annotations

import msgspec

from tihuo.shop.events import UnitsLost
from tihuo.shop.grants import call_home
from tihuo.shop.orders import shorten
from tihuo.shop.parcels import settle_parcel
from tihuo.shop.stock import book, move, open_losses
from tihuo.shop.work import Work

POLICIES = ("first_paid", "pro_rata", "one_each")
BY_HAND = "by_hand"
"""The policy of a loss that staff charged to the parcel in their hands."""


class Loss(msgspec.Struct, frozen=True):
    """A loss of `quantity` units: `covered` made good, `owed` until the cloud answers, `short` for customers."""

    shortage_id: int
    quantity: int
    covered: int
    owed: int

    @property
    def short(self) -> int:
        return self.quantity - self.covered - self.owed


def lose(work: Work, session_id: str, sku_id: int, quantity: int, reason: str, policy: str) -> Loss:
    """Write down a loss and make good what can be; what is `short` is for the caller to charge to orders."""
    row = work.one(
        "SELECT i.free, i.granted - i.owed, CASE i.kind WHEN 'on_hand' THEN s.on_hand ELSE 0 END, s.code "
        "FROM session_item i JOIN sku s ON s.id = i.sku_id WHERE i.session_id = ? AND i.sku_id = ?",
        (session_id, sku_id),
    )
    assert row is not None
    free, lent, on_shelf, code = row
    from_free = min(quantity, free)
    from_shelf = min(quantity - from_free, on_shelf)
    owed = min(quantity - from_free - from_shelf, lent)
    shortage_id = work.sql(
        "INSERT INTO shortage(session_id, sku_id, quantity, covered, short, reason, policy, actor, at) "
        "VALUES (?, ?, ?, 0, 0, ?, ?, ?, ?)",
        (session_id, sku_id, quantity, reason, policy, work.actor, work.now),
    ).lastrowid
    assert shortage_id is not None
    if from_free:
        move(work, "free", "void", [(session_id, sku_id, from_free)])
    if from_shelf:
        work.sql("UPDATE sku SET on_hand = on_hand - ? WHERE id = ?", (from_shelf, sku_id))
        work.sql(
            "UPDATE session_item SET minted = minted + ?1, void = void + ?1, version = ?2 "
            "WHERE session_id = ?3 AND sku_id = ?4",
            (from_shelf, work.version, session_id, sku_id),
        )
    if from_free + from_shelf:
        book(work, shortage_id, "covered", from_free + from_shelf)
    if owed:
        work.sql(
            "UPDATE session_item SET owed = owed + ?, version = ? WHERE session_id = ? AND sku_id = ?",
            (owed, work.version, session_id, sku_id),
        )
        call_home(work, session_id, sku_id)
    loss = Loss(shortage_id, quantity, from_free + from_shelf, owed)
    work.record(
        UnitsLost(
            session_id=session_id,
            sku=code,
            quantity=quantity,
            covered=loss.covered,
            owed=loss.owed,
            short=loss.short,
            reason=reason,
        )
    )
    return loss


def charge(work: Work, shortage_id: int, units: int) -> None:
    """Take units of a loss from the orders that its policy names: refunded, told, and their parcels settled."""
    row = work.one("SELECT session_id, sku_id, policy, reason FROM shortage WHERE id = ?", (shortage_id,))
    assert row is not None
    session_id, sku_id, policy, reason = row
    lines = work.sql(
        "SELECT l.order_no, l.line_no, l.parcel_id, l.quantity - l.put - l.short - l.cancelled AS wanted "
        "FROM shop_order o JOIN order_line l ON l.order_no = o.no WHERE o.session_id = ? AND l.sku_id = ? "
        "AND o.state = 'accepted' AND wanted > 0 ORDER BY o.paid_at, o.no, l.line_no",
        (session_id, sku_id),
    ).fetchall()
    parcels = set()
    for (order_no, line_no, parcel_id, _), missing in zip(
        lines, share_out(policy, units, [line[3] for line in lines]), strict=True
    ):
        if missing:
            shorten(work, order_no, line_no, missing, reason)
            parcels.add(parcel_id)
    book(work, shortage_id, "short", units)
    for parcel_id in sorted(parcels - {None}):
        settle_parcel(work, parcel_id)


def charge_owed(work: Work, session_id: str, sku_id: int, units: int) -> None:
    """Rights that were owed have been sold instead of coming back: now customers go without, the oldest loss first."""
    for shortage_id, missing in open_losses(work, session_id, sku_id):
        some = min(units, missing)
        if some:
            charge(work, shortage_id, some)
        units -= some


def wanted_units(work: Work, session_id: str, sku_id: int) -> int:
    """Units that were ordered and have not been put anywhere."""
    row = work.one(
        "SELECT coalesce(sum(l.quantity - l.put - l.short - l.cancelled), 0) FROM shop_order o "
        "JOIN order_line l ON l.order_no = o.no WHERE o.session_id = ? AND l.sku_id = ? AND o.state = 'accepted'",
        (session_id, sku_id),
    )
    return int(row[0]) if row else 0


def share_out(policy: str, missing: int, wants: list[int]) -> list[int]:
    """Who goes without how many, of lines in the order in which they were paid. `missing` is at most their sum.

    >>> share_out("first_paid", 3, [2, 2, 2])  # whoever paid first keeps hers
    [0, 1, 2]
    >>> share_out("pro_rata", 3, [6, 3, 0])  # in proportion; what does not divide is the latest's
    [2, 1, 0]
    >>> share_out("one_each", 4, [4, 1, 2])  # as many as possible keep at least one
    [3, 0, 1]
    """
    left = missing
    taken = [0] * len(wants)
    latest_first = range(len(wants) - 1, -1, -1)
    if policy == "pro_rata":
        total = sum(wants)
        taken = [missing * want // total if total else 0 for want in wants]
        left -= sum(taken)
        for n in latest_first:
            more = min(left, 1 if missing * wants[n] % total else 0)
            taken[n] += more
            left -= more
    elif policy == "one_each":
        while left and wants:
            n = max(latest_first, key=lambda n: wants[n] - taken[n])
            taken[n] += 1
            left -= 1
    for n in latest_first:
        more = min(left, wants[n] - taken[n])
        taken[n] += more
        left -= more
    return taken
