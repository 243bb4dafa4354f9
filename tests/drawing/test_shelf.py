"""The shelf map: one geometry for pages and paper."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tihuo.drawing.shelf import ShelfMap, Unit
from tihuo.shop.words import Slot, Zone

units = st.builds(
    Unit.grid,
    st.just("u"),
    st.sampled_from(Zone),
    st.integers(1, 50),
    st.integers(1, 6),
    st.integers(1, 6),
)
maps = st.lists(units, max_size=5).map(lambda found: ShelfMap(tuple(found)))


def apart(one, other):
    return (
        one.left + one.width <= other.left
        or other.left + other.width <= one.left
        or one.top + one.height <= other.top
        or other.top + other.height <= one.top
    )


@given(maps, st.integers(6, 80), st.integers(6, 60))
def test_cells_lie_apart_inside_their_unit_and_units_stand_on_the_floor(shelf, wide, high):
    drawing = shelf.drawn(wide, high)
    assert all(apart(one, other) for one, other in combinations(drawing.cells, 2))
    assert all(apart(one, other) for one, other in combinations(drawing.frames, 2))
    assert all(frame.top + frame.height == drawing.height for frame in drawing.frames)
    assert max((frame.left + frame.width for frame in drawing.frames), default=0) == drawing.width
    for cell in drawing.cells:
        homes = [frame for frame in drawing.frames if not apart(cell, frame)]
        assert len(homes) == 1
        assert homes[0].zone == cell.zone
    assert len(drawing.cells) == len(list(shelf.slots()))


@given(maps, st.integers(0, 400), st.integers(0, 120))
def test_a_fitted_map_fits_or_is_not_drawn(shelf, most_wide, most_high):
    drawing = shelf.fitted(most_wide, most_high)
    if drawing is not None:
        assert drawing.width <= most_wide
        assert drawing.height <= most_high
        assert all(cell.height >= 6 for cell in drawing.cells)


def test_slots_are_numbered_row_by_row_and_gaps_stay_empty(shelf):
    assert list(shelf.slots())[:3] == ["A01", "A02", "A03"]
    assert shelf.zone_of(Slot("C06")) is Zone.CHILLED
    odd = ShelfMap((Unit("墙", Zone.AMBIENT, ((Slot("A01"), None), (Slot("A02"), Slot("A03")))),))
    assert list(odd.slots()) == ["A01", "A02", "A03"]
    assert len(odd.drawn(10, 10).cells) == 3
    with pytest.raises(KeyError):
        odd.zone_of(Slot("A09"))
