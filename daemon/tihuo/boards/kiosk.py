"""What a kiosk shows now. It is drawn from the open visit alone, so a reload or a second page shows the same."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from tihuo.shop.delegates import NOT_THEIRS
from tihuo.shop.manners import Manner, kept
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
    window_to: int = 0


class KioskPicture(msgspec.Struct, frozen=True):
    """`state`: `idle`, `welcome`, `confirm`, `partly`, `done`, or the code of a refusal; `ends_at` in ticks. `parcels`
    stand in the order of taking. `manner` is what was chosen last here, which may have ended."""

    kiosk: str
    state: str
    visit_id: int | None = None
    name: str = ""
    parcels: tuple[KioskParcel, ...] = ()
    facts: dict[str, Any] = {}
    ends_at: int = 0
    manner: Manner = Manner()


def kiosk_picture(look: Look, kiosk: str) -> KioskPicture:
    """The stage of one kiosk."""
    visit = look.one(
        "SELECT v.id, v.outcome, v.facts, v.given_before, v.ends_at, v.customer_id, c.name, v.delegation "
        "FROM visit v "
        "LEFT JOIN customer c ON c.id = v.customer_id WHERE v.kiosk = ? AND v.closed_at IS NULL "
        "ORDER BY v.id DESC LIMIT 1",
        (kiosk,),
    )
    if visit is None:
        return KioskPicture(kiosk=kiosk, state="idle", manner=kept(look, kiosk))
    visit_id, state, facts, given_before, ends_at, customer_id, name, delegation = visit
    known = state in ("welcome", "confirm", "partly", "done")
    parcels = _parcels(look, customer_id, given_before, delegation) if known else ()
    if parcels and all(parcel.taken for parcel in parcels):  # elsewhere, if not here
        state = "done" if state in ("partly", "done") else "already_collected"
        last = look.one("SELECT max(handed_over_at) FROM parcel WHERE customer_id = ?", (customer_id,))
        assert last is not None
        facts = json.dumps({"at": last[0], "slots": sorted({parcel.slot for parcel in parcels})})
    return KioskPicture(
        kiosk=kiosk,
        state=state,
        visit_id=visit_id,
        name=mask_name(name) if known and name else "",
        parcels=parcels,
        facts=json.loads(facts),
        ends_at=ends_at,
        manner=kept(look, kiosk),
    )


def _parcels(look: Look, customer_id: str, given_before: int, delegation: int | None) -> tuple[KioskParcel, ...]:
    """What waits for a customer, or of it what a neighbour may carry away, and what was given since she came, here or
    at the counter; frozen goods last, so that they are out of the cold for the shortest time."""
    rows = look.rows(
        "SELECT p.id, p.slot, p.place, p.zone, p.state = 'handed_over', (SELECT sum(CASE p.state WHEN 'handed_over' "
        "THEN put ELSE put - handed_over END) FROM order_line WHERE parcel_id = p.id), p.window_to FROM parcel p "
        "WHERE p.customer_id = ?1 AND p.id NOT IN (SELECT parcel_id FROM astray) "
        "AND (p.state = 'ready' OR (p.state = 'handed_over' AND p.id IN "
        f"(SELECT parcel_id FROM handover_line WHERE id > ?2))) AND NOT {NOT_THEIRS.format(delegation='?3')} "
        "ORDER BY p.number, p.id",
        (customer_id, given_before, delegation),
    )
    parcels = [
        KioskParcel(parcel, slot, place, zone, Zone(zone).letter, units or 0, bool(taken), until)
        for parcel, slot, place, zone, taken, units, until in rows
    ]
    coldness = list(Zone)
    return tuple(sorted(parcels, key=lambda parcel: coldness.index(Zone(parcel.zone))))


def visits_overdue(look: Look, ticks: int) -> bool:
    """Whether the time of an open visit is up."""
    return look.one("SELECT 1 FROM visit WHERE closed_at IS NULL AND ends_at <= ?", (ticks,)) is not None


def screens_seen(look: Look) -> list[str]:
    """The kiosks whose screen ever showed itself."""
    return [row[0] for row in look.rows("SELECT substr(name, 8) FROM keep WHERE name GLOB 'screen:*'")]


def shop_lines(look: Look) -> dict[str, str]:
    """店主的话: what the shop says under "thank you", by language."""
    return {name[11:]: line for name, line in look.rows("SELECT name, value FROM keep WHERE name GLOB 'kiosk_line:*'")}
