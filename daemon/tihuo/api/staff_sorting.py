"""分拣: open a wave, take an item in the hand, put it where the shelf lights up."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse

from tihuo.api.asking import read, write
from tihuo.api.staff_pages import Once, Quantity, Scanned, staff_fragment, staff_page, station_of
from tihuo.boards import clusters, doors, lamps, sorting
from tihuo.boards.dead_lamps import dead_lamps
from tihuo.boards.scanned import number_waiting
from tihuo.ledger.database import Look
from tihuo.shop.work import Work
from tihuo.stages import sorting as stage
from tihuo.stages import stations

router = APIRouter(prefix="/sorting")

LEAF = 30
"""Parcels to a leaf of the list by customer."""
MOST_CARRIED = 24
"""Parcels that one person carries at once at most."""
View = Literal["product", "customer", "building"]
Number = Annotated[int, Form(ge=1)]


@router.get("")
def sorting_page(request: Request, view: View = "product", wave: int | None = None) -> HTMLResponse:
    return staff_page(request, "staff/sorting.html", **_floor(request, view, wave))


@router.get("/floor")
def floor(request: Request, view: View = "product", wave: int | None = None) -> HTMLResponse:
    """The same again, when something was sorted."""
    return _redrawn(request, view, wave=wave)


@router.get("/choose")
def choose_page(request: Request, session: str) -> HTMLResponse:
    """What a new wave is to take, and how it is to be worked."""
    windows, buildings = read(request, sorting.waiting_parts, session)
    return staff_page(
        request, "staff/open_wave.html", session_id=session, windows=windows, buildings=buildings, most=MOST_CARRIED
    )


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
    request: Request, session_id: Annotated[str, Form()], once: Once, view: Annotated[View, Form()] = "product"
) -> HTMLResponse:
    write(request, stage.open_wave, session_id, once=f"open_wave:{once}")
    return _redrawn(request, view, sound="ok")


@router.post("/choose")
def open_chosen(
    request: Request,
    session_id: Annotated[str, Form()],
    once: Once,
    window: Annotated[int | None, Form()] = None,
    buildings: Annotated[list[str] | None, Form()] = None,
    way: Annotated[Literal["spread", "carry"], Form()] = "spread",
    carried: Annotated[int, Form(ge=1, le=MOST_CARRIED)] = 4,
) -> RedirectResponse:
    """A wave of one window or of some buildings, spread over the slots or carried a few parcels at a time."""
    cluster_of = carried if way == "carry" else 0
    wave = write(
        request, _open_chosen, session_id, window, tuple(buildings or ()), cluster_of, once=f"open_wave:{once}"
    )
    return RedirectResponse(f"/staff/sorting?wave={wave}", 303)


@router.post("/work-on")
def work_on(request: Request, wave: Annotated[int | None, Form()] = None) -> RedirectResponse:
    """Light only the parcels of one wave at this station, or those of all."""
    write(request, stations.work_on, station_of(request), wave)
    return RedirectResponse(f"/staff/sorting?wave={wave}" if wave else "/staff/sorting", 303)


@router.post("/cluster")
def take_cluster(request: Request, wave: Number, once: Once) -> RedirectResponse:
    """分车拣: carry the next few parcels of a wave."""
    write(request, stations.take_cluster, station_of(request), wave, once=f"take_cluster:{once}")
    return RedirectResponse(f"/staff/sorting?wave={wave}", 303)


@router.post("/leave")
def leave(request: Request) -> RedirectResponse:
    """Nobody sorts at this station any more: its colour is free."""
    write(request, stations.leave, station_of(request))
    return RedirectResponse("/staff/sorting", 303)


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
def put(
    request: Request,
    parcel: Number,
    sku: Number,
    quantity: Quantity,
    once: Once,
    grams: Annotated[int, Form(ge=0)] = 0,
) -> HTMLResponse:
    state = write(request, stage.put, parcel, sku, quantity, grams, once=f"put:{once}")
    row = read(request, sorting.parcel_row, parcel)
    return staff_fragment(request, "staff/put_note.html", row=row, state=state, sku=sku, quantity=quantity, grams=grams)


@router.post("/undo")
def undo(
    request: Request,
    parcel: Number,
    sku: Number,
    quantity: Quantity,
    once: Once,
    grams: Annotated[int, Form(ge=0)] = 0,
) -> HTMLResponse:
    write(request, stage.undo_put, parcel, sku, quantity, grams, once=f"undo:{once}")
    return staff_fragment(request, "staff/verb_note.html", verb="undone", row=read(request, sorting.parcel_row, parcel))


@router.post("/short")
def short(request: Request, parcel: Number, sku: Number, quantity: Quantity, once: Once) -> HTMLResponse:
    write(request, stage.short, parcel, sku, quantity, once=f"short:{once}")
    return staff_fragment(request, "staff/verb_note.html", verb="short", row=read(request, sorting.parcel_row, parcel))


@router.post("/damage")
def damage(request: Request, parcel: Number, sku: Number, quantity: Quantity, once: Once) -> HTMLResponse:
    write(request, stage.damage, parcel, sku, quantity, once=f"damage:{once}")
    return staff_fragment(request, "staff/verb_note.html", verb="damage", row=read(request, sorting.parcel_row, parcel))


def _open_chosen(work: Work, session_id: str, window: int | None, buildings: tuple[str, ...], cluster_of: int) -> int:
    return stage.open_wave(work, session_id, window_from=window, buildings=buildings, cluster_of=cluster_of)


def _redrawn(request: Request, view: View, sound: str = "", wave: int | None = None) -> HTMLResponse:
    return staff_fragment(request, "staff/floor.html", **{**_floor(request, view, wave), "sound": sound})


def _floor(request: Request, view: View, wave: int | None = None) -> dict[str, Any]:
    return {**read(request, _floor_picture, station_of(request), view, wave), "view": view, "sound": ""}


def _floor_picture(look: Look, station: str, view: View, asked: int | None) -> dict[str, Any]:
    """Everything on the sorting page, of one moment: the wave asked for, else hers, else the newest open one."""
    picture = sorting.station_picture(look, station)
    waves = sorting.waves(look)
    wave = next(
        (wave for number in (asked, picture.wave_id) for wave in waves if wave.wave_id == number),
        waves[0] if waves else None,
    )
    found: dict[str, Any] = {
        "picture": picture,
        "lamps": {want.slot: "on" for want in picture.wants},
        "full": lamps.full_slots(look),
        "dead": {row.slot for row in dead_lamps(look)},
        "number": number_waiting(look, station),
        "wave": wave,
        "open_waves": [wave for wave in waves if wave.state == "open"],
        "clusters": clusters.clusters(look, wave.wave_id) if wave is not None else [],
        "sorters": sorting.who_sorts(look),
        "waiting": sorting.waiting_orders(look),
    }
    carried = picture.cluster if wave is not None and wave.wave_id == picture.wave_id else None
    if wave is not None and view == "product" and carried:
        found["products"] = sorted(clusters.cluster_picks(look, wave.wave_id, carried), key=lambda row: not row.left)
    elif wave is not None and view == "product":
        rows = sorting.by_product(look, wave.wave_id)
        found["products"] = sorted(rows, key=lambda row: not row.left)
    elif wave is not None and view == "building":
        found["buildings"] = doors.by_building(look, wave.wave_id)
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
