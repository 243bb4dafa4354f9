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
    """Load it with a batch, ask `why_not` and `take` order by order, then `settle` once."""

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

    def why_not(self, order: NewOrder) -> str:
        """Why an order cannot be taken, empty if it can: `unknown_sku`, `unknown_grant`, `grant_closed`, `sold_out` or
        `over_limit`."""
        wanted: dict[str, int] = {}
        limited: dict[int, tuple[Item, int]] = {}
        for line in order.lines:
            held = self._held.get(line.grant_id)
            if held is None:
                known = self._work.one("SELECT 1 FROM sku WHERE code = ?", (line.sku,))
                return "unknown_grant" if known else "unknown_sku"
            item = held.item
            if item.code != line.sku or item.session_id != order.session_id:
                return "unknown_grant"
            wanted[line.grant_id] = units = wanted.get(line.grant_id, 0) + line.quantity
            if units > held.remaining:
                return "sold_out" if held.open else "grant_closed"
            if item.limit is not None:
                limited[item.sku_id] = item, line.quantity + limited.get(item.sku_id, (item, 0))[1]
        for item, units in limited.values():
            if units + self._bought(order, item) > (item.limit or 0):
                return "over_limit"
        return ""

    def take(self, order: NewOrder) -> list[int]:
        """Take an order for which nothing speaks against it; gives the SKU number of each line."""
        skus = []
        for line in order.lines:
            held = self._held[line.grant_id]
            held.remaining -= line.quantity
            held.sold += line.quantity
            if held.item.limit is not None:
                held.item.bought.append((order.customer_id, order.customer_phone, line.quantity))
            skus.append(held.item.sku_id)
        return skus

    def settle(self) -> None:
        """Write what was taken, and lend the cloud more of what runs low."""
        sold = {grant_id: held for grant_id, held in self._held.items() if held.sold}
        self._work.sql(
            "UPDATE stock_grant SET remaining = remaining - j.value, sold = sold + j.value FROM json_each(?) j "
            "WHERE stock_grant.id = j.key",
            (msgspec.json.encode({grant_id: held.sold for grant_id, held in sold.items()}).decode(),),
        )
        taken: dict[tuple[str, int], tuple[Item, int]] = {}
        for held in sold.values():
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
