"""What was handed over, and what of it was not right: taken back, with the wrong person, missing, brought back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tihuo.api.asking import door_of, person_of, read, write
from tihuo.api.staff_pages import Once, staff_fragment, staff_page
from tihuo.boards import counter, handed, lamps, orders
from tihuo.ledger.database import Look
from tihuo.shop.missed import Units
from tihuo.shop.words import Refusal
from tihuo.stages import caring, receipting, reporting, revealing, undoing

router = APIRouter(prefix="/pickup")

Reason = Annotated[str, Form(max_length=200)]
Numbers = Annotated[list[int], Form()]
LAST = 30
"""Hand-overs that the list shows."""


@router.get("/handed")
def handed_page(request: Request) -> HTMLResponse:
    return staff_page(request, "staff/handed.html", **_handed(request))


@router.get("/handed/rows")
def handed_rows(request: Request) -> HTMLResponse:
    return staff_fragment(request, "staff/handed_rows.html", **_handed(request))


@router.post("/handed/{number}/undo")
def undo_whole(request: Request, number: int, reason: Reason, once: Once) -> HTMLResponse:
    """撤销核销 of everything that went at that moment."""
    units = write(request, undoing.undo_whole, number, reason, role_of(request), once=f"undo_whole:{once}")
    found = read(request, handed.handover, number, moment_of(request), door_of(request).house.undo_within_ms)
    numbers = [parcel.parcel_id for parcel in found.parcels] if found else []
    return staff_fragment(request, "staff/back.html", units=units, parcels=read(request, counter.places_of, numbers))


@router.post("/handed/{number}/receipt")
def receipt(request: Request, number: int, once: Once) -> HTMLResponse:
    write(request, receipting.of_handover, number, once=f"receipt:{once}")
    return staff_fragment(request, "staff/seen_to.html", did="receipt")


@router.post("/parcels/{parcel_id}/undo")
def undo_hand_over(
    request: Request, parcel_id: int, reason: Reason, once: Once, handover: Annotated[int, Form(ge=0)] = 0
) -> HTMLResponse:
    """撤销核销 of one parcel: it is back in its slot."""
    role = role_of(request)
    units = write(request, undoing.undo_hand_over, parcel_id, reason, handover, role, once=f"undo_hand_over:{once}")
    return staff_fragment(
        request, "staff/back.html", units=units, parcels=read(request, counter.places_of, [parcel_id])
    )


@router.post("/parcels/{parcel_id}/slot")
def put_elsewhere(
    request: Request, parcel_id: int, slot: Annotated[str, Form(max_length=12)], once: Once
) -> HTMLResponse:
    write(request, undoing.put_elsewhere, parcel_id, slot, once=f"put_elsewhere:{once}")
    parcel = read(request, counter.counter_parcel, parcel_id)
    return staff_fragment(request, "staff/seen_to.html", did="moved", parcel=parcel)


@router.get("/parcels/{parcel_id}/missing")
def missing_form(request: Request, parcel_id: int) -> HTMLResponse:
    return staff_page(request, "staff/missed.html", parcel=_parcel(request, parcel_id))


@router.post("/parcels/{parcel_id}/missing")
def report_missing(
    request: Request,
    parcel_id: int,
    sku: Numbers,
    quantity: Numbers,
    kind: Annotated[Literal["exchange", "refund_only"], Form()],
    once: Once,
    reason: Reason = "",
) -> HTMLResponse:
    """少了东西: a ticket on the spot; the rest can be handed over."""
    units = _units(sku, quantity)
    tickets = write(request, caring.report_missing, parcel_id, units, kind, reason, once=f"report_missing:{once}")
    return staff_fragment(
        request, "staff/opened.html", tickets=tickets, parcel=read(request, counter.counter_parcel, parcel_id)
    )


@router.post("/tickets/{number}/missing")
def settle_missing(
    request: Request, number: int, here: Annotated[Literal["yes", "no"], Form()], once: Once
) -> HTMLResponse:
    """What was missing is here, or it is gone for good."""
    units = write(request, caring.settle_missing, number, here == "yes", once=f"settle_missing:{once}")
    return staff_fragment(request, "staff/seen_to.html", did="found" if here == "yes" else "given_up", units=units)


@router.get("/orders/{order_no}/back")
def back_form(request: Request, order_no: int) -> HTMLResponse:
    found = read(request, _back_picture, order_no)
    if found["order"] is None:
        raise HTTPException(404)
    return staff_page(request, "staff/returned.html", **found)


@router.post("/orders/{order_no}/back")
def bring_back(
    request: Request,
    order_no: int,
    line: Numbers,
    quantity: Numbers,
    fate: Annotated[Literal["quarantine", "void"], Form()],
    once: Once,
    reason: Reason = "",
) -> HTMLResponse:
    """退回: she brings goods back; what becomes of her money, the ticket decides."""
    units = _units(line, quantity)
    number = write(request, caring.bring_back, order_no, units, fate, reason, once=f"bring_back:{once}")
    return staff_fragment(request, "staff/brought_back.html", number=number, fate=fate, order_no=order_no)


@router.get("/parcels/{parcel_id}/wrong", response_model=None)
def wrong_form(request: Request, parcel_id: int, q: str = "", holder: int = 0) -> Response:
    """拿错了: who has this parcel, and which of hers are still here?"""
    found = read(request, _wrong_picture, parcel_id, q, holder)
    if found["parcel"] is None:
        raise HTTPException(404)
    if found["parcel"].astray:
        return RedirectResponse(f"/staff/pickup/parcels/{parcel_id}", 303)
    return staff_page(request, "staff/wrong.html", **found)


@router.post("/parcels/{parcel_id}/wrong")
def put_right(
    request: Request, parcel_id: int, holder: Annotated[int, Form()], once: Once, hers: Numbers | None = None
) -> HTMLResponse:
    role = role_of(request)
    back = write(request, undoing.put_right, parcel_id, holder, hers or [], role, once=f"put_right:{once}")
    return staff_fragment(
        request,
        "staff/righted.html",
        parcel=read(request, counter.counter_parcel, parcel_id),
        holder=read(request, orders.order_row, holder),
        back=read(request, counter.places_of, [number for number in back if number != parcel_id]),
    )


@router.post("/parcels/{parcel_id}/astray")
def settle_astray(
    request: Request, parcel_id: int, back: Annotated[Literal["yes", "no"], Form()], once: Once
) -> HTMLResponse:
    write(request, undoing.settle_astray, parcel_id, back == "yes", once=f"settle_astray:{once}")
    parcel = read(request, counter.counter_parcel, parcel_id)
    did = "astray_back" if back == "yes" else "astray_lost"
    return staff_fragment(request, "staff/seen_to.html", did=did, parcel=parcel)


@router.post("/orders/{order_no}/phone")
def phone(request: Request, order_no: int) -> HTMLResponse:
    """The whole number, for the call; who looked at it is kept."""
    _, number = write(request, revealing.show_customer, order_no)
    return staff_fragment(request, "staff/missing_phone.html", number=number)


@router.post("/calls/{call_id}")
def answer_call(
    request: Request, call_id: int, word: Annotated[Literal["coming", "over"], Form()], once: Once
) -> HTMLResponse:
    """叫店员: on the way, or it is seen to."""
    write(request, reporting.answer_call, call_id, word == "over", once=f"answer_call:{once}")
    return staff_fragment(request, "staff/seen_to.html", did=word)


def role_of(request: Request) -> str:
    person = person_of(request)
    return person.role if person else ""


def moment_of(request: Request) -> tuple[int, bool, int]:
    """Time, whether it is sure, and ticks, as a stage has them."""
    door = door_of(request)
    return door.clock(), door.sure, door.ticks()


def free_slots(look: Look, slots: tuple[str, ...]) -> list[tuple[str, int]]:
    """(slot, parcels in it), the emptiest first."""
    full = lamps.full_slots(look)
    return sorted(((slot, full.get(slot, 0)) for slot in slots), key=lambda one: one[1])


def _units(numbers: list[int], quantities: list[int]) -> Units:
    units = {number: units for number, units in zip(numbers, quantities, strict=False) if units}
    if not units:
        raise Refusal("bad_quantity")
    return units


def _parcel(request: Request, parcel_id: int) -> counter.CounterParcel:
    found = read(request, counter.counter_parcel, parcel_id)
    if found is None:
        raise HTTPException(404)
    return found


def _handed(request: Request) -> dict[str, Any]:
    within = door_of(request).house.undo_within_ms
    picture = read(request, _handed_picture, moment_of(request), within)
    return {**picture, "owner": role_of(request) == "owner", "minutes": within // 60_000}


def _handed_picture(look: Look, moment: tuple[int, bool, int], within: int) -> dict[str, Any]:
    return {"rows": handed.last_handovers(look, moment, within, LAST), "astray": handed.astray(look)}


def _back_picture(look: Look, order_no: int) -> dict[str, Any]:
    return {"order": orders.order_row(look, order_no), "lines": counter.out_there(look, order_no)}


def _wrong_picture(look: Look, parcel_id: int, text: str, holder: int) -> dict[str, Any]:
    return {
        "parcel": counter.counter_parcel(look, parcel_id),
        "q": text,
        "found": orders.find_orders(look, text) if text else [],
        "holder": orders.order_row(look, holder) if holder else None,
        "hers": counter.hers(look, holder) if holder else [],
    }
