"""履约数据链: every step of one order, from its acceptance to its last word, as the journal has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from tihuo.shop.work import Look

AT_ONCE = 400
MOST_UNSEALED = 5_000
"""So many of the newest entries are looked through for what is not sealed yet, and so not found by its order."""


class Step(msgspec.Struct, frozen=True):
    """One fact: what its event says, by whom and with what in hand, when by both clocks (`at`, and whether anybody
    vouched for it; `ticks`, milliseconds since the machine was switched on), and whether it is sealed."""

    entry: int
    at: int
    sure: bool
    ticks: int
    who: str
    device: str
    kind: str
    said: dict[str, Any]
    sealed: bool


def steps(look: Look, order_no: int) -> list[Step]:
    """The facts about an order, in the order in which they happened."""
    sealed = int((look.one("SELECT coalesce(max(entry), 0) FROM seal") or (0,))[0])
    last = int((look.one("SELECT coalesce(max(entry), 0) FROM journal") or (0,))[0])
    known = [row[0] for row in look.rows("SELECT entry FROM journal_about WHERE subject = ?", (order_no,))]
    first = max(sealed, last - MOST_UNSEALED) + 1
    known += [entry for number, entry in about_orders(look, first, last) if number == order_no]
    found: list[Step] = []
    for start in range(0, len(known), AT_ONCE):
        some = known[start : start + AT_ONCE]
        found += [
            Step(entry, at, bool(sure), ticks, *_signed(actor), kind, json.loads(data), entry <= sealed)
            for entry, at, sure, ticks, actor, kind, data in look.rows(
                f"SELECT entry, at, sure, ticks, actor, kind, data FROM journal WHERE entry IN ({_marks(some)}) "
                "ORDER BY entry",
                some,
            )
        ]
    return found


def about_orders(look: Look, first: int, last: int) -> list[tuple[int, int]]:
    """(order number, entry) of every order that these entries are about, each pair once."""
    rows = look.rows("SELECT entry, data FROM journal WHERE entry BETWEEN ? AND ? ORDER BY entry", (first, last))
    asked = _Asked(look)
    return [(number, entry) for entry, data in rows for number in sorted(set(asked.orders(json.loads(data))))]


class _Asked:
    """Which orders the names in an event stand for; each is looked up once."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._known: dict[tuple[str, Any], tuple[int, ...]] = {}

    def orders(self, said: dict[str, Any]) -> Iterator[int]:
        for name in ("order_no", "holder_no"):
            if isinstance(said.get(name), int):
                yield said[name]
        for name, statement in _WAYS.items():
            if said.get(name) and not ("order_no" in said and name == "order_id"):
                yield from self._find(name, statement, said[name])
        for order_id in (*_texts(said.get("also")), str(said.get("refund_id", "")).rpartition("-r")[0]):
            yield from self._find("order_id", _WAYS["order_id"], order_id)
        if "parcel_id" in said:
            yield from self._find_in_parcel(said["parcel_id"], said.get("sku", ""))
        for parcel in said["parcels"] if isinstance(said.get("parcels"), list) else ():
            if isinstance(parcel, int):
                yield from self._find_in_parcel(parcel, "")
        if "job_id" in said:
            yield from self._find_on_paper(said["job_id"])

    def _find(self, name: str, statement: str, value: Any) -> tuple[int, ...]:
        if (name, value) not in self._known:
            self._known[name, value] = tuple(row[0] for row in self._look.rows(statement, (value,)) if row[0])
        return self._known[name, value]

    def _find_in_parcel(self, parcel_id: int, sku: str) -> tuple[int, ...]:
        key = f"parcel {sku}"
        if (key, parcel_id) not in self._known:
            rows = self._look.rows(
                "SELECT DISTINCT l.order_no FROM order_line l JOIN sku s ON s.id = l.sku_id "
                "WHERE l.parcel_id = ?1 AND (?2 = '' OR s.code = ?2)",
                (parcel_id, sku),
            )
            self._known[key, parcel_id] = tuple(row[0] for row in rows)
        return self._known[key, parcel_id]

    def _find_on_paper(self, job_id: int) -> tuple[int, ...]:
        row = self._look.one("SELECT subject FROM print_job WHERE id = ?", (job_id,))
        kind, _, number = str(row[0]).partition(":") if row else ("", "", "")
        if not number.isdecimal():
            return ()
        if kind == "parcel":
            return self._find_in_parcel(int(number), "")
        if kind == "visit":
            return self._find("visit_id", _WAYS["visit_id"], int(number))
        if kind == "handover":
            return self._find("handover", "SELECT order_no FROM handover_line WHERE id = ?", int(number))
        return (int(number),) if kind == "trail" else ()


_WAYS = {
    "order_id": "SELECT no FROM shop_order WHERE order_id = ?",
    "visit_id": "SELECT order_no FROM visit WHERE id = ?",
    "ticket_id": "SELECT order_no FROM service_ticket WHERE ticket_id = ?",
}
"""Name in an event -> how its order is found, each by a key."""


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _signed(actor: str) -> tuple[str, str]:
    """Who, and with what in hand."""
    who, at, device = actor.rpartition(" @ ")
    return (who, device) if at else (actor, "")


def _marks(values: list[int]) -> str:
    return ", ".join("?" * len(values))
