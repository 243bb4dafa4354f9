"""The till (收银台): the grants that a batch of orders cites, as they stand while each order takes from them.

What is taken is written once for each grant and item, however many orders took it: most of the cost of an order is in
the rows it touches.
"""

from __future__ import annotations

import msgspec

from tihuo.shop.orders import NewOrder
from tihuo.shop.stock import grant_size, issue_grant, move
from tihuo.shop.work import Work


class Item(msgspec.Struct):
    """One SKU of one session while orders are taken from it."""

    session_id: str
    sku_id: int
    code: str
    limit: int | None
    free: int
    granted: int
    open: bool
    bought: list[tuple[str, str, int]] = []
    """(customer, phone, units) of this batch."""


class Held(msgspec.Struct):
    """One grant while orders are taken from it."""

    item: Item
    remaining: int
    open: bool
    sold: int = 0


_grants = msgspec.json.Decoder(list[tuple[str, str, int, int, str, str, int | None, int, int]])
"""A whole batch's grants come as one row: SQLite gives the interpreter away with each row it hands over."""


class Till:
    """Load it with a batch, `take` order by order, then `settle` once."""

    def __init__(self, work: Work, orders: list[NewOrder]) -> None:
        self._work = work
        self._held: dict[str, Held] = {}
        cited = {line.grant_id for order in orders for line in order.lines}
        items: dict[tuple[str, int], Item] = {}
        selling = {row[0] for row in work.sql("SELECT id FROM live_session WHERE state = 'open'")}
        found = work.one(
            "SELECT json_group_array(json_array(g.id, g.session_id, g.sku_id, g.remaining, g.state, s.code, "
            "i.limit_per_customer, i.free, i.granted)) FROM json_each(?) j CROSS JOIN stock_grant g ON g.id = j.value "
            "JOIN sku s ON s.id = g.sku_id JOIN session_item i ON i.session_id = g.session_id AND i.sku_id = g.sku_id",
            (msgspec.json.encode(list(cited)).decode(),),
        )
        assert found is not None
        for grant_id, session_id, sku_id, remaining, state, code, limit, free, granted in _grants.decode(found[0]):
            item = items.get((session_id, sku_id))
            if item is None:
                item = Item(session_id, sku_id, code, limit, free, granted, session_id in selling, [])
                items[session_id, sku_id] = item
            self._held[grant_id] = Held(item, remaining, state == "open")

    def take(self, order: NewOrder) -> tuple[str, list[int]]:
        """Take an order whole, or not at all: why not, and the SKU number of each line.

        Why not is empty, `unknown_sku`, `unknown_grant`, `grant_closed`, `sold_out` or `over_limit`.
        """
        reason = ""
        rung: list[Held] = []
        for line in order.lines:
            held = self._held.get(line.grant_id)
            if held is None:
                known = self._work.one("SELECT 1 FROM sku WHERE code = ?", (line.sku,))
                reason = "unknown_grant" if known else "unknown_sku"
            elif held.item.code != line.sku or held.item.session_id != order.session_id:
                reason = "unknown_grant"
            elif line.quantity > held.remaining:
                reason = "sold_out" if held.open else "grant_closed"
            else:
                held.remaining -= line.quantity
                held.sold += line.quantity
                rung.append(held)
                continue
            break
        reason = reason or self._over_limit(order, rung)
        if reason:
            for line, held in zip(order.lines, rung, strict=False):
                held.remaining += line.quantity
                held.sold -= line.quantity
        return reason, [held.item.sku_id for held in rung]

    def _over_limit(self, order: NewOrder, rung: list[Held]) -> str:
        wanted: dict[int, tuple[Item, int]] = {}
        for line, held in zip(order.lines, rung, strict=True):
            item = held.item
            if item.limit is not None:
                wanted[item.sku_id] = item, line.quantity + wanted.get(item.sku_id, (item, 0))[1]
        if any(units + self._bought(order, item) > (item.limit or 0) for item, units in wanted.values()):
            return "over_limit"
        for item, units in wanted.values():
            item.bought.append((order.customer_id, order.customer_phone, units))
        return ""

    def settle(self) -> None:
        """Write what was taken, and lend the cloud more of what runs low."""
        sold = [(grant_id, held) for grant_id, held in self._held.items() if held.sold]
        self._work.many(
            "UPDATE stock_grant SET remaining = remaining - ?1, sold = sold + ?1 WHERE id = ?2",
            [(held.sold, grant_id) for grant_id, held in sold],
        )
        taken: dict[tuple[str, int], tuple[Item, int]] = {}
        for _, held in sold:
            item = held.item
            key = item.session_id, item.sku_id
            taken[key] = item, held.sold + taken.get(key, (item, 0))[1]
        move(self._work, "granted", "ordered", [(*key, units) for key, (_, units) in taken.items()])
        for item, units in taken.values():
            if item.open and item.free:
                more = grant_size(item.free, item.granted - units, self._work.house)
                if more:
                    issue_grant(self._work, item.session_id, item.sku_id, more)

    def _bought(self, order: NewOrder, item: Item) -> int:
        """What this person already has of an item, over all channels: same id or same phone."""
        customer, phone = order.customer_id, order.customer_phone
        row = self._work.one(
            "SELECT coalesce(sum(l.quantity - l.cancelled - l.short), 0) FROM customer c "
            "JOIN shop_order o ON o.customer_id = c.id JOIN order_line l ON l.order_no = o.no "
            "WHERE (c.id = ?1 OR (?2 <> '' AND c.phone = ?2)) AND o.session_id = ?3 AND o.state = 'accepted' "
            "AND l.sku_id = ?4",
            (customer, phone, item.session_id, item.sku_id),
        )
        now = sum(n for who, number, n in item.bought if who == customer or (phone and number == phone))
        return now + (int(row[0]) if row else 0)
