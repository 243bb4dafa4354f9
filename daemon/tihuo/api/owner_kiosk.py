"""取货屏: what the owner says to her customers there, and screens that she took away."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import door_of, read, write
from tihuo.api.owner_pages import owner_fragment
from tihuo.api.staff_pages import Once
from tihuo.boards.kiosk import shop_lines
from tihuo.stages import welcoming

router = APIRouter(prefix="/kiosk")

Line = Annotated[str, Form(max_length=400)]


@router.post("/line")
def write_lines(request: Request, once: Once, zh: Line = "", en: Line = "") -> HTMLResponse:
    write(request, welcoming.write_lines, {"zh": zh, "en": en}, once=f"kiosk_lines:{once}")
    return owner_fragment(request, "owner/kiosk_lines.html", **picture(request) | {"kept": True})


@router.post("/forget")
def forget_screen(request: Request, once: Once, kiosk: Annotated[str, Form(max_length=24)]) -> HTMLResponse:
    """It is missed no longer, until it shows itself again."""
    write(request, welcoming.forget_screen, kiosk, once=f"forget_screen:{once}")
    door_of(request).screens.forget(kiosk)
    return owner_fragment(request, "owner/kiosk_lines.html", **picture(request))


def picture(request: Request) -> dict[str, Any]:
    door = door_of(request)
    silent = [kiosk for kiosk in door.kiosks if door.screens.silent(kiosk, door.ticks())]
    return {"lines": read(request, shop_lines), "longest_line": welcoming.LONGEST_LINE, "silent": silent, "kept": False}
