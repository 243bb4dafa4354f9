"""Which lamps are lit. Always the whole picture: lamps are redrawn from it, never switched."""

from __future__ import annotations

import msgspec

from tihuo.shop.delegates import NOT_THEIRS
from tihuo.shop.waves import LIT, look_of
from tihuo.shop.work import Look


class Glow(msgspec.Struct, frozen=True):
    """One reason for a slot to shine: a colour and a rhythm."""

    color: str
    rhythm: str


CUSTOMER = Glow("white", "blink")
"""A customer stands before the shelf, and her parcel is there."""


def lamps(look: Look) -> dict[str, tuple[Glow, ...]]:
    """Slot -> why it shines: a customer first, then each picker whose item it wants. Several are shown in turn."""
    lit: dict[str, tuple[Glow, ...]] = {
        slot: (CUSTOMER,)
        for (slot,) in look.rows(
            "SELECT DISTINCT p.slot FROM visit v JOIN shelf_parcel p ON p.customer_id = v.customer_id "
            "WHERE v.closed_at IS NULL AND v.outcome IN ('welcome', 'confirm', 'partly') "
            f"AND NOT {NOT_THEIRS.format(delegation='v.delegation')}"
        )
    }
    for slot, picker in look.rows(f"SELECT DISTINCT p.slot, t.picker {LIT} ORDER BY t.picker"):
        lit[slot] = (*lit.get(slot, ()), Glow(*look_of(picker)))
    return lit


def pulses(look: Look) -> dict[str, str]:
    """Slot -> `blink` (a customer stands before it) or `on` (somebody's item belongs there), for a map on a page."""
    return {slot: "blink" if CUSTOMER in glows else "on" for slot, glows in lamps(look).items()}


def full_slots(look: Look) -> dict[str, int]:
    """Slot -> parcels that are in it or on their way into it."""
    statement = "SELECT slot, count(*) FROM parcel WHERE state IN ('sorting', 'ready') GROUP BY slot ORDER BY slot"
    return dict(look.rows(statement))
