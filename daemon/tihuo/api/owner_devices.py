"""设备: how the parts of the box are, its paper, and whether its book balances."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import read
from tihuo.api.owner_pages import owner_fragment, owner_page
from tihuo.api.staff_paper import picture
from tihuo.api.troubles import parts_of
from tihuo.boards import balance, tonight
from tihuo.ledger.database import Look

router = APIRouter()


@router.get("/devices")
def devices_page(request: Request) -> HTMLResponse:
    shown = {**read(request, _picture), **picture(request)}
    return owner_page(request, "owner/devices.html", parts=parts_of(request), **shown)


@router.get("/devices/parts")
def parts(request: Request) -> HTMLResponse:
    return owner_fragment(request, "owner/parts.html", parts=parts_of(request))


@router.get("/devices/balance")
def balance_result(request: Request) -> HTMLResponse:
    """Counted from every row, so only when somebody asks."""
    return owner_fragment(request, "owner/balance.html", imbalances=read(request, balance.imbalances))


def _picture(look: Look) -> dict[str, Any]:
    return {
        "parked": len(tonight.parked_messages(look)),
    }
