"""自提码 on the phone: another code for an order whose one is lost or leaked, and codes for neighbours (代取)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse
from pydantic import StringConstraints

from tihuo.api.asking import door_of, read, write
from tihuo.api.languages import N_
from tihuo.api.pages import language_of
from tihuo.api.staff_pages import Once, staff_fragment, staff_page
from tihuo.api.texts import door_word
from tihuo.boards import codes
from tihuo.stages import delegating

router = APIRouter(prefix="/codes")

REASONS = (N_("The phone is lost"), N_("Others have seen the code"), N_("Somebody else tried to collect"))
HOURS = (2, 6, 24, 72)
"""How long a neighbour's code may be used, for her to choose from."""
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60), Form()]


@router.get("")
def alarms(request: Request) -> HTMLResponse:
    """Who guesses, and whose code was shown again."""
    door = door_of(request)
    doors = [door_word(name, language_of(request)) for name in read(request, codes.doors_pausing, door.ticks())]
    again = read(request, codes.shown_again, door.clock())
    return staff_page(request, "staff/code_alarms.html", doors=doors, again=again)


@router.get("/orders/{order_no}")
def order_page(request: Request, order_no: int) -> HTMLResponse:
    known = read(request, codes.order_codes, order_no, door_of(request).house, door_of(request).clock())
    if known is None:
        raise HTTPException(404)
    return staff_page(request, "staff/codes.html", codes=known, reasons=REASONS, hours=HOURS, said="")


@router.post("/orders/{order_no}/renew")
def renew(request: Request, order_no: int, reason: Reason, once: Once) -> HTMLResponse:
    """换码: every code that the order had is worthless."""
    write(request, delegating.renew_code, order_no, reason, once=f"renew_code:{once}")
    return _again(request, order_no, "renewed")


@router.post("/orders/{order_no}/labels")
def labels(request: Request, order_no: int, once: Once) -> HTMLResponse:
    """补打: labels that show the present code."""
    printed = write(request, delegating.print_new_labels, order_no, once=f"code_labels:{once}")
    return _again(request, order_no, "printed" if printed else "not_printed")


@router.post("/orders/{order_no}/neighbours")
def delegate(
    request: Request,
    order_no: int,
    hours: Annotated[int, Form(ge=1, le=168)],
    once: Once,
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40), Form()] = "",
    line: Annotated[list[int] | None, Form(max_length=200)] = None,
) -> HTMLResponse:
    """代取: for a customer who phones. No line ticked: whatever waits for her."""
    until = door_of(request).clock() + hours * 3_600_000
    write(request, delegating.delegate, order_no, until, line, name, once=f"delegate:{once}")
    return _again(request, order_no, "delegated")


@router.post("/orders/{order_no}/neighbours/{delegation_id}/revoke")
def revoke(request: Request, order_no: int, delegation_id: str, once: Once) -> HTMLResponse:
    write(request, delegating.revoke, delegation_id, once=f"revoke:{once}")
    return _again(request, order_no, "revoked")


def _again(request: Request, order_no: int, said: str) -> HTMLResponse:
    known = read(request, codes.order_codes, order_no, door_of(request).house, door_of(request).clock())
    return staff_fragment(request, "staff/codes_board.html", codes=known, reasons=REASONS, hours=HOURS, said=said)
