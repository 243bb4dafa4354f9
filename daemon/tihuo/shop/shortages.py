"""缺货: units that broke or never came. What nobody bought makes them good; the rest, customers go without.

Free rights make a loss good first, then the shop's own stock of on-hand goods. What the cloud still holds may come
back, so as much as is lent is *owed* and asked for; rights that come back make it good. What is beyond that is certain:
a policy says whose orders it is, and they are refunded and told (contract, "Grants", rule 7).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import msgspec

from tihuo.shop.events import UnitsFound, UnitsLost
from tihuo.shop.grants import call_home, come_home
from tihuo.shop.parcels import settle_parcel
from tihuo.shop.short_picks import shorten
from tihuo.shop.stock import OF_ITEM, book, cover, move, open_losses
from tihuo.shop.stock import owed as owed_by
from tihuo.shop.work import Rows, Work, rows_of

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


def lose(work: Work, session_id: str, sku_id: int, quantity: int, reason: str, policy: str, certain: int = 0) -> Loss:
    """Write down a loss and make good what can be; what is `short` is for the caller to charge to orders.

    Of it, `certain` units are such as rights that nobody has ordered cannot make good: they have no goods themselves.
    """
    row = work.one(
        "SELECT i.free, i.granted - i.owed, CASE i.kind WHEN 'on_hand' THEN s.on_hand ELSE 0 END, s.code "
        "FROM session_item i JOIN sku s ON s.id = i.sku_id WHERE i.session_id = ? AND i.sku_id = ?",
        (session_id, sku_id),
    )
    assert row is not None
    free, lent, on_shelf, code = row
    open_to = quantity - certain
    from_free = min(open_to, free)
    from_shelf = min(open_to - from_free, on_shelf)
    owed = min(open_to - from_free - from_shelf, lent)
    shortage_id = enter(work, session_id, sku_id, quantity, reason, policy)
    if from_free:
        move(work, "free", "void", [(session_id, sku_id, from_free)])
    if from_shelf:
        work.sql("UPDATE sku SET on_hand = on_hand - ? WHERE id = ?", (from_shelf, sku_id))
        work.sql(
            f"UPDATE item_rights SET minted = minted + ?1, void = void + ?1, version = ?2 {OF_ITEM}",
            (from_shelf, work.version, session_id, sku_id),
        )
    if from_free + from_shelf:
        book(work, shortage_id, "covered", from_free + from_shelf)
    if owed:
        work.sql(
            f"UPDATE item_rights SET owed = owed + ?, version = ? {OF_ITEM}",
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


def enter(
    work: Work,
    session_id: str,
    sku_id: int,
    quantity: int,
    reason: str,
    policy: str,
    *,
    covered: int = 0,
    short: int = 0,
    actor: str = "",
) -> int:
    """A loss stands in the book: `covered` of its units were made good, `short` went back. Gives its id."""
    shortage_id = work.sql(
        "INSERT INTO shortage(session_id, sku_id, quantity, covered, short, reason, policy, actor, at, settled_at) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, CASE WHEN ?4 + ?5 = ?3 THEN ?9 END)",
        (session_id, sku_id, quantity, covered, short, reason, policy, actor or work.actor, work.now),
    ).lastrowid
    assert shortage_id is not None
    return shortage_id


def void_quarantined(work: Work, session_id: str, sku_id: int, quantity: int, reason: str) -> None:
    """待处理库存 ends: rights of cancelled orders whose goods never came, or are not fit to be sold."""
    move(work, "quarantine", "void", [(session_id, sku_id, quantity)])
    enter(work, session_id, sku_id, quantity, reason, BY_HAND, covered=quantity)


class Want(msgspec.Struct, frozen=True):
    """A line of an order that has not got all its units yet. `rule` is what the customer wants instead; money in fen:
    `due_fen` is due for units that were missing before (below zero: more went back than that), `refundable_fen` is left
    of what the order paid."""

    order_no: int
    line_no: int
    parcel_id: int | None
    units: int
    unit_price_fen: int
    due_fen: int
    refundable_fen: int
    rule: str

    @property
    def key(self) -> str:
        return f"{self.order_no}/{self.line_no}"

    def refund_fen(self, units: int) -> int:
        """What goes back if so many of its units never come and the customer wants her money."""
        return max(0, units * self.unit_price_fen + self.due_fen)


def wants(rows: Rows, session_id: str, sku_ids: Iterable[int]) -> dict[int, list[Want]]:
    """SKU number -> who waits for a unit of it that is in no parcel yet, whoever paid first at the head."""
    found = rows(
        "SELECT l.sku_id, l.order_no, l.line_no, l.parcel_id, l.quantity - l.put - l.short - l.cancelled AS wanted, "
        "l.unit_price_fen, (l.short - (SELECT coalesce(sum(quantity), 0) FROM short_pick k "
        "WHERE k.order_no = l.order_no AND k.line_no = l.line_no AND k.state = 'open')) * l.unit_price_fen "
        "- l.gone_fen, o.paid_fen - o.refunded_fen, o.substitution FROM shop_order o JOIN order_line l "
        "ON l.order_no = o.no WHERE o.session_id = ? AND l.sku_id IN (SELECT value FROM json_each(?)) "
        "AND o.state = 'accepted' AND wanted > 0 ORDER BY o.paid_at, o.no, l.line_no",
        (session_id, json.dumps(list(sku_ids))),
    )
    waiting: dict[int, list[Want]] = {}
    for sku_id, *row in found:
        waiting.setdefault(sku_id, []).append(Want(*row))
    return waiting


def find_again(work: Work, shortage_id: int) -> bool:
    """A loss was a mistake: its rights come back, to other losses first. False if customers already went without."""
    row = work.one(
        "SELECT h.session_id, h.sku_id, h.quantity, h.covered, s.code FROM shortage h JOIN sku s ON s.id = h.sku_id "
        "WHERE h.id = ? AND h.short = 0",
        (shortage_id,),
    )
    if row is None:
        return False
    session_id, sku_id, quantity, covered, sku = row
    work.sql("DELETE FROM shortage WHERE id = ?", (shortage_id,))
    work.sql(
        f"UPDATE item_rights SET owed = owed - ?, version = ? {OF_ITEM}",
        (quantity - covered, work.version, session_id, sku_id),
    )
    for_others = min(covered, owed_by(work, session_id, sku_id))
    if for_others:
        work.sql(
            f"UPDATE item_rights SET owed = owed - ?, version = ? {OF_ITEM}",
            (for_others, work.version, session_id, sku_id),
        )
        cover(work, session_id, sku_id, for_others)
    if covered > for_others:
        come_home(work, session_id, sku_id, "void", covered - for_others)
    work.record(UnitsFound(session_id=session_id, sku=sku, quantity=quantity))
    return True


def charge(work: Work, shortage_id: int, units: int, by_hand: Mapping[str, int] | None = None) -> None:
    """Take units of a loss from the orders that its policy names, or that are named in `by_hand` ("order/line" ->
    units): their customers' rules say what they get instead, and their parcels are settled."""
    row = work.one("SELECT session_id, sku_id, policy, reason FROM shortage WHERE id = ?", (shortage_id,))
    assert row is not None
    session_id, sku_id, policy, reason = row
    waiting = wants(rows_of(work), session_id, [sku_id]).get(sku_id, [])
    if by_hand is None:
        taken = share_out(policy, units, [want.units for want in waiting])
    else:
        taken = [by_hand.get(want.key, 0) for want in waiting]
        assert sum(taken) == units
    for want, missing in zip(waiting, taken, strict=True):
        if missing:
            shorten(work, want.order_no, want.line_no, missing, reason)
    book(work, shortage_id, "short", units)
    hit = {want.parcel_id for want, missing in zip(waiting, taken, strict=True) if missing and want.parcel_id}
    for parcel_id in sorted(hit):
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
