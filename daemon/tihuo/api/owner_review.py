"""售后 and 复盘: what went wrong in a session, and what it came to."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import read
from tihuo.api.owner_pages import owner_page
from tihuo.boards import aftercare, session_sheets
from tihuo.boards.review import Review, review
from tihuo.ledger.database import Look

router = APIRouter()


@router.get("/aftercare")
def aftercare_page(request: Request, session: str = "") -> HTMLResponse:
    return owner_page(request, "owner/aftercare.html", **read(request, _aftercare_picture, session))


@router.get("/review")
def review_page(request: Request, session: str = "") -> HTMLResponse:
    return owner_page(request, "owner/review.html", **read(request, _review_picture, session))


def _aftercare_picture(look: Look, session_id: str) -> dict[str, Any]:
    sessions, chosen = session_sheets.chosen_session(look, session_id)
    number = chosen.session_id if chosen else ""
    return {
        "sessions": sessions,
        "chosen": chosen,
        "shortages": aftercare.shortages(look, number),
        "unwanted": aftercare.unwanted_orders(look, number),
        "quarantine": aftercare.quarantined(look, number),
    }


def _review_picture(look: Look, session_id: str) -> dict[str, Any]:
    sessions, chosen = session_sheets.chosen_session(look, session_id)
    return {
        "sessions": sessions,
        "chosen": chosen,
        "review": review(look, chosen.session_id) if chosen else Review(),
        "products": session_sheets.sold_by_product(look, chosen.session_id) if chosen else [],
    }
