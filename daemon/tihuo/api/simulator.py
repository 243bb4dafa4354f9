"""The simulator page: phones to hold before the camera, lamps and paper as they really are, parts to break and mend.

It exists only beside simulated devices, and only on the machine itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, UploadFile
from fastapi.responses import FileResponse, Response

from tihuo.api.asking import door_of
from tihuo.api.door import Simulator
from tihuo.api.languages import N_
from tihuo.api.pages import fragment, page
from tihuo.api.problems import answer
from tihuo.api.troubles import parts_of

router = APIRouter(prefix="/simulator")

PAPERS_SHOWN = 12
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")

STATES = {
    "paid": N_("paid"),
    "accepted": N_("accepted"),
    "ready": N_("ready to collect"),
    "partly_handed_over": N_("partly collected"),
    "handed_over": N_("collected"),
    "refused": N_("refused"),
    "rejected": N_("not understood"),
    "short": N_("nothing came"),
    "cancelled": N_("cancelled"),
    "uncollected": N_("not collected"),
}
"""The state of an order as the cloud tells its customer -> its word."""


@dataclass(frozen=True)
class Breakable:
    """A part that can be broken here: its word, and the faults with theirs. The last fault mends it."""

    part: str
    word: str
    faults: tuple[tuple[str, str], ...]


BREAKABLE = (
    Breakable("camera", N_("Camera"), (("hang", N_("Hang")), ("unplug", N_("Unplug")), ("mend", N_("Mend")))),
    Breakable(
        "printer",
        N_("Printers"),
        (
            ("paper_out", N_("Out of paper")),
            ("cover_open", N_("Open the cover")),
            ("unplug", N_("Unplug")),
            ("mend", N_("Mend")),
        ),
    ),
    Breakable("lights", N_("Shelf lights"), (("vanish", N_("Unplug")), ("mend", N_("Mend")))),
    Breakable("cloud", N_("Cloud"), (("go_away", N_("Go away")), ("come_back", N_("Come back")))),
)


@dataclass(frozen=True)
class PaperPicture:
    """A piece of paper that came out. `address`: below `/simulator/paper/`."""

    address: str
    kind: str


@router.get("")
def simulator_page(request: Request) -> Response:
    return page(
        request,
        "simulator/page.html",
        kiosks=door_of(request).kiosks,
        breakable=BREAKABLE,
        customers=_simulator(request).customers(),
        states=STATES,
        lit=_simulator(request).lit(),
        papers=_papers(request),
        parts=parts_of(request),
    )


@router.get("/customers")
def customers(request: Request) -> Response:
    return fragment(request, "simulator/customers.html", customers=_simulator(request).customers(), states=STATES)


@router.get("/shelf")
def shelf(request: Request) -> Response:
    return fragment(request, "simulator/shelf.html", lit=_simulator(request).lit())


@router.get("/papers")
def papers(request: Request) -> Response:
    return fragment(request, "simulator/papers.html", papers=_papers(request))


@router.get("/parts")
def parts(request: Request) -> Response:
    return fragment(request, "simulator/parts.html", parts=parts_of(request))


@router.get("/paper/{folder}/{name}")
def paper(request: Request, folder: str, name: str) -> Response:
    """One picture, and only of what came out of a printer."""
    for path in _simulator(request).papers():
        if (path.parent.name, path.name) == (folder, name):
            return FileResponse(path, headers={"Cache-Control": "no-cache"})
    raise HTTPException(404)


@router.post("/hold")
def hold(request: Request, code: Annotated[str, Form(max_length=512)]) -> Response:
    """Lay a phone that shows this code under the camera."""
    _simulator(request).hold_code(code)
    return Response(status_code=204)


@router.post("/picture")
def hold_picture(request: Request, picture: UploadFile) -> Response:
    """Lay any picture under the camera."""
    image = picture.file.read()
    if not image.startswith(PICTURES):
        return answer(request, 422, "no_picture")
    _simulator(request).hold_image(image)
    return Response(status_code=204)


@router.post("/clear")
def clear(request: Request) -> Response:
    _simulator(request).clear()
    return Response(status_code=204)


@router.post("/break")
def break_part(request: Request, part: Annotated[str, Form()], fault: Annotated[str, Form()]) -> Response:
    if (part, fault) not in {(kind.part, name) for kind in BREAKABLE for name, _ in kind.faults}:
        raise HTTPException(404)
    try:
        _simulator(request).break_part(part, fault)
    except KeyError:
        return answer(request, 409, "no_such_part")
    return fragment(request, "simulator/parts.html", parts=parts_of(request))


def _simulator(request: Request) -> Simulator:
    simulator = door_of(request).simulator
    assert simulator is not None
    return simulator


def _papers(request: Request) -> list[PaperPicture]:
    newest = reversed(_simulator(request).papers()[-PAPERS_SHOWN:])
    return [PaperPicture(f"{path.parent.name}/{path.name}", _kind(path)) for path in newest]


def _kind(path: Path) -> str:
    return "label" if path.parent.name.startswith("label") else "receipt"
