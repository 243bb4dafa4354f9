"""The till (收银台): the grants that a batch of orders cites, as they stand while each order takes from them.

What is taken is written once for each grant and item, however many orders took it: most of the cost of an order is in
the rows it touches.
"""

from __future__ import annotations

import msgspec

from tihuo.shop.grants import grant_size, lend
from tihuo.shop.orders import NewOrder
from tihuo.shop.shortages import charge_owed
from tihuo.shop.stock import sell
from tihuo.shop.work import Work


class Item(msgspec.Struct):
    """One SKU of one session while orders are taken from it."""

    row: int
    session_id: str
    sku_id: int
    code: str
    limit: int | None
    free: int
    granted: int
    owed: int
    open: bool
    bought: list[tuple[str, int]] = []
    """(customer, units) of this batch."""


class Held(msgspec.Struct):
    """One grant while orders are taken from it."""

    row: int
    item: Item
    remaining: int
    price_fen: int
    open: bool
    sold: int = 0
    refused: int = 0


_OPEN = (
    "SELECT (SELECT json_group_array(json_array(g.rowid, i.rowid, g.id, g.session_id, g.sku_id, g.remaining, "
    "g.price_fen, g.state, s.code, i.limit_per_customer, i.free, i.granted, i.owed)) "
    "FROM json_each(?1) j CROSS JOIN stock_grant g ON g.id = j.value "
    "JOIN sku s ON s.id = g.sku_id JOIN session_item i ON i.session_id = g.session_id AND i.sku_id = g.sku_id), "
    "(SELECT json_group_array(id) FROM live_session WHERE state = 'open'), "
    "(SELECT json_group_array(o.order_id) FROM json_each(?2) j CROSS JOIN shop_order o ON o.order_id = j.value), "
    "max((SELECT coalesce(max(no), 0) FROM shop_order), "
    "coalesce((SELECT CAST(value AS INTEGER) FROM keep WHERE name = 'orders_from'), 0))"
)
"""All that a batch must know, as one row: each statement and each row costs SQLite a loan of the interpreter."""
_grants = msgspec.json.Decoder(list[tuple[int, int, str, str, int, int, int, str, str, int | None, int, int, int]])
_names = msgspec.json.Decoder(set[str])


