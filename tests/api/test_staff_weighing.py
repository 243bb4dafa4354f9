"""称重 and 缺货处理 over HTTP: what the pages send, what comes of a second tap, and who may look."""

from __future__ import annotations

import msgspec
import pytest
from fastapi.testclient import TestClient

from tests.api.desk import OWNER, STAFF, Desk, code_of, desk, words
from tihuo.shop.events import PhoneShown
from tihuo.stages import preparing, selling, sorting

__all__ = ["desk"]
TAP = {"HX-Request": "true"}


@pytest.fixture
def staff(desk: Desk) -> TestClient:
    """Rice is sold by weight; lin bought two bags and some eggs, and wants to be asked about what is missing."""
    shop = desk.shop
    rice = preparing.NewSku(
        code="RICE", product="大米", spec="5 kg", unit="袋", barcode="6901234567892", price_fen=3990, nominal_grams=5000
    )
    shop.do(preparing.keep_sku, rice)
    new = shop.order("o1", "lin", RICE=2, EGGS=1)
    shop.do(selling.accept_order, msgspec.structs.replace(new, substitution="ask"))
    shop.do(sorting.open_wave, "s1")
    return desk.client(STAFF)


def line(desk: Desk) -> tuple[int, ...]:
    return desk.shop.sql("SELECT put, weighed, picked_grams FROM order_line WHERE line_no = 1")[0]


def weigh(staff: TestClient, desk: Desk, grams: int, once: str, **more: str):  # type: ignore[no-untyped-def]
    data = {"parcel": "1", "sku": str(desk.shop.sku("RICE")), "grams": str(grams), "once": once, **more}
    return staff.post("/staff/weigh", data=data, headers=TAP)


def test_a_weight_that_is_sent_twice_is_put_once(desk: Desk, staff: TestClient) -> None:
    for _ in range(2):
        answer = weigh(staff, desk, 9900, "one nonce")
        assert answer.status_code == 200 and "退 ¥0.80" in words(answer.text)
    assert line(desk) == (2, 2, 9900)
    sku = desk.shop.sku("RICE")
    undo = {"parcel": 1, "sku": sku, "quantity": 2, "grams": 9900, "once": "another nonce"}
    assert staff.post("/staff/sorting/undo", data=undo, headers=TAP).status_code == 200
    assert line(desk) == (0, 0, 0)


def test_an_odd_weight_is_asked_about_and_then_believed(desk: Desk, staff: TestClient) -> None:
    asked = weigh(staff, desk, 500, "nonce one")
    assert "一般是 10000 克，500 克对吗" in words(asked.text) and line(desk) == (0, 0, 0)
    again = {"asked": f"1-{desk.shop.sku('RICE')}-500"}
    assert "500 克对吗" in words(staff.get("/staff/weigh/rows", params=again).text)
    weigh(staff, desk, 500, "nonce two", sure="1")
    assert line(desk) == (2, 2, 500)
    assert "500 克对吗" not in words(staff.get("/staff/weigh/rows", params=again).text)
    assert staff.get("/staff/weigh/rows", params={"asked": "1-x-5"}).status_code == 422


def test_what_lies_there_is_weighed_again_and_that_is_taken_back(desk: Desk, staff: TestClient) -> None:
    weigh(staff, desk, 9900, "nonce one")
    weigh(staff, desk, 9800, "nonce two")
    assert line(desk) == (2, 2, 9800)
    back = {"parcel": 1, "sku": desk.shop.sku("RICE"), "grams": 9900, "once": "nonce three"}
    assert "9900 g" in words(staff.post("/staff/weigh/undo", data=back, headers=TAP).text)
    assert line(desk) == (2, 2, 9900)


