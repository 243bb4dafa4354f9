"""The balance finds what no rule of the database would have let happen."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from tests.little_shop import LittleShop
from tihuo.boards.balance import imbalances

Spoil = Callable[[str], None]


@pytest.fixture
def spoiled(evening: LittleShop) -> Spoil:
    """Changes rows behind every guard."""

    def spoil(statement: str) -> None:
        connection = sqlite3.connect(evening.path, isolation_level=None)
        connection.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute("DROP TRIGGER journal_is_never_cut")
        connection.execute("DROP TRIGGER journal_is_never_changed")
        connection.execute(statement)
        connection.close()

    return spoil


def test_a_full_evening_balances(evening: LittleShop) -> None:
    assert evening.read(imbalances) == {}


@pytest.mark.parametrize(
    ("statement", "check", "rows"),
    [
        ("UPDATE item_rights SET free = free + 1 WHERE no = 1", "rights", ["s1 1"]),
        ("DELETE FROM uncollected WHERE parcel_id = 2", "uncollected", ["2"]),
        ("UPDATE item_rights SET free = free - 1, granted = granted + 1 WHERE no = 1", "grants", ["s1 1"]),
        ("UPDATE grant_rights SET sold = sold + 1 WHERE no = 1", "sold", ["g1-1"]),
        (
            "UPDATE item_rights SET quarantine = quarantine + 1, ordered = ordered - 1 WHERE no = 1",
            "ordered",
            ["s1 1"],
        ),
        ("UPDATE item_rights SET void = void + 1, free = free - 1 WHERE no = 1", "void", ["s1 1"]),
        ("UPDATE item_rights SET owed = 1 WHERE no = 1", "owed", ["s1 1"]),
        ("UPDATE item_rights SET walk_in = 1 WHERE no = 1", "walk_in", ["s1 1"]),
        ("UPDATE shortage SET short = 0, covered = 1 WHERE id = 1", "short", ["s1 2"]),
        ("UPDATE grant_rights SET asked = 99 WHERE no = 1", "asked", ["g1-1"]),
        ("DELETE FROM handover_line WHERE id = 3", "handed_over", ["1 1"]),
        ("UPDATE handover_line SET quantity = 2 WHERE id = 3", "handed_over", ["1 1"]),
        ("UPDATE parcel SET state = 'ready' WHERE id = 3", "parcels", ["3"]),
        ("UPDATE parcel SET state = 'handed_over' WHERE id = 1", "parcels", ["1"]),
        ("UPDATE parcel SET state = 'sorting' WHERE id = 2", "parcels", ["2"]),
        ("UPDATE parcel SET state = 'empty' WHERE id = 4", "parcels", ["4"]),
        ("UPDATE wave_item SET put = put - 1 WHERE sku_id = 1", "waves", ["1 1"]),
        ("DELETE FROM unit_move WHERE item_no = 1 AND n = 1", "moves", ["s1 1"]),
        ("UPDATE stock_move SET on_hand = 19 WHERE sku_id = 1 AND n = 1", "stock", ["RICE"]),
        ("DELETE FROM journal WHERE entry = 2", "journal", ["3"]),
        ("UPDATE journal SET up_seq = NULL WHERE up_seq = 4", "stream", ["5"]),
    ],
)
def test_what_does_not_add_up_is_named(
    evening: LittleShop, spoiled: Spoil, statement: str, check: str, rows: list[str]
) -> None:
    spoiled(statement)
    assert evening.read(imbalances) == {check: rows}
