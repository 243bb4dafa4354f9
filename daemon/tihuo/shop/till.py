"""The till (收银台): the grants that a batch of orders cites, as they stand while each order takes from them.

What is taken is written once for each grant and item, however many orders took it: most of the cost of an order is in
the rows it touches. From one batch to the next the till keeps its picture of the grants, for as long as nothing but
orders was written. It is a picture: nobody is refused by it before the rows were read again, and what it would sell too
much of, the CHECK constraints of the rows refuse.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tihuo.shop.grants import grant_size, lend
from tihuo.shop.orders import NewOrder, last_order
from tihuo.shop.shortages import charge_owed
from tihuo.shop.stock import sell
from tihuo.shop.work import Work, json_of


class Item(msgspec.Struct):
    """One SKU of one session while orders are taken from it."""

    no: int
    session_id: str
    sku_id: int
    code: str
    limit: int | None
    free: int
    granted: int
    owed: int
    open: bool
    bought: list[tuple[str, int]] = []
    """(customer, units) of this batch, where there is a limit."""


class Held(msgspec.Struct):
    """One grant while orders are taken from it."""

    no: int
    item: Item
    written: int
    """What is left of it on disk."""
    left: int
    """What this batch has left of it."""
    price_fen: int
    open: bool
    refused: int = 0
    """Units of this batch that were asked of it in vain."""


class Picture(msgspec.Struct):
    """What the till knows of the grants that were cited lately."""

    held: dict[str, Held] = {}
    items: dict[int, Item] = {}
    limited: bool = False
    """Whether any of the items has a limit."""
    last_order: int = 0
    people: dict[str, tuple[str, str, str, str]] = {}
    """Customers as last written down."""


_ALONE = "SELECT order_id FROM shop_order WHERE order_id = ?"
_BOOKED = "SELECT o.order_id FROM json_each(?) j CROSS JOIN shop_order o ON o.order_id = j.value"
_GRANTS = (
    "SELECT json_group_array(json_array(g.no, i.no, g.id, i.session_id, i.sku_id, h.remaining, g.price_fen, "
    "g.state = 'open', s.code, i.limit_per_customer, r.free, r.granted, r.owed, l.state = 'open')) "
    "FROM json_each(?) j CROSS JOIN grant_terms g ON g.id = j.value JOIN grant_rights h ON h.no = g.no "
    "JOIN item_terms i ON i.no = g.item_no JOIN item_rights r ON r.no = i.no JOIN sku s ON s.id = i.sku_id "
    "JOIN live_session l ON l.id = i.session_id"
)
"""One row for all of them: each statement and each row costs SQLite a loan of the interpreter."""
_grants = msgspec.json.Decoder(list[tuple[int, int, str, str, int, int, int, int, str, int | None, int, int, int, int]])
MOST_PEOPLE = 5_000


class Till:
    """Load it with a batch, `take` order by order, then `settle` once."""

    def __init__(self, work: Work, orders: list[NewOrder]) -> None:
        self._work = work
        kept = work.recall()
        self._recalled = isinstance(kept, Picture)
        self._picture = kept if isinstance(kept, Picture) else Picture(last_order=last_order(work))
        ids = [order.order_id for order in orders]
        booked = [work.one(_ALONE, ids)] if len(ids) == 1 else work.sql(_BOOKED, (json_of(ids),)).fetchall()
        self.known = {row[0] for row in booked if row}
        """Which of these orders are booked already."""
        self.last_order = self._picture.last_order
        """The number of the newest order."""
        self.price_differs: dict[str, str] = {}
        """Order -> a line of it that was sold at another price than its grant names."""
        self._met: dict[str, set[str]] = {}
        self.people = self._picture.people
        """Customer -> (id, name, phone, door) as last written down; who books an order keeps it so."""
        self._cited = {line.grant_id for order in orders for line in order.lines}
        unseen = self._cited.difference(self._picture.held)
        if unseen:
            self._read(unseen)

    def _read(self, grant_ids: Iterable[str]) -> None:
        """Add grants to the picture, as their rows stand."""
        held, items = self._picture.held, self._picture.items
        found = self._work.one(_GRANTS, (json_of(grant_ids),))
        assert found is not None
        for row in _grants.decode(found[0]):
            no, item_no, grant_id, session_id, sku_id, left, price_fen, open_, code, limit, *places = row
            free, granted, owed, selling = places
            if item_no not in items:
                items[item_no] = Item(item_no, session_id, sku_id, code, limit, free, granted, owed, bool(selling), [])
                self._picture.limited = self._picture.limited or limit is not None
            held[grant_id] = Held(no, items[item_no], left, left, price_fen, bool(open_))

    def _read_again(self) -> None:
        """The whole picture from the rows, less what this batch has taken and not yet written."""
        before = self._picture
        self._picture = Picture(last_order=before.last_order, people=before.people)
        self._read(before.held)
        for no, item in self._picture.items.items():
            item.bought = before.items[no].bought
        for grant_id, held in self._picture.held.items():
            was = before.held[grant_id]
            held.left, held.refused = held.written - (was.written - was.left), was.refused

    def take(self, order: NewOrder) -> tuple[str, list[int]]:
        """Take an order whole, or not at all: why not, and the SKU number of each line.

        Why not is empty, `unknown_sku`, `unknown_grant`, `grant_closed`, `sold_out` or `over_limit`.
        """
        if self._picture.limited and order.customer_phone:  # an id and a phone stand for each other from now on
            self._met.setdefault(order.customer_id, set()).add(order.customer_phone)
            self._met.setdefault(order.customer_phone, set()).add(order.customer_id)
        reason, skus = self._ring(order)
        if reason and self._recalled:
            self._recalled = False
            self._read_again()
            reason, skus = self._ring(order)
        if reason:
            for line in order.lines:
                if line.grant_id in self._picture.held:
                    self._picture.held[line.grant_id].refused += line.quantity
        return reason, skus

    def _ring(self, order: NewOrder) -> tuple[str, list[int]]:
        """Take the lines, or leave everything as it was and say why."""
        reason = ""
        skus: list[int] = []
        grants, session_id = self._picture.held, order.session_id
        for line in order.lines:
            quantity = line.quantity
            held = grants.get(line.grant_id)
            if held is None or (item := held.item).code != line.sku or item.session_id != session_id:
                known = self._work.one("SELECT 1 FROM sku WHERE code = ?", (line.sku,))
                reason = "unknown_grant" if known else "unknown_sku"
                break
            if quantity > held.left:
                reason = "sold_out" if held.open else "grant_closed"
                break
            held.left -= quantity
            skus.append(item.sku_id)
            if line.unit_price_fen != held.price_fen:
                self.price_differs[order.order_id] = f"{line.sku}: {line.unit_price_fen} / {held.price_fen} fen"
        if self._picture.limited and not reason:
            reason = self._over_limit(order)
        if reason:
            for line, _ in zip(order.lines, skus, strict=False):
                grants[line.grant_id].left += line.quantity
        return reason, skus

    def _over_limit(self, order: NewOrder) -> str:
        wanted: dict[int, tuple[Item, int]] = {}
        for line in order.lines:
            item = self._picture.held[line.grant_id].item
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
        grants: dict[int, int] = {}
        items: dict[int, int] = {}
        refused: list[tuple[int, int]] = []
        held_of = self._picture.held
        for grant_id in self._cited:
            held = held_of.get(grant_id)
            if held is None:
                continue
            if held.left != held.written:
                sold = grants[held.no] = held.written - held.left
                number = held.item.no
                items[number] = items.get(number, 0) + sold
                held.written = held.left
            if held.refused:
                refused.append((held.refused, held.no))
                held.refused = 0
        if refused:
            work.many("UPDATE grant_terms SET refused = refused + ? WHERE no = ?", refused)
        sold_out = []
        run_low = []
        for number, units in items.items():
            item = self._picture.items[number]
            item.granted -= units
            if item.owed > item.granted:
                lost = item.owed - item.granted
                item.owed -= lost
                work.sql("UPDATE item_rights SET owed = owed - ? WHERE no = ?", (lost, number))
                sold_out.append((item, lost))
            if item.bought:
                item.bought = []
            if item.free and item.open and (len(house.channels) > 1 or grant_size(item.free, item.granted, house)):
                run_low.append(item)
        if items:
            sell(work, items, grants)
        self._picture.last_order = self.last_order
        if len(self.people) > MOST_PEOPLE:
            self.people.clear()
        work.remember(self._picture)
        for item, units in sold_out:
            charge_owed(work, item.session_id, item.sku_id, units)
        for item in run_low:
            lend(work, item.session_id, item.sku_id)

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
