"""打印机: what each printer is for, whether it is well, and what came out of it when it was tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tihuo.api.asking import door_of, read, write
from tihuo.api.door import PrinterPlace
from tihuo.api.languages import N_
from tihuo.api.owner_pages import owner_fragment, owner_page
from tihuo.api.staff_pages import Once
from tihuo.api.troubles import PartPicture, parts_of
from tihuo.boards.paper import lines_seen_right
from tihuo.shop import paper
from tihuo.stages import printing

router = APIRouter(prefix="/printers")

LINES = {
    "A": N_("drawn by the box"),
    "B": N_("the printer's own letters, switched to Chinese"),
    "C": N_("its own letters, not switched"),
    "D": N_("its own rare letters"),
}
"""The lines of a calibration ticket."""


@dataclass(frozen=True)
class PrinterPicture:
    """A printer, what is wrong with it, and which lines of its ticket were right (None: nobody has looked)."""

    place: PrinterPlace
    part: PartPicture | None
    right: str | None


@router.get("")
def printers_page(request: Request) -> HTMLResponse:
    return owner_page(request, "owner/printers.html", **_picture(request))


@router.get("/board")
def board(request: Request) -> HTMLResponse:
    return owner_fragment(request, "owner/printer_list.html", **_picture(request))


@router.post("/{name}/try")
def try_printer(
    request: Request, name: str, kind: Annotated[Literal["test", "calibration"], Form()], once: Once
) -> Response:
    """Print a test page, or the ticket that shows how it sets Chinese."""
    place = _place(request, name)
    about = f"{door_of(request).shop_name} · {name} · {place.paper}"
    write(request, printing.try_printer, kind, name, about, once=f"try:{once}")
    return RedirectResponse("/owner/printers", 303)


@router.post("/{name}/profile")
def keep_profile(
    request: Request, name: str, once: Once, right: Annotated[list[str] | None, Form()] = None
) -> Response:
    """校准: which lines of the ticket came out right."""
    _place(request, name)
    write(request, paper.keep_profile, name, "".join(right or []), once=f"profile:{once}")
    return RedirectResponse("/owner/printers", 303)


def _picture(request: Request) -> dict[str, Any]:
    parts = {part.name: part for part in parts_of(request)}
    printers = [
        PrinterPicture(place, parts.get(f"printer_{place.name}"), read(request, lines_seen_right, place.name))
        for place in door_of(request).printers
    ]
    return {"printers": printers, "lines": LINES}


def _place(request: Request, name: str) -> PrinterPlace:
    for place in door_of(request).printers:
        if place.name == name:
            return place
    raise HTTPException(404)
