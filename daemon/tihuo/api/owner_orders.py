"""订单: the list, and everything of one order."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, Response

from tihuo.api.asking import door_of, read, write
from tihuo.api.languages import N_
from tihuo.api.order_words import actor_of_step, details_of, name_of
from tihuo.api.owner_pages import owner_fragment, owner_page
from tihuo.api.pages import Language, language_of
from tihuo.api.sheets import Column, download, workbook
from tihuo.api.staff_pages import Once
from tihuo.boards import order_page as board
from tihuo.boards import orders, paper, short_picks, trail
from tihuo.boards.session_sheets import chosen_session
from tihuo.boards.trail import Step
from tihuo.ledger import proofs, seals
from tihuo.ledger.database import Look
from tihuo.shop.print_batch import Piece
from tihuo.stages import printing, revealing

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
    found = _found(request, order_no)
    return owner_page(request, "owner/order.html", told=_teller(request, found["names"]), **found)


@router.post("/{order_no}/who")
def who(request: Request, order_no: int) -> HTMLResponse:
    """Her whole name and number; that the owner looked is kept."""
    name, phone = write(request, revealing.show_customer, order_no)
    return owner_fragment(request, "owner/order_who.html", name=name, phone=phone)


@router.get("/{order_no}/trail.xlsx")
def export_table(request: Request, order_no: int) -> Response:
    """Every step as an Excel file, in the language of the page."""
    found = _found(request, order_no)
    language, told = language_of(request), _teller(request, found["names"])
    columns = [Column(language.translate(head), kind, width) for head, kind, width in COLUMNS]
    cells = ([*_cells(step, language), *told(step), step.device, _sealed(step, language)] for step in found["steps"])
    title = language.translate(N_("What happened"))
    return download(f"{found['order'].order_id} {title}", workbook(title, columns, cells))


@router.get("/{order_no}/trail.json")
def export_proof(request: Request, order_no: int) -> Response:
    """Every step with what shows, without this box, that it is what was sealed (docs/journal.md)."""
    proof = read(request, _proof, order_no)
    store = door_of(request).house.store_id
    body = json.dumps({"store": store, "order_no": order_no, **proof}, ensure_ascii=False, indent=1)
    headers = {
        "Content-Disposition": f'attachment; filename="order-{order_no}-proof.json"',
        "Cache-Control": "no-store",
    }
    return Response(body, media_type="application/json", headers=headers)


@router.post("/{order_no}/paper")
def on_paper(request: Request, order_no: int, once: Once) -> HTMLResponse:
    """Every step on the printer of lists, with the head of the journal."""
    found = _found(request, order_no)
    language, told = language_of(request), _teller(request, found["names"])
    order, head = found["order"], found["head"]
    rows = []
    for step in found["steps"]:
        what, details, actor = told(step)
        note = f"{language.moments.moment(step.at)}{'' if step.sure else ' ?'} · {actor} · #{step.entry}"
        rows.append({"text": f"{what} {details}".strip(), "note": note})
    content = {
        "title": order.order_id,
        "subtitle": f"{order.name} {order.phone}",
        "rows": rows,
        "foot": f"{head.entry}:{head.hash[:16]}" if head else "",
    }
    piece = Piece(kind="list", subject=f"trail:{order_no}", content=content)
    write(request, printing.print_pieces, f"trail:{order_no}", [piece], once=f"print_trail:{once}")
    return owner_fragment(request, "owner/order_printed.html")


COLUMNS = (
    (N_("Entry"), "number", 10),
    (N_("Time"), "moment", 18),
    (N_("Clock"), "text", 14),
    (N_("Milliseconds since the box was switched on"), "number", 18),
    (N_("What"), "text", 28),
    (N_("Details"), "text", 44),
    (N_("Who"), "text", 20),
    (N_("Device"), "text", 16),
    (N_("Sealed"), "text", 10),
)


def _cells(step: Step, language: Language) -> list[Any]:
    at = language.moments.here(step.at).replace(tzinfo=None)
    return [step.entry, at, language.translate(N_("sure") if step.sure else N_("clock unsure")), step.ticks]


def _sealed(step: Step, language: Language) -> str:
    return language.translate(N_("sealed") if step.sealed else N_("not yet"))


def _teller(request: Request, names: dict[str, str]) -> Any:
    """step -> (what happened, details, who)."""
    language = language_of(request)
    return lambda step: (name_of(step, language), details_of(step, names, language), actor_of_step(step, language))


def _found(request: Request, order_no: int) -> dict[str, Any]:
    found = read(request, _order_picture, order_no)
    if found["order"] is None:
        raise HTTPException(404)
    return found


def _proof(look: Look, order_no: int) -> dict[str, Any]:
    if orders.order_row(look, order_no) is None:
        raise HTTPException(404)
    return proofs.proof_of(look, [step.entry for step in trail.steps(look, order_no)])


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
        "names": board.line_names(look, order_no),
        "steps": trail.steps(look, order_no),
        "head": seals.head(look),
        "handovers": board.handovers(look, order_no),
        "decided": short_picks.decided_of_order(look, order_no),
        "labels": [job for parcel in parcels for job in paper.paper_of(look, f"parcel:{parcel}")],
    }
