"""Which lamps are lit. Always the whole picture: lamps are redrawn from it, never switched."""

from __future__ import annotations

from tihuo.shop.work import Look


def lamps(look: Look) -> dict[str, str]:
    """Slot -> `blink` (a customer stands before it) or `on` (it wants the item in somebody's hand)."""
    lit = {
        slot: "on"
        for (slot,) in look.rows(
            "SELECT DISTINCT p.slot FROM station t JOIN order_line l ON l.sku_id = t.sku_id "
            "JOIN parcel p ON p.id = l.parcel_id WHERE p.wave_id = t.wave_id "
            "AND l.quantity - l.put - l.short - l.cancelled > 0"
        )
    }
    for (slot,) in look.rows(
        "SELECT DISTINCT p.slot FROM visit v JOIN parcel p ON p.customer_id = v.customer_id "
        "WHERE v.closed_at IS NULL AND v.outcome IN ('welcome', 'confirm', 'partly') AND p.state = 'ready'"
    ):
        lit[slot] = "blink"
    return lit


def full_slots(look: Look) -> dict[str, int]:
    """Slot -> parcels that are in it or on their way into it."""
    statement = "SELECT slot, count(*) FROM parcel WHERE state IN ('sorting', 'ready') GROUP BY slot ORDER BY slot"
    return dict(look.rows(statement))
