"""What the state says was accepted and handed over is what the journal tells."""

from __future__ import annotations

import pytest

from tests.little_shop import LittleShop
from tihuo.boards.agreement import disagreements
from tihuo.stages import handing_over, undoing


@pytest.fixture
def collected(shop: LittleShop) -> LittleShop:
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.sell("o2", "zhao", RICE=3)
    shop.sell("o3", "ou", EGGS=99)
    shop.sort()
    for order in ("o1", "o2"):
        shop.do(handing_over.hand_over_by_code, shop.code(order))
    shop.do(undoing.undo_hand_over, 1, "拿错了")
    return shop


def test_a_shop_agrees_with_its_journal(collected: LittleShop) -> None:
    assert collected.read(disagreements) == {}


@pytest.mark.parametrize(
    ("statement", "check", "rows"),
    [
        ("UPDATE order_line SET handed_over = handed_over - 1 WHERE order_no = 2", "handed_over", ["o2 o2-1"]),
        ("UPDATE order_line SET handed_over = 1 WHERE order_no = 1 AND line_no = 1", "handed_over", ["o1 o1-1"]),
        ("UPDATE shop_order SET order_id = 'o9' WHERE no = 1", "accepted", ["o1", "o9"]),
        ("UPDATE shop_order SET state = 'accepted' WHERE no = 3", "accepted", ["o3"]),
    ],
)
def test_a_changed_state_is_named(collected: LittleShop, statement: str, check: str, rows: list[str]) -> None:
    collected.do(lambda work: work.sql(statement))
    assert sorted(collected.read(disagreements)[check]) == rows


def test_units_of_one_line_do_not_make_up_for_another(collected: LittleShop) -> None:
    collected.do(lambda work: work.sql("UPDATE order_line SET handed_over = 1 - handed_over WHERE order_no = 1"))
    assert sorted(collected.read(disagreements)["handed_over"]) == ["o1 o1-1", "o1 o1-2"]
