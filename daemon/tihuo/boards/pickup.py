"""自提: what waits on the shelf, for the staff at the counter."""

from __future__ import annotations

import msgspec

from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import Look


class ShelfParcel(msgspec.Struct, frozen=True):
    parcel_id: int
    slot: str
    place: int
    zone: str
    name: str
    tail: str
    units: int
    window_from: int
    window_to: int


def on_the_shelf(look: Look, text: str = "", limit: int = 100) -> list[ShelfParcel]:
    """Parcels that are ready, by slot; `text` narrows to a slot, a phone's last digits or the beginning of a name."""
    text = text.strip()
    rows = look.rows(
        "SELECT p.id, p.slot, p.place, p.zone, c.name, c.phone, sum(l.put - l.handed_over), p.window_from, p.window_to "
        "FROM parcel p JOIN customer c ON c.id = p.customer_id JOIN order_line l ON l.parcel_id = p.id "
        "WHERE p.state = 'ready' AND (?1 = '' OR p.slot = upper(?1) OR instr(c.name, ?1) = 1 "
        "OR (length(?1) >= 4 AND substr(c.phone, -length(?1)) = ?1)) GROUP BY p.id ORDER BY p.slot, p.place LIMIT ?2",
        (text, limit),
    )
    return [
        ShelfParcel(parcel, slot, place, zone, mask_name(name), phone_tail(phone), units, start, end)
        for parcel, slot, place, zone, name, phone, units, start, end in rows
    ]


def recent_calls(look: Look, since: int, now: int) -> list[tuple[str, int]]:
    """叫店员: (kiosk, when) of calls since a moment, newest first. One from the future was told by a clock that has
    been put right, and is old."""
    return [
        (kiosk, at)
        for kiosk, at in look.rows(
            "SELECT json_extract(data, '$.kiosk'), at FROM journal WHERE kind = 'staff.called' AND at BETWEEN ? AND ? "
            "AND entry > (SELECT max(entry) - 2000 FROM journal) ORDER BY entry DESC LIMIT 5",
            (since, now),
        )
    ]
