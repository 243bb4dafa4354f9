"""自提 over HTTP: by code, by parcel, a part of it, and every way in which it can be too late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.desk import STAFF, Desk, code_of, desk, words
from tihuo.shop.pickups import code_for, short_code_for
from tihuo.stages import handing_over

__all__ = ["desk"]
TAP = {"HX-Request": "true"}


@pytest.fixture
def ready(desk: Desk) -> Desk:
    """林 has two parcels on the shelf, 赵 one."""
    desk.shop.sell("o1", "lin", RICE=2, MILK=3)
    desk.shop.sell("o2", "zhao", EGGS=1)
    desk.shop.sort()
    return desk


def digits(desk: Desk, order_id: str) -> str:
    number = desk.shop.value("SELECT no FROM shop_order WHERE order_id = ?", order_id)
    return short_code_for(number, desk.shop.house.code_key)


def test_a_code_shows_the_parcels_and_hands_nothing_over_yet(ready: Desk) -> None:
    for text in (ready.shop.code("o1"), ready.shop.code("o1").lower(), digits(ready, "o1")):
        page = ready.client(STAFF, "en").post("/staff/pickup/find", data={"text": text})
        assert page.status_code == 200
        assert "Hand over 2 parcels" in words(page.text)
        assert "C01" in page.text
    assert not ready.shop.value("SELECT count(*) FROM handover_line")


def test_a_code_hands_over_everything_once_however_often_it_is_tapped(ready: Desk) -> None:
    staff, data = ready.client(STAFF, "en"), {"code": ready.shop.code("o1"), "once": "tap-of-her-0001"}
    answers = [staff.post("/staff/pickup/code", data=data, headers=TAP) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert {words(answer.text) for answer in answers} == {words(answers[0].text)}
    assert "5 units handed over" in words(answers[0].text)
    assert ready.shop.value("SELECT sum(quantity) FROM handover_line") == 5
    late = staff.post("/staff/pickup/code", data=data | {"once": "tap-of-her-0002"}, headers=TAP)
    assert (late.status_code, code_of(late.text)) == (409, "already_collected")


def test_a_tap_without_its_name_is_not_understood_and_hands_nothing_over(ready: Desk) -> None:
    staff, code = ready.client(STAFF), ready.shop.code("o1")
    for form in ({"code": code}, {"code": code, "once": "short"}, {"code": "9" * 600, "once": "tap-of-her-0001"}, {}):
        refused = staff.post("/staff/pickup/code", data=form, headers=TAP)
        assert (refused.status_code, code_of(refused.text)) == (422, "not_understood")
    garbage = staff.post("/staff/pickup/code", content=b"code=\xff\xfe&once=&&&=" * 9, headers=TAP)
    assert garbage.status_code == 422
    assert not ready.shop.value("SELECT count(*) FROM handover_line")


def test_taps_of_one_name_that_come_at_once_are_one_hand_over(ready: Desk) -> None:
    code = ready.shop.code("o1")
    data = {"code": code, "once": "tap-of-her-0001"}

    def tap(_: int) -> str:
        return words(ready.client(STAFF, "en").post("/staff/pickup/code", data=data, headers=TAP).text)

    with ThreadPoolExecutor(8) as crowd:
        assert len(set(crowd.map(tap, range(8)))) == 1
    assert ready.shop.value("SELECT sum(quantity) FROM handover_line") == 5


def test_a_part_of_a_parcel_leaves_the_rest_in_its_slot(ready: Desk) -> None:
    parcel = next(row[0] for row in ready.shop.parcels() if row[2] == "chilled")
    data = {"sku": ready.shop.sku("MILK"), "quantity": 1, "once": "tap-of-her-0001"}
    staff = ready.client(STAFF, "en")
    assert staff.post(f"/staff/pickup/parcels/{parcel}", data=data, headers=TAP).status_code == 200
    assert ready.shop.line("o1", "MILK")["handed_over"] == 1
    more = staff.post(
        f"/staff/pickup/parcels/{parcel}", data=data | {"quantity": 3, "once": "tap-of-her-0002"}, headers=TAP
    )
    assert (more.status_code, code_of(more.text)) == (409, "more_than_ready")
    none = staff.post(
        f"/staff/pickup/parcels/{parcel}", data=data | {"quantity": 0, "once": "tap-of-her-0003"}, headers=TAP
    )
    assert (none.status_code, code_of(none.text)) == (409, "bad_quantity")
    assert ready.shop.line("o1", "MILK")["handed_over"] == 1
    rest = staff.post(
        f"/staff/pickup/parcels/{parcel}", data=data | {"quantity": 2, "once": "tap-of-her-0004"}, headers=TAP
    )
    assert rest.status_code == 200
    assert "One parcel of this customer is still on the shelf." in words(rest.text)


def test_two_people_cannot_hand_over_the_same_parcel(ready: Desk) -> None:
    parcel = ready.shop.parcels()[0][0]
    data = {"sku": ready.shop.sku("RICE"), "quantity": 2}
    one, two = ready.client(STAFF, "en"), ready.client(STAFF, "en")
    first = one.post(f"/staff/pickup/parcels/{parcel}", data=data | {"once": "tap-of-one"}, headers=TAP)
    second = two.post(f"/staff/pickup/parcels/{parcel}", data=data | {"once": "tap-of-two"}, headers=TAP)
    assert (first.status_code, second.status_code) == (200, 409)
    assert code_of(second.text) == "already_collected"


def test_a_code_that_helps_nobody_is_said_in_words(ready: Desk) -> None:
    staff, key = ready.client(STAFF, "en"), ready.shop.house.code_key
    for text, said in (
        ("TH1:S01:7:AAAAAAAAAAAAAAAA", "No order has this code."),
        (code_for("S99", 1, key), "another shop"),
        ("12345678", "No order has this code."),
    ):
        page = staff.post("/staff/pickup/find", data={"text": text})
        assert page.status_code == 409, text
        assert said in words(page.text), text


def test_an_order_that_is_not_ready_says_what_to_do(desk: Desk) -> None:
    desk.shop.sell("o1", "lin", RICE=1)
    page = desk.client(STAFF, "en").post("/staff/pickup/find", data={"text": desk.shop.code("o1")})
    assert "Still being sorted" in words(page.text)


def test_anything_else_is_looked_for(ready: Desk) -> None:
    staff = ready.client(STAFF, "en")
    there = staff.post("/staff/pickup/find", data={"text": "1001"})
    assert there.status_code == 303
    page = staff.get(there.headers["location"]).text
    assert "林*" in page
    assert "赵*" not in page
    assert "林小树" not in page
    assert "19900001001" not in page


def test_a_call_from_a_kiosk_is_shown_for_five_minutes(ready: Desk) -> None:
    ready.shop.do(handing_over.call_staff, "k1")
    staff = ready.client(STAFF, "en")
    assert "Somebody calls at kiosk k1" in words(staff.get("/staff/pickup/shelf").text)
    ready.shop.clock.tick(5 * 60_000 + 1)
    assert "Somebody calls" not in words(staff.get("/staff/pickup/shelf").text)


def test_a_mistake_is_taken_back_with_a_reason_once(ready: Desk) -> None:
    staff, code = ready.client(STAFF, "en"), ready.shop.code("o1")
    staff.post("/staff/pickup/code", data={"code": code, "once": "first-tap"}, headers=TAP)
    parcel = ready.shop.parcels()[0][0]
    undo = f"/staff/pickup/parcels/{parcel}/undo"
    assert staff.post(undo, data={"reason": " ", "once": "second-tap"}, headers=TAP).status_code == 409
    answers = [staff.post(undo, data={"reason": "wrong bag", "once": "third-tap"}, headers=TAP) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    assert "back in" in words(answers[0].text)
    assert "taken back" in words(staff.get("/staff/pickup/orders/1").text)
