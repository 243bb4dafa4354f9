"""自提: what waits on the shelf, who stands at which kiosk and who calls, for the staff at the counter."""

from __future__ import annotations

import json

import msgspec

from tihuo.shop.calls import CALL_MS
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


class CalledFor(msgspec.Struct, frozen=True):
    """What a call is about: a parcel, and the goods that are said to be missing in it."""

    parcel_id: int
    slot: str
    place: int
    zone: str
    missing: tuple[str, ...] = ()


class Call(msgspec.Struct, frozen=True):
    """叫店员: `what` as in `shop.calls.WHAT`; nobody's name where nobody was recognised. `by` is who is on the way."""

    call_id: int
    kiosk: str
    what: str
    at: int
    by: str = ""
    name: str = ""
    tail: str = ""
    order_no: int | None = None
    about: tuple[CalledFor, ...] = ()


class Stander(msgspec.Struct, frozen=True):
    """Who stands at a kiosk now. `state` as in `boards.kiosk`; `parcels` of hers are still on the shelf."""

    kiosk: str
    state: str
    since: int
    name: str = ""
    tail: str = ""
    order_no: int | None = None
    parcels: int = 0
    slots: str = ""


def on_the_shelf(look: Look, text: str = "", limit: int = 100) -> list[ShelfParcel]:
    """Parcels that stand on the shelf, by slot; `text` narrows to a slot, a phone's last digits or the beginning of a
    name."""
    text = text.strip()
    rows = look.rows(
        "SELECT p.id, p.slot, p.place, p.zone, c.name, c.phone, sum(l.put - l.handed_over), p.window_from, p.window_to "
        "FROM shelf_parcel p JOIN customer c ON c.id = p.customer_id JOIN order_line l ON l.parcel_id = p.id "
        "WHERE p.state IN ('sorting', 'ready') AND (?1 = '' OR p.slot = upper(?1) "
        "OR instr(c.name, ?1) = 1 OR (length(?1) >= 4 AND substr(c.phone, -length(?1)) = ?1)) "
        "GROUP BY p.id ORDER BY p.slot, p.place LIMIT ?2",
        (text, limit),
    )
    return [
        ShelfParcel(parcel, slot, place, zone, mask_name(name), phone_tail(phone), units, start, end)
        for parcel, slot, place, zone, name, phone, units, start, end in rows
    ]


def open_calls(look: Look, ticks: int) -> list[Call]:
    """Calls that nobody has seen to, of the last few minutes, the newest first."""
    rows = look.rows(
        "SELECT s.id, s.kiosk, s.what, s.at, s.answered_by, s.parcels, v.order_no, coalesce(c.name, ''), "
        "coalesce(c.phone, '') FROM staff_call s LEFT JOIN visit v ON v.id = s.visit_id "
        "LEFT JOIN customer c ON c.id = v.customer_id WHERE s.closed_at IS NULL AND s.ticks > ? "
        "ORDER BY s.id DESC LIMIT 10",
        (ticks - CALL_MS,),
    )
    return [
        Call(
            number, kiosk, what, at, by, mask_name(name), phone_tail(phone), order_no, _about(look, json.loads(parcels))
        )
        for number, kiosk, what, at, by, parcels, order_no, name, phone in rows
    ]


def _about(look: Look, parcels: list[int]) -> tuple[CalledFor, ...]:
    found = []
    for parcel_id in parcels:
        row = look.one("SELECT slot, place, zone FROM parcel WHERE id = ?", (parcel_id,))
        if row is None:
            continue
        slot, place, zone = row
        missing = look.rows(
            "SELECT d.name || ' ×' || m.quantity FROM order_line l JOIN missed_line m ON m.order_no = l.order_no "
            "AND m.line_no = l.line_no JOIN sku s ON s.id = l.sku_id JOIN product d ON d.id = s.product_id "
            "WHERE l.parcel_id = ? ORDER BY l.order_no, l.line_no",
            (parcel_id,),
        )
        found.append(CalledFor(parcel_id, slot, place, zone, tuple(text for (text,) in missing)))
    return tuple(found)


def call_at(look: Look, kiosk: str, ticks: int) -> Call | None:
    """The newest call of one kiosk that nobody has seen to."""
    return next((call for call in open_calls(look, ticks) if call.kiosk == kiosk), None)


def who_stands(look: Look) -> list[Stander]:
    """Everybody who stands at a kiosk now."""
    rows = look.rows(
        "SELECT v.kiosk, v.outcome, v.opened_at, coalesce(c.name, ''), coalesce(c.phone, ''), v.order_no, "
        "(SELECT count(*) FROM shelf_parcel WHERE customer_id = v.customer_id), "
        "coalesce((SELECT group_concat(slot, ' ') FROM (SELECT slot FROM shelf_parcel "
        "WHERE customer_id = v.customer_id ORDER BY slot)), '') "
        "FROM visit v LEFT JOIN customer c ON c.id = v.customer_id "
        "WHERE v.closed_at IS NULL ORDER BY v.kiosk, v.id DESC"
    )
    return [
        Stander(kiosk, state, since, mask_name(name), phone_tail(phone), *rest)
        for kiosk, state, since, name, phone, *rest in rows
    ]
