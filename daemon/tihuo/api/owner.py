"""店主: the desk. One router a place of the rail."""

from __future__ import annotations

from fastapi import APIRouter

from tihuo.api import (
    owner_allotting,
    owner_catalog,
    owner_devices,
    owner_export,
    owner_floor,
    owner_orders,
    owner_parked,
    owner_restore,
    owner_review,
    owner_sessions,
    owner_settings,
    owner_tonight,
)

router = APIRouter()
for place in (
    owner_tonight,
    owner_sessions,
    owner_allotting,
    owner_catalog,
    owner_orders,
    owner_floor,
    owner_review,
    owner_export,
    owner_devices,
    owner_parked,
    owner_restore,
    owner_settings,
):
    router.include_router(place.router, prefix="/owner")
