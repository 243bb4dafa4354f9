"""排队 on the staff's phones: who waits, who is called, and taking a number for somebody."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse

from tihuo.api.asking import door_of, read, write
from tihuo.api.languages import N_
from tihuo.api.staff_lookup import is_digits, looked_up
from tihuo.api.staff_pages import Once, Scanned, staff_fragment, staff_page
from tihuo.api.turns import with_numbers
from tihuo.boards import turns as board
from tihuo.shop.turns import COUNTER
from tihuo.stages import queueing

router = APIRouter(prefix="/turns", dependencies=[Depends(with_numbers)])
STATES = {
    "waiting": N_("waiting"),
    "called": N_("called"),
    "served": N_("being served"),
    "done": N_("served"),
    "gone": N_("passed over"),
}


@router.get("")
def turns_page(request: Request) -> HTMLResponse:
    return staff_page(request, "staff/turns.html", **_queue(request))


@router.get("/board")
def turns_board(request: Request) -> HTMLResponse:
    """The same again, when something moved."""
    return staff_fragment(request, "staff/turns_board.html", **_queue(request))


@router.post("/take")
def take(request: Request, once: Once) -> HTMLResponse:
    """取号 for somebody who cannot, or will not, at the kiosk."""
    taken = msgspec.to_builtins(write(request, queueing.take_number, once=f"turn:{once}"))
    return staff_fragment(request, "staff/turns_board.html", taken=taken["number"], **_queue(request))


@router.post("/code")
def take_by_code(request: Request, code: Scanned, once: Once) -> HTMLResponse:
    """取号 with the pickup code: her parcels can be laid ready."""
    if is_digits(code):
        looked_up(request, code)
    taken = msgspec.to_builtins(write(request, queueing.take_by_code, code, once=f"turn_code:{once}"))
    return staff_fragment(request, "staff/turns_board.html", taken=taken["number"], **_queue(request))


@router.post("/next")
def call_next(request: Request, once: Once, to: Annotated[str, Form(max_length=40)]) -> HTMLResponse:
    """下一位."""
    number = write(request, queueing.call_next, _place(request, to), once=f"turn_next:{once}")
    return staff_fragment(request, "staff/turns_board.html", called=number, **_queue(request))


@router.post("/{turn_id}/recall")
def recall(request: Request, turn_id: int, once: Once, to: Annotated[str, Form(max_length=40)]) -> HTMLResponse:
    """重呼."""
    number = write(request, queueing.recall, turn_id, _place(request, to), once=f"turn_recall:{once}")
    return staff_fragment(request, "staff/turns_board.html", called=number, **_queue(request))


@router.post("/{turn_id}/came")
def came(request: Request, turn_id: int, once: Once) -> HTMLResponse:
    """到了."""
    write(request, queueing.came, turn_id, once=f"turn_came:{once}")
    return staff_fragment(request, "staff/turns_board.html", **_queue(request))


@router.post("/{turn_id}/skip")
def skip(request: Request, turn_id: int, once: Once) -> HTMLResponse:
    """过号."""
    write(request, queueing.skip, turn_id, once=f"turn_skip:{once}")
    return staff_fragment(request, "staff/turns_board.html", **_queue(request))


def _place(request: Request, to: str) -> str:
    if to not in (*door_of(request).kiosks, COUNTER):
        raise HTTPException(404)
    return to


def _queue(request: Request) -> dict[str, Any]:
    door = door_of(request)
    return {
        "queue": read(request, board.queue),
        "kiosks": door.kiosks,
        "counter": COUNTER,
        "ticks": door.ticks(),
        "states": STATES,
    }
