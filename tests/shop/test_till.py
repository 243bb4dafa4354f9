"""The till keeps its picture of the grants between orders, and forgets it as soon as it may not be true."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import LittleShop
from tihuo.shop.till import Picture
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work
from tihuo.stages import preparing, selling


@pytest.fixture
def shop(make_shop: Make) -> LittleShop:
    return make_shop(running=False)


def remembered(shop: LittleShop) -> set[str]:
    """The grants that the next order need not read."""
    seen: list[object] = []

    def look(work: Work) -> None:
        picture = work.recall()
        seen.append(picture)
        if picture is not None:
            work.remember(picture)

    shop.do(look)
    return set(seen[0].held) if isinstance(seen[0], Picture) else set()


def selling_some(shop: LittleShop) -> str:
    grant = shop.grant("RICE")
    assert shop.sell("o1", "lin", RICE=1) == "accepted"
    assert remembered(shop) == {grant}
    return grant


def test_the_picture_lives_from_order_to_order(shop: LittleShop) -> None:
    rice, milk = selling_some(shop), shop.grant("MILK")
    assert shop.sell("o2", "zhao", RICE=1, MILK=1) == "accepted"
    assert remembered(shop) == {rice, milk}
    assert shop.sell("o2", "zhao", RICE=1, MILK=1) == "repeated"
    assert shop.item("RICE")["ordered"] == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda shop: shop.do(preparing.receive, "RICE", 1),
        lambda shop: shop.do(selling.sell_walk_in, "s1", "RICE", 1),
        lambda shop: shop.do(selling.take_back, shop.grant("RICE"), 1),
        lambda shop: shop.do(preparing.close_session, "s1"),
        lambda shop: shop.do(lambda work: work.sql("UPDATE keep SET value = value WHERE name = 'orders_from'")),
        lambda shop: shop.do(lambda work: work.many("DELETE FROM customer WHERE id = ?", [("nobody",)])),
    ],
    ids=["receive", "walk_in", "take_back", "close", "keep", "customer"],
)
def test_it_is_gone_with_whatever_else_is_written(shop: LittleShop, change: Callable[[LittleShop], Any]) -> None:
    selling_some(shop)
    change(shop)
    assert remembered(shop) == set()


@pytest.mark.parametrize("inside", [False, True])
def test_what_is_undone_is_not_remembered(shop: LittleShop, inside: bool) -> None:
    order = shop.order("o1", "lin", RICE=1)

    def sell_and_fail(work: Work) -> None:
        selling.accept_order(work, order)
        raise Refusal("unknown_sku")

    def sell_and_fail_inside(work: Work) -> None:
        with pytest.raises(Refusal), work.attempt():
            sell_and_fail(work)

    if inside:
        shop.do(sell_and_fail_inside)
    else:
        with pytest.raises(Refusal):
            shop.do(sell_and_fail)
    assert remembered(shop) == set()
    assert shop.do(selling.accept_order, order) == "accepted"
    assert shop.value("SELECT no FROM shop_order") == 1


def test_nothing_else_changes_unseen_when_a_fact_is_written(shop: LittleShop) -> None:
    """Nor does a line of an order cost a trigger, which is a tenth of what the order costs."""
    triggers = shop.sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
    on_insert = [sql for (sql,) in triggers if re.search(r"INSERT ON (journal|cursor|once|order_line)\b", sql)]
    assert triggers and on_insert == []


def test_it_is_gone_when_a_command_writes_beside_the_daemon(shop: LittleShop) -> None:
    grant = selling_some(shop)
    with sqlite3.connect(shop.path) as beside:
        beside.execute("UPDATE grant_rights SET remaining = 0, returned = issued - sold")
        beside.execute("UPDATE item_rights SET void = void + granted, granted = 0")
    assert shop.sell("o2", "zhao", RICE=1) == "refused"
    assert shop.value("SELECT sold FROM stock_grant WHERE id = ?", grant) == 1


def test_nobody_is_refused_by_a_picture(shop: LittleShop) -> None:
    """Even one that is wrong, which nothing in the daemon can make it: the rows are read again first."""
    grant = selling_some(shop)

    def spoil(work: Work) -> None:
        picture = work.recall()
        assert isinstance(picture, Picture)
        picture.held[grant].written = picture.held[grant].left = 0
        work.remember(picture)

    shop.do(spoil)
    before = shop.value("SELECT remaining FROM stock_grant WHERE id = ?", grant)
    order = shop.order("o2", "zhao", RICE=1)
    assert shop.do(selling.accept_orders, [shop.order("o3", "lin", MILK=1), order]) == ["accepted", "accepted"]
    assert shop.value("SELECT remaining FROM stock_grant WHERE id = ?", grant) == before - 1
    assert shop.do(selling.accept_order, shop.order("o4", "zhao", RICE=before)) == "refused"
    assert shop.sql("SELECT remaining, refused FROM stock_grant WHERE id = ?", grant) == [(before - 1, before)]


def test_a_picture_cannot_sell_too_much(shop: LittleShop) -> None:
    """The CHECK constraints have the last word; the order is undone whole."""
    grant = selling_some(shop)

    def spoil(work: Work) -> None:
        picture = work.recall()
        assert isinstance(picture, Picture)
        picture.held[grant].written = picture.held[grant].left = 1_000
        work.remember(picture)

    shop.do(spoil)
    before = shop.sql("SELECT * FROM stock_grant"), shop.sql("SELECT * FROM session_item")
    order = shop.order("o2", "zhao", RICE=500)
    with pytest.raises(sqlite3.IntegrityError):
        shop.do(selling.accept_order, order)
    assert before == (shop.sql("SELECT * FROM stock_grant"), shop.sql("SELECT * FROM session_item"))
    assert shop.do(selling.accept_order, order) == "refused"


def test_a_customer_is_written_again_when_she_was_forgotten(shop: LittleShop) -> None:
    selling_some(shop)
    shop.do(lambda work: work.sql("DELETE FROM customer"))
    assert shop.sell("o2", "lin", RICE=1) == "accepted"
    assert shop.value("SELECT count(*) FROM customer") == 1


def test_a_customer_who_has_another_phone_now_is_known_by_it(shop: LittleShop) -> None:
    selling_some(shop)
    order = msgspec.structs.replace(shop.order("o2", "lin", RICE=1), customer_phone="19900009999")
    assert shop.do(selling.accept_order, order) == "accepted"
    assert shop.value("SELECT phone FROM customer WHERE id = 'lin'") == "19900009999"
