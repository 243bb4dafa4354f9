"""自提 at the counter: find whoever comes, and hand over what waits for her."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field

from tihuo.api.asking import door_of, form_of, read, write, write_soon
from tihuo.api.pages import fragment, language_of
from tihuo.api.staff_handed import free_slots, role_of
from tihuo.api.staff_lookup import is_digits, looked_up
from tihuo.api.staff_pages import Once, Scanned, staff_fragment, staff_page
from tihuo.api.texts import REFUSALS, say
from tihuo.boards import counter, handed, order_page, orders, pickup
from tihuo.ledger.database import Look
from tihuo.shop.strangers import must_not_be_kept
from tihuo.shop.words import Refusal, Role
from tihuo.stages import handing_over

router = APIRouter(prefix="/pickup")


class CodeShown(msgspec.Struct):
    code: Annotated[str, msgspec.Meta(max_length=512)]
    once: Annotated[str, msgspec.Meta(min_length=8, max_length=80)]


async def hand_over_by_code(request: Request) -> HTMLResponse:
    """核销交付: everything that is ready for the customer of this code. The door of the rush."""
    shown = await form_of(request, CodeShown)
    code = shown.code.strip()
    if is_digits(code):
        await run_in_threadpool(looked_up, request, code)
    given = await write_soon(request, handing_over.hand_over_by_code, code, once=f"hand_over_by_code:{shown.once}")
    house = door_of(request).house
    return fragment(request, "staff/given_note.html", given=given, house=house)


router.add_route("/pickup/code", hand_over_by_code, methods=["POST"])  # the first that is looked at


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
    try:
        is_code = text.upper().startswith("TH1:") or is_digits(text)
        if must_not_be_kept(text):  # unless it is the number of an order, which may look like anything
            is_code = not read(request, orders.find_orders, text)
        if not is_code:
            return RedirectResponse(f"/staff/pickup?{urlencode({'q': text})}", 303)
        found = looked_up(request, text)
        return staff_page(request, "staff/order.html", code=text, shown=found, **_order(request, found.order_no))
    except Refusal as refusal:
        said = say(REFUSALS[refusal.code], refusal.facts, language_of(request))
        return staff_page(request, "staff/pickup.html", status=409, **{**_shelf(request, ""), "said": said})


@router.get("/orders/{order_no}")
def order(request: Request, order_no: int, code: str = "") -> HTMLResponse:
    """With the code that the customer showed, everything of hers can be handed over at once."""
    try:
        shown = looked_up(request, code) if code else None
        if shown is not None and shown.order_no != order_no:
            code, shown = "", None
        return staff_page(request, "staff/order.html", code=code, shown=shown, **_order(request, order_no))
    except Refusal:
        raise HTTPException(404) from None


@router.get("/orders/{order_no}/rows")
def order_rows(request: Request, order_no: int, code: str = "") -> HTMLResponse:
    """The same again, after a tap."""
    try:
        shown = looked_up(request, code) if code else None
        return staff_fragment(request, "staff/order_rows.html", code=code, shown=shown, **_order(request, order_no))
    except Refusal:
        raise HTTPException(404) from None


@router.get("/parcels/{parcel_id}")
def parcel(request: Request, parcel_id: int) -> HTMLResponse:
    found = read(request, counter.counter_parcel, parcel_id)
    if found is None:
        raise HTTPException(404)
    slots = read(request, free_slots, door_of(request).house.slots.get(found.zone, ()))
    return staff_page(request, "staff/counter.html", parcel=found, slots=slots, owner=role_of(request) == Role.OWNER)


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


def _given(request: Request, given: Any) -> HTMLResponse:
    """What a hand-over came to; `given` has been through JSON when the tap was a repeated one."""
    house = door_of(request).house
    given = msgspec.to_builtins(given)
    parcels = read(request, counter.places_of, given["parcels"])
    return staff_fragment(request, "staff/given.html", given=given, parcels=parcels, house=house)


def _shelf(request: Request, text: str) -> dict[str, Any]:
    return {"q": text, "said": None, **read(request, _shelf_picture, text, door_of(request).ticks())}


def _shelf_picture(look: Look, text: str, ticks: int) -> dict[str, Any]:
    return {
        "parcels": pickup.on_the_shelf(look, text),
        "calls": pickup.open_calls(look, ticks),
        "standing": pickup.who_stands(look),
        "astray": handed.astray(look),
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
