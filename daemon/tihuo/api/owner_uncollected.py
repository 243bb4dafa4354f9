"""逾期未取 on the desk: whose turn it is with what nobody fetched, and the owner's decisions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import door_of, read, write
from tihuo.api.owner_pages import local_of, millis_of, owner_fragment, owner_page
from tihuo.api.staff_pages import Once
from tihuo.boards import uncollected
from tihuo.ledger.database import Look
from tihuo.shop.cancelling import TakenOut
from tihuo.shop.work import Work
from tihuo.stages import overdue

router = APIRouter(prefix="/uncollected")

DAY_MS = 86_400_000


@router.get("")
def uncollected_page(request: Request) -> HTMLResponse:
    return owner_page(request, "owner/uncollected.html", **_picture(request))


@router.get("/board")
def uncollected_board(request: Request) -> HTMLResponse:
    return owner_fragment(request, "owner/uncollected_board.html", **_picture(request))


@router.post("/{parcel_id}/keep")
def keep(
    request: Request, parcel_id: int, once: Once, until: Annotated[str, Form(min_length=1, max_length=30)]
) -> HTMLResponse:
    write(request, overdue.keep, parcel_id, millis_of(request, until), once=f"keep:{once}")
    return owner_fragment(request, "owner/uncollected_board.html", **_picture(request))


@router.post("/{parcel_id}/give-up")
def give_up(
    request: Request, parcel_id: int, once: Once, how: Annotated[Literal["refund", "spoiled", "void"], Form()]
) -> HTMLResponse:
    """`refund`: her money goes back, the goods are good; `spoiled`: it goes back, they are not; `void`: neither."""
    write(request, _give_up, parcel_id, how, once=f"give_up:{once}")
    return owner_fragment(request, "owner/uncollected_board.html", **_picture(request))


def _give_up(work: Work, parcel_id: int, how: str) -> list[TakenOut]:
    return overdue.give_up(work, parcel_id, money_back=how != "void", spoiled=how != "refund")


def _picture(request: Request) -> dict[str, Any]:
    door = door_of(request)
    now = door.clock()
    return {**read(request, _rows, now, door.sure), "tomorrow": local_of(request, now + DAY_MS)}


def _rows(look: Look, now: int, sure: bool) -> dict[str, Any]:
    rows = uncollected.uncollected(look, also_waiting=not sure)
    return {
        "mine": [row for row in rows if row.step in ("decide", "held") or not sure],
        "others": [row for row in rows if row.step not in ("decide", "held") and sure],
        "counts": uncollected.uncollected_counts(look, now),
        "no_shows": uncollected.no_shows(look, 20),
    }
