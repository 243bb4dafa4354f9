"""流水账, step by step: the movements of a SKU's units in order, with what is in every place after each.

Movements come from the book of moves (`shop.counts`). Sales are not in it: what is missing of the lent rights at an
item's next movement was sold in between, and the orders say to whom.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from tihuo.shop.work import Look

PLACES = ("on_hand", "free", "granted", "ordered", "quarantine", "handed_over", "void", "owed")
KINDS = {
    "stock": ("received", "taken", "offered", "ended", "imported", "corrected"),
    "lending": ("lent", "returned"),
    "sales": ("sold", "cancelled", "kept", "substituted"),
    "losses": ("lost", "owed", "short", "discarded", "found", "set_aside", "corrected"),
    "handed_over": ("handed_over", "undone", "walk_in", "brought_back"),
}
"""What a page can be narrowed down to -> the movements it shows then."""
MAY_BE_CORRECTED = ("received", "taken", "offered", "ended", "lost", "owed")
"""Movements that the journal may know to be a correction."""

Key = tuple[int, int, int, int]
"""Entry, item, number of the movement, units sold between it and here. The shop's own stock is item 0 where it gives
to sessions, and `LAST` where it gets from them and from there on."""
LAST = 999_999_999


class ItemBook(msgspec.Struct, frozen=True):
    """A SKU in one session, in units, by place as in `PLACES`."""

    session_id: str
    title: str
    kind: str
    state: str
    figures: tuple[int, ...]


class Movement(msgspec.Struct, frozen=True):
    """One movement: `moved` is what it added to each place that changed, `after` what is in all of them then, as in
    `PLACES`. `at` in `Millis`, 0 where nobody knows; `links` name an order, a delivery, a count or a correction."""

    key: str
    what: str
    quantity: int
    session_id: str
    moved: dict[str, int]
    after: tuple[int, ...]
    at: int = 0
    actor: str = ""
    reason: str = ""
    note: str = ""
    links: dict[str, int] = {}


class Fault(msgspec.Struct, frozen=True):
    """Where the movements do not explain a figure: a place of a session (or of the shop's own stock), or the `sales`
    that the orders do not explain."""

    session_id: str
    place: str
    figure: int
    explained: int


class Step(msgspec.Struct):
    """A movement before anybody asked who did it; `sold` are the units of a gap between two movements."""

    key: Key
    item: int
    moved: dict[str, int]
    after: tuple[int, ...] = ()
    sold: int = 0
    sold_before: int = 0


class Course:
    """All movements of a SKU, or those of one session: `steps` in order, `faults` where they lead to another figure."""

    def __init__(self, look: Look, sku_id: int, on_hand: int, books: dict[int, ItemBook], session: str) -> None:
        self._books = books
        self._sales = {
            no: _Sales(look, sku_id, book.session_id) for no, book in books.items() if session in ("", book.session_id)
        }
        self.steps: list[Step] = []
        self.faults: list[Fault] = []
        if not session:
            self._add_stock(look, sku_id, on_hand)
        for no, sales in self._sales.items():
            self._add_item(look, no, books[no], sales)
        self.steps.sort(key=lambda step: step.key)
        totals = dict.fromkeys(PLACES, 0)
        for step in self.steps:
            for place, units in step.moved.items():
                totals[place] += units
            step.after = tuple(totals.values())

    def newest_first(self, kind: str, entry: int | None) -> Iterator[Movement]:
        """What may be the movements of a kind, up to an entry; a gap of sales as one movement for each order."""
        wanted = KINDS.get(kind)
        if wanted is not None and "corrected" in wanted:
            wanted = (*wanted, *MAY_BE_CORRECTED)
        for step in reversed(self.steps):
            what = "sold" if step.sold else _what_was(step.moved)
            if (wanted is not None and what not in wanted) or (entry is not None and step.key[0] > entry):
                continue
            if step.sold:
                yield from self._sold(step)
            else:
                units = max(abs(units) for units in step.moved.values())
                yield Movement(_text(step.key), what, units, self._session(step), step.moved, step.after)

    @staticmethod
    def key_of(text: str) -> Key | None:
        """A key as it stands in an address; None for what is none."""
        parts = text.split(".")
        if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
            return None
        entry, item, n, upto = (int(part) for part in parts)
        return entry, item, n, upto

    def _add_stock(self, look: Look, sku_id: int, on_hand: int) -> None:
        rows = look.rows("SELECT n, entry, on_hand FROM stock_move WHERE sku_id = ? ORDER BY n", (sku_id,))
        key: Key = (0, 0, 0, 0)
        for n, entry, units in rows:
            after_sessions = units > 0 or key[:2] == (entry, LAST)
            key = (entry, LAST if after_sessions else 0, n, 0)
            self.steps.append(Step(key, 0, {"on_hand": units}))
        explained = sum(row[2] for row in rows)
        if explained != on_hand:
            self.faults.append(Fault("", "on_hand", on_hand, explained))

    def _add_item(self, look: Look, no: int, book: ItemBook, sales: _Sales) -> None:
        sums = dict.fromkeys(PLACES, 0)
        key: Key = (0, no, 0, 0)
        sold = 0

        def sell(granted_now: int) -> None:
            nonlocal sold
            units = sums["granted"] - granted_now
            if units:
                moved = {"granted": -units, "ordered": units}
                self.steps.append(Step((*key[:3], sold + units), no, moved, (), units, sold))
                sold += units
                sums["granted"] -= units
                sums["ordered"] += units

        for n, entry, held, *units in look.rows(
            "SELECT n, entry, held, free, granted, ordered, quarantine, handed_over, void, owed FROM unit_move "
            "WHERE item_no = ? ORDER BY n",
            (no,),
        ):
            moved = {place: change for place, change in zip(PLACES[1:], units, strict=True) if change}
            sell(held - moved.get("granted", 0))
            key = (entry, no, n, 0)
            self.steps.append(Step(key, no, moved))
            for place, change in moved.items():
                sums[place] += change
        figures = dict(zip(PLACES, book.figures, strict=True))
        sell(figures["granted"])
        self.faults += [
            Fault(book.session_id, place, figures[place], sums[place])
            for place in PLACES[1:]
            if sums[place] != figures[place]
        ]
        if sold != sales.units:
            self.faults.append(Fault(book.session_id, "sales", sales.units, sold))

    def _sold(self, step: Step) -> Iterator[Movement]:
        after = dict(zip(PLACES, step.after, strict=True))
        for upto, units, order_no, at, channel in self._sales[step.item].between(
            step.sold_before, step.sold_before + step.sold
        ):
            yield Movement(
                _text((*step.key[:3], upto)),
                "sold",
                units,
                self._session(step),
                {"granted": -units, "ordered": units},
                tuple(after.values()),
                at,
                channel,
                links={"order": order_no} if order_no else {},
            )
            after["granted"] += units
            after["ordered"] -= units

    def _session(self, step: Step) -> str:
        return self._books[step.item].session_id if step.item else ""


class _Sales:
    """The orders behind the sales of a SKU in a session, in the order in which they were taken."""

    def __init__(self, look: Look, sku_id: int, session_id: str) -> None:
        self._orders: list[tuple[int, int, int, str]] = []
        self.units = 0
        for order_no, at, channel, units in look.rows(
            "SELECT o.no, o.accepted_at, o.channel, l.quantity FROM shop_order o CROSS JOIN order_line l "
            "ON l.order_no = o.no WHERE o.session_id = ? AND l.sku_id = ? AND l.grant_id <> '' "
            "ORDER BY o.no, l.line_no",
            (session_id, sku_id),
        ):
            self._orders.append((self.units, order_no, at, channel))
            self.units += units

    def between(self, begin: int, end: int) -> Iterator[tuple[int, int, int, int, str]]:
        """(units sold up to and with it, units, order number, accepted at, channel), the newest first; order number 0
        for units that no order explains."""
        if self.units < end:
            yield end, end - max(begin, self.units), 0, 0, ""
        for (start, order_no, at, channel), (stop, *_) in reversed(
            list(pairwise([*self._orders, (self.units, 0, 0, "")]))
        ):
            if start < end and stop > begin:
                yield min(stop, end), min(stop, end) - max(start, begin), order_no, at, channel


def _what_was(moved: dict[str, int]) -> str:
    """What a movement was, by where it came from and where it went."""
    up = {place for place, units in moved.items() if units > 0}
    down = moved.keys() - up
    made = sum(units for place, units in moved.items() if place != "owed")
    if "on_hand" in moved:
        return "received" if up else "taken"
    if "handed_over" in moved:
        if "handed_over" in down:
            return "undone" if "ordered" in up else "brought_back"
        return "walk_in" if "free" in down else "handed_over"
    if "quarantine" in up:
        return "cancelled" if "ordered" in down else "set_aside"
    if "quarantine" in down:
        return "discarded" if "void" in up else "kept"
    if "void" in down:
        return "found"
    if "granted" in moved:
        return "lent" if "granted" in up else "returned"
    if "ordered" in moved:
        return "imported" if made > 0 else "short" if "void" in up else "substituted"
    if moved.keys() == {"owed"}:
        return "owed"
    if "free" in up or ("owed" in down and made > 0):
        return "offered"
    return "lost" if "void" in up else "ended"


def _text(key: Key) -> str:
    return ".".join(map(str, key))
