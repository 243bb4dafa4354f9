"""货架图 for pages: the shop's shelf map in the measure of an SVG."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from tihuo.drawing.shelf import Cell, Frame, ShelfMap

CELL_WIDTH, CELL_HEIGHT = 84, 68
GAP, BORDER, AISLE = 8, 14, 36
HEAD = 44
"""Room for a unit's name above it."""


@dataclass(frozen=True, slots=True)
class UnitPicture:
    """One piece of furniture with its slots and the boards they stand on (`boards`: their y)."""

    frame: Frame
    cells: tuple[Cell, ...]
    boards: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShelfPicture:
    width: int
    height: int
    head: int
    units: tuple[UnitPicture, ...]


@lru_cache(maxsize=4)
def shelf_picture(shelf: ShelfMap) -> ShelfPicture:
    """Every unit standing on one floor, as one sees them."""
    drawing = shelf.drawn(CELL_WIDTH, CELL_HEIGHT, gap=GAP, border=BORDER, aisle=AISLE)
    units = []
    for frame in drawing.frames:
        cells = tuple(cell for cell in drawing.cells if frame.left <= cell.left < frame.left + frame.width)
        edges = sorted({cell.top + cell.height + GAP // 2 for cell in cells})
        units.append(UnitPicture(frame, cells, tuple(edges[:-1])))
    return ShelfPicture(drawing.width, drawing.height + HEAD, HEAD, tuple(units))
