"""售后 and 复盘: what went wrong in a session, and what it came to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, Response

from tihuo.api.asking import door_of, read, write
from tihuo.api.door import Door
from tihuo.api.owner_pages import owner_fragment, owner_page
from tihuo.api.staff_pages import Once
from tihuo.boards import aftercare, allocation, session_sheets, tickets
from tihuo.boards.review import Review, review
from tihuo.ledger.database import Look
from tihuo.stages import caring

router = APIRouter()

PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n": "image/png"}


@router.get("/aftercare")
def aftercare_page(request: Request, session: str = "") -> HTMLResponse:
    return owner_page(request, "owner/aftercare.html", **read(request, _aftercare_picture, session))


@router.post("/aftercare/tickets/{number}")
def move_ticket(
    request: Request,
    number: int,
    once: Once,
    state: Annotated[str, Form()],
    outcome: Annotated[str, Form(max_length=500)] = "",
    session: str = "",
) -> HTMLResponse:
    """One step of a ticket, and the list as it is then."""
    write(request, caring.move_ticket, number, state, outcome, once=f"move_ticket:{once}")
    return owner_fragment(request, "owner/tickets.html", **read(request, _aftercare_picture, session))


@router.post("/aftercare/tickets/{number}/missing")
def settle_missing(
    request: Request, number: int, once: Once, here: Annotated[Literal["yes", "no"], Form()], session: str = ""
) -> HTMLResponse:
    """What was said to be missing is here, or it is gone for good."""
    write(request, caring.settle_missing, number, here == "yes", once=f"settle_missing:{once}")
    return owner_fragment(request, "owner/tickets.html", **read(request, _aftercare_picture, session))


@router.get("/aftercare/photos/{photo_id}")
def photo(request: Request, photo_id: int) -> Response:
    """A photograph that a customer sent. What is no picture is only ever saved, never shown."""
    content = read(request, tickets.photo, photo_id)
    if content is None:
        raise HTTPException(404)
    kind = next((kind for begin, kind in PICTURES.items() if content.startswith(begin)), "")
    headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline" if kind else "attachment"}
    return Response(content, media_type=kind or "application/octet-stream", headers=headers)


@router.get("/review")
def review_page(request: Request, session: str = "") -> HTMLResponse:
    return owner_page(request, "owner/review.html", **read(request, _review_picture, session, door_of(request)))


def _aftercare_picture(look: Look, session_id: str) -> dict[str, Any]:
    sessions, chosen = session_sheets.chosen_session(look, session_id)
    number = chosen.session_id if chosen else ""
    return {
        "sessions": sessions,
        "chosen": chosen,
        "shortages": aftercare.shortages(look, number),
        "unwanted": aftercare.unwanted_orders(look, number),
        "quarantine": aftercare.quarantined(look, number),
        "losses": allocation.losses(look, number),
        "differing": allocation.differing_grants(look, number),
        "tickets": tickets.tickets(look, number),
        "failed_refunds": tickets.failed_refunds(look),
    }


def _review_picture(look: Look, session_id: str, door: Door) -> dict[str, Any]:
    sessions, chosen = session_sheets.chosen_session(look, session_id)
    return {
        "sessions": sessions,
        "chosen": chosen,
        "review": review(look, chosen.session_id) if chosen else Review(),
        "stranded": allocation.stranded(look, chosen.session_id if chosen else "", door.house.walk_in_reserve_percent),
        "products": session_sheets.sold_by_product(look, chosen.session_id) if chosen else [],
    }
