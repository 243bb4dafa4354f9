"""店员: the phone pages. One router a place of the bottom bar."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from tihuo.api import staff_aftercare, staff_more, staff_pickup, staff_sorting, staff_stock

router = APIRouter(prefix="/staff")
for place in (staff_sorting, staff_pickup, staff_stock, staff_aftercare, staff_more):
    router.include_router(place.router)


@router.get("")
def staff_home() -> RedirectResponse:
    """Work begins at the shelf."""
    return RedirectResponse("/staff/sorting", 303)
