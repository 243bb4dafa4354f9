"""自提时段 on the desk: cut the evening into windows, and see how many come when."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from tihuo.api.asking import read, write
from tihuo.api.owner_pages import local_of, millis_of, owner_fragment, owner_page
from tihuo.api.staff_pages import Once
from tihuo.boards import session_sheets, windows
from tihuo.ledger.database import Look
from tihuo.stages import scheduling

router = APIRouter(prefix="/windows")

Session = Annotated[str, Form(min_length=1, max_length=80)]
Local = Annotated[str, Form(min_length=1, max_length=30)]
MINUTE_MS = 60_000


@router.get("")
def windows_page(request: Request, session: str = "") -> HTMLResponse:
    found = read(request, _picture, session)
    chosen = found["chosen"]
    times = {}
    if chosen:
        start, end = chosen.window_from, chosen.window_to
        times = {"start": local_of(request, start), "end": local_of(request, end)}
    return owner_page(request, "owner/windows.html", times=times, **found)


@router.get("/board")
def windows_board(request: Request, session: str = "") -> HTMLResponse:
    return owner_fragment(request, "owner/windows_board.html", **read(request, _picture, session))


@router.post("/add")
def add(
    request: Request,
    once: Once,
    session_id: Session,
    start: Local,
    end: Local,
    capacity: Annotated[int, Form(ge=1, le=10_000)],
    each: Annotated[int, Form(ge=0, le=1440)] = 0,
) -> Response:
    """Windows of `each` minutes, or one; each for so many customers."""
    span = millis_of(request, start), millis_of(request, end)
    write(request, scheduling.add_windows, session_id, *span, capacity, each * MINUTE_MS, once=f"add_windows:{once}")
    return _back(session_id)


@router.post("/drop")
def drop(request: Request, once: Once, session_id: Session, start: Annotated[int, Form(ge=0)]) -> Response:
    write(request, scheduling.drop_window, session_id, start, once=f"drop_window:{once}")
    return _back(session_id)


@router.post("/copy")
def copy(request: Request, once: Once, session_id: Session, like: Session) -> Response:
    write(request, scheduling.copy_windows, session_id, like, once=f"copy_windows:{once}")
    return _back(session_id)


@router.post("/share-out")
def share_out(request: Request, once: Once, session_id: Session) -> Response:
    """Whoever chose none gets one."""
    write(request, scheduling.share_out, session_id, once=f"share_out:{once}")
    return _back(session_id)


def _back(session_id: str) -> Response:
    return Response(status_code=204, headers={"HX-Redirect": f"/owner/windows?session={quote(session_id)}"})


def _picture(look: Look, session_id: str) -> dict[str, Any]:
    sessions, chosen = session_sheets.chosen_session(look, session_id)
    loads = windows.window_loads(look, chosen.session_id) if chosen else []
    return {
        "sessions": sessions,
        "chosen": chosen,
        "loads": loads,
        "offered": [row for row in loads if row.capacity],
    }
