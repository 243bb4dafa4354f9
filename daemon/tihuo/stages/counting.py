"""盘点: people count what lies in a place, scan after scan, and the book is put right in one step.

What should be there of a SKU is written down when somebody says that hers is complete, so that what is sold, put or
received later, and in other places, makes no difference. Everything is a row: a count goes on after a crash.
"""

from __future__ import annotations

import msgspec

from tihuo.shop.corrections import COUNTED, put_in, take_out
from tihuo.shop.counts import units_of
from tihuo.shop.events import CountLineSaid, StockCountMoved
from tihuo.shop.fence import keep_out
from tihuo.shop.items import items_named
from tihuo.shop.words import Refusal, Zone
from tihuo.shop.work import Row, Work, rows_of

MOST = 1_000_000
"""Units of a SKU that one can count."""


class Said(msgspec.Struct, frozen=True):
    """A line of a count as it is now."""

    sku: str
    counted: int
    expected: int | None = None


class Applied(msgspec.Struct, frozen=True):
    """What a count changed: units found and units missing, of so many SKUs; `short` of them customers go without."""

    skus: int
    more: int
    less: int
    short: int


def open_count(work: Work, place: str, name: str = "") -> int:
    """Begin to count a place: `all`, or the `zone` or `supplier` of that name; gives its number. Where somebody counts
    it already, it is that count: she helps. Raises `Refusal("bad_place")`."""
    keep_out(work)
    name = "" if place == "all" else name
    supplier = name and work.one("SELECT 1 FROM product WHERE supplier = ?", (name,))
    if not (place == "all" or (place == "zone" and name in set(Zone)) or (place == "supplier" and supplier)):
        raise Refusal("bad_place")
    there = work.one("SELECT id FROM stock_count WHERE place = ? AND name = ? AND state = 'open'", (place, name))
    if there is not None:
        return int(there[0])
    row = work.one(
        "INSERT INTO stock_count(place, name, state, opened_by, opened_at, closed_by) VALUES (?, ?, 'open', ?, ?, '') "
        "RETURNING id",
        (place, name, work.actor, work.now),
    )
    assert row is not None
    work.record(StockCountMoved(count_id=row[0], state="opened", place=place, name=name))
    return int(row[0])


def count_scan(work: Work, count_id: int, text: str, quantity: int = 1) -> Said:
    """One more unit was seen, or `quantity` more, or fewer after a scan too many. `text` is a barcode or a SKU code.

    Raises `Refusal`: `count_over`, `which_item` (a barcode of several), `not_in_this_place`, `bad_quantity`, and what
    `shop.items.items_named` refuses.
    """
    named = items_named(rows_of(work), work.house, text)
    if len(named.skus) != 1:
        raise Refusal(named.refusal or "which_item")
    sku_id = named.skus[0][0]
    code = _line(work, count_id, sku_id)
    before = work.one("SELECT counted FROM count_line WHERE count_id = ? AND sku_id = ?", (count_id, sku_id))
    return _say(work, count_id, sku_id, code, (before[0] if before else 0) + quantity)


def count_type(work: Work, count_id: int, sku: str, counted: int) -> Said:
    """There are so many of them: typed, and complete. Raises as `count_scan` does, and `unknown_sku`."""
    sku_id = _sku(work, sku)
    _say(work, count_id, sku_id, _line(work, count_id, sku_id), counted)
    return confirm_line(work, count_id, sku)


def confirm_line(work: Work, count_id: int, sku: str) -> Said:
    """All of this SKU is counted: what should be there is written down now.

    Raises `Refusal`: `count_over`, `unknown_sku`, `not_counted`.
    """
    keep_out(work)
    sku_id = _sku(work, sku)
    _line(work, count_id, sku_id)
    return _freeze(work, count_id, sku_id, sku)


def confirm_all(work: Work, count_id: int) -> int:
    """All that was counted is complete; gives how many SKUs were not before. Raises `Refusal("count_over")`."""
    keep_out(work)
    _open(work, count_id)
    rows = work.sql(
        "SELECT c.sku_id, s.code FROM count_line c JOIN sku s ON s.id = c.sku_id "
        "WHERE c.count_id = ? AND c.expected IS NULL ORDER BY c.sku_id",
        (count_id,),
    ).fetchall()
    for sku_id, sku in rows:
        _freeze(work, count_id, sku_id, sku)
    return len(rows)


