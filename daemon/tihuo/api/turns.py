"""正在叫号: the page for a television at the door."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, Response

from tihuo.api.asking import door_of, read
from tihuo.api.pages import fragment, language_of, page
from tihuo.boards import turns as board
from tihuo.shop.turns import COUNTER


async def with_numbers(request: Request) -> None:
    """These pages are there only where people take numbers."""
    if not door_of(request).house.numbers:
        raise HTTPException(404)


router = APIRouter(prefix="/now", dependencies=[Depends(with_numbers)])


@router.get("")
def now_page(request: Request) -> HTMLResponse:
    """正在叫号: for a television, which nobody logs in to; it shows numbers and nothing of anybody."""
    return page(request, "now/page.html", **_now(request))


@router.get("/board")
def now_board(request: Request, seen: str = "") -> Response:
    """The same again; 204 while it is still true."""
    found = _now(request)
    return Response(status_code=204) if seen == found["seen"] else fragment(request, "now/board.html", **found)


def _now(request: Request) -> dict[str, Any]:
    shown = read(request, board.now_serving)
    minute = language_of(request).moments.clock(door_of(request).clock()) if door_of(request).sure else ""
    key = msgspec.json.encode((shown, minute, language_of(request).code))
    return {"shown": shown, "minute": minute, "seen": hashlib.sha256(key).hexdigest()[:12], "counter": COUNTER}
