"""批次追溯 from the desk: a batch, who may have got it, and a table to call them by."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, Response

from tihuo.api.asking import read
from tihuo.api.owner_pages import owner_page
from tihuo.api.pages import language_of
from tihuo.api.sheets import Column, download, workbook
from tihuo.boards import recalls
from tihuo.ledger.database import Look

router = APIRouter(prefix="/recall")


@router.get("")
def recall_page(request: Request, q: str = "", sku: int = 0, batch: str = "", use_by: str = "") -> HTMLResponse:
    """Which batches there are, and, if one is named, who may have got it."""
    return owner_page(request, "owner/recall.html", q=q, **read(request, _picture, q, sku, batch, use_by))


@router.get("/table.xlsx")
def table(request: Request, sku: int, batch: str = "", use_by: str = "") -> Response:
    found = read(request, _picture, "", sku, batch, use_by)
    if found["chosen"] is None:
        raise HTTPException(404)
    language = language_of(request)
    say = language.translate
    columns = [
        Column(say("Name")),
        Column(say("Phone")),
        Column(say("Orders"), "text", 24),
        Column(say("Slot")),
        Column(say("Units"), "number"),
        Column(say("Handed over"), "number"),
        Column(say("Sorted"), "moment", 18),
        Column(say("How sure"), "text", 16),
    ]
    rows = [
        (
            row.name,
            row.tail,
            row.orders,
            row.slot,
            row.units,
            row.handed_over,
            language.moments.here(row.at).replace(tzinfo=None),
            say("sure") if row.sure else say("possible"),
        )
        for row in found["recall"].rows
    ]
    chosen = found["chosen"]
    title = say("Batch")
    return download(f"{chosen.product} {title} {chosen.batch or chosen.use_by}", workbook(title, columns, rows))


def _picture(look: Look, text: str, sku_id: int, batch: str, use_by: str) -> dict[str, Any]:
    rows = recalls.batches(look, text)
    chosen = next(
        (
            row
            for row in (recalls.batches(look) if sku_id else [])
            if (row.sku_id, row.batch, row.use_by) == (sku_id, batch, use_by)
        ),
        None,
    )
    found = recalls.recall(look, sku_id, batch, use_by) if chosen else None
    return {"batches": rows, "chosen": chosen, "recall": found}
