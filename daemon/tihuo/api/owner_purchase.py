"""采购单 from the desk: what each supplier is told, as a page, as a table, as paper, or pasted into a chat."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from tihuo.api.asking import door_of, read, write
from tihuo.api.owner_pages import form_of, owner_fragment, owner_page
from tihuo.api.pages import language_of
from tihuo.api.sheets import Column, download, workbook
from tihuo.api.staff_pages import Once
from tihuo.boards import receiving
from tihuo.boards.receiving import SupplierList
from tihuo.boards.session_sheets import chosen_session
from tihuo.boards.stock import SessionRow
from tihuo.ledger.database import Look
from tihuo.stages import purchasing as stage

router = APIRouter(prefix="/purchase")

Word = Annotated[str, Form(max_length=80)]
Units = Annotated[int, Form(ge=0, le=stage.MOST)]


@router.get("")
def purchase_page(request: Request, session: str = "") -> HTMLResponse:
    return owner_page(request, "owner/purchase.html", **_picture(request, session))


@router.get("/lists")
def purchase_lists(request: Request, session: str = "") -> HTMLResponse:
    """The same again, when something was sold, cancelled, wished for or sent."""
    return owner_fragment(request, "owner/purchase_lists.html", **_picture(request, session))


@router.get("/table.xlsx")
def table(request: Request, session: str) -> Response:
    """Everything that must be bought, one row a thing."""
    found = _picture(request, session)
    if found["chosen"] is None:
        raise HTTPException(404)
    say = language_of(request).translate
    heads = (("Supplier", 16), ("SKU", 12), ("Product", 24), ("Spec", 12), ("Unit", 8))
    counts = ("Ordered", "In the shop", "For the counter", "Coming", "To buy")
    columns = [Column(say(head), "text", width) for head, width in heads]
    columns += [Column(say(head), "number") for head in counts] + [Column(say("Note"), "text", 24)]
    rows = [
        (
            row.supplier,
            row.sku,
            row.product,
            row.spec,
            row.unit,
            row.sold,
            row.at_hand,
            row.wish,
            row.coming,
            row.buy,
            row.note,
        )
        for supplier in found["lists"]
        for row in supplier.rows
        if row.sold or row.buy
    ]
    title = say("Purchase list")
    return download(f"{found['chosen'].title} {title}", workbook(title, columns, rows))


@router.post("/wish")
def wish(request: Request, session_id: Word, sku: Word, units: Units, once: Once, note: Word = "") -> HTMLResponse:
    """Units beyond what was sold, and a word to the supplier."""
    write(request, stage.wish, session_id, sku, units, note, once=f"wish:{once}")
    return owner_fragment(request, "owner/purchase_lists.html", **_picture(request, session_id))


@router.post("/sent")
def sent(
    request: Request,
    session_id: Word,
    once: Once,
    fields: Annotated[FormData, Depends(form_of)],
    supplier: Word = "",
) -> HTMLResponse:
    """The owner has told a supplier what stood on the page: the fields `buy-…`, by SKU."""
    told = {name[4:]: int(str(units)) for name, units in fields.items() if name.startswith("buy-") and units}
    write(request, stage.send_list, session_id, supplier, told, once=f"send_list:{once}")
    return owner_fragment(request, "owner/purchase_lists.html", **_picture(request, session_id))


@router.post("/print")
def print_list(request: Request, session_id: Word, once: Once, supplier: Word = "") -> HTMLResponse:
    found = _picture(request, session_id)
    mine = next((row for row in found["lists"] if row.supplier == supplier), None)
    if mine is None:
        raise HTTPException(404)
    content = _paper(request, found["chosen"], mine)
    write(request, stage.print_list, f"purchase:{session_id}:{supplier}"[:120], content, once=f"print_list:{once}")
    return owner_fragment(request, "owner/purchase_printing.html")


def chat_text(shop_name: str, day: str, asked: SupplierList) -> str:
    """What is pasted into a supplier's chat: Chinese, short, only what he must bring."""
    rows = [row for row in asked.rows if row.buy]
    lines = [f"【{shop_name}】{day} 要货"]
    for row in rows:
        note = f"（{row.note}）" if row.note else ""
        lines.append(f"{row.product} {row.spec}".strip() + f"  {row.buy}{row.unit}{note}")
    lines.append(f"共{len(rows)}种，{sum(row.buy for row in rows)}件")
    return "\n".join(lines)


def change_text(shop_name: str, asked: SupplierList) -> str:
    """What is different from what he was told; empty if nothing is."""
    if not asked.changes:
        return ""
    lines = [f"【{shop_name}】要货有改动"]
    for change in asked.changes:
        now = f"改为{change.now}{change.unit}（原{change.before}）" if change.now else "不要了"
        lines.append(f"{change.product} {change.spec}".strip() + f"  {now}")
    return "\n".join(lines)


def _picture(request: Request, session_id: str) -> dict[str, Any]:
    door = door_of(request)
    found = read(request, _purchase_picture, session_id, door.house.walk_in_reserve_percent)
    day = f"{language_of(request).moments.here(door.clock()):%m-%d}"
    texts = {row.supplier: chat_text(door.shop_name, day, row) for row in found["lists"] if row.units}
    changed = {row.supplier: change_text(door.shop_name, row) for row in found["lists"]}
    return {**found, "texts": texts, "changed": changed}


def _purchase_picture(look: Look, session_id: str, percent: int) -> dict[str, Any]:
    sessions, chosen = chosen_session(look, session_id)
    lists = receiving.purchase_lists(look, chosen.session_id, percent) if chosen else []
    return {"sessions": sessions, "chosen": chosen, "lists": lists}


def _paper(request: Request, session: SessionRow, asked: SupplierList) -> dict[str, Any]:
    say = language_of(request).translate
    rows = [row for row in asked.rows if row.buy]
    return {
        "title": say("Purchase list"),
        "subtitle": f"{asked.supplier} {session.title}".strip(),
        "rows": [
            {"big": f"{row.buy} {row.unit}", "text": f"{row.product} {row.spec}".strip(), "note": row.note, "count": ""}
            for row in rows
        ],
        "foot": f"{len(rows)} · {asked.units}",
    }
