"""恢复: what a restored box waits for; the owner may go on without it, and puts right what nobody could tell."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import read, write
from tihuo.api.owner_pages import owner_fragment, owner_page
from tihuo.api.staff_pages import Once
from tihuo.boards import restoring as board
from tihuo.ledger.database import Look
from tihuo.stages import restoring

router = APIRouter(prefix="/restore")


@router.get("")
def restore_page(request: Request) -> HTMLResponse:
    return owner_page(request, "owner/restore.html", **read(request, _picture))


@router.get("/board")
def restore_board(request: Request) -> HTMLResponse:
    """The same again, when the cloud has told more."""
    return owner_fragment(request, "owner/restore_board.html", **read(request, _picture))


@router.post("/pass")
def pass_fence(request: Request, once: Once, sure: Annotated[bool, Form()]) -> HTMLResponse:
    """Go on without the cloud, in the name of whoever is logged in; `sure` says that the warning was read."""
    if sure:
        write(request, restoring.pass_fence, once=f"pass_fence:{once}")
    return restore_board(request)


@router.post("/counted")
def counted(request: Request, once: Once, recount_id: Annotated[int, Form()]) -> HTMLResponse:
    """A line of the list is put right."""
    write(request, restoring.settle_recount, recount_id, once=f"settle_recount:{once}")
    return restore_board(request)


def _picture(look: Look) -> dict[str, Any]:
    return {"restore": board.restore(look), "recounts": board.recounts(look)}
