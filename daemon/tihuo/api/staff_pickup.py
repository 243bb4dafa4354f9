"""自提 at the counter: find whoever comes, and hand over what waits for her."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field

from tihuo.api.asking import door_of, read, write
from tihuo.api.pages import language_of
from tihuo.api.staff_pages import Once, Scanned, staff_fragment, staff_page
from tihuo.api.texts import REFUSALS, say
from tihuo.boards import counter, order_page, orders, pickup
from tihuo.ledger.database import Look
from tihuo.shop.pickups import order_of_code, order_of_short_code
from tihuo.shop.words import Refusal
from tihuo.stages import handing_over

router = APIRouter(prefix="/pickup")

CALL_MS = 5 * 60_000
"""How long a call from a kiosk stays on the page."""


@router.get("")
def pickup_page(request: Request, q: str = "") -> HTMLResponse:
    return staff_page(request, "staff/pickup.html", **_shelf(request, q))


@router.get("/shelf")
def shelf(request: Request, q: str = "") -> HTMLResponse:
    """The same again, when something came or went."""
    return staff_fragment(request, "staff/pickup_shelf.html", **_shelf(request, q))


@router.post("/find")
def find(request: Request, text: Scanned) -> Response:
    """A code opens the customer's parcels; anything else is looked for. Nothing is handed over yet."""
    digits = text.replace(" ", "")
    try:
        if not text.upper().startswith("TH1:") and not (len(digits) == 8 and digits.isdigit()):
            return RedirectResponse(request.url_for("pickup_page").include_query_params(q=text), 303)
        return staff_page(request, "staff/order.html", code=text, **_order(request, _order_of(request, text)))
    except Refusal as refusal:
        said = say(REFUSALS[refusal.code], refusal.facts, language_of(request))
        return staff_page(request, "staff/pickup.html", status=409, **{**_shelf(request, ""), "said": said})


@router.get("/orders/{order_no}")
def order(request: Request, order_no: int, code: str = "") -> HTMLResponse:
    """With the code that the customer showed, everything of hers can be handed over at once."""
    try:
        shown = code if code and _order_of(request, code) == order_no else ""
        return staff_page(request, "staff/order.html", code=shown, **_order(request, order_no))
    except Refusal:
        raise HTTPException(404) from None


@router.post("/code")
def hand_over_by_code(request: Request, code: Scanned, once: Once) -> HTMLResponse:
    """核销交付: everything that is ready for the customer of this code."""
    given = write(request, handing_over.hand_over_by_code, code, once=f"hand_over_by_code:{once}")
    return _given(request, given)


@router.get("/parcels/{parcel_id}")
def parcel(request: Request, parcel_id: int) -> HTMLResponse:
    found = read(request, counter.counter_parcel, parcel_id)
    if found is None:
        raise HTTPException(404)
    return staff_page(request, "staff/counter.html", parcel=found)


@router.post("/parcels/{parcel_id}")
def hand_over_parcel(
    request: Request,
    parcel_id: int,
    sku: Annotated[list[int], Form()],
    quantity: Annotated[list[Annotated[int, Field(ge=0, le=1_000_000)]], Form()],
    once: Once,
) -> HTMLResponse:
    """核销交付 of a parcel, or of the part of it that was counted out."""
    units = {number: units for number, units in zip(sku, quantity, strict=False) if units}
    if not units:
        raise Refusal("bad_quantity")
    given = write(request, handing_over.hand_over_parcel, parcel_id, units, once=f"hand_over_parcel:{once}")
    return _given(request, given)


@router.post("/parcels/{parcel_id}/undo")
def undo_hand_over(
    request: Request, parcel_id: int, reason: Annotated[str, Form(max_length=200)], once: Once
) -> HTMLResponse:
    """撤销核销: it went over the counter by mistake and is back in its slot."""
    units = write(request, handing_over.undo_hand_over, parcel_id, reason, once=f"undo_hand_over:{once}")
    parcel = read(request, counter.counter_parcel, parcel_id)
    return staff_fragment(request, "staff/back.html", units=units, parcel=parcel)


def _given(request: Request, given: Any) -> HTMLResponse:
    """What a hand-over came to; `given` has been through JSON when the tap was a repeated one."""
    receipt = door_of(request).house.print_receipts
    given = msgspec.to_builtins(given)
    parcels = read(request, counter.places_of, given["parcels"])
    return staff_fragment(request, "staff/given.html", given=given, parcels=parcels, receipt=receipt)


def _order_of(request: Request, code: str) -> int:
    """The order of a pickup code, as QR or as its eight digits. Raises `Refusal`: `unknown_code`, `other_shop`."""
    house = door_of(request).house
    if code.replace(" ", "").isdigit():
        return order_of_short_code(code, house.code_key)
    return order_of_code(code, house.store_id, house.code_key)


def _shelf(request: Request, text: str) -> dict[str, Any]:
    now = door_of(request).clock()
    return {"q": text, "said": None, **read(request, _shelf_picture, text, now)}


def _shelf_picture(look: Look, text: str, now: int) -> dict[str, Any]:
    return {
        "parcels": pickup.on_the_shelf(look, text),
        "calls": pickup.recent_calls(look, now - CALL_MS, now),
        "orders": orders.find_orders(look, text),
    }


def _order(request: Request, order_no: int) -> dict[str, Any]:
    found = read(request, _order_picture, order_no)
    if found["order"] is None:
        raise Refusal("unknown_code")
    return found


def _order_picture(look: Look, order_no: int) -> dict[str, Any]:
    return {
        "order": orders.order_row(look, order_no),
        "lines": order_page.order_lines(look, order_no),
        "handovers": order_page.handovers(look, order_no),
        "parcels": counter.parcels_waiting(look, order_no),
    }
