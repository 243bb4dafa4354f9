"""店员: the phone pages. One router a place of the bottom bar."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from tihuo.api import (
    staff_aftercare,
    staff_calls,
    staff_codes,
    staff_correcting,
    staff_counting,
    staff_handed,
    staff_lamps,
    staff_missing,
    staff_more,
    staff_paper,
    staff_pickup,
    staff_receiving,
    staff_scan,
    staff_sheets,
    staff_sorting,
    staff_stock,
    staff_turns,
    staff_weighing,
)

home = APIRouter()
PLACES = (
    staff_pickup,
    staff_scan,
    staff_turns,
    staff_handed,
    staff_codes,
    staff_sorting,
    staff_sheets,
    staff_weighing,
    staff_missing,
    staff_calls,
    staff_stock,
    staff_correcting,
    staff_counting,
    staff_receiving,
    staff_aftercare,
    staff_paper,
    staff_lamps,
    staff_more,
)


def routers() -> list[APIRouter]:
    """All that lies under /staff."""
    return [home, *(place.router for place in PLACES)]


@home.get("")
def staff_home() -> RedirectResponse:
    """Work begins at the shelf."""
    return RedirectResponse("/staff/sorting", 303)
