"""更多 on the phone: paper, the devices' troubles, this station, language, leaving."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import StringConstraints

from tihuo.api.asking import door_of, read, write
from tihuo.api.auth import secure
from tihuo.api.staff_pages import STATION, Once, staff_fragment, staff_page
from tihuo.api.troubles import parts_in_trouble
from tihuo.boards import paper
from tihuo.ledger.database import Look
from tihuo.shop import paper as jobs
from tihuo.shop.words import Refusal

router = APIRouter(prefix="/more")

A_YEAR = 365 * 86_400
SETTLED = {"came_out": "printed", "not_wanted": "cancelled"}
"""What a person decides about paper -> the state it moves to."""


@router.get("")
def more_page(request: Request) -> HTMLResponse:
    return staff_page(request, "staff/more.html", parts=parts_in_trouble(request), **read(request, _paper_picture))


@router.get("/paper")
def paper_list(request: Request) -> HTMLResponse:
    return staff_fragment(request, "staff/paper.html", **read(request, _paper_picture))


@router.get("/parts")
def parts(request: Request) -> HTMLResponse:
    return staff_fragment(request, "staff/troubles.html", parts=parts_in_trouble(request))


@router.post("/paper/{job_id}/reprint")
def reprint(request: Request, job_id: int, once: Once) -> HTMLResponse:
    """补打: a second copy, which says so."""
    write(request, jobs.reprint, job_id, once=f"reprint:{once}")
    return paper_list(request)


@router.post("/paper/{job_id}/settle")
def settle(request: Request, job_id: int, how: Annotated[str, Form()], once: Once) -> HTMLResponse:
    """Somebody looked: it came out after all, or nobody wants it any more."""
    if how not in SETTLED:
        raise Refusal("job_moved")
    sources = ("doubtful",) if how == "came_out" else ("doubtful", "queued")
    write(request, jobs.moved, job_id, sources, SETTLED[how], once=f"settle:{once}")
    return paper_list(request)


@router.post("/test-print")
def test_print(request: Request, once: Once) -> HTMLResponse:
    write(request, jobs.queue, "test", "test", {"about": door_of(request).shop_name}, once=f"test_print:{once}")
    return paper_list(request)


@router.post("/station")
def station(
    request: Request, name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=24), Form()] = ""
) -> Response:
    """Where this phone is used; an empty name means its user's."""
    answer = RedirectResponse("/staff/more", 303)
    if name:
        answer.set_cookie(STATION, name, max_age=A_YEAR, httponly=True, samesite="lax", secure=secure(request))
    else:
        answer.delete_cookie(STATION)
    return answer


def _paper_picture(look: Look) -> dict[str, Any]:
    return {
        "doubtful": paper.paper_in_state(look, "doubtful"),
        "queued": paper.paper_in_state(look, "queued"),
        "printed": paper.paper_in_state(look, "printed", 10),
    }