@pytest.mark.parametrize("grams", ["", "abc", "-5", "0", "1000001", "９００", "9" * 400])
def test_what_is_no_weight_comes_to_nothing(desk: Desk, staff: TestClient, grams: str) -> None:
    asked = {"parcel": 1, "sku": desk.shop.sku("RICE"), "grams": grams}
    answer = staff.get("/staff/weigh/comes", params=asked)
    assert answer.status_code == 200 and words(answer.text) == ""


def test_a_weight_comes_to_its_price_and_never_to_more_than_was_paid(desk: Desk, staff: TestClient) -> None:
    def comes(grams: int) -> str:
        asked = {"parcel": 1, "sku": desk.shop.sku("RICE"), "grams": grams}
        return words(staff.get("/staff/weigh/comes", params=asked).text)

    assert comes(9900) == "¥79.00 · 退 ¥0.80"
    assert comes(11000) == "¥87.78 · 顾客付 ¥79.80"


def test_goods_that_are_not_weighed_are_refused(desk: Desk, staff: TestClient) -> None:
    data = {"parcel": 1, "sku": desk.shop.sku("EGGS"), "grams": 500, "once": "one nonce"}
    assert code_of(staff.post("/staff/weigh", data=data, headers=TAP).text) == "not_put"


def test_who_is_missing_something_is_masked_until_somebody_calls(desk: Desk, staff: TestClient) -> None:
    desk.shop.do(sorting.short, 1, desk.shop.sku("EGGS"), 1)
    assert "待处理 1" in words(staff.get("/staff/missing/errands").text)
    listed = staff.get("/staff/missing").text
    assert "199****1001" in listed and "19900001001" not in listed and "林小树" not in listed
    assert "19900001001" in staff.post("/staff/missing/1/phone", headers=TAP).text
    assert [entry.order_id for entry in desk.shop.events(PhoneShown)] == ["o1"]
    answer = {"said": "yes", "once": "one nonce"}
    for _ in range(2):
        assert staff.post("/staff/missing/1/answer", data=answer, headers=TAP).status_code == 200
    assert desk.shop.value("SELECT calls FROM short_pick") == 1
    assert desk.client().post("/staff/missing/1/phone", headers=TAP).status_code in (303, 401)


def test_a_case_that_is_gone_says_so(desk: Desk, staff: TestClient) -> None:
    assert "已经处理" in words(staff.get("/staff/missing/7").text)
    gone = staff.post("/staff/missing/7/refund", data={"once": "one nonce"}, headers=TAP)
    assert code_of(gone.text) == "pick_settled"


def test_the_owner_gives_goods_a_weight_and_a_number_on_the_scale(desk: Desk) -> None:
    owner = desk.client(OWNER)
    form = {"code": "PEAR", "product": "梨", "price": "8.99", "zone": "ambient", "grams": "500", "scale": "00077"}
    assert owner.post("/owner/prepare/sku", data={**form, "once": "nonce one"}).status_code == 303
    assert desk.shop.sql("SELECT nominal_grams, scale_code FROM sku WHERE code = 'PEAR'") == [(500, "77")]
    for wrong, said in (
        ({"code": "FIG", "product": "无花果"}, "已用了这个秤号"),
        ({"grams": "0.5 kg"}, "请填整数克"),
        ({"scale": "7a"}, "只能填数字"),
        ({"grams": ""}, "只能填数字"),
        ({"barcode": "2100123004805"}, "请在下面填秤号"),
    ):
        answer = owner.post("/owner/prepare/sku", data={**form, **wrong, "once": f"nonce {said}"})
        assert answer.status_code == 422 and said in words(answer.text)


def test_a_tap_with_a_weighed_piece_can_be_taken_back_with_its_grams(desk: Desk, staff: TestClient) -> None:
    sku = desk.shop.sku("RICE")
    data = {"parcel": 1, "sku": sku, "quantity": 1, "grams": 4900, "once": "nonce one"}
    answer = staff.post("/staff/sorting/put", data=data, headers=TAP)
    assert '<input type="hidden" name="grams" value="4900">' in answer.text
    assert line(desk) == (1, 1, 4900)
