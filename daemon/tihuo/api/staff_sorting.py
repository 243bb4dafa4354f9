"""分拣: open a wave, take an item in the hand, put it where the shelf lights up."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse

from tihuo.api.asking import read, write
from tihuo.api.staff_pages import Once, Quantity, Scanned, staff_fragment, staff_page, station_of
from tihuo.boards import lamps, sorting
from tihuo.ledger.database import Look
from tihuo.stages import sorting as stage

router = APIRouter(prefix="/sorting")

LEAF = 30
"""Parcels to a leaf of the list by customer."""
View = Literal["product", "customer"]
Number = Annotated[int, Form(ge=1)]


@router.get("")
def sorting_page(request: Request, view: View = "product") -> HTMLResponse:
    return staff_page(request, "staff/sorting.html", **_floor(request, view))


@router.get("/floor")
def floor(request: Request, view: View = "product") -> HTMLResponse:
    """The same again, when something was sorted."""
    return _redrawn(request, view)


@router.get("/parcels")
def parcels(request: Request, wave: int, after: int = 0) -> HTMLResponse:
    """One leaf of the list by customer."""
    return staff_fragment(request, "staff/parcels.html", **read(request, _leaf, wave, after))


@router.get("/parcels/{parcel_id}")
def parcel_page(request: Request, parcel_id: int) -> HTMLResponse:
    return staff_page(request, "staff/parcel.html", **_parcel(request, parcel_id))


@router.get("/parcels/{parcel_id}/lines")
def parcel_lines(request: Request, parcel_id: int) -> HTMLResponse:
    return staff_fragment(request, "staff/parcel_lines.html", **_parcel(request, parcel_id))


@router.post("/open")
def open_wave(
    request: Request, session_id: Annotated[str, Form()], view: Annotated[View, Form()], once: Once
) -> HTMLResponse:
    write(request, stage.open_wave, session_id, once=f"open_wave:{once}")
    return _redrawn(request, view, sound="ok")


@router.post("/scan")
def scan(request: Request, text: Scanned, view: Annotated[View, Form()] = "product") -> HTMLResponse:
    """The item in the hand; a wrong one is said in red, in words and aloud. Scanning it twice is the same scan."""
    scanned = write(request, stage.scan_item, station_of(request), text)
    return _redrawn(request, view, sound="stop" if scanned.refusal else "ok")


@router.post("/lay-down")
def lay_down(request: Request, view: Annotated[View, Form()] = "product") -> HTMLResponse:
    write(request, stage.lay_down, station_of(request))
    return _redrawn(request, view)


@router.post("/put")
def put(request: Request, parcel: Number, sku: Number, quantity: Quantity, once: Once) -> HTMLResponse:
    state = write(request, stage.put, parcel, sku, quantity, once=f"put:{once}")
    row = read(request, sorting.parcel_row, parcel)
    return staff_fragment(request, "staff/put_note.html", row=row, state=state, sku=sku, quantity=quantity)


@router.post("/undo")
def undo(request: Request, parcel: Number, sku: Number, quantity: Quantity, once: Once) -> HTMLResponse:
    write(request, stage.undo_put, parcel, sku, quantity, once=f"undo:{once}")
    return staff_fragment(request, "staff/verb_note.html", verb="undone", row=read(request, sorting.parcel_row, parcel))


@router.post("/short")
def short(request: Request, parcel: Number, sku: Number, quantity: Quantity, once: Once) -> HTMLResponse:
    write(request, stage.short, parcel, sku, quantity, once=f"short:{once}")
    return staff_fragment(request, "staff/verb_note.html", verb="short", row=read(request, sorting.parcel_row, parcel))


@router.post("/damage")
def damage(request: Request, parcel: Number, sku: Number, quantity: Quantity, once: Once) -> HTMLResponse:
    write(request, stage.damage, parcel, sku, quantity, once=f"damage:{once}")
    return staff_fragment(request, "staff/verb_note.html", verb="damage", row=read(request, sorting.parcel_row, parcel))


def _redrawn(request: Request, view: View, sound: str = "") -> HTMLResponse:
    return staff_fragment(request, "staff/floor.html", **{**_floor(request, view), "sound": sound})


def _floor(request: Request, view: View) -> dict[str, Any]:
    return {**read(request, _floor_picture, station_of(request), view), "view": view, "sound": ""}


def _floor_picture(look: Look, station: str, view: View) -> dict[str, Any]:
    """Everything on the sorting page, of one moment."""
    picture = sorting.station_picture(look, station)
    waves = sorting.waves(look)
    wave = next((wave for wave in waves if wave.state == "open"), waves[0] if waves else None)
    found: dict[str, Any] = {
        "picture": picture,
        "lamps": {want.slot: "on" for want in picture.wants},
        "full": lamps.full_slots(look),
        "wave": wave,
        "waiting": sorting.waiting_orders(look),
    }
    if wave is not None and view == "product":
        rows = sorting.by_product(look, wave.wave_id)
        found["products"] = sorted(rows, key=lambda row: not row.left)
    elif wave is not None:
        found |= _leaf(look, wave.wave_id, 0)
    return found


def _leaf(look: Look, wave_id: int, after: int) -> dict[str, Any]:
    rows = sorting.by_customer(look, wave_id, after, LEAF + 1)
    more = len(rows) > LEAF
    rows = rows[:LEAF]
    return {"wave_id": wave_id, "after": after, "parcels": rows, "more_after": rows[-1].parcel_id if more else 0}


def _parcel(request: Request, parcel_id: int) -> dict[str, Any]:
    found = read(request, _parcel_picture, parcel_id)
    if found["row"] is None:
        raise HTTPException(404)
    return found


def _parcel_picture(look: Look, parcel_id: int) -> dict[str, Any]:
    return {"row": sorting.parcel_row(look, parcel_id), "lines": sorting.parcel_lines(look, [parcel_id])}
