"""采购: what each supplier is asked to bring after the cut-off, and that he was told."""

from __future__ import annotations

from typing import Any

from tihuo.shop import paper
from tihuo.shop.events import PurchaseListSent, PurchaseWished
from tihuo.shop.fence import keep_out
from tihuo.shop.purchases import to_buy, told
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work, rows_of

MOST = 100_000
"""Units that the owner may wish for."""


def wish(work: Work, session_id: str, sku: str, units: int, note: str = "") -> None:
    """The owner wants `units` of an item beyond what was sold, and says a word to the supplier.

    Raises `Refusal`: `bad_quantity`, `unknown_sku`.
    """
    keep_out(work)
    if not 0 <= units <= MOST:
        raise Refusal("bad_quantity")
    item = work.one(
        "SELECT i.sku_id FROM session_item i JOIN sku s ON s.id = i.sku_id WHERE i.session_id = ? AND s.code = ?",
        (session_id, sku),
    )
    if item is None:
        raise Refusal("unknown_sku", sku=sku)
    work.sql(
        "INSERT INTO purchase_wish(session_id, sku_id, units, note) VALUES (?, ?, ?, ?) "
        "ON CONFLICT(session_id, sku_id) DO UPDATE SET units = excluded.units, note = excluded.note",
        (session_id, item[0], units, note.strip()[:60]),
    )
    work.record(PurchaseWished(session_id=session_id, sku=sku, units=units))


def send_list(work: Work, session_id: str, supplier: str, expected: dict[str, int]) -> int:
    """采购单 sent: the supplier was told `expected` (SKU -> units, as the page showed it); gives the list's number.

    Raises `Refusal`: `nothing_to_buy`, `list_changed` if it is not what must be bought now.
    """
    keep_out(work)
    rows = to_buy(rows_of(work), session_id, work.house.walk_in_reserve_percent)
    mine = [row for row in rows if row.buy and row.supplier == supplier]
    before = told(rows_of(work), session_id).get(supplier)
    if not mine and before is None:
        raise Refusal("nothing_to_buy")
    if {row.sku: row.buy for row in mine} != expected:
        raise Refusal("list_changed")
    list_id = work.sql(
        "INSERT INTO purchase_list(session_id, supplier, sent_at, sent_by) VALUES (?, ?, ?, ?)",
        (session_id, supplier, work.now, work.actor),
    ).lastrowid
    assert list_id is not None
    work.many("INSERT INTO purchase_line VALUES (?, ?, ?)", [(list_id, row.sku_id, row.buy) for row in mine])
    units = sum(row.buy for row in mine)
    work.record(
        PurchaseListSent(list_id=list_id, session_id=session_id, supplier=supplier, skus=len(mine), units=units)
    )
    return list_id


def print_list(work: Work, subject: str, content: dict[str, Any]) -> int:
    """采购单 on paper; gives the job."""
    return paper.queue(work, "list", subject, content)
