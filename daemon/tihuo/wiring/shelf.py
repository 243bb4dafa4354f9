"""The shelf of the settings as a drawing."""

from __future__ import annotations

from tihuo.drawing.shelf import ShelfMap, Unit
from tihuo.settings import Settings


def shelf_map(settings: Settings) -> ShelfMap:
    return ShelfMap(
        tuple(Unit.grid(unit.name, unit.zone, unit.first, unit.rows, unit.columns) for unit in settings.shelf)
    )
