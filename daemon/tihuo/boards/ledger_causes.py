"""流水账: who moved units and why, read from the journal entries that were written in the same transaction."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import msgspec

from tihuo.boards.ledger_steps import MAY_BE_CORRECTED, Movement
from tihuo.shop.events import all_kinds
from tihuo.shop.work import Look

_MAY = {
    "received": ("stock.corrected", "delivery.closed", "goods.received", "quarantine.decided", "cap.set",
                 "rights.returned", "grant.closed", "session.closed"),
    "taken": ("stock.corrected", "delivery.closed", "item.offered", "cap.set", "units.damaged", "units.lost"),
    "offered": ("stock.corrected", "delivery.closed", "item.offered", "cap.set", "goods.received"),
    "ended": ("stock.corrected", "cap.set", "session.closed", "restored"),
    "imported": ("order.imported",),
    "lent": ("grant.issued",),
    "returned": ("rights.returned",),
    "cancelled": ("order.cancelled",),
    "kept": ("quarantine.decided",),
    "discarded": ("quarantine.decided", "delivery.closed"),
    "set_aside": ("restored",),
    "substituted": ("short.decided", "order.adjusted"),
    "lost": ("stock.corrected", "delivery.closed", "units.damaged", "units.lost"),
    "owed": ("stock.corrected", "delivery.closed", "units.found", "units.damaged", "units.lost", "order.short"),
    "short": ("order.short", "short.picked"),
    "found": ("stock.corrected", "units.found"),
    "handed_over": ("order.handed_over",),
    "undone": ("order.handover_undone",),
    "walk_in": ("walk_in.sold",),
    "brought_back": ("goods.brought_back",),
}  # fmt: skip
"""A movement -> the kinds of facts that may have caused it, the most telling first."""
_KINDS = sorted({kind for kinds in _MAY.values() for kind in kinds})
_FAR, _MOST = 1000, 100
"""How many entries after the first of its transaction a cause may stand, and how many are looked at."""
_SELECT = (
    "SELECT entry, at, actor, kind, data FROM journal WHERE entry >= ? AND entry < ? "
    f"AND kind IN ({', '.join(repr(kind) for kind in _KINDS)}) ORDER BY entry LIMIT {_MOST}"
)
_BEGINNINGS = (
    "SELECT entry FROM stock_move WHERE sku_id = ?1 UNION SELECT m.entry FROM item_terms t "
    "JOIN unit_move m ON m.item_no = t.no WHERE t.sku_id = ?1 ORDER BY 1"
)
"""The first entry of each transaction that moved units of a SKU."""


class _Fact(msgspec.Struct):
    """A fact, and how many units of the SKU it speaks of (0: it does not say)."""

    entry: int
    at: int
    actor: str
    kind: str
    event: Any
    units: int
    order_no: int = 0
    used: bool = False


class Causes:
    """Finds the fact behind each movement of one SKU."""

    def __init__(self, look: Look, sku_id: int, code: str) -> None:
        self._look = look
        self._sku_id = sku_id
        self._code = code
        self._kinds = all_kinds()
        self._beginnings: list[int] = [row[0] for row in look.rows(_BEGINNINGS, (sku_id,))]
        self._facts: dict[int, list[_Fact]] = {}
        self._lines: dict[str, tuple[int, set[str]]] = {}

    def explain(self, movement: Movement) -> Movement:
        """The same movement with when, who and why. Ask for the newest first: of facts that are alike, each explains
        one movement."""
        if movement.what == "sold":
            return movement
        facts = self._facts_from(int(movement.key.split(".")[0]))
        may = [fact for fact in facts if fact.kind in _MAY[movement.what] and self._is_about(fact, movement)]
        if not may:
            return movement
        told = _MAY[movement.what]
        fact = min(
            reversed(may), key=lambda one: (one.used, told.index(one.kind), one.units not in (0, movement.quantity))
        )
        fact.used = fact.kind.startswith("order.")
        event = fact.event
        links = {"order": fact.order_no} if fact.order_no else {}
        for name in ("delivery", "correction"):
            if number := getattr(event, f"{name}_id", 0):
                links[name] = number
        if fact.kind == "stock.corrected":
            if event.count_id:
                links["count"] = event.count_id
            if self._look.one("SELECT 1 FROM correction WHERE id = ? AND photo IS NOT NULL", (event.correction_id,)):
                links["photo"] = event.correction_id
        return msgspec.structs.replace(
            movement,
            what=_NAMES.get((fact.kind, movement.what), movement.what),
            at=fact.at,
            actor=fact.actor,
            reason=str(getattr(event, "reason", "")),
            note=str(getattr(event, "note", "")),
            links=links,
        )

    def _facts_from(self, entry: int) -> list[_Fact]:
        """What was recorded from an entry on, as far as it is about this SKU."""
        if entry not in self._facts:
            after = bisect_right(self._beginnings, entry)
            end = self._beginnings[after] if after < len(self._beginnings) else entry + _FAR
            rows = self._look.rows(_SELECT, (entry, min(end, entry + _FAR)))
            self._facts[entry] = [fact for row in rows if (fact := self._fact(*row)) is not None]
        return self._facts[entry]

    def _fact(self, entry: int, at: int, actor: str, kind: str, data: bytes) -> _Fact | None:
        event: Any = msgspec.json.decode(data, type=self._kinds[kind])
        sku = getattr(event, "sku", None)
        if isinstance(sku, str) and kind != "short.decided":
            if sku != self._code:
                return None
            number = self._order(event.order_id)[0] if hasattr(event, "order_id") else 0
            return _Fact(entry, at, actor, kind, event, abs(getattr(event, "quantity", 0)), number)
        if kind == "delivery.closed":
            brought = any(line.sku == self._code for line in event.lines)
            return _Fact(entry, at, actor, kind, event, 0) if brought else None
        if hasattr(event, "order_id"):
            number, lines = self._order(event.order_id)
            told = [line for line in getattr(event, "lines", ()) if line.line_id in lines]
            if lines and (told or not hasattr(event, "lines")):
                return _Fact(entry, at, actor, kind, event, sum(line.quantity for line in told), number)
            return None
        return _Fact(entry, at, actor, kind, event, 0)

    def _order(self, order_id: str) -> tuple[int, set[str]]:
        """The number of an order, and its lines of this SKU."""
        if order_id not in self._lines:
            rows = self._look.rows(
                "SELECT o.no, l.line_id FROM shop_order o JOIN order_line l ON l.order_no = o.no "
                "WHERE o.order_id = ? AND l.sku_id = ?",
                (order_id, self._sku_id),
            )
            self._lines[order_id] = (rows[0][0] if rows else 0, {row[1] for row in rows})
        return self._lines[order_id]

    def _is_about(self, fact: _Fact, movement: Movement) -> bool:
        """A fact that names a session is about that session; the shop's own stock is moved by any."""
        session = getattr(fact.event, "session_id", "")
        return not session or not movement.session_id or session == movement.session_id


_NAMES = {("stock.corrected", what): "corrected" for what in MAY_BE_CORRECTED}
