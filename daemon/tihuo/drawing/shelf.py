"""货架图: the shop's own shelves as a drawing, the same on a label, on a page and on the wall.

Plain numbers only: pages turn them into SVG, labels into dots.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tihuo.shop.words import Slot, Zone


@dataclass(frozen=True, slots=True)
class Unit:
    """A shelf, a fridge or a freezer. Rows from the top, slots from the left, None where there is no slot."""

    name: str
    zone: Zone
    rows: tuple[tuple[Slot | None, ...], ...]

    @classmethod
    def grid(cls, name: str, zone: Zone, first: int, rows: int, columns: int) -> Unit:
        """A unit whose slots are numbered row by row from `first`: grid("冷柜", FROZEN, 1, 2, 2) holds F01 to F04."""
        numbers = iter(range(first, first + rows * columns))
        return cls(
            name,
            zone,
            tuple(tuple(Slot(f"{zone.letter}{next(numbers):02}") for _ in range(columns)) for _ in range(rows)),
        )

    @property
    def columns(self) -> int:
        """Slots in its widest row."""
        return max((len(row) for row in self.rows), default=0)


@dataclass(frozen=True, slots=True)
class Cell:
    """One slot in the drawing, in the measure the drawing was asked for."""

    slot: Slot
    zone: Zone
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Frame:
    """The outline of one unit in the drawing."""

    name: str
    zone: Zone
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole map at one size, standing on its bottom edge."""

    width: int
    height: int
    frames: tuple[Frame, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ShelfMap:
    """All units of the shop, side by side as one sees them."""

    units: tuple[Unit, ...]

    def slots(self) -> Iterator[Slot]:
        """Every slot, unit by unit, row by row."""
        return (slot for unit in self.units for row in unit.rows for slot in row if slot is not None)

    def zone_of(self, slot: Slot) -> Zone:
        """The zone a slot is in. Raises `KeyError` for a slot that is on no shelf."""
        for unit in self.units:
            if any(slot in row for row in unit.rows):
                return unit.zone
        raise KeyError(slot)

    def drawn(self, cell_width: int, cell_height: int, gap: int = 2, border: int = 2, aisle: int = 8) -> Drawing:
        """Every frame and cell in place: `gap` between slots, `border` round a unit's slots, `aisle` between units."""
        tallest = max((len(unit.rows) for unit in self.units), default=0)
        height = _run(tallest, cell_height, gap) + 2 * border
        frames: list[Frame] = []
        cells: list[Cell] = []
        left = 0
        for unit in self.units:
            wide = _run(unit.columns, cell_width, gap) + 2 * border
            high = _run(len(unit.rows), cell_height, gap) + 2 * border
            top = height - high
            frames.append(Frame(unit.name, unit.zone, left, top, wide, high))
            for down, row in enumerate(unit.rows):
                for across, slot in enumerate(row):
                    if slot is not None:
                        x = left + border + across * (cell_width + gap)
                        y = top + border + down * (cell_height + gap)
                        cells.append(Cell(slot, unit.zone, x, y, cell_width, cell_height))
            left += wide + aisle
        return Drawing(max(left - aisle, 0), height, tuple(frames), tuple(cells))

    def fitted(self, width: int, height: int, smallest: int = 6) -> Drawing | None:
        """The largest drawing within that many dots, its cells a little wider than high; None if none is legible."""
        columns = sum(unit.columns for unit in self.units)
        rows = max((len(unit.rows) for unit in self.units), default=0)
        if not columns or not rows:
            return None
        for cell_height in range(min(height // rows, 40), smallest - 1, -1):
            for cell_width in range(cell_height * 3 // 2, cell_height - 1, -1):
                drawing = self.drawn(cell_width, cell_height)
                if drawing.width <= width and drawing.height <= height:
                    return drawing
        return None


def _run(count: int, size: int, gap: int) -> int:
    return count * size + max(count - 1, 0) * gap
