"""到货 from the desk: what a delivery comes to before it is closed, and what it came to afterwards."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData, QueryParams

from tihuo.api.asking import door_of, read, write
from tihuo.api.owner_pages import form_of, owner_fragment, owner_page
from tihuo.api.staff_pages import Once
from tihuo.boards import arrival, receiving
from tihuo.boards.session_sheets import chosen_session
from tihuo.ledger.database import Look
from tihuo.shop.arrival import Choice
from tihuo.shop.words import Refusal
from tihuo.stages import receiving as stage

router = APIRouter(prefix="/deliveries")


@router.get("")
def deliveries_page(request: Request, session: str = "") -> HTMLResponse:
    return owner_page(request, "owner/deliveries.html", **read(request, _deliveries_picture, session))


@router.get("/{delivery_id}")
def delivery_page(request: Request, delivery_id: int) -> HTMLResponse:
    """Open: the preview. Closed: the record."""
    return owner_page(request, "owner/delivery.html", stale=False, **_delivery(request, delivery_id, QueryParams()))


@router.get("/{delivery_id}/preview")
def preview(request: Request, delivery_id: int) -> Response:
    """The same with other choices, or when something was counted; the record, if somebody closed it meanwhile."""
    found = _delivery(request, delivery_id, request.query_params)
    if found["preview"] is None:
        return _go(delivery_id)
    return owner_fragment(request, "owner/delivery_preview.html", stale=False, **found)


@router.post("/{delivery_id}/close")
def close(
    request: Request,
    delivery_id: int,
    seen: Annotated[str, Form(max_length=40)],
    once: Once,
    fields: Annotated[FormData, Depends(form_of)],
) -> Response:
    """到货入库, as it was shown; if anything has changed since, nothing happens and what is new is shown."""
    try:
        choices = _choices(request, delivery_id, fields)
        write(request, stage.close_delivery, delivery_id, seen, choices, once=f"close_delivery:{once}")
    except Refusal as refusal:
        if refusal.code != "preview_stale":
            raise
        found = _delivery(request, delivery_id, fields)
        return owner_fragment(request, "owner/delivery_preview.html", stale=True, **found)
    return _go(delivery_id)


def _go(delivery_id: int) -> Response:
    return Response(status_code=204, headers={"HX-Redirect": f"/owner/deliveries/{delivery_id}"})


def _deliveries_picture(look: Look, session_id: str) -> dict[str, Any]:
    sessions, chosen = chosen_session(look, session_id)
    rows = receiving.deliveries(look, chosen.session_id) if chosen else []
    return {"sessions": sessions, "chosen": chosen, "deliveries": rows}


def _delivery(request: Request, delivery_id: int, fields: FormData | QueryParams) -> dict[str, Any]:
    choices = _choices(request, delivery_id, fields)
    found = read(request, _delivery_picture, delivery_id, choices, door_of(request).house.shortage_policy)
    if found["delivery"] is None:
        raise HTTPException(404)
    return found


def _delivery_picture(look: Look, delivery_id: int, choices: dict[str, Choice], policy: str) -> dict[str, Any]:
    delivery = receiving.delivery_row(look, delivery_id)
    is_open = delivery is not None and delivery.state == "open"
    return {
        "delivery": delivery,
        "counts": receiving.counts(look, delivery_id, 500),
        "preview": arrival.preview(look, delivery_id, choices, policy) if is_open else None,
        "records": [] if is_open else arrival.records(look, delivery_id),
    }


def _choices(request: Request, delivery_id: int, fields: FormData | QueryParams) -> dict[str, Choice]:
    """SKU -> what was ticked: the fields of a SKU end in its number, those by hand in the order and the line too."""
    lines = read(request, receiving.count_lines, delivery_id)
    usual = door_of(request).house.shortage_policy
    choices = {}
    for line in lines:
        by_hand = f"hand-{line.sku_id}-"
        choices[line.sku] = Choice(
            policy=str(fields.get(f"policy-{line.sku_id}", usual)),
            over=str(fields.get(f"over-{line.sku_id}", "back")),
            wrong=str(fields.get(f"wrong-{line.sku_id}", "back")),
            taken={name.removeprefix(by_hand): _units(fields[name]) for name in fields if name.startswith(by_hand)},
        )
    return choices


def _units(text: object) -> int:
    return int(str(text)) if str(text).isascii() and str(text).isdigit() and len(str(text)) < 7 else 0
