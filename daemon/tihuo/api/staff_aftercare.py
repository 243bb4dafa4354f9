"""售后 for staff and owner alike: an order cancelled by hand, and goods that wait for a decision."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import write
from tihuo.api.staff_pages import Once, Quantity, staff_fragment
from tihuo.shop.cancelling import TakenOut
from tihuo.stages import aftercare

router = APIRouter()

Code = Annotated[str, Form(max_length=80)]
COLUMNS = TakenOut.__struct_fields__


@router.post("/orders/{order_no}/cancel")
def cancel(request: Request, order_no: int, once: Once, reason: Annotated[str, Form(max_length=200)]) -> HTMLResponse:
    """However far the order is; the answer says what comes back out of which slot."""
    out: list[Any] = write(request, aftercare.cancel, order_no, reason, once=f"cancel:{once}")
    rows = [row if isinstance(row, dict) else {name: getattr(row, name) for name in COLUMNS} for row in out]
    return staff_fragment(request, "staff/cancelled.html", out=rows)


@router.post("/stock/decide")
def decide(
    request: Request,
    once: Once,
    session_id: Code,
    sku: Code,
    quantity: Quantity,
    outcome: Annotated[Literal["resell", "void"], Form()],
) -> HTMLResponse:
    """Goods of a cancelled order: good to be sold, or not."""
    stage = aftercare.resell if outcome == "resell" else aftercare.discard
    write(request, stage, session_id, sku, quantity, once=f"decide:{once}")
    return staff_fragment(request, "staff/decided.html", quantity=quantity, outcome=outcome)