def recount(work: Work, count_id: int) -> int:
    """Count again what differs, and only that; gives how many SKUs.

    Raises `Refusal`: `count_over`, `nothing_differs`.
    """
    keep_out(work)
    _open(work, count_id)
    again = work.sql(
        "UPDATE count_line SET counted = 0, expected = NULL, rounds = rounds + 1, actor = ?, at = ? "
        "WHERE count_id = ? AND expected <> counted",
        (work.actor, work.now, count_id),
    ).rowcount
    if not again:
        raise Refusal("nothing_differs")
    work.record(StockCountMoved(count_id=count_id, state="recount"))
    return int(again)


def apply_count(work: Work, count_id: int, note: str = "") -> Applied:
    """Put the book right where it differs from what was counted, everything or nothing. What nobody counted stays as it
    is. Units that are over and may be those of a pre-sale that nobody has received yet are left alone: they are to be
    received.

    Raises `Refusal`: `count_over`, `not_counted` (nothing was), `not_complete` (somebody still counts), and what
    corrections raise.
    """
    keep_out(work)
    _open(work, count_id)
    lines = work.sql(
        "SELECT sku_id, counted - expected, to_come FROM count_line WHERE count_id = ? ORDER BY sku_id", (count_id,)
    ).fetchall()
    if not lines:
        raise Refusal("not_counted")
    if any(over is None for _, over, _ in lines):
        raise Refusal("not_complete")
    skus = more = less = short = 0
    for sku_id, over, to_come in lines:
        over = max(0, over - to_come) if over > 0 else over
        if over > 0:
            put_in(work, sku_id, over, COUNTED, note=note, count_id=count_id)
            more += over
        elif over:
            short += take_out(work, sku_id, -over, COUNTED, note=note, count_id=count_id).short
            less -= over
        skus += bool(over)
    _close(work, count_id, "applied")
    work.record(StockCountMoved(count_id=count_id, state="applied", more=more, less=less))
    return Applied(skus, more, less, short)


def drop_count(work: Work, count_id: int) -> None:
    """The count is given up; the book stays as it is. Raises `Refusal("count_over")`."""
    _open(work, count_id)
    _close(work, count_id, "dropped")
    work.record(StockCountMoved(count_id=count_id, state="dropped"))


def _say(work: Work, count_id: int, sku_id: int, sku: str, counted: int) -> Said:
    if not 0 <= counted <= MOST:
        raise Refusal("bad_quantity")
    work.sql(
        "INSERT INTO count_line(count_id, sku_id, counted, to_come, actor, at, rounds) "
        "VALUES (?1, ?2, ?3, 0, ?4, ?5, 0) "
        "ON CONFLICT DO UPDATE SET counted = ?3, expected = NULL, actor = ?4, at = ?5",
        (count_id, sku_id, counted, work.actor, work.now),
    )
    work.record(CountLineSaid(count_id=count_id, sku=sku, counted=counted))
    return Said(sku, counted)


def _freeze(work: Work, count_id: int, sku_id: int, sku: str) -> Said:
    units = units_of(work, sku_id)
    row = work.one(
        "UPDATE count_line SET expected = ?, to_come = ?, actor = ?, at = ? WHERE count_id = ? AND sku_id = ? "
        "RETURNING counted",
        (units.loose, units.to_come, work.actor, work.now, count_id, sku_id),
    )
    if row is None:
        raise Refusal("not_counted")
    work.record(CountLineSaid(count_id=count_id, sku=sku, counted=row[0], expected=units.loose))
    return Said(sku, row[0], units.loose)


def _line(work: Work, count_id: int, sku_id: int) -> str:
    """The code of a SKU that belongs to the place that is counted."""
    place, name = _open(work, count_id)
    row = work.one(
        "SELECT s.code, s.zone, d.supplier FROM sku s JOIN product d ON d.id = s.product_id WHERE s.id = ?", (sku_id,)
    )
    assert row is not None
    if (place == "zone" and row[1] != name) or (place == "supplier" and row[2] != name):
        raise Refusal("not_in_this_place", sku=row[0])
    return str(row[0])


def _open(work: Work, count_id: int) -> Row:
    row = work.one("SELECT place, name FROM stock_count WHERE id = ? AND state = 'open'", (count_id,))
    if row is None:
        raise Refusal("count_over")
    return row


def _close(work: Work, count_id: int, state: str) -> None:
    work.sql(
        "UPDATE stock_count SET state = ?, closed_by = ?, closed_at = ? WHERE id = ?",
        (state, work.actor, work.now, count_id),
    )


def _sku(work: Work, code: str) -> int:
    row = work.one("SELECT id FROM sku WHERE code = ?", (code,))
    if row is None:
        raise Refusal("unknown_sku", sku=code)
    return int(row[0])
