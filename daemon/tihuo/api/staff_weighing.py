"""称重 on the phone: the grams that the scale says, what they come to, and what was said last."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import read, write
from tihuo.api.staff_pages import Once, staff_fragment, staff_page
from tihuo.boards import weighing as board
from tihuo.shop.weights import HEAVIEST, far_off
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work
from tihuo.stages import sorting, weighing

router = APIRouter(prefix="/weigh")

Number = Annotated[int, Form(ge=1)]
Grams = Annotated[int, Form(ge=0, le=HEAVIEST)]


@router.get("")
def weigh_page(request: Request) -> HTMLResponse:
    return staff_page(request, "staff/weigh.html", **_rows(request))


@router.get("/rows")
def rows(
    request: Request, asked: Annotated[str, Query(pattern=r"^([0-9]{1,12}-[0-9]{1,12}-[0-9]{1,7})?$")] = ""
) -> HTMLResponse:
    """The same again, when something was sorted. `asked`: parcel, SKU and grams of a question that still stands."""
    found = _rows(request)
    if asked:
        parcel, sku, grams = (int(number) for number in asked.split("-"))
        if any((row.parcel_id, row.sku_id) == (parcel, sku) and row.grams != grams for row in found["rows"]):
            found["asks"] = (parcel, sku, grams)
    return staff_fragment(request, "staff/weigh_rows.html", **found)


@router.get("/comes")
def comes(request: Request, parcel: int, sku: int, grams: str = "") -> HTMLResponse:
    """What a weight would come to, while it is being typed."""
    row = read(request, board.weigh_row, parcel, sku)
    known = row is not None and grams.isascii() and grams.isdigit() and 0 < int(grams) <= HEAVIEST
    said = row.comes(int(grams), _tolerance(request)) if row is not None and known else None
    return staff_fragment(request, "staff/weigh_comes.html", comes=said)


@router.post("")
def weigh(
    request: Request,
    parcel: Number,
    sku: Number,
    grams: Grams,
    once: Once,
    sure: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    """What still goes into the parcel is put with its weight; else what lies there is weighed again."""
    row = read(request, board.weigh_row, parcel, sku)
    if row is None:
        raise Refusal("not_put")
    if not sure and far_off(row.left or row.put, grams, row.nominal_grams):
        return staff_fragment(request, "staff/weigh_rows.html", **{**_rows(request), "asks": (parcel, sku, grams)})
    done: dict[str, int] = write(request, _put_or_weigh, parcel, sku, grams, once=f"weigh:{once}")
    if done["put"]:
        back: dict[str, Any] = {"path": "/staff/sorting/undo", "quantity": done["put"], "grams": grams}
    else:
        back = {"path": "/staff/weigh/undo", "quantity": 0, "grams": done["before"]}
    said = row.comes(grams, _tolerance(request))
    return staff_fragment(
        request, "staff/weigh_rows.html", **{**_rows(request), "row": row, "grams": grams, "comes": said, "back": back}
    )


@router.post("/undo")
def undo(request: Request, parcel: Number, sku: Number, grams: Grams, once: Once) -> HTMLResponse:
    """What lies there weighs what was said before."""
    write(request, weighing.weigh, parcel, sku, grams, True, once=f"unweigh:{once}")
    return staff_fragment(request, "staff/weigh_note.html", row=read(request, board.weigh_row, parcel, sku))


def _put_or_weigh(work: Work, parcel: int, sku: int, grams: int) -> dict[str, int]:
    """Units that were put now, or the weight that was known before."""
    row = board.weigh_row(work, parcel, sku)
    if row is not None and row.left:
        sorting.put(work, parcel, sku, row.left, grams)
        return {"put": row.left, "before": 0}
    return {"put": 0, "before": weighing.weigh(work, parcel, sku, grams, sure=True)}


def _rows(request: Request) -> dict[str, Any]:
    return {"rows": read(request, board.to_weigh), "asks": None, "row": None}


def _tolerance(request: Request) -> int:
    return int(request.app.state.door.house.weight_tolerance_percent)
