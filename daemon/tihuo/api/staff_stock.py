"""库存 on the phone: where the goods of tonight are, goods that come in, and sales over the counter."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import read, write
from tihuo.api.staff_correcting import goods_picture
from tihuo.api.staff_pages import Once, Quantity, staff_fragment, staff_page
from tihuo.boards import stock
from tihuo.boards.session_sheets import chosen_session
from tihuo.ledger.database import Look
from tihuo.stages import preparing, selling

router = APIRouter(prefix="/stock")


@router.get("")
def stock_page(request: Request, session: str = "", text: str = "") -> HTMLResponse:
    """With `text`, what was scanned elsewhere stands above the goods."""
    return staff_page(request, "staff/stock.html", **read(request, _stock_picture, session), text=text)


@router.get("/items")
def items(request: Request, session: str = "") -> HTMLResponse:
    """The same again, when something was sold or received."""
    return staff_fragment(request, "staff/stock_items.html", **read(request, _stock_picture, session))


@router.get("/goods")
def find_goods(request: Request, text: str = "") -> HTMLResponse:
    """What was scanned or typed: goods to receive, or to sell over the counter."""
    return staff_fragment(request, "staff/goods.html", **read(request, goods_picture, text), did="")


@router.post("/receive")
def receive(
    request: Request,
    sku: Annotated[str, Form()],
    quantity: Quantity,
    once: Once,
    session_id: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """到货入库, into the session at once if one is named."""
    write(request, preparing.receive, sku, quantity, session_id, once=f"receive:{once}")
    return _goods_again(request, sku, "received", quantity)


@router.post("/walk-in")
def sell_walk_in(
    request: Request, session_id: Annotated[str, Form()], sku: Annotated[str, Form()], quantity: Quantity, once: Once
) -> HTMLResponse:
    write(request, selling.sell_walk_in, session_id, sku, quantity, once=f"sell_walk_in:{once}")
    return _goods_again(request, sku, "sold", quantity)


def _goods_again(request: Request, sku: str, did: str, quantity: int) -> HTMLResponse:
    return staff_fragment(request, "staff/goods.html", **read(request, goods_picture, sku), did=did, quantity=quantity)


def _stock_picture(look: Look, session_id: str) -> dict[str, Any]:
    """The items of a session: the one asked for, else the newest that is no draft."""
    sessions, chosen = chosen_session(look, session_id)
    items = stock.session_items(look, chosen.session_id) if chosen else []
    return {"sessions": sessions, "chosen": chosen, "items": items}
