"""Does the ledger balance? Each right in one place, each line accounted for, counted from the rows themselves."""

from __future__ import annotations

from tihuo.shop.work import Look

_OPEN = "l.quantity - l.put - l.short - l.cancelled"
_ITEM = "SELECT i.session_id || ' ' || i.sku_id FROM session_item i WHERE "
_CHECKS = {
    "rights": f"{_ITEM} minted <> free + granted + ordered + quarantine + handed_over + void",
    "grants": f"{_ITEM} i.granted <> (SELECT coalesce(sum(remaining), 0) FROM stock_grant g "
    "WHERE g.session_id = i.session_id AND g.sku_id = i.sku_id)",
    "sold": "SELECT g.id FROM stock_grant g "
    "WHERE g.sold <> (SELECT coalesce(sum(quantity), 0) FROM order_line l WHERE l.grant_id = g.id)",
    "asked": "SELECT id FROM stock_grant WHERE asked < 0 OR asked > remaining",
    "owed": f"{_ITEM} i.owed > i.granted OR i.owed <> (SELECT coalesce(sum(quantity - covered - short), 0) "
    "FROM shortage h WHERE h.session_id = i.session_id AND h.sku_id = i.sku_id)",
    "void": f"{_ITEM} i.void <> (SELECT coalesce(sum(covered + short), 0) FROM shortage h "
    "WHERE h.session_id = i.session_id AND h.sku_id = i.sku_id)",
    "short": f"{_ITEM} (SELECT coalesce(sum(h.short), 0) FROM shortage h WHERE h.session_id = i.session_id "
    "AND h.sku_id = i.sku_id) <> (SELECT coalesce(sum(l.short), 0) FROM shop_order o JOIN order_line l "
    "ON l.order_no = o.no WHERE o.session_id = i.session_id AND l.sku_id = i.sku_id)",
    "walk_in": f"{_ITEM} i.handed_over <> i.walk_in + (SELECT coalesce(sum(l.handed_over), 0) "
    "FROM shop_order o JOIN order_line l ON l.order_no = o.no "
    "WHERE o.session_id = i.session_id AND l.sku_id = i.sku_id) - (SELECT coalesce(sum(r.quantity), 0) "
    "FROM returned_line r JOIN shop_order o ON o.no = r.order_no JOIN order_line l ON l.order_no = r.order_no "
    "AND l.line_no = r.line_no WHERE o.session_id = i.session_id AND l.sku_id = i.sku_id)",
    "returned": "SELECT order_no || ' ' || line_no FROM order_line l WHERE handed_over < (SELECT "
    "coalesce(sum(quantity), 0) FROM returned_line r WHERE r.order_no = l.order_no AND r.line_no = l.line_no)",
    "ordered": f"{_ITEM} i.ordered <> (SELECT coalesce(sum(l.quantity - l.short - l.cancelled - l.handed_over), 0) "
    "FROM shop_order o JOIN order_line l ON l.order_no = o.no "
    "WHERE o.session_id = i.session_id AND l.sku_id = i.sku_id)",
    "handed_over": "SELECT order_no || ' ' || line_no FROM order_line l WHERE handed_over <> "
    "(SELECT coalesce(sum(quantity), 0) FROM handover_line h WHERE h.order_no = l.order_no AND h.line_no = l.line_no "
    "AND h.undone_at IS NULL)",
    "parcels": "SELECT p.id FROM parcel p JOIN order_line l ON l.parcel_id = p.id GROUP BY p.id HAVING p.state <> CASE "
    f"WHEN sum({_OPEN}) THEN 'sorting' WHEN NOT sum(l.put) THEN 'empty' "
    "WHEN sum(l.put - l.handed_over) THEN 'ready' ELSE 'handed_over' END",
    "uncollected": "SELECT p.id FROM parcel p LEFT JOIN uncollected u ON u.parcel_id = p.id "
    "WHERE (p.state = 'ready' AND p.id NOT IN (SELECT parcel_id FROM astray)) <> (u.parcel_id IS NOT NULL)",
    "waves": "SELECT i.wave_id || ' ' || i.sku_id FROM wave_item i WHERE (wanted, put, short) <> "
    "(SELECT coalesce(sum(l.quantity - l.cancelled), 0), coalesce(sum(l.put), 0), coalesce(sum(l.short), 0) "
    "FROM parcel p JOIN order_line l ON l.parcel_id = p.id WHERE p.wave_id = i.wave_id AND l.sku_id = i.sku_id)",
    "moves": f"{_ITEM} (i.free, i.granted + i.ordered, i.quarantine, i.handed_over, i.void, i.owed) IS NOT (SELECT "
    "coalesce(sum(m.free), 0), coalesce(sum(m.granted + m.ordered), 0), coalesce(sum(m.quarantine), 0), "
    "coalesce(sum(m.handed_over), 0), coalesce(sum(m.void), 0), coalesce(sum(m.owed), 0) FROM item_terms t "
    "LEFT JOIN unit_move m ON m.item_no = t.no WHERE t.session_id = i.session_id AND t.sku_id = i.sku_id)",
    "stock": "SELECT code FROM sku s WHERE on_hand <> (SELECT coalesce(sum(on_hand), 0) FROM stock_move "
    "WHERE sku_id = s.id)",
    "journal": "SELECT entry FROM (SELECT entry, lag(entry) OVER (ORDER BY entry) AS before FROM journal) "
    "WHERE entry <> before + 1",
    "stream": "SELECT up_seq FROM (SELECT up_seq, lag(up_seq) OVER (ORDER BY up_seq) AS before FROM journal "
    "WHERE up_epoch = (SELECT max(up_epoch) FROM journal)) WHERE up_seq <> before + 1",
}


def imbalances(look: Look) -> dict[str, list[str]]:
    """Name of a check -> the rows that fail it; empty when the ledger balances."""
    found = {}
    for name, statement in _CHECKS.items():
        rows = [str(row[0]) for row in look.rows(statement)]
        if rows:
            found[name] = rows[:20]
    return found
