"""订单: the list, and everything of one order."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse

from tihuo.api.asking import read
from tihuo.api.owner_pages import owner_fragment, owner_page
from tihuo.boards import order_page as board
from tihuo.boards import orders, paper, short_picks
from tihuo.boards.session_sheets import chosen_session
from tihuo.ledger.database import Look

router = APIRouter(prefix="/orders")

LEAF = 50


@router.get("")
def orders_page(request: Request, session: str = "", q: str = "") -> HTMLResponse:
    return owner_page(request, "owner/orders.html", q=q, **read(request, _orders_picture, session, q, None))


@router.get("/rows")
def order_rows(request: Request, session: str = "", before: int | None = None) -> HTMLResponse:
    """The next leaf of the list."""
    return owner_fragment(request, "owner/order_rows.html", **read(request, _orders_picture, session, "", before))


@router.get("/{order_no}")
def order_page(request: Request, order_no: int) -> HTMLResponse:
    found = read(request, _order_picture, order_no)
    if found["order"] is None:
        raise HTTPException(404)
    return owner_page(request, "owner/order.html", **found)


def _orders_picture(look: Look, session_id: str, text: str, before: int | None) -> dict[str, Any]:
    sessions, chosen = chosen_session(look, session_id)
    if text.strip():
        rows = orders.find_orders(look, text, LEAF)
    else:
        rows = orders.orders(look, chosen.session_id if chosen else None, before, LEAF + 1)
    more = rows[LEAF - 1].order_no if len(rows) > LEAF else 0
    return {"sessions": sessions, "chosen": chosen, "orders": rows[:LEAF], "more_before": more}


def _order_picture(look: Look, order_no: int) -> dict[str, Any]:
    lines = board.order_lines(look, order_no)
    parcels = sorted({line.parcel_id for line in lines if line.parcel_id is not None})
    return {
        "order": orders.order_row(look, order_no),
        "lines": lines,
        "handovers": board.handovers(look, order_no),
        "decided": short_picks.decided_of_order(look, order_no),
        "labels": [job for parcel in parcels for job in paper.paper_of(look, f"parcel:{parcel}")],
    }
