"""搁置的消息: what the box could not follow. The owner has it done again, or says that she has seen to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import read, write
from tihuo.api.owner_pages import owner_fragment, owner_page
from tihuo.api.pages import language_of
from tihuo.api.staff_pages import Once
from tihuo.api.texts import REFUSALS
from tihuo.boards import tonight
from tihuo.cloud import parked
from tihuo.shop.work import Work

router = APIRouter(prefix="/parked")


@router.get("")
def parked_page(request: Request) -> HTMLResponse:
    return owner_page(request, "owner/parked.html", **_picture(request))


@router.post("/{parked_id}/replay")
def replay(request: Request, parked_id: int, once: Once) -> HTMLResponse:
    return _settle(request, parked.replay, parked_id, once)


@router.post("/{parked_id}/dismiss")
def dismiss(request: Request, parked_id: int, once: Once) -> HTMLResponse:
    return _settle(request, parked.dismiss, parked_id, once)


def _settle(request: Request, how: Callable[[Work, int], None], parked_id: int, once: str) -> HTMLResponse:
    write(request, how, parked_id, once=f"settle:{once}")
    return owner_fragment(request, "owner/parked_rows.html", **_picture(request))


def _picture(request: Request) -> dict[str, Any]:
    translate = language_of(request).translate

    def refusal(code: str) -> str:
        return translate(REFUSALS[code].what) if code in REFUSALS else code

    return {"messages": read(request, tonight.parked_messages), "refusal": refusal}
