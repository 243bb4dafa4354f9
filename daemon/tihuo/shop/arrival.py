"""到货入库: what follows when a delivery is closed, worked out before anything happens.

The same plan is shown to the owner and carried out afterwards; its `fingerprint` tells whether the shop has changed in
between. The arithmetic, in units of one SKU of a pre-sale:

    need = rights whose unit has not come yet, less what other open deliveries are expected to bring
    firm = of those, what customers have ordered
    expected = at least what the supplier was asked for, and what is firm
    expected + over = good + short
"""

from __future__ import annotations

import hashlib

import msgspec

from tihuo.shop.purchases import CAME, coming
from tihuo.shop.shortages import BY_HAND, Want, share_out, wants
from tihuo.shop.work import Row, Rows

LATER = "later"
"""Instead of a policy: nobody goes without, the supplier brings the rest another day."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner decides about one SKU. `over` and `wrong` units go `back`, or she will `keep` them as the shop's
    own, or `sell` what is over in the open session. `taken`: "order/line" -> units, by hand."""

    policy: str
    over: str = "back"
    wrong: str = "back"
    taken: dict[str, int] = {}


class LinePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One SKU of a delivery. What is `missing` to the session is made good by rights of cancelled orders
    (`quarantined`), by `free` ones, and by those still lent (`owed`); the rest, `short_of`, customers go without."""

    sku_id: int
    sku: str
    presale: bool
    on_sale: bool
    """Whether what is over may be sold at once."""
    asked: int
    expected: int
    good: int
    damaged: int
    wrong: int
    need: int
    use: int
    """Of the good ones, what the session takes."""
    planned: int
    """Of the good ones, what was bought for the shop itself."""
    over: int
    short: int
    from_stock: int
    unexplained: int
    """Missing by the count, and yet in parcels already: count again."""
    quarantined: int
    free: int
    owed: int
    short_of: int
    wants: tuple[Want, ...]

    @property
    def missing(self) -> int:
        return self.quarantined + self.free + self.owed + self.short_of

    @property
    def clean(self) -> bool:
        """Nothing to decide and nobody goes without."""
        return not (self.missing or self.over or self.wrong or self.unexplained)


def plan(rows: Rows, delivery_id: int) -> list[LinePlan]:
    """What closing a delivery as it was counted would do to each SKU; unknown things have no plan, they go back."""
    found = rows(
        "SELECT v.sku_id, s.code, v.expected, coalesce(c.good, 0), coalesce(c.damaged, 0), coalesce(c.wrong, 0), "
        "coalesce(i.kind, ''), coalesce(l.state, ''), s.on_hand, "
        f"coalesce(i.minted - i.void - i.owed - max(0, {CAME}) - {coming('?1')}, 0), "
        "coalesce(i.quarantine, 0), coalesce(i.free, 0), coalesce(i.granted - i.owed, 0), d.session_id "
        "FROM delivery_line v JOIN delivery d ON d.id = v.delivery_id JOIN sku s ON s.id = v.sku_id "
        "JOIN product p ON p.id = s.product_id JOIN live_session l ON l.id = d.session_id "
        "LEFT JOIN session_item i ON i.session_id = d.session_id AND i.sku_id = v.sku_id LEFT JOIN (SELECT sku_id, "
        "sum(quantity) FILTER (WHERE how = 'good') AS good, sum(quantity) FILTER (WHERE how = 'damaged') AS damaged, "
        "sum(quantity) FILTER (WHERE how = 'wrong') AS wrong FROM delivery_count WHERE delivery_id = ?1 "
        "AND undone_at IS NULL AND sku_id IS NOT NULL GROUP BY sku_id) c ON c.sku_id = v.sku_id "
        "LEFT JOIN (SELECT l.sku_id, sum(l.quantity - l.cancelled - l.short) AS stood_in FROM shop_order o "
        "JOIN order_line l ON l.order_no = o.no WHERE o.session_id = (SELECT session_id FROM delivery WHERE id = ?1) "
        "AND l.instead_of IS NOT NULL GROUP BY l.sku_id) t ON t.sku_id = v.sku_id "
        "WHERE v.delivery_id = ?1 ORDER BY s.zone, p.name, s.spec, s.id",
        (delivery_id,),
    )
    lines = [_plan_line(row, ()) for row in found]
    lacking = [line.sku_id for line in lines if line.unexplained]
    if not lacking:
        return lines
    waiting = wants(rows, found[0][-1], lacking)
    return [_plan_line(row, tuple(waiting.get(row[0], ()))) for row in found]


def _plan_line(row: Row, waiting: tuple[Want, ...]) -> LinePlan:
    sku_id, sku, asked, good, damaged, wrong, kind, state, on_hand, need, quarantine, free, lent, _ = row
    presale = kind == "presale"
    wanted = sum(want.units for want in waiting)
    need = max(0, need) if presale else 0
    firm = max(0, need - quarantine - free - lent)
    target = min(need, max(asked, firm))
    expected = max(asked, target)
    use = min(good, target)
    from_stock = min(on_hand, max(0, firm - use))
    gap = target - use - from_stock
    spare = target - firm  # rights that nobody has ordered can do without only what was meant for them,
    by_quarantine = min(gap, quarantine, spare)
    if state == "open":  # but while the sale is on, there may be more to buy, and less is sold instead
        spare = gap
    by_free = min(gap - by_quarantine, free, spare - by_quarantine)
    by_lent = min(gap - by_quarantine - by_free, lent, spare - by_quarantine - by_free)
    rest = gap - by_quarantine - by_free - by_lent
    short_of = min(rest, wanted)
    return LinePlan(
        sku_id=sku_id,
        sku=sku,
        presale=presale,
        on_sale=bool(kind) and state == "open",
        asked=asked,
        expected=expected,
        good=good,
        damaged=damaged,
        wrong=wrong,
        need=need,
        use=use,
        planned=min(good - use, expected - target),
        over=max(0, good - expected),
        short=max(0, expected - good),
        from_stock=from_stock,
        unexplained=rest - short_of,
        quarantined=by_quarantine,
        free=by_free,
        owed=by_lent,
        short_of=short_of,
        wants=waiting,
    )


def fingerprint(lines: list[LinePlan]) -> str:
    """Two plans that are the same in every number have the same one."""
    return hashlib.sha256(msgspec.json.encode(lines)).hexdigest()[:16]


def share(line: LinePlan, choice: Choice) -> list[int]:
    """Units that each of `line.wants` goes without."""
    if choice.policy == LATER:
        return [0] * len(line.wants)
    if choice.policy == BY_HAND:
        return [choice.taken.get(want.key, 0) for want in line.wants]
    return share_out(choice.policy, line.short_of, [want.units for want in line.wants])


def fits(line: LinePlan, choice: Choice) -> bool:
    """Whether units taken by hand are exactly those that are missing, of orders that have them."""
    taken = share(line, choice)
    allowed = {want.key for want in line.wants}
    return (
        sum(taken) == line.short_of
        and all(0 <= units <= want.units for units, want in zip(taken, line.wants, strict=True))
        and all(key in allowed for key, units in choice.taken.items() if units)
    )


def refunds(shares: list[tuple[LinePlan, list[int]]]) -> dict[int, int]:
    """Order -> fen that go back at once, if each of `wants` goes without so many: never more than is left of what was
    paid. Where a customer wants something else instead, somebody decides first."""
    left: dict[int, int] = {}
    back: dict[int, int] = {}
    for line, taken in shares:
        for want, units in zip(line.wants, taken, strict=True):
            if units and want.rule == "refund":
                there = left.get(want.order_no, want.refundable_fen)
                amount = min(want.refund_fen(units), there)
                left[want.order_no] = there - amount
                back[want.order_no] = back.get(want.order_no, 0) + amount
    return back
