"""店员: the phone pages. One router a place of the bottom bar."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from tihuo.api import (
    staff_aftercare,
    staff_correcting,
    staff_counting,
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
    staff_weighing,
)

router = APIRouter(prefix="/staff")
for place in (  # the busiest first: a request is held against one route after another
    staff_pickup,
    staff_scan,
    staff_sorting,
    staff_sheets,
    staff_weighing,
    staff_missing,
    staff_stock,
    staff_correcting,
    staff_counting,
    staff_receiving,
    staff_aftercare,
    staff_paper,
    staff_lamps,
    staff_more,
):
    router.include_router(place.router)


@router.get("")
def staff_home() -> RedirectResponse:
    """Work begins at the shelf."""
    return RedirectResponse("/staff/sorting", 303)
