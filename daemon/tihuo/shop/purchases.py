"""采购单: how much of each thing must be bought so that everybody gets hers and the counter keeps its share."""

from __future__ import annotations

import msgspec

from tihuo.shop.work import Rows


class BuyRow(msgspec.Struct, frozen=True):
    """One item of a session in units. `buy` is what was `sold` and `wish`, less what is `at_hand` (in the shop, bought
    for these orders or not) and `coming` (in deliveries that are not closed)."""

    sku_id: int
    sku: str
    product: str
    spec: str
    unit: str
    zone: str
    supplier: str
    sold: int
    at_hand: int
    wish: int
    note: str
    coming: int

    @property
    def buy(self) -> int:
        return max(0, self.sold + self.wish - self.at_hand - self.coming)


ARRIVED = (
    "(SELECT coalesce(sum(v.arrived), 0) FROM delivery_line v JOIN delivery d ON d.id = v.delivery_id "
    "WHERE d.session_id = i.session_id AND v.sku_id = i.sku_id)"
)
"""Units that stand behind rights of item `i`, with those that broke since."""
NEVER_CAME = (
    "(SELECT coalesce(sum(quantity), 0) FROM shortage WHERE session_id = i.session_id AND sku_id = i.sku_id "
    "AND reason = 'short_delivery')"
)
"""Rights of item `i` that ended, or will when they come back, because their unit never came."""

BROKEN = f"max(0, i.void + i.owed - {NEVER_CAME})"
"""Units of item `i` that came, or were there, and are not fit for anybody any more."""
CAME = f"({ARRIVED} + coalesce(t.stood_in, 0) - {BROKEN})"
"""Units of a pre-sale's item `i` that came and are not broken; `t` counts what stood in for something else (替代)."""


def coming(but: str = "0") -> str:
    """SQL: units of item `i` that open deliveries are expected to bring; not the delivery that `but` stands for."""
    return (
        "(SELECT coalesce(sum(v.expected), 0) FROM delivery_line v JOIN delivery d ON d.id = v.delivery_id "
        f"WHERE d.session_id = i.session_id AND v.sku_id = i.sku_id AND d.state = 'open' AND d.id <> {but})"
    )


def to_buy(rows: Rows, session_id: str, percent: int = 0) -> list[BuyRow]:
    """Every item of a session, by supplier. `percent` is the shop's usual share for walk-ins, where nothing was wished.

    A pre-sale is served from the shop's own stock as far as that goes; of goods that were on hand to begin with, all
    that was sold is in the shop. What stood in for something else (替代) was in somebody's hand.
    """
    found = rows(
        "SELECT s.id, s.code, p.name, s.spec, s.unit, s.zone, p.supplier, coalesce(t.sold, 0), max(0, s.on_hand + "
        f"CASE i.kind WHEN 'on_hand' THEN i.minted - i.void - i.owed ELSE {CAME} END "
        "- i.walk_in), coalesce(w.units, max(0, coalesce(i.reserve, i.offered * ?2 / 100) - i.walk_in)), "
        f"coalesce(w.note, ''), {coming()} FROM session_item i JOIN sku s ON s.id = i.sku_id "
        "JOIN product p ON p.id = s.product_id "
        "LEFT JOIN purchase_wish w ON w.session_id = i.session_id AND w.sku_id = i.sku_id "
        "LEFT JOIN (SELECT l.sku_id, sum(l.quantity - l.cancelled - l.short) AS sold, "
        "sum(iif(l.instead_of IS NULL, 0, l.quantity - l.cancelled - l.short)) AS stood_in FROM shop_order o "
        "JOIN order_line l ON l.order_no = o.no WHERE o.session_id = ?1 AND o.state = 'accepted' GROUP BY l.sku_id) t "
        "ON t.sku_id = i.sku_id WHERE i.session_id = ?1 ORDER BY p.supplier, s.zone, p.name, s.spec, s.id",
        (session_id, percent),
    )
    return [BuyRow(*row) for row in found]


def told(rows: Rows, session_id: str) -> dict[str, tuple[int, dict[int, int]]]:
    """Supplier -> (list, SKU number -> units) of the newest list that he was sent and that no delivery took up."""
    newest = rows(
        "SELECT supplier, max(id) FROM purchase_list WHERE session_id = ? AND delivery_id IS NULL GROUP BY supplier",
        (session_id,),
    )
    return {
        supplier: (
            list_id,
            dict(rows("SELECT sku_id, quantity FROM purchase_line WHERE list_id = ? ORDER BY sku_id", (list_id,))),
        )
        for supplier, list_id in newest
    }
