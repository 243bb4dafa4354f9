"""配额 and 售后 over HTTP: caps, the reserve, rights asked back, items that join, losses, orders cancelled by hand."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.api.desk import OWNER, STAFF, Desk, code_of, desk, words
from tihuo.shop.events import GrantRevokeRequested
from tihuo.stages import aftercare, preparing, selling, sorting

__all__ = ["desk"]
TAP = {"HX-Request": "true"}
RICE = {"session_id": "s1", "sku": "RICE"}


def row_of(page: str, name: str) -> str:
    (row,) = [row for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL) if name in row]
    return words(row)


def test_the_live_page_says_where_each_right_is(desk: Desk) -> None:
    shop, owner = desk.shop, desk.client(OWNER, "en")
    shop.sell("o1", "lin", RICE=2, EGGS=2)
    shop.do(aftercare.cancel, 1, "sorry")
    shop.do(selling.sell_walk_in, "s1", "EGGS", 4)
    shop.do(aftercare.lose, "s1", "EGGS", 3, "damage")
    owner.post("/owner/live/reserve", data=RICE | {"reserve": 5, "once": "wish-of-hers-1"}, headers=TAP)
    page = owner.get("/owner/live/goods?session=s1").text
    assert row_of(page, "大米") == "A 大米 5 kg ¥39.90 0 10 8 5 for walk-ins 2 0% Change"
    eggs = row_of(page, "鸡蛋")
    assert "3 units are missing; the cloud was asked for them" in eggs
    assert eggs.endswith("¥26.80 0 4 at the counter 4 3 asked back 0 2 40% Change")


def test_a_cap_is_changed_in_the_owners_name_once_however_often_it_is_tapped(desk: Desk) -> None:
    owner = desk.client(OWNER, "en")
    for _ in range(2):
        answer = owner.post("/owner/live/cap", data=RICE | {"cap": 15, "once": "wish-of-hers-1"}, headers=TAP)
        assert "The cap is 15 now" in words(answer.text)
    assert f"cap set by {OWNER}" in words(answer.text)
    assert desk.shop.item("RICE") == {"minted": 15, "free": 3, "granted": 12}
    late = owner.post("/owner/live/cap", data=RICE | {"cap": 99, "once": "wish-of-hers-2"}, headers=TAP)
    assert (late.status_code, code_of(late.text)) == (409, "not_enough_on_hand")


def test_the_cloud_is_asked_for_units_once_however_often_it_is_tapped(desk: Desk) -> None:
    owner = desk.client(OWNER, "en")
    for _ in range(2):
        answer = owner.post("/owner/live/ask-back", data=RICE | {"quantity": 3, "once": "wish-of-hers-1"}, headers=TAP)
        assert "The cloud was asked for 3 units" in words(answer.text)
        assert "12 are lent, 3 asked for." in words(answer.text)
    assert [event.quantity for event in desk.shop.events(GrantRevokeRequested)] == [3]
    assert owner.get("/owner/live/item?session=s1&sku=NONE").status_code == 404


def test_a_product_joins_the_sale(desk: Desk) -> None:
    shop, owner = desk.shop, desk.client(OWNER, "en")
    assert "Every product of the catalog is in the session." in words(owner.get("/owner/live/add?session=s1").text)
    shop.do(preparing.keep_sku, preparing.NewSku(code="TEA", product="茉莉花茶", price_fen=2500))
    assert "茉莉花茶" in words(owner.get("/owner/live/add?session=s1").text)
    assert 'value="25.00"' in owner.get("/owner/live/add?session=s1&sku=TEA").text
    data = {"session_id": "s1", "sku": "TEA", "kind:TEA": "presale", "quantity:TEA": "20", "price:TEA": "22.5"}
    added = owner.post("/owner/live/items", data=data | {"once": "wish-of-hers-2"}, headers=TAP)
    assert (added.status_code, added.headers["HX-Redirect"]) == (204, "/owner/live?session=s1")
    assert shop.item("TEA") == {"minted": 20, "free": 8, "granted": 12}


def test_goods_come_into_the_open_sale_from_the_phone(desk: Desk) -> None:
    staff = desk.client(STAFF, "en")
    assert "Receive and sell now" in words(staff.get("/staff/stock/goods?text=RICE").text)
    assert "Receive and sell now" not in words(staff.get("/staff/stock/goods?text=MILK").text)
    data = RICE | {"quantity": 4, "once": "tap-of-her-0001"}
    assert "4 received" in words(staff.post("/staff/stock/receive", data=data, headers=TAP).text)
    assert desk.shop.item("RICE") == {"minted": 24, "free": 12, "granted": 12}


@pytest.mark.parametrize(
    ("taken", "quantity", "says"),
    [
        (0, 2, "2 units taken off 2 made good by what nobody had bought."),
        (8, 2, "2 units taken off 2 were asked back from the cloud."),
    ],
)
def test_a_loss_says_what_becomes_of_it(desk: Desk, taken: int, quantity: int, says: str) -> None:
    staff = desk.client(STAFF, "en")
    if taken:
        desk.shop.do(selling.sell_walk_in, "s1", "RICE", taken)
    data = RICE | {"quantity": quantity, "says": "-broken", "once": "tap-of-her-0001"}
    for _ in range(2):
        assert says in words(staff.post("/staff/stock/correct", data=data, headers=TAP).text)
    assert desk.shop.sql("SELECT quantity, actor FROM shortage") == [(quantity, STAFF)]
    page = words(desk.client(OWNER, "en").get("/owner/aftercare").text)
    assert f"大米 5 kg broken {quantity} 袋" in page
    odd = staff.post("/staff/stock/correct", data=data | {"quantity": 999, "once": "tap-of-her-0002"}, headers=TAP)
    assert (odd.status_code, code_of(odd.text)) == (409, "more_than_there")


def test_customers_who_go_without_are_named_as_many_units(desk: Desk) -> None:
    staff, shop = desk.client(STAFF, "en"), desk.shop
    shop.sell("o1", "lin", BUNS=6)
    shop.do(selling.sell_walk_in, "s1", "BUNS", shop.item("BUNS")["free"])
    lent = shop.item("BUNS")["granted"]
    shop.do(selling.take_back, shop.grant("BUNS"), lent)
    data = {
        "session_id": "s1",
        "sku": "BUNS",
        "quantity": lent + 2,
        "says": "-fewer",
        "policy": "one_each",
        "once": "tap-of-her-0001",
    }
    answer = words(staff.post("/staff/stock/correct", data=data, headers=TAP).text)
    assert "2 are short: these customers are refunded and told." in answer
    assert shop.sql("SELECT policy FROM shortage") == [("one_each",)]


@pytest.mark.parametrize(("outcome", "says"), [("resell", "is for sale again"), ("void", "thrown away")])
def test_goods_of_a_cancelled_order_are_decided_on(desk: Desk, outcome: str, says: str) -> None:
    shop, staff = desk.shop, desk.client(STAFF, "en")
    shop.sell("o1", "lin", RICE=2)
    shop.do(aftercare.cancel, 1, "sorry")
    assert "Goods of cancelled orders: 今晚的直播" in words(staff.get("/staff/stock/goods?text=RICE").text)
    data = RICE | {"quantity": 1, "outcome": outcome, "once": "tap-of-her-0001"}
    for _ in range(2):
        assert f"1 unit {says}" in words(staff.post("/staff/stock/decide", data=data, headers=TAP).text)
    assert shop.item("RICE")["quarantine"] == 1
    assert "Sell again" in words(desk.client(OWNER, "en").get("/owner/aftercare").text)


def test_an_order_on_the_shelf_is_cancelled_from_its_page(desk: Desk) -> None:
    shop, owner = desk.shop, desk.client(OWNER, "en")
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.do(sorting.open_wave, "s1")
    shop.do(sorting.put, 1, shop.sku("RICE"), 2)
    assert "Cancel it now" in words(owner.get("/owner/orders/1").text)
    data: dict[str, Any] = {"reason": "她搬家了", "once": "wish-of-hers-1"}
    for _ in range(2):
        answer = words(owner.post("/staff/orders/1/cancel", data=data, headers=TAP).text)
        assert "Take these back out A01 大米 5 kg 2 袋" in answer
    page = words(owner.get("/owner/orders/1").text)
    assert "cancelled · 她搬家了" in page
    assert "Cancel it now" not in page
    assert [row[-1] for row in shop.parcels()] == ["empty", "empty"]
    silent = owner.post("/staff/orders/1/cancel", data={"reason": " ", "once": "wish-of-hers-2"}, headers=TAP)
    assert code_of(silent.text) == "no_reason"


def test_what_the_cloud_counts_differently_is_shown(desk: Desk) -> None:
    desk.shop.sell("o1", "lin", RICE=2)
    desk.shop.do(selling.close_grant, "g1-1", 5)
    owner = desk.client(OWNER, "en")
    for path in ("/owner/live", "/owner/aftercare"):
        assert "大米: the cloud says it sold 5, here arrived 2" in words(owner.get(path).text)


def test_the_review_names_what_was_stranded(desk: Desk) -> None:
    shop, owner = desk.shop, desk.client(OWNER, "en")
    shop.sell("o1", "lin", BUNS=6)  # all that was lent is sold, four more would have been lent later
    page = words(owner.get("/owner/review").text)
    assert "0.0% Stranded" in page
