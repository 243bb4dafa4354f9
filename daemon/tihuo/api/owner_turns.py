"""排队 for the owner: every number of the newest day, and how long each step took."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tihuo.api.asking import read
from tihuo.api.languages import N_
from tihuo.api.pages import language_of
from tihuo.api.sheets import Column, download, workbook
from tihuo.api.staff_turns import STATES
from tihuo.boards import turns as board

router = APIRouter(prefix="/turns")

COLUMNS = (
    (N_("Day"), "text", 12),
    (N_("No."), "number", 8),
    (N_("State"), "text", 14),
    (N_("To"), "text", 12),
    (N_("Taken at"), "moment", 18),
    (N_("Seconds until called"), "number", 12),
    (N_("Seconds until there"), "number", 12),
    (N_("Seconds until handed over"), "number", 12),
    (N_("Calls"), "number", 8),
)


@router.get("/waits.xlsx")
def export(request: Request) -> Response:
    """Every number of the newest day, with how long each step took."""
    language = language_of(request)
    columns = [Column(language.translate(head), kind, width) for head, kind, width in COLUMNS]
    rows = [
        [
            row.day, row.number, language.translate(STATES[row.state]), row.kiosk,
            language.moments.here(row.taken_at).replace(tzinfo=None),
            *(None if ms is None else ms / 1000 for ms in (row.to_call, row.to_come, row.to_given)), row.calls,
        ]
        for row in read(request, board.turn_times)
    ]  # fmt: skip
    title = language.translate(N_("Waiting at the door"))
    return download(title, workbook(title, columns, rows))
