"""到货 on the phone: the van is here; each thing is scanned or tapped, and counted in."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse

from tihuo.api.asking import door_of, read, write
from tihuo.api.pages import language_of
from tihuo.api.staff_pages import Once, Quantity, staff_fragment, staff_page
from tihuo.boards import goods, receiving
from tihuo.boards.session_sheets import chosen_session
from tihuo.ledger.database import Look
from tihuo.shop.deliveries import is_welcome
from tihuo.shop.items import items_named
from tihuo.shop.words import Refusal
from tihuo.shop.work import House
from tihuo.stages import receiving as stage

router = APIRouter(prefix="/receiving")

Word = Annotated[str, Form(max_length=80)]
CLOSED = 5
"""Deliveries that are done and still shown."""


@router.get("")
def deliveries_page(request: Request) -> HTMLResponse:
    return staff_page(request, "staff/receiving.html", **_deliveries(request))


@router.get("/list")
def deliveries_list(request: Request) -> HTMLResponse:
    """The same again, when something was sent or counted."""
    return staff_fragment(request, "staff/receiving_list.html", **_deliveries(request))


@router.post("/open")
def open_delivery(request: Request, session_id: Word, once: Once, supplier: Word = "") -> RedirectResponse:
    """The van is here; who taps second comes to the same delivery."""
    delivery_id = write(request, stage.open_delivery, session_id, supplier, once=f"open_delivery:{once}")
    return RedirectResponse(f"/staff/receiving/{delivery_id}", 303)


@router.get("/{delivery_id}")
def delivery_page(request: Request, delivery_id: int, item: str = "") -> HTMLResponse:
    return staff_page(request, "staff/receiving_count.html", **_board(request, delivery_id, item, ""))


@router.get("/{delivery_id}/board")
def board(request: Request, delivery_id: int, item: str = "", text: str = "") -> HTMLResponse:
    """How far it is, with the thing in the hand: `item` is its code, `text` what was scanned or typed."""
    return staff_fragment(request, "staff/receiving_board.html", **_board(request, delivery_id, item, text))


@router.post("/{delivery_id}/count")
def count(
    request: Request,
    delivery_id: int,
    quantity: Quantity,
    once: Once,
    sku: Word = "",
    how: Word = "good",
    batch: Word = "",
    use_by: Word = "",
    text: Word = "",
) -> HTMLResponse:
    """One tap, one row: it is kept before the phone hears of it."""
    if use_by:
        _check_date(use_by)
    count_id = write(request, stage.count, delivery_id, sku, quantity, how, batch, use_by, text, once=f"count:{once}")
    row = read(request, goods.sku_row, sku) if sku else None
    return staff_fragment(
        request,
        "staff/receiving_note.html",
        name=f"{row.name} {row.spec}".strip() if row else text,
        delivery_id=delivery_id,
        count_id=count_id,
        quantity=quantity,
        how=how,
        use_by=use_by,
        today=_today(request),
    )


@router.post("/{delivery_id}/undo")
def undo(request: Request, delivery_id: int, count_id: Annotated[int, Form()], once: Once) -> HTMLResponse:
    write(request, stage.undo_count, count_id, once=f"undo_count:{once}")
    return staff_fragment(request, "staff/receiving_note.html", how="undone", name="", quantity=0)


@router.post("/{delivery_id}/finish")
def finish(request: Request, delivery_id: int, once: Once) -> HTMLResponse:
    """All is counted: the owner decides the rest."""
    write(request, stage.finish_counting, delivery_id, once=f"finish_counting:{once}")
    return staff_fragment(request, "staff/receiving_board.html", **_board(request, delivery_id, "", ""))


@router.post("/{delivery_id}/drop")
def drop(request: Request, delivery_id: int, once: Once) -> RedirectResponse:
    write(request, stage.drop_delivery, delivery_id, once=f"drop_delivery:{once}")
    return RedirectResponse("/staff/receiving", 303)


def _today(request: Request) -> str:
    return language_of(request).moments.here(door_of(request).clock()).date().isoformat()


def _check_date(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise Refusal("bad_date") from None


def _deliveries(request: Request) -> dict[str, Any]:
    return read(request, _deliveries_picture, door_of(request).house.walk_in_reserve_percent)


def _deliveries_picture(look: Look, percent: int) -> dict[str, Any]:
    _, chosen = chosen_session(look)
    rows = receiving.deliveries(look, limit=CLOSED + 20)
    lists = receiving.purchase_lists(look, chosen.session_id, percent) if chosen else []
    return {
        "chosen": chosen,
        "open": [row for row in rows if row.state == "open"],
        "closed": [row for row in rows if row.state == "closed"][:CLOSED],
        "expected": [row for row in lists if (row.units or row.sent_at) and row.delivery_id is None],
        "others": [row for row in lists if not (row.units or row.sent_at) and row.delivery_id is None],
    }


def _board(request: Request, delivery_id: int, item: str, text: str) -> dict[str, Any]:
    found = read(request, _board_picture, door_of(request).house, delivery_id, item, text)
    if found["delivery"] is None:
        raise HTTPException(404)
    return {**found, "today": _today(request)}


def _board_picture(look: Look, house: House, delivery_id: int, item: str, text: str) -> dict[str, Any]:
    lines = receiving.count_lines(look, delivery_id)
    refusal, codes = "", [item] if item else []
    if text:
        named = items_named(look.rows, house, text)
        refusal, codes = named.refusal, [code for _, code in named.skus]
        if not codes and refusal == "unknown_barcode":
            codes = [row.sku for row in goods.find_goods(look, text)]
            refusal = "" if codes else refusal
    found = [row for row in (goods.sku_row(look, code) for code in codes) if row is not None]
    hand = found[0] if len(found) == 1 else None
    return {
        "delivery": receiving.delivery_row(look, delivery_id),
        "lines": lines,
        "counts": receiving.counts(look, delivery_id),
        "text": text,
        "refusal": refusal,
        "found": found if len(found) > 1 else [],
        "hand": hand,
        "welcome": hand is not None and is_welcome(look.rows, delivery_id, hand.sku),
        "line": next((line for line in lines if hand and line.sku == hand.sku), None),
    }
