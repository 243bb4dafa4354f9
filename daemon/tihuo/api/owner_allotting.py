"""配额 on the live page: an item's cap and reserve, rights asked back, an item that joins."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from tihuo.api.asking import actor_of, door_of, read, write
from tihuo.api.owner_pages import form_of, owner_fragment, yuan_of
from tihuo.api.owner_sessions import Word, item_of
from tihuo.api.staff_pages import Once, Quantity
from tihuo.boards import allocation, stock
from tihuo.boards.session_sheets import chosen_session
from tihuo.ledger.database import Look
from tihuo.stages import allocating, preparing

router = APIRouter(prefix="/live")

Count = Annotated[int, Form(ge=0, le=allocating.MOST)]


@router.get("/item")
def item_panel(request: Request, session: str, sku: str) -> HTMLResponse:
    """One item, and what can be changed of it now."""
    return _panel(request, session, sku)


@router.post("/cap")
def set_cap(request: Request, once: Once, session_id: Word, sku: Word, cap: Count) -> HTMLResponse:
    """上限."""
    write(request, allocating.set_cap, session_id, sku, cap, once=f"set_cap:{once}")
    return _panel(request, session_id, sku, did="cap")


@router.post("/reserve")
def set_reserve(request: Request, once: Once, session_id: Word, sku: Word, reserve: Count) -> HTMLResponse:
    """到店留货."""
    write(request, allocating.set_reserve, session_id, sku, reserve, once=f"set_reserve:{once}")
    return _panel(request, session_id, sku, did="reserve")


@router.post("/ask-back")
def ask_back(request: Request, once: Once, session_id: Word, sku: Word, quantity: Quantity) -> HTMLResponse:
    asked = write(request, allocating.ask_back, session_id, sku, quantity, once=f"ask_back:{once}")
    return _panel(request, session_id, sku, did="asked", units=asked)


@router.post("/items")
def add_item(
    request: Request, once: Once, session_id: Word, sku: Word, fields: Annotated[FormData, Depends(form_of)]
) -> Response:
    """An item joins the session: the cloud hears of it at once."""
    write(request, preparing.add_item, session_id, item_of(fields, sku, actor_of(request)), once=f"add_item:{once}")
    return Response(status_code=204, headers={"HX-Redirect": f"/owner/live?session={session_id}"})


@router.get("/add")
def add_panel(request: Request, session: str, sku: str = "") -> HTMLResponse:
    """The form for an item that joins: first which product, then how many."""
    found = read(request, _addable, session)
    goods = next((row for row in found["goods"] if row.sku == sku), None)
    price = yuan_of(goods.price_fen) if goods else ""
    return owner_fragment(request, "owner/add_item.html", **found, adding=goods, price=price)


def _panel(request: Request, session_id: str, sku: str, did: str = "", units: int = 0) -> HTMLResponse:
    percent = door_of(request).house.walk_in_reserve_percent
    items, goods = read(
        request, lambda look: (allocation.allotted(look, session_id, percent), stock.catalog(look, 5000))
    )
    item = next((row for row in items if row.sku == sku), None)
    if item is None:
        raise HTTPException(404)
    on_hand = next((row.on_hand for row in goods if row.sku == sku), 0)
    return owner_fragment(
        request, "owner/allot.html", session_id=session_id, item=item, on_hand=on_hand, did=did, units=units
    )


def _addable(look: Look, session_id: str) -> dict[str, Any]:
    _, chosen = chosen_session(look, session_id)
    there = {row.sku for row in stock.session_items(look, session_id)}
    return {"chosen": chosen, "goods": [row for row in stock.catalog(look) if row.sku not in there]}
