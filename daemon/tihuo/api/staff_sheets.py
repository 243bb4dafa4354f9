"""口令单 and 货位标签: the bar codes that let full hands speak to the box, printed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import door_of, write
from tihuo.api.languages import N_
from tihuo.api.pages import language_of
from tihuo.api.staff_pages import Once, staff_fragment, staff_page
from tihuo.api.texts import Text, say
from tihuo.drawing.code128 import bars
from tihuo.shop import paper
from tihuo.shop.scans import NUMBER, NUMBERS, command_text, slot_text
from tihuo.shop.words import Zone
from tihuo.stages import printing

router = APIRouter(prefix="/sheets")

COMMANDS: dict[str, Text] = {
    "PUT": Text(N_("Put"), N_("It is in every slot that is lit.")),
    "SHORT": Text(N_("Short"), N_("There is no more of it; with a number before it, so many are missing.")),
    "DAMAGE": Text(N_("Broken"), N_("The one in the hand is broken; with a number before it, so many are.")),
    "UNDO": Text(N_("Undo"), N_("Takes back the number, what waits for five seconds, or the last put.")),
    "NEXT": Text(N_("Next"), N_("The next product of the wave, without scanning it.")),
    "DONE": Text(N_("Lay down"), N_("The lamps go out.")),
}
"""What a command does, in words."""


@router.get("")
def sheets_page(request: Request) -> HTMLResponse:
    """What can be printed, and what the commands do."""
    language = language_of(request)
    said = [(command_text(name), say(text, {}, language)) for name, text in COMMANDS.items()]
    return staff_page(request, "staff/sheets.html", commands=said, slots=door_of(request).house.slots)


@router.get("/desk")
def desk_sheet(request: Request) -> HTMLResponse:
    """The same for an office printer and for scanners that read lines only: all commands and slots in Code 128."""
    language = language_of(request)
    house = door_of(request).house
    commands = [(say(text, {}, language).what, _path(command_text(name))) for name, text in COMMANDS.items()]
    numbers = [(f"× {number}", _path(command_text(NUMBER, number))) for number in NUMBERS]
    slots = [(slot, _path(slot_text(slot))) for slots in house.slots.values() for slot in slots]
    return staff_page(request, "staff/desk_sheet.html", commands=commands + numbers, slots=slots)


@router.post("/commands")
def print_commands(request: Request, once: Once) -> HTMLResponse:
    """Every command as a bar code, on one sheet."""
    translate = language_of(request).translate
    codes = [{"text": command_text(name), "says": translate(text.what)} for name, text in COMMANDS.items()]
    codes += [{"text": command_text(NUMBER, number), "says": f"× {number}"} for number in NUMBERS]
    content = {"title": translate("Command sheet"), "codes": codes}
    write(request, paper.queue, "sheet", "commands", content, once=f"sheet:{once}")
    return staff_fragment(request, "staff/printing.html", pieces=1)


@router.post("/slots")
def print_slots(request: Request, once: Once, zone: Annotated[Zone | None, Form()] = None) -> HTMLResponse:
    """A label for each slot of the shelf, or of one zone."""
    begun = write(request, printing.print_slots, zone or "", once=f"slots:{once}")
    return staff_fragment(request, "staff/printing.html", pieces=begun.pieces)


def _path(text: str) -> tuple[int, str]:
    """A code as its width in modules and the path of an SVG that is one module high."""
    across, found = bars(text)
    return across, "".join(f"M{left} 0h{width}v1h-{width}z" for left, width in found)
