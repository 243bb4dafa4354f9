"""灯光自检 by hand: light the lamps, look, and tell the box which stay dark; there one goes by the number."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import door_of, read, write
from tihuo.api.staff_pages import staff_fragment, staff_page
from tihuo.api.texts import TROUBLES
from tihuo.boards.dead_lamps import dead_lamps
from tihuo.devices.troubles import LightsTrouble
from tihuo.shop.lamps import mark_dead, mark_well

router = APIRouter(prefix="/lamps")

LOOK_S = 120
"""So long the lamps shine for whoever walks to the shelf; then the picture is back by itself."""
Slot = Annotated[str, Form(max_length=12)]
Whole = Annotated[bool, Form()]
"""Whether all lamps are being tested, or this one alone."""


@router.get("")
def lamps_page(request: Request) -> HTMLResponse:
    return staff_page(request, "staff/lamps_page.html", **_panel(request))


@router.get("/panel")
def panel(request: Request) -> HTMLResponse:
    return staff_fragment(request, "staff/lamps.html", **_panel(request))


@router.post("/test")
def light(request: Request, slot: Slot = "") -> HTMLResponse:
    """Light one lamp, or all; what the box itself finds silent is remembered at once."""
    slots = [slot] if slot else _slots(request)
    trouble = ""
    if lights := door_of(request).lights:
        try:
            shown = lights.hold(slots, LOOK_S)
            for silent in sorted(shown.silent & set(slots)):
                write(request, mark_dead, silent, "silent")
        except LightsTrouble as silent:
            trouble = silent.code
    return staff_fragment(request, "staff/lamps.html", **_panel(request, testing=slot or "all", trouble=trouble))


@router.post("/dark")
def dark(request: Request, slot: Slot, whole: Whole = False) -> HTMLResponse:
    """Somebody stands before it and it does not shine."""
    write(request, mark_dead, slot, "dark")
    return _looked(request, whole)


@router.post("/shines")
def shines(request: Request, slot: Slot, whole: Whole = False) -> HTMLResponse:
    write(request, mark_well, slot)
    return _looked(request, whole)


@router.post("/done")
def done(request: Request) -> HTMLResponse:
    return _looked(request, False)


def _looked(request: Request, whole: bool) -> HTMLResponse:
    """Go on with all lamps, or let the shelf show again what it should."""
    trouble = ""
    if not whole and (lights := door_of(request).lights):
        try:
            lights.hold((), 0)
        except LightsTrouble as silent:
            trouble = silent.code
    return staff_fragment(
        request, "staff/lamps.html", **_panel(request, testing="all" if whole else "", trouble=trouble)
    )


def _panel(request: Request, testing: str = "", trouble: str = "") -> dict[str, Any]:
    """`testing`: a slot, `all` or nothing."""
    door = door_of(request)
    rows = read(request, dead_lamps)
    return {
        "has_lamps": door.lights is not None,
        "reads_back": door.lights is not None and door.lights.reads_back,
        "slots": _slots(request),
        "rows": rows,
        "dead": {row.slot for row in rows},
        "testing": "" if trouble else testing,
        "trouble": TROUBLES.get(trouble),
    }


def _slots(request: Request) -> list[str]:
    return list(door_of(request).shelf.slots())
