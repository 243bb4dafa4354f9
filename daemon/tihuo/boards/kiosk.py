"""What a kiosk shows now. It is drawn from the open visit alone, so a reload or a second page shows the same."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from tihuo.shop.words import Zone, mask_name
from tihuo.shop.work import Look


class KioskParcel(msgspec.Struct, frozen=True):
    parcel_id: int
    slot: str
    place: int
    zone: str
    letter: str
    units: int
    taken: bool


class KioskPicture(msgspec.Struct, frozen=True):
    """`state`: `idle`, `welcome`, `confirm`, `partly`, `done`, or the code of a refusal; `ends_at` in ticks."""

    kiosk: str
    state: str
    visit_id: int | None = None
    name: str = ""
    parcels: tuple[KioskParcel, ...] = ()
    facts: dict[str, Any] = {}
    ends_at: int = 0


def kiosk_picture(look: Look, kiosk: str) -> KioskPicture:
    """The stage of one kiosk."""
    visit = look.one(
        "SELECT v.id, v.outcome, v.facts, v.given_before, v.ends_at, v.customer_id, c.name FROM visit v "
        "LEFT JOIN customer c ON c.id = v.customer_id WHERE v.kiosk = ? AND v.closed_at IS NULL "
        "ORDER BY v.id DESC LIMIT 1",
        (kiosk,),
    )
    if visit is None:
        return KioskPicture(kiosk=kiosk, state="idle")
    visit_id, outcome, facts, given_before, ends_at, customer_id, name = visit
    known = outcome in ("welcome", "confirm", "partly", "done")
    return KioskPicture(
        kiosk=kiosk,
        state=outcome,
        visit_id=visit_id,
        name=mask_name(name) if known and name else "",
        parcels=_parcels(look, customer_id, given_before) if known else (),
        facts=json.loads(facts),
        ends_at=ends_at,
    )


def _parcels(look: Look, customer_id: str, given_before: int) -> tuple[KioskParcel, ...]:
    """What waits for a customer, and what she was given since she came, here or at the counter."""
    rows = look.rows(
        "SELECT p.id, p.slot, p.place, p.zone, p.state = 'handed_over', (SELECT sum(CASE p.state WHEN 'handed_over' "
        "THEN put ELSE put - handed_over END) FROM order_line WHERE parcel_id = p.id) FROM parcel p "
        "WHERE p.customer_id = ?1 AND (p.state = 'ready' OR (p.state = 'handed_over' AND p.id IN "
        "(SELECT parcel_id FROM handover_line WHERE id > ?2))) ORDER BY p.number, p.id",
        (customer_id, given_before),
    )
    return tuple(
        KioskParcel(parcel, slot, place, zone, Zone(zone).letter, units or 0, bool(taken))
        for parcel, slot, place, zone, taken, units in rows
    )


def visits_overdue(look: Look, ticks: int) -> bool:
    """Whether the time of an open visit is up."""
    return look.one("SELECT 1 FROM visit WHERE closed_at IS NULL AND ends_at <= ?", (ticks,)) is not None
