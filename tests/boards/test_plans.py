"""What is asked all evening long is found by an index, however many orders there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.little_shop import EVENING, HOUR, LittleShop
from tihuo.boards.counter import counter_parcel
from tihuo.boards.kiosk import kiosk_picture, visits_overdue
from tihuo.boards.lamps import full_slots, lamps
from tihuo.boards.orders import order_row
from tihuo.boards.paper import paper_of, work_for
from tihuo.boards.sorting import by_customer, by_product, parcel_lines, parcel_row, station_picture
from tihuo.ledger.database import Look

GROWING = {"shop_order", "order_line", "parcel", "customer", "print_job", "visit", "handover_line", "journal"}


class Explained(Look):
    """Answers as a look does, and keeps SQLite's plan of each question."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self.plan: list[str] = []

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self.plan += [row[3] for row in self._look.rows(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        return self._look.rows(statement, parameters)

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        rows = self.rows(statement, parameters)
        return rows[0] if rows else None


def scans(shop: LittleShop, board: Callable[..., Any], *args: Any) -> set[str]:
    """The tables that grow and that a board reads from end to end."""
    aliases = {"o": "shop_order", "l": "order_line", "p": "parcel", "c": "customer", "v": "visit", "h": "handover_line"}
    with shop.readers.look() as look:
        explained = Explained(look)
        assert board(explained, *args)
    made_here = {step.split()[1] for step in explained.plan if step.startswith(("CO-ROUTINE", "MATERIALIZE"))}
    read = {step.split()[1] for step in explained.plan if step.startswith("SCAN ") and "USING" not in step}
    return {aliases.get(name, name) for name in read - made_here} & GROWING


@pytest.mark.parametrize(
    ("board", "args"),
    [
        (by_customer, (1,)),
        (by_product, (1,)),
        (parcel_lines, ([1, 2],)),
        (parcel_row, (1,)),
        (station_picture, ("table 1",)),
        (lamps, ()),
        (full_slots, ()),
        (order_row, (1,)),
        (counter_parcel, (1,)),
        (kiosk_picture, ("k1",)),
        (visits_overdue, (EVENING + HOUR,)),
        (work_for, ("label", ("label",))),
        (paper_of, ("parcel:1",)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_no_table_that_grows_is_read_from_end_to_end(
    evening: LittleShop, board: Callable[..., Any], args: tuple[Any, ...]
) -> None:
    assert scans(evening, board, *args) == set()


def test_a_whole_scan_would_be_noticed(evening: LittleShop) -> None:
    assert scans(evening, lambda look: look.rows("SELECT l.put FROM order_line l WHERE l.put > 0")) == {"order_line"}
