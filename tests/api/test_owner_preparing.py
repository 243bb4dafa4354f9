"""筹备 over HTTP: the catalog, goods that come in, a session from plan to close."""

from __future__ import annotations

import pytest

from tests.api.desk import OWNER, Desk, code_of, desk, words
from tihuo.boards import goods, session_sheets, stock

__all__ = ["desk"]
TAP = {"HX-Request": "true"}
SKU = {
    "once": "wish-of-hers-1",
    "code": "TOFU",
    "product": "嫩豆腐",
    "spec": "400 g",
    "unit": "盒",
    "barcode": "6900000000045",
    "zone": "chilled",
    "price": "4.5",
}
PLAN = {
    "once": "wish-of-hers-1",
    "title": "周六早市",
    "starts_at": "2027-01-20T20:00",
    "ends_at": "2027-01-20T22:00",
    "window_from": "2027-01-21T16:00",
    "window_to": "2027-01-21T20:00",
    "sku": ["MILK", "RICE"],
    "kind:MILK": "presale",
    "quantity:MILK": "40",
    "price:MILK": "11.90",
    "limit:MILK": "3",
    "kind:RICE": "on_hand",
    "quantity:RICE": "5",
    "price:RICE": "¥39",
    "limit:RICE": "",
}


def test_a_new_product_stands_in_the_catalog(desk: Desk) -> None:
    owner = desk.client(OWNER)
    assert owner.post("/owner/prepare/sku", data=SKU).status_code == 303
    row = desk.shop.read(goods.sku_row, "TOFU")
    assert (row.name, row.price_fen, row.zone) == ("嫩豆腐", 450, "chilled")
    assert (row.barcode, row.unit) == ("6900000000045", "盒")
    assert "嫩豆腐" in owner.get("/owner/prepare").text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("barcode", "6900000000046", "The last digit does not fit"),
        ("barcode", "6901234567892", "Another product has this barcode."),
        ("price", "4,5", "A price looks like 12.90."),
        ("price", "-1", "A price looks like 12.90."),
        ("code", " ", 'name="code"'),
    ],
)
def test_a_mistake_stands_at_its_field_and_nothing_is_lost(desk: Desk, field: str, value: str, said: str) -> None:
    page = desk.client(OWNER, "en").post("/owner/prepare/sku", data=SKU | {field: value})
    assert page.status_code == 422
    assert said in page.text
    assert 'aria-invalid="true"' in page.text
    assert "嫩豆腐" in page.text
    assert desk.shop.read(goods.sku_row, "TOFU") is None


def test_a_change_of_a_product_is_kept_once(desk: Desk) -> None:
    owner = desk.client(OWNER)
    data = SKU | {"code": "RICE", "product": "大米", "price": "41", "barcode": ""}
    owner.post("/owner/prepare/sku", data=data)
    owner.post("/owner/prepare/sku", data=data | {"price": "99"})
    row = desk.shop.read(goods.sku_row, "RICE")
    assert (row.price_fen, row.barcode) == (4100, None)


def test_goods_that_came_in_are_counted_once(desk: Desk) -> None:
    owner, data = desk.client(OWNER), {"sku": "MILK", "quantity": 12, "once": "wish-of-hers-1"}
    for _ in range(2):
        assert "+12" in owner.post("/owner/prepare/receive", data=data, headers=TAP).text
    assert desk.shop.read(goods.sku_row, "MILK").on_hand == 12


def test_a_session_is_planned_opened_and_closed(desk: Desk) -> None:
    desk.client(OWNER).post("/owner/prepare/receive", data={"sku": "RICE", "quantity": 5, "once": "wish-of-hers-0"})
    owner = desk.client(OWNER)
    there = [owner.post("/owner/prepare/session", data=PLAN, headers=TAP).headers["hx-redirect"] for _ in range(2)]
    assert there[0] == there[1]
    session = there[0].rsplit("/", 1)[1]
    assert session.startswith("20270120-")
    planned = {item.sku: item for item in desk.shop.read(stock.session_items, session)}
    assert (planned["MILK"].kind, planned["MILK"].minted, planned["MILK"].price_fen) == ("presale", 40, 1190)
    assert (planned["RICE"].kind, planned["RICE"].minted, planned["RICE"].price_fen) == ("on_hand", 5, 3900)
    limit = "SELECT limit_per_customer FROM session_item WHERE session_id = ? AND kind = 'presale'"
    assert desk.shop.value(limit, session) == 3
    assert desk.shop.value("SELECT cap_set_by FROM session_item WHERE session_id = ? LIMIT 1", session) == OWNER
    times = desk.shop.sql("SELECT starts_at, ends_at, window_from, window_to FROM live_session WHERE id = ?", session)
    assert times == [(1_800_446_400_000, 1_800_453_600_000, 1_800_518_400_000, 1_800_532_800_000)]

    for verb, state in (("open", "open"), ("close", "closed")):
        for number in (1, 2):
            answer = owner.post(f"/owner/sessions/{session}/{verb}", data={"once": f"wish-to-{verb}"}, headers=TAP)
            assert answer.status_code == 204, number
        assert desk.shop.value("SELECT state FROM live_session WHERE id = ?", session) == state
    late = owner.post(f"/owner/sessions/{session}/close", data={"once": "another-wish"}, headers=TAP)
    assert (late.status_code, code_of(late.text)) == (409, "session_not_open")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sku": []}, "session_without_items"),
        ({"ends_at": "2027-01-20T19:00"}, "bad_times"),
        ({"window_to": "never"}, "bad_times"),
        ({"quantity:MILK": "many"}, "bad_quantity"),
        ({"price:MILK": "cheap"}, "not_understood"),
        ({"quantity:RICE": "500"}, "not_enough_on_hand"),
        ({"sku": ["NONE"], "quantity:NONE": "1", "price:NONE": "1"}, "unknown_sku"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_whole(desk: Desk, change: dict[str, object], code: str) -> None:
    before = len(desk.shop.read(stock.sessions))
    answer = desk.client(OWNER).post("/owner/prepare/session", data=PLAN | change, headers=TAP)
    assert (answer.status_code, code_of(answer.text)) == (409, code)
    assert len(desk.shop.read(stock.sessions)) == before


def test_a_walk_in_sale_at_the_desk_is_drawn_again_with_a_new_nonce(desk: Desk) -> None:
    owner, free = desk.client(OWNER, "en"), desk.shop.item("EGGS")["free"]
    data = {"session_id": "s1", "sku": "EGGS", "quantity": 1, "once": "wish-of-hers-1"}
    for _ in range(2):
        answer = owner.post("/owner/live/walk-in", data=data, headers=TAP)
        assert "1 sold over the counter" in words(answer.text)
        assert "wish-of-hers-1" not in answer.text
    assert desk.shop.item("EGGS")["free"] == free - 1


def test_an_order_that_comes_in_stands_on_the_live_page(desk: Desk) -> None:
    owner = desk.client(OWNER, "en")
    assert "No order yet" in words(owner.get("/owner/live").text)
    desk.shop.sell("o1", "lin", RICE=3)
    assert "林* 16:00 3 units ¥119.70" in words(owner.get("/owner/live/orders").text)
    sold = {row.sku: row.sell_through for row in desk.shop.read(session_sheets.sold_by_product, "s1")}
    assert sold == pytest.approx({"RICE": 0.15, "EGGS": 0.0, "MILK": 0.0, "BUNS": 0.0})
