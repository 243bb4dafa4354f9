"""取景: what the camera of a kiosk sees, for whoever puts it up. A picture is made when asked for, and kept nowhere."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tihuo.api.asking import door_of, read, write
from tihuo.api.door import Viewfinder
from tihuo.api.languages import N_
from tihuo.api.owner_pages import owner_fragment, owner_page
from tihuo.api.staff_pages import Once
from tihuo.api.texts import Text
from tihuo.api.troubles import parts_of
from tihuo.devices.ports import Glance
from tihuo.shop.pickups import BEGINS
from tihuo.shop.tray import Tray, keep_tray, kept_tray

router = APIRouter(prefix="/devices/camera")

WATCH_MS = 180_000
"""So long a page is shown what the camera sees; then somebody must ask again."""
_WHOLE: Tray = (0.0, 0.0, 1.0, 1.0)
_SHARP, _NEARLY, _DIM, _GLARING = 80, 45, 96, 0.25
"""`Glance.sharp`: reads all, reads what is large; `bright` below which the box stretches; `glare` that hides codes."""

KINDS = {"qr": "QR", "ean13": "EAN-13", "ean8": "EAN-8", "upca": "UPC-A", "code128": "Code 128"}

Percent = Annotated[float, Form(ge=0, le=100)]


@router.get("")
def camera_page(request: Request, k: str = "") -> Response:
    door = door_of(request)
    kiosk = k or next(iter(door.cameras), "")
    if not kiosk:
        return owner_page(request, "owner/camera.html", kiosk="", kiosks=(), tray=_WHOLE, drawn=False, until=0, line="")
    finder = _finder(request, kiosk)
    drawn = read(request, kept_tray, kiosk)
    tray = drawn or finder.tray or _WHOLE
    line = f"tray = [{', '.join(f'{edge:g}' for edge in tray)}]"
    facts: dict[str, Any] = {"kiosk": kiosk, "kiosks": tuple(door.cameras), "tray": tray, "drawn": drawn is not None}
    return owner_page(request, "owner/camera.html", **facts, until=door.ticks() + WATCH_MS, line=line)


@router.get("/look")
def look(request: Request, k: str, until: int) -> HTMLResponse:
    """One picture with what can be said of it. Without end only for who opens the page again and again."""
    door = door_of(request)
    finder = _finder(request, k)
    over = not 0 < until - door.ticks() <= WATCH_MS
    seen = None if over else finder.camera.look()
    stuck = {part.name: part for part in parts_of(request) if part.code}
    answer = owner_fragment(
        request,
        "owner/camera_look.html",
        kiosk=k,
        until=until,
        over=over,
        seen=seen,
        jpeg=base64.b64encode(seen.picture).decode() if seen else "",
        words=_words(seen) if seen else [],
        codes=[(KINDS.get(kind, kind), masked(text)) for kind, text in seen.seen] if seen else [],
        trouble=next((stuck[name] for name in door.eyes.get(k, ()) if name in stuck), None),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/tray")
def draw_tray(
    request: Request, k: Annotated[str, Form()], x: Percent, y: Percent, width: Percent, height: Percent, once: Once
) -> Response:
    """Only what lies in this rectangle is looked at from now on."""
    finder = _finder(request, k)
    tray = (round(x / 100, 3), round(y / 100, 3), round(width / 100, 3), round(height / 100, 3))
    write(request, keep_tray, k, tray, once=f"tray:{once}")
    finder.camera.aim(tray)
    return RedirectResponse(f"/owner/devices/camera?k={k}", 303)


@router.post("/tray/forget")
def forget_tray(request: Request, k: Annotated[str, Form()], once: Once) -> Response:
    """The settings file counts again."""
    finder = _finder(request, k)
    write(request, keep_tray, k, None, once=f"tray:{once}")
    finder.camera.aim(finder.tray or _WHOLE)
    return RedirectResponse(f"/owner/devices/camera?k={k}", 303)


def masked(text: str) -> str:
    """Enough of a code to tell which one it is, and too little to use it.

    >>> masked("TH1:S01:7:CP6C7T5YCSWVB7GL"), masked("6901234567892"), masked("123")
    ('TH1:S01:…', '69012345…', '1…')
    """
    if text.upper().startswith(BEGINS):
        return ":".join(text.split(":")[:2]) + ":…"
    return f"{text[: min(8, len(text) // 2)]}…"


def _finder(request: Request, kiosk: str) -> Viewfinder:
    finder = door_of(request).cameras.get(kiosk)
    if finder is None:
        raise HTTPException(404)
    return finder


def _words(seen: Glance) -> list[tuple[bool, Text]]:
    """(well, what it looks like and what to do), most important first."""
    said = []
    if seen.bright < _DIM:
        said.append((False, Text(N_("Too dark"), N_("Put a lamp above the tray, beside the camera."))))
    elif seen.glare > _GLARING and not seen.seen:  # a white page may well be burnt out, if its code is not
        said.append((False, Text(N_("Too bright"), N_("Turn the lamp away, so that it does not shine back."))))
    else:
        said.append((True, Text(N_("The light is good"))))
    if seen.sharp == 0:
        said.append((True, Text(N_("Nothing to see"), N_("Lay a phone with a code into the tray."))))
    elif seen.sharp >= _SHARP:
        said.append((True, Text(N_("Sharp"))))
    elif seen.sharp >= _NEARLY:
        said.append((False, Text(N_("Nearly sharp"), N_("Turn the lens a little, or hold the camera still."))))
    else:
        said.append(
            (False, Text(N_("Blurred"), N_("Turn the lens until it is sharp; 15 to 25 cm is a good distance.")))
        )
    return said
