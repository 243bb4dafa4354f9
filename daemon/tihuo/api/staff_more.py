"""更多 on the phone: paper, the devices' troubles, this station, language, leaving."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import StringConstraints

from tihuo.api.auth import secure
from tihuo.api.staff_pages import STATION, staff_fragment, staff_page
from tihuo.api.staff_paper import REASONS, may_open_drawer, picture
from tihuo.api.troubles import parts_in_trouble

router = APIRouter(prefix="/more")

A_YEAR = 365 * 86_400


@router.get("")
def more_page(request: Request) -> HTMLResponse:
    return staff_page(
        request,
        "staff/more.html",
        parts=parts_in_trouble(request),
        may_open_drawer=may_open_drawer(request),
        reasons=REASONS,
        **picture(request),
    )


@router.get("/parts")
def parts(request: Request) -> HTMLResponse:
    return staff_fragment(request, "staff/troubles.html", parts=parts_in_trouble(request))


@router.post("/station")
def station(
    request: Request, name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=24), Form()] = ""
) -> Response:
    """Where this phone is used; an empty name means its user's."""
    answer = RedirectResponse("/staff/more", 303)
    if name:
        answer.set_cookie(STATION, quote(name), max_age=A_YEAR, httponly=True, samesite="lax", secure=secure(request))
    else:
        answer.delete_cookie(STATION)
    return answer
