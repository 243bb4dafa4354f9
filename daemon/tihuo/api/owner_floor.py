"""分拣 and 自提 from the desk: how far the floor is, and what is on the shelf."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse

from tihuo.api.asking import door_of, read, write
from tihuo.api.owner_pages import owner_fragment, owner_page
from tihuo.boards import doors, lamps, pickup, session_sheets, sorting, tonight
from tihuo.ledger.database import Look
from tihuo.stages import stations

router = APIRouter()

View = Literal["product", "customer", "building"]


@router.get("/sorting")
def sorting_page(request: Request, session: str = "", view: View = "product") -> HTMLResponse:
    return owner_page(request, "owner/sorting.html", view=view, **read(request, _sorting_picture, session, view))


@router.get("/sorting/board")
def sorting_board(request: Request, session: str = "", view: View = "product") -> HTMLResponse:
    found = read(request, _sorting_picture, session, view)
    if found["chosen"] is None:
        raise HTTPException(404)
    return owner_fragment(request, "owner/sorting_board.html", view=view, **found)


@router.post("/sorting/leave")
def free_station(request: Request, station: Annotated[str, Form(min_length=1, max_length=24)]) -> RedirectResponse:
    """Somebody went home with an item in her hand: her lamps go out, and her colour is free."""
    write(request, stations.leave, station)
    return RedirectResponse("/owner/sorting", 303)


@router.get("/pickup")
def pickup_page(request: Request, q: str = "") -> HTMLResponse:
    return owner_page(request, "owner/pickup.html", **_pickup(request, q))


@router.get("/pickup/board")
def pickup_board(request: Request, q: str = "") -> HTMLResponse:
    return owner_fragment(request, "owner/pickup_board.html", **_pickup(request, q))


def _sorting_picture(look: Look, session_id: str, view: View) -> dict[str, Any]:
    sessions, chosen = session_sheets.chosen_session(look, session_id)
    found: dict[str, Any] = {
        "sessions": sessions,
        "chosen": chosen,
        "waiting": sorting.waiting_orders(look),
        "waves": [wave for wave in sorting.waves(look, 100) if chosen and wave.session_id == chosen.session_id],
        "sorters": sorting.who_sorts(look),
        "products": [],
        "customers": [],
        "buildings": [],
    }
    if chosen and view == "product":
        found["products"] = session_sheets.sold_by_product(look, chosen.session_id)
    elif chosen and view == "building":
        found["buildings"] = doors.sold_by_building(look, chosen.session_id)
    elif chosen:
        found["customers"] = session_sheets.sold_by_customer(look, chosen.session_id, 500)
    return found


def _pickup(request: Request, text: str) -> dict[str, Any]:
    return {"q": text, **read(request, _pickup_picture, text, door_of(request).ticks())}


def _pickup_picture(look: Look, text: str, ticks: int) -> dict[str, Any]:
    return {
        "tonight": tonight.tonight(look),
        "parcels": pickup.on_the_shelf(look, text, 500),
        "calls": pickup.open_calls(look, ticks),
        "lamps": lamps.pulses(look),
        "full": lamps.full_slots(look),
    }
