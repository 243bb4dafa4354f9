"""打印 on the phone: what waits, what is doubtful, how far a batch is; labels of a wave; the cash drawer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from pydantic import StringConstraints

from tihuo.api.asking import door_of, person_of, read, write
from tihuo.api.languages import N_
from tihuo.api.staff_pages import Once, staff_fragment, staff_page
from tihuo.api.texts import TROUBLES, Text
from tihuo.api.troubles import parts_in_trouble
from tihuo.boards import paper, sorting
from tihuo.boards.door_paper import DoorPaper, door_paper
from tihuo.ledger.database import Look
from tihuo.shop import paper as jobs
from tihuo.shop import print_batch
from tihuo.shop.words import Refusal, Zone
from tihuo.stages import printing

router = APIRouter(prefix="/paper")

BATCH = {"pause": print_batch.pause, "resume": print_batch.resume, "cancel": print_batch.cancel}
REASONS = (N_("Change for a customer"), N_("Cash up"), N_("A refund in cash"))
"""Why a drawer is opened, most of the time."""
ADVICE = {
    "cut_off": Text(N_("The box went off while it was printing."), N_("See whether the paper is there, whole.")),
    "restored": Text(N_("The box was restored."), N_("It may be on paper since before; look on the parcel.")),
    "printer_paper_out": Text(
        N_("The paper ended in the middle."), N_("Put in a new roll and wait a moment: many printers print the rest.")
    ),
    "printer_cover_open": Text(
        N_("The cover was opened in the middle."), N_("Close it and wait a moment: many printers print the rest.")
    ),
}
"""What to do about doubtful paper, after its trouble."""
OTHER_ADVICE = Text(N_("The printer fell silent in the middle."), N_("See whether the paper is there, whole."))
Slot = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, max_length=8), Form()]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60), Form()]


def picture(request: Request) -> dict[str, Any]:
    """All that the fragment shows, of one moment."""
    return {
        **read(request, _picture),
        "advice": ADVICE,
        "other_advice": OTHER_ADVICE,
        "troubles": TROUBLES,
        "stuck": [part for part in parts_in_trouble(request) if part.name.startswith("printer_")],
    }


def _picture(look: Look) -> dict[str, Any]:
    return {
        "batches": [row for row in paper.batches(look) if row.state in ("printing", "paused")],
        "doubtful": paper.paper_in_state(look, "doubtful"),
        "expired": paper.paper_in_state(look, "expired"),
        "queued": paper.paper_in_state(look, "queued"),
        "printed": paper.paper_in_state(look, "printed", 10),
        "failed": paper.failed_paper(look),
        "counts": paper.paper_counts(look),
    }


@router.get("")
def paper_page(request: Request) -> HTMLResponse:
    waves = [wave for wave in read(request, sorting.waves) if wave.parcels]
    return staff_page(request, "staff/paper_page.html", waves=waves, zones=list(Zone), **picture(request))


@router.get("/board")
def board(request: Request) -> HTMLResponse:
    """The same again, when paper moved."""
    return staff_fragment(request, "staff/paper.html", **picture(request))


@router.post("/jobs/{job_id}/reprint")
def reprint(request: Request, job_id: int, once: Once) -> HTMLResponse:
    """补打: a second copy, which says so; what never left the box is printed as it is."""
    write(request, jobs.reprint, job_id, once=f"reprint:{once}")
    return board(request)


@router.post("/jobs/{job_id}/settle")
def settle(request: Request, job_id: int, how: Annotated[str, Form()], once: Once) -> HTMLResponse:
    """Somebody looked: it came out after all, or nobody wants it any more."""
    if how == "came_out":
        write(request, jobs.moved, job_id, ("doubtful",), "printed", once=f"settle:{once}")
    elif how == "not_wanted":
        write(request, printing.call_off, job_id, once=f"settle:{once}")
    else:
        raise Refusal("job_moved")
    return board(request)


@router.post("/batches/{batch_id}/{what}")
def move_batch(request: Request, batch_id: int, what: str, once: Once) -> HTMLResponse:
    """Pause, go on, or call off the rest."""
    if what not in BATCH:
        raise Refusal("batch_moved")
    write(request, BATCH[what], batch_id, once=f"batch:{once}")
    return board(request)


@router.post("/labels")
def print_labels(
    request: Request,
    wave: Annotated[int, Form()],
    once: Once,
    zone: Annotated[Zone | None, Form()] = None,
    first: Slot = "",
    last: Slot = "",
    cluster: Annotated[int, Form(ge=0)] = 0,
    again: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    """整波打印: the labels of a wave, or of a part of it."""
    write(request, printing.print_labels, wave, zone or "", first, last, cluster, again, once=f"labels:{once}")
    return board(request)


@router.post("/pick-list")
def print_pick_list(
    request: Request,
    wave: Annotated[int, Form()],
    once: Once,
    zone: Annotated[Zone | None, Form()] = None,
    cluster: Annotated[int, Form(ge=0)] = 0,
) -> HTMLResponse:
    write(request, printing.print_pick_list, wave, zone or "", cluster, once=f"pick_list:{once}")
    return board(request)


@router.post("/doors")
def print_for_doors(
    request: Request,
    wave: Annotated[int, Form()],
    which: Annotated[DoorPaper, Form()],
    once: Once,
    again: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    """送货: lists and labels for who brings a wave to the doors."""
    pieces = read(request, door_paper, wave, which, door_of(request).house)
    write(request, printing.print_pieces, f"{which}:{wave}", pieces, again, once=f"doors:{once}")
    return board(request)


@router.post("/test")
def test_print(request: Request, once: Once) -> HTMLResponse:
    """A test page on whatever printer is free."""
    write(request, printing.try_printer, "test", "", door_of(request).shop_name, once=f"test_print:{once}")
    return board(request)


@router.post("/drawer")
def drawer(request: Request, once: Once, reason: Reason = "") -> HTMLResponse:
    """开钱箱: who may, with a reason that is kept."""
    person = person_of(request)
    assert person is not None
    write(request, printing.open_drawer, person.role, reason, once=f"drawer:{once}")
    return staff_fragment(request, "staff/drawer_note.html")


def may_open_drawer(request: Request) -> bool:
    person = person_of(request)
    return person is not None and person.role in door_of(request).house.drawer_roles
