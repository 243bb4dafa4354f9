"""流水账: every movement of every unit of a SKU, and whether all of them together explain what is there now."""

from __future__ import annotations

from itertools import islice

import msgspec

from tihuo.boards.ledger_causes import Causes
from tihuo.boards.ledger_steps import KINDS, Course, Fault, ItemBook, Movement
from tihuo.shop.counts import Units, units_of
from tihuo.shop.work import Look


class Ledger(msgspec.Struct, frozen=True):
    """流水账 of a SKU: the newest movement first; `older` is the key to go on before, empty at the beginning. It adds
    up where there are no `faults`."""

    sku: str
    name: str
    spec: str
    unit: str
    zone: str
    units: Units
    books: tuple[ItemBook, ...]
    movements: tuple[Movement, ...]
    older: str
    faults: tuple[Fault, ...]


class Arrival(msgspec.Struct, frozen=True):
    """到货: what a closed delivery brought of a SKU, in units; `arrived` stand behind a pre-sale's rights."""

    delivery_id: int
    session_id: str
    supplier: str
    closed_at: int
    good: int
    damaged: int
    wrong: int
    arrived: int
    to_stock: int


def sku_ledger(
    look: Look, code: str, session: str = "", kind: str = "", before: str = "", limit: int | None = 100
) -> Ledger | None:
    """The ledger of a SKU; of one session, if it is named, and of one of `ledger_steps.KINDS`. `limit` None: all."""
    row = look.one(
        "SELECT s.id, s.on_hand, s.code, d.name, s.spec, s.unit, s.zone FROM sku s "
        "JOIN product d ON d.id = s.product_id WHERE s.code = ?",
        (code,),
    )
    if row is None:
        return None
    sku_id, on_hand, code, name, spec, unit, zone = row
    books = {
        no: ItemBook(session_id, title, goods, state, (0, *figures))
        for no, session_id, title, goods, state, *figures in look.rows(
            "SELECT t.no, t.session_id, l.title, t.kind, l.state, r.free, r.granted, r.ordered, r.quarantine, "
            "r.handed_over, r.void, r.owed FROM item_terms t JOIN item_rights r ON r.no = t.no "
            "JOIN live_session l ON l.id = t.session_id WHERE t.sku_id = ? ORDER BY l.version DESC, l.id DESC",
            (sku_id,),
        )
    }
    course = Course(look, sku_id, on_hand, books, session)
    causes = Causes(look, sku_id, code)
    begin = course.key_of(before)
    told = (causes.explain(movement) for movement in course.newest_first(kind, begin and begin[0]))
    found = (
        movement
        for movement in told
        if (kind not in KINDS or movement.what in KINDS[kind])
        and (begin is None or (course.key_of(movement.key) or begin) < begin)
    )
    shown = list(found if limit is None else islice(found, limit + 1))
    more = limit is not None and len(shown) > limit
    shown = shown[:limit]
    return Ledger(
        code,
        name,
        spec,
        unit,
        zone,
        units_of(look, sku_id),
        tuple(books.values()),
        tuple(shown),
        shown[-1].key if more else "",
        tuple(course.faults),
    )


def arrivals(look: Look, code: str) -> list[Arrival]:
    """The closed deliveries of a SKU, the newest first."""
    rows = look.rows(
        "SELECT d.id, d.session_id, d.supplier, d.closed_at, v.good, v.damaged, v.wrong, v.arrived, v.to_stock "
        "FROM sku s JOIN item_terms t ON t.sku_id = s.id JOIN delivery d ON d.session_id = t.session_id "
        "JOIN delivery_line v ON v.delivery_id = d.id AND v.sku_id = s.id "
        "WHERE s.code = ? AND d.state = 'closed' ORDER BY d.id DESC",
        (code,),
    )
    return [Arrival(*row) for row in rows]


def units(look: Look, code: str) -> Units | None:
    """Where every unit of a SKU is."""
    row = look.one("SELECT id FROM sku WHERE code = ?", (code,))
    return units_of(look, row[0]) if row else None


def correction_photo(look: Look, correction_id: int) -> bytes | None:
    """The photograph that somebody took of a correction: a JPEG."""
    row = look.one("SELECT photo FROM correction WHERE id = ?", (correction_id,))
    return row[0] if row else None
