"""今晚: the evening at a glance, what waits for a decision, what is wrong and its next step."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import door_of, read
from tihuo.api.evening import evening_line
from tihuo.api.owner_pages import owner_fragment, owner_page
from tihuo.api.troubles import parts_in_trouble
from tihuo.boards import lamps, stock, tonight, turns
from tihuo.ledger.database import Look

router = APIRouter()


@router.get("")
def tonight_page(request: Request) -> HTMLResponse:
    return owner_page(request, "owner/tonight.html", **_tonight(request))


@router.get("/tonight")
def tonight_board(request: Request) -> HTMLResponse:
    """The same again, when something happened or a minute passed."""
    return owner_fragment(request, "owner/tonight_board.html", **_tonight(request))


def _tonight(request: Request) -> dict[str, Any]:
    found = read(request, _picture)
    line = evening_line(found["tonight"], door_of(request).clock())
    return {**found, "line": line, "parts": parts_in_trouble(request)}


def _picture(look: Look) -> dict[str, Any]:
    return {
        "tonight": tonight.tonight(look),
        "decisions": tonight.decisions(look),
        "waits": turns.waits(look),
        "lamps": lamps.pulses(look),
        "full": lamps.full_slots(look),
        "drafts": [row for row in stock.sessions(look) if row.state == "draft"],
    }
