"""到店提醒 and 逾期未取 on the phone: whom to call, who comes when, what nobody fetched and where to put it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, Response

from tihuo.api.asking import door_of, read, write
from tihuo.api.owner_pages import local_of, millis_of
from tihuo.api.staff_pages import Once, Scanned, staff_fragment, staff_page
from tihuo.boards import calls, tonight, uncollected, windows
from tihuo.ledger.database import Look
from tihuo.shop.words import Refusal
from tihuo.stages import overdue, reminding, scheduling

router = APIRouter(prefix="/calls")

Said = Annotated[Literal["reached", "no_answer", "wrong_number"], Form()]


@router.get("")
def calls_page(request: Request) -> HTMLResponse:
    return staff_page(request, "staff/calls.html", **_picture(request))


@router.get("/rows")
def rows(request: Request) -> HTMLResponse:
    return staff_fragment(request, "staff/calls_rows.html", **_picture(request))


@router.get("/errands")
def errands(request: Request) -> HTMLResponse:
    """How many are to be called and how much is to be put away, beside the shelf."""
    waiting, counts = read(request, _errands, door_of(request).clock())
    return staff_fragment(request, "staff/calls_errands.html", calls=waiting, counts=counts)


@router.post("/{order_no}/phone")
def phone(request: Request, order_no: int) -> HTMLResponse:
    """Her name and number, for the call; who looked is kept."""
    name, number = write(request, reminding.show_phone, order_no)
    return staff_fragment(request, "staff/calls_phone.html", name=name, number=number)


@router.post("/{order_no}/outcome")
def outcome(request: Request, order_no: int, said: Said, once: Once) -> HTMLResponse:
    write(request, reminding.note_call, order_no, said, once=f"note_call:{once}")
    return staff_fragment(request, "staff/calls_note.html", did=said)


@router.get("/parcels/{parcel_id}")
def parcel_page(request: Request, parcel_id: int) -> HTMLResponse:
    """Where a parcel that nobody fetched goes: scan the slot, or tap it."""
    row = read(request, uncollected.uncollected_one, parcel_id)
    if row is None:
        raise HTTPException(404)
    slots = door_of(request).house.slots.get(row.zone, ())
    return staff_page(request, "staff/calls_parcel.html", row=row, slots=slots)


@router.post("/parcels/{parcel_id}/phone")
def parcel_phone(request: Request, parcel_id: int) -> HTMLResponse:
    name, number = write(request, overdue.show_phone, parcel_id)
    return staff_fragment(request, "staff/calls_phone.html", name=name, number=number)


@router.post("/parcels/{parcel_id}/outcome")
def parcel_outcome(request: Request, parcel_id: int, said: Said, once: Once) -> HTMLResponse:
    write(request, overdue.note_call, parcel_id, said, once=f"note_overdue_call:{once}")
    return staff_fragment(request, "staff/calls_note.html", did=said)


@router.post("/parcels/{parcel_id}/up")
def take_up(request: Request, parcel_id: int, once: Once) -> HTMLResponse:
    write(request, overdue.take_up, parcel_id, once=f"take_up:{once}")
    return staff_fragment(request, "staff/calls_note.html", did="up")


@router.post("/parcels/{parcel_id}/move")
def move(request: Request, parcel_id: int, text: Scanned) -> Response:
    """移位: into the slot that was scanned or tapped. Doing it twice changes nothing."""
    write(request, overdue.move_parcel, parcel_id, text)
    return _go("/staff/calls")


@router.post("/parcels/{parcel_id}/leave")
def leave(request: Request, parcel_id: int) -> Response:
    write(request, overdue.leave_in_place, parcel_id)
    return _go("/staff/calls")


@router.get("/orders/{order_no}/window")
def window_page(request: Request, order_no: int) -> HTMLResponse:
    order = read(request, windows.order_window, order_no)
    if order is None:
        raise HTTPException(404)
    loads = [row for row in read(request, windows.window_loads, order.session_id) if row.capacity]
    times = {"from": local_of(request, order.window_from), "to": local_of(request, order.window_to)}
    return staff_page(request, "staff/window.html", order=order, loads=loads, times=times)


@router.post("/orders/{order_no}/window")
def choose_window(
    request: Request,
    order_no: int,
    once: Once,
    window: Annotated[str, Form(max_length=40)] = "",
    start: Annotated[str, Form(max_length=30)] = "",
    end: Annotated[str, Form(max_length=30)] = "",
) -> Response:
    """One of the session's windows, as `from-to` in milliseconds, or a time of her own."""
    first, _, last = window.partition("-")
    if first.isdecimal() and last.isdecimal():
        span = int(first), int(last)
    elif start and end:
        span = millis_of(request, start), millis_of(request, end)
    else:
        raise Refusal("bad_times")
    write(request, scheduling.choose, order_no, *span, once=f"choose_window:{once}")
    return _go(f"/staff/pickup/orders/{order_no}")


def _go(address: str) -> Response:
    return Response(status_code=204, headers={"HX-Redirect": address})


def _errands(look: Look, now: int) -> tuple[int, uncollected.UncollectedCounts]:
    return calls.calls_waiting(look), uncollected.uncollected_counts(look, now)


def _picture(request: Request) -> dict[str, Any]:
    door = door_of(request)
    return read(request, _rows, door.clock(), door.sure, door.house.remind_before_ms)


def _rows(look: Look, now: int, sure: bool, lead_ms: int) -> dict[str, Any]:
    session = tonight.tonight(look).session_id
    waiting = uncollected.uncollected(look, also_waiting=not sure)
    return {
        "calls": calls.call_list(look, also_waiting=not sure),
        "late": calls.late_orders(look, now, lead_ms) if sure else [],
        "tasks": [row for row in waiting if row.step == "task" or not sure],
        "others": [row for row in waiting if row.step != "task" and sure],
        "loads": windows.window_loads(look, session) if session else [],
    }
