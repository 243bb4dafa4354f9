"""店主: the desk. One router a place of the rail."""

from __future__ import annotations

from fastapi import APIRouter

from tihuo.api import (
    owner_allotting,
    owner_camera,
    owner_catalog,
    owner_deliveries,
    owner_devices,
    owner_export,
    owner_floor,
    owner_kiosk,
    owner_ledger,
    owner_orders,
    owner_parked,
    owner_printers,
    owner_purchase,
    owner_recall,
    owner_restore,
    owner_review,
    owner_sessions,
    owner_settings,
    owner_tonight,
    owner_turns,
    owner_uncollected,
    owner_windows,
    owner_wiring,
)

PLACES = (
    owner_tonight,
    owner_turns,
    owner_sessions,
    owner_allotting,
    owner_catalog,
    owner_ledger,
    owner_orders,
    owner_floor,
    owner_windows,
    owner_uncollected,
    owner_purchase,
    owner_deliveries,
    owner_recall,
    owner_review,
    owner_export,
    owner_devices,
    owner_wiring,
    owner_camera,
    owner_parked,
    owner_printers,
    owner_restore,
    owner_settings,
    owner_kiosk,
)


def routers() -> list[APIRouter]:
    """All that lies under /owner."""
    return [place.router for place in PLACES]
