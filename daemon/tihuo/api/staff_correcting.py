"""库存校准 on the phone: two taps and a reason, a photograph if there is something to see, and five seconds to undo."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, Response

from tihuo.api.asking import read, write
from tihuo.api.staff_pages import Once, Quantity, staff_fragment
from tihuo.boards import goods, sku_ledger
from tihuo.devices.snapshot import small_photo
from tihuo.ledger.database import Look
from tihuo.shop.corrections import Corrected
from tihuo.shop.words import Refusal
from tihuo.stages import adjusting

router = APIRouter(prefix="/stock/correct")

_SAYS = re.compile(r"([+-])([a-z]+)")


@router.post("")
def correct(
    request: Request,
    once: Once,
    sku: Annotated[str, Form(max_length=80)],
    quantity: Quantity,
    says: Annotated[str, Form(max_length=40)],
    session_id: Annotated[str, Form(max_length=80)] = "",
    note: Annotated[str, Form(max_length=200)] = "",
    policy: Annotated[str, Form(max_length=20)] = "",
    picture: UploadFile | None = None,
) -> HTMLResponse:
    """`says` is `-broken` or `+more`: which way, and why. `policy`: whose orders go without, if it comes to that."""
    said = _SAYS.fullmatch(says)
    if said is None:
        raise Refusal("bad_reason")
    units = -quantity if said[1] == "-" else quantity
    taken = picture.file.read() if picture is not None else b""
    photo = small_photo(taken) if taken else None
    answer: Any = write(
        request, adjusting.correct, sku, units, said[2], note, session_id, policy, photo, once=f"correct:{once}"
    )
    done = answer if isinstance(answer, Corrected) else Corrected(**answer)
    return staff_fragment(
        request, "staff/corrected.html", done=done, photo=photo is not None, did="", **read(request, goods_picture, sku)
    )


@router.post("/undo")
def undo(request: Request, once: Once, correction: Annotated[int, Form(ge=1)]) -> HTMLResponse:
    units = write(request, adjusting.undo_correction, correction, once=f"undo_correction:{once}")
    return staff_fragment(request, "staff/correction_undone.html", units=units)


@router.get("/{correction_id}/photo")
def photo(request: Request, correction_id: int) -> Response:
    content = read(request, sku_ledger.correction_photo, correction_id)
    if content is None:
        raise HTTPException(404)
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400"})


def goods_picture(look: Look, text: str) -> dict[str, Any]:
    """What a text finds, where it is on offer, and, of a single thing, where its units are."""
    found = goods.find_goods(look, text)
    return {
        "found": found,
        "text": text,
        "offers": goods.offers(look, [row.sku for row in found]),
        "units": sku_ledger.units(look, found[0].sku) if len(found) == 1 else None,
    }
