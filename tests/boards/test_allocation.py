"""配额 on a page: what is where, what is owed, and what was stranded."""

from __future__ import annotations

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import HOUSE, LittleShop
from tihuo.boards.allocation import Allotted, Stranded, allotted, losses, stranded
from tihuo.stages import aftercare, allocating, preparing, selling


def rows(shop: LittleShop, percent: int = 0) -> dict[str, Allotted]:
    return {row.sku: row for row in shop.read(allotted, "s1", percent)}


@pytest.fixture
def two(make_shop: Make) -> LittleShop:
    """A shop that sells through two channels."""
    house = msgspec.structs.replace(HOUSE, channels=(("mini_program", 70), ("douyin", 30)), first_grant_percent=100)
    shop = make_shop(seeded=False, house=house)
    shop.seed()
    return shop


def test_an_item_says_where_its_units_are_and_what_is_missing(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.do(selling.sell_walk_in, "s1", "RICE", 6)
    shop.do(allocating.set_reserve, "s1", "RICE", 7)
    shop.do(aftercare.lose, "s1", "RICE", 4, "damage", actor="小李")
    rice = rows(shop)["RICE"]
    assert (rice.free, rice.kept, rice.granted, rice.asked, rice.ordered) == (0, 0, 10, 3, 2)
    assert (rice.walk_in, rice.handed_over, rice.owed, rice.short, rice.void) == (6, 6, 2, 0, 2)
    assert (rice.cap, rice.offered, rice.lent) == (20, 20, {"mini_program": 10})
    (loss,) = shop.read(losses, "s1")
    assert (loss.sku, loss.quantity, loss.covered, loss.owed, loss.short) == ("RICE", 4, 2, 2, 0)
    assert (loss.reason, loss.policy, loss.actor, loss.at) == ("damage", "first_paid", "小李", shop.clock.now)


def test_the_usual_reserve_is_shown_where_an_item_has_none_of_its_own(shop: LittleShop) -> None:
    shop.do(allocating.set_reserve, "s1", "EGGS", 1)
    assert {sku: row.kept for sku, row in rows(shop, 25).items()} == {"RICE": 5, "EGGS": 1, "MILK": 7, "BUNS": 2}


def test_what_is_lent_is_shown_by_channel(two: LittleShop) -> None:
    assert rows(two)["RICE"].lent == {"mini_program": 14, "douyin": 6}


# 滞留


def close(shop: LittleShop) -> None:
    """截单, and the cloud gives back what it has not sold."""
    shop.do(preparing.close_session, "s1")
    for (grant,) in shop.sql("SELECT id FROM stock_grant WHERE state = 'open'"):
        shop.do(selling.close_grant, grant)


def test_what_nobody_wanted_is_not_stranded(shop: LittleShop) -> None:
    close(shop)
    assert shop.read(stranded, "s1") == Stranded(0, 70)


def test_what_stayed_in_the_shop_while_the_cloud_was_sold_out_is(shop: LittleShop) -> None:
    """The line is cut: an order for all that was lent is heard of only after the cutoff."""
    order = shop.order("o1", "lin", BUNS=6)
    shop.do(preparing.close_session, "s1")
    shop.do(selling.accept_order, order)
    close_rest = shop.sql("SELECT id FROM stock_grant WHERE state = 'open'")
    for (grant,) in close_rest:
        shop.do(selling.close_grant, grant)
    found = shop.read(stranded, "s1")
    assert found == Stranded(4, 70)
    assert round(found.share, 3) == 0.057
    assert shop.read(stranded, "s1", 0, {"BUNS": 1}) == Stranded(1, 70)
    assert shop.read(stranded, "s1", 0, {}) == Stranded(0, 70)


def test_what_came_back_unsold_while_the_counter_asked_for_it_is(shop: LittleShop) -> None:
    shop.do(selling.sell_walk_in, "s1", "RICE", 8)
    shop.do(allocating.ask_back, "s1", "RICE", 3)
    close(shop)
    assert shop.read(stranded, "s1") == Stranded(3, 70)


def test_what_one_channel_held_while_another_was_sold_out_is(two: LittleShop) -> None:
    mine = two.value("SELECT id FROM stock_grant WHERE channel = 'mini_program' AND sku_id = 1")
    order = two.order("o1", "lin", RICE=14)
    assert order.lines[0].grant_id == mine
    two.do(selling.accept_order, order)
    assert two.read(stranded, "s1") == Stranded(6, 70)
    close(two)
    assert two.read(stranded, "s1") == Stranded(6, 70)


def test_a_session_without_anything_has_stranded_nothing(shop: LittleShop) -> None:
    assert shop.read(stranded, "s9").share == 0.0
