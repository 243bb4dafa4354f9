"""缺货处理 on the phone: what is missing and waits, whom to call, and what could stand in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import door_of, read, write
from tihuo.api.staff_pages import Once, staff_fragment, staff_page
from tihuo.boards import short_picks as board
from tihuo.boards.weighing import unweighed
from tihuo.stages import substituting

router = APIRouter(prefix="/missing")


@router.get("")
def missing_page(request: Request) -> HTMLResponse:
    return staff_page(request, "staff/missing.html", **_rows(request))


@router.get("/rows")
def rows(request: Request) -> HTMLResponse:
    return staff_fragment(request, "staff/missing_rows.html", **_rows(request))


@router.get("/errands")
def errands(request: Request) -> HTMLResponse:
    """How much there is to weigh and to decide: a line on the sorting page, empty if there is nothing."""
    counts = {"waiting": read(request, board.waiting_count), "unweighed": read(request, unweighed)}
    return staff_fragment(request, "staff/errands.html", **counts)


@router.get("/{pick_id}")
def instead_page(request: Request, pick_id: int) -> HTMLResponse:
    return staff_page(request, "staff/instead.html", **_candidates(request, pick_id))


@router.get("/{pick_id}/rows")
def instead_rows(request: Request, pick_id: int) -> HTMLResponse:
    return staff_fragment(request, "staff/instead_rows.html", **_candidates(request, pick_id))


@router.post("/{pick_id}/substitute")
def substitute(request: Request, pick_id: int, sku: Annotated[int, Form(ge=1)], once: Once) -> HTMLResponse:
    units = write(request, substituting.substitute, pick_id, sku, once=f"substitute:{once}")
    return staff_fragment(request, "staff/missing_note.html", did="substituted", units=units)


@router.post("/{pick_id}/refund")
def refund(request: Request, pick_id: int, once: Once) -> HTMLResponse:
    write(request, substituting.refund, pick_id, once=f"refund_short:{once}")
    return staff_fragment(request, "staff/missing_note.html", did="refunded", units=0)


@router.post("/{pick_id}/answer")
def answer(
    request: Request, pick_id: int, said: Annotated[Literal["yes", "no", "nobody"], Form()], once: Once
) -> HTMLResponse:
    """What she said on the phone."""
    write(request, substituting.note_answer, pick_id, said, once=f"answer:{once}")
    return staff_fragment(request, "staff/missing_note.html", did=said, units=0)


@router.post("/{pick_id}/phone")
def phone(request: Request, pick_id: int) -> HTMLResponse:
    """The whole number, for the call; who looked at it is kept."""
    number = write(request, substituting.show_phone, pick_id)
    return staff_fragment(request, "staff/missing_phone.html", number=number)


def _rows(request: Request) -> dict[str, Any]:
    return {"rows": read(request, board.waiting), "ticks": door_of(request).ticks()}


def _candidates(request: Request, pick_id: int) -> dict[str, Any]:
    return {
        "case": read(request, board.waiting_one, pick_id),
        "candidates": read(request, board.candidates, pick_id),
        "pick_id": pick_id,
    }
