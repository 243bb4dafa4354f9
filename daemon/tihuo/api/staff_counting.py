"""盘点 on the phone: choose a place, scan what lies there, look at what differs, put the book right."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse

from tihuo.api.asking import read, write
from tihuo.api.staff_pages import Once, Scanned, staff_fragment, staff_page
from tihuo.boards import counting as board
from tihuo.ledger.database import Look
from tihuo.stages import counting

router = APIRouter(prefix="/stock/counts")

Code = Annotated[str, Form(max_length=80)]


@router.get("")
def counts_page(request: Request) -> HTMLResponse:
    return staff_page(request, "staff/stock_counts.html", **read(request, _counts_picture))


@router.post("")
def open_count(
    request: Request, once: Once, place: Annotated[Literal["all", "zone", "supplier"], Form()], name: Code = ""
) -> RedirectResponse:
    number = write(request, counting.open_count, place, name, once=f"open_count:{once}")
    return RedirectResponse(f"/staff/stock/counts/{number}", 303)


@router.get("/{count_id}")
def count_page(request: Request, count_id: int) -> HTMLResponse:
    return staff_page(request, "staff/stock_count.html", **_count(request, count_id))


@router.get("/{count_id}/sheet")
def count_sheet(request: Request, count_id: int) -> HTMLResponse:
    """The same again, when somebody counted."""
    return staff_fragment(request, "staff/stock_count_sheet.html", **_count(request, count_id))


@router.post("/{count_id}/scan")
def scan(
    request: Request, count_id: int, once: Once, text: Scanned, quantity: Annotated[int, Form()] = 1
) -> HTMLResponse:
    """One more of it, or one fewer."""
    said: Any = write(request, counting.count_scan, count_id, text, quantity, once=f"count:{once}")
    sku = said["sku"] if isinstance(said, dict) else said.sku
    return staff_fragment(
        request, "staff/stock_count_note.html", row=read(request, board.counted_row, count_id, sku), count_id=count_id
    )


@router.post("/{count_id}/say")
def say(
    request: Request, count_id: int, once: Once, sku: Code, counted: Annotated[int, Form(ge=0, le=1_000_000)]
) -> HTMLResponse:
    """So many there are, and that is all of them."""
    write(request, counting.count_type, count_id, sku, counted, once=f"count:{once}")
    return staff_fragment(
        request, "staff/stock_count_note.html", row=read(request, board.counted_row, count_id, sku), count_id=count_id
    )


@router.post("/{count_id}/complete")
def confirm_all(request: Request, count_id: int, once: Once) -> HTMLResponse:
    write(request, counting.confirm_all, count_id, once=f"confirm_all:{once}")
    return staff_fragment(request, "staff/stock_count_sheet.html", **_count(request, count_id))


@router.post("/{count_id}/recount")
def recount(request: Request, count_id: int, once: Once) -> HTMLResponse:
    write(request, counting.recount, count_id, once=f"recount:{once}")
    return staff_fragment(request, "staff/stock_count_sheet.html", **_count(request, count_id))


@router.post("/{count_id}/apply")
def apply_count(
    request: Request, count_id: int, once: Once, note: Annotated[str, Form(max_length=200)] = ""
) -> HTMLResponse:
    write(request, counting.apply_count, count_id, note, once=f"apply_count:{once}")
    return staff_fragment(request, "staff/stock_count_sheet.html", **{**_count(request, count_id), "done": True})


@router.post("/{count_id}/drop")
def drop_count(request: Request, count_id: int, once: Once) -> RedirectResponse:
    write(request, counting.drop_count, count_id, once=f"drop_count:{once}")
    return RedirectResponse("/staff/stock/counts", 303)


def _count(request: Request, count_id: int) -> dict[str, Any]:
    found = read(request, _count_picture, count_id)
    if found["count"] is None:
        raise HTTPException(404)
    return found


def _counts_picture(look: Look) -> dict[str, Any]:
    return {"counts": board.counts(look), "suppliers": board.suppliers(look)}


def _count_picture(look: Look, count_id: int) -> dict[str, Any]:
    rows = board.count_sheet(look, count_id)
    return {"count": board.stock_count(look, count_id), "rows": rows, "done": False}