class Till:
    """Load it with a batch, `take` order by order, then `settle` once."""

    def __init__(self, work: Work, orders: list[NewOrder]) -> None:
        self._work = work
        self._held: dict[str, Held] = {}
        self.known: set[str]
        """Which of these orders are booked already."""
        self.last_order: int
        """The number of the newest order."""
        self._met: dict[str, set[str]] = {}
        self.price_differs: dict[str, str] = {}
        """Order -> a line of it that was sold at another price than its grant names."""
        cited = {line.grant_id for order in orders for line in order.lines}
        items: dict[tuple[str, int], Item] = {}
        found = work.one(_OPEN, (_json(list(cited)), _json([order.order_id for order in orders])))
        assert found is not None
        selling = _names.decode(found[1])
        self.known = _names.decode(found[2])
        self.last_order = found[3]
        rows = _grants.decode(found[0])
        self._limited = any(row[9] is not None for row in rows)
        for row in rows:
            grant_row, item_row, grant_id, session_id, sku_id, remaining, price_fen, state, code, limit, *places = row
            free, granted, owed = places
            item = items.get((session_id, sku_id))
            if item is None:
                item = Item(item_row, session_id, sku_id, code, limit, free, granted, owed, session_id in selling, [])
                items[session_id, sku_id] = item
            self._held[grant_id] = Held(grant_row, item, remaining, price_fen, state == "open")

    def take(self, order: NewOrder) -> tuple[str, list[int]]:
        """Take an order whole, or not at all: why not, and the SKU number of each line.

        Why not is empty, `unknown_sku`, `unknown_grant`, `grant_closed`, `sold_out` or `over_limit`.
        """
        reason = ""
        rung: list[Held] = []
        if order.customer_phone and self._limited:  # an id and a phone stand for each other from now on
            self._met.setdefault(order.customer_id, set()).add(order.customer_phone)
            self._met.setdefault(order.customer_phone, set()).add(order.customer_id)
        for line in order.lines:
            held = self._held.get(line.grant_id)
            if held is None or held.item.code != line.sku or held.item.session_id != order.session_id:
                known = self._work.one("SELECT 1 FROM sku WHERE code = ?", (line.sku,))
                reason = "unknown_grant" if known else "unknown_sku"
            elif line.quantity > held.remaining:
                reason = "sold_out" if held.open else "grant_closed"
            else:
                held.remaining -= line.quantity
                held.sold += line.quantity
                rung.append(held)
                if line.unit_price_fen != held.price_fen:
                    self.price_differs[order.order_id] = f"{line.sku}: {line.unit_price_fen} / {held.price_fen} fen"
                continue
            break
        reason = reason or self._over_limit(order, rung)
        if reason:
            for line, held in zip(order.lines, rung, strict=False):
                held.remaining += line.quantity
                held.sold -= line.quantity
            for line in order.lines:
                if line.grant_id in self._held:
                    self._held[line.grant_id].refused += line.quantity
        return reason, [held.item.sku_id for held in rung]

    def _over_limit(self, order: NewOrder, rung: list[Held]) -> str:
        if not self._limited:
            return ""
        wanted: dict[int, tuple[Item, int]] = {}
        for line, held in zip(order.lines, rung, strict=True):
            item = held.item
            if item.limit is not None:
                wanted[item.sku_id] = item, line.quantity + wanted.get(item.sku_id, (item, 0))[1]
        if not wanted:
            return ""
        person = self._person(order)
        if any(units + self._bought(person, item) > (item.limit or 0) for item, units in wanted.values()):
            return "over_limit"
        for item, units in wanted.values():
            item.bought.append((order.customer_id, units))
        return ""

    def settle(self) -> None:
        """Write what was taken, charge what was owed and is sold now, and lend the cloud more of what runs low."""
        work, house = self._work, self._work.house
        sold = [held for held in self._held.values() if held.sold]
        refused = [(held.refused, grant_id) for grant_id, held in self._held.items() if held.refused]
        if refused:
            work.many("UPDATE stock_grant SET refused = refused + ? WHERE id = ?", refused)
        taken: dict[tuple[str, int], tuple[Item, int]] = {}
        for held in sold:
            item = held.item
            key = item.session_id, item.sku_id
            taken[key] = item, held.sold + taken.get(key, (item, 0))[1]
        lost = {
            key: item.owed + units - item.granted
            for key, (item, units) in taken.items()
            if item.owed + units > item.granted
        }
        if lost:
            work.many(
                "UPDATE session_item SET owed = owed - ? WHERE session_id = ? AND sku_id = ?",
                [(units, *key) for key, units in lost.items()],
            )
        sell(work, [(item.row, units) for item, units in taken.values()], [(held.row, held.sold) for held in sold])
        for key, units in lost.items():
            charge_owed(work, *key, units)
        for key, (item, units) in taken.items():
            one_channel = len(house.channels) == 1
            if item.open and item.free and (not one_channel or grant_size(item.free, item.granted - units, house)):
                lend(work, *key)

    def _person(self, order: NewOrder) -> set[str]:
        """Every id and phone that may be this buyer's: one account leads to its phone, that to other accounts."""
        person = {order.customer_id, order.customer_phone} - {""}
        known = 0
        while known != len(person):
            known = len(person)
            marks = ", ".join("?" * known)
            rows = self._work.sql(
                f"SELECT id, phone FROM customer WHERE id IN ({marks}) OR (phone <> '' AND phone IN ({marks}))",
                [*person, *person],
            )
            person.update(*rows, *(self._met.get(name, ()) for name in tuple(person)))
            person.discard("")
        return person

    def _bought(self, person: set[str], item: Item) -> int:
        """What this person already has of an item, over all channels."""
        row = self._work.one(
            "SELECT coalesce(sum(l.quantity - l.cancelled - l.short), 0) FROM shop_order o "
            f"JOIN order_line l ON l.order_no = o.no WHERE o.customer_id IN ({', '.join('?' * len(person))}) "
            "AND o.session_id = ? AND o.state = 'accepted' AND l.sku_id = ?",
            [*person, item.session_id, item.sku_id],
        )
        return sum(units for who, units in item.bought if who in person) + (int(row[0]) if row else 0)


def _json(names: list[str]) -> str:
    return msgspec.json.encode(names).decode()
