"""到货单: what was asked of a supplier, and what he brought, batch by batch.

A purchase list (采购单) is what a supplier was told; a delivery takes it up when his van arrives and counts each thing
in a row of its own, so that nothing counted is lost, several people may count at once, and a batch can be found again.
`shop.arrival` says what follows when a delivery is closed.
"""

from __future__ import annotations

from tihuo.shop.work import Rows, Work

HOWS = ("good", "damaged", "wrong")
"""What may be said of counted units: fit for sale, broken, or nothing that was asked for."""


def is_welcome(rows: Rows, delivery_id: int, sku: str) -> bool:
    """Whether a thing may come in with a delivery: it was asked for, or the session sells it and he is its supplier."""
    return bool(
        rows(
            "SELECT 1 FROM delivery d JOIN sku s ON s.code = ?2 JOIN product p ON p.id = s.product_id WHERE d.id = ?1 "
            "AND (EXISTS (SELECT 1 FROM delivery_line WHERE delivery_id = d.id AND sku_id = s.id AND expected > 0) "
            "OR p.supplier = d.supplier "
            "AND EXISTS (SELECT 1 FROM session_item WHERE session_id = d.session_id AND sku_id = s.id))",
            (delivery_id, sku),
        )
    )


def use_by(work: Work, sku_id: int, session_id: str = "") -> str:
    """保质期到: the earliest date of what came of a SKU for a session, YYYY-MM-DD; empty if nobody wrote one down.

    Without a session it is the newest one that was ever opened.
    """
    row = work.one(
        "SELECT min(c.use_by) FROM delivery_count c JOIN delivery d ON d.id = c.delivery_id WHERE c.sku_id = ?1 "
        "AND c.how = 'good' AND c.use_by <> '' AND c.undone_at IS NULL AND d.session_id = coalesce(nullif(?2, ''), "
        "(SELECT id FROM live_session WHERE state <> 'draft' ORDER BY version DESC, id DESC LIMIT 1))",
        (sku_id, session_id),
    )
    return str(row[0]) if row and row[0] else ""
