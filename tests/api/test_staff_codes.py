"""自提码 on the phone: renewing, neighbours, and what the staff hear of guessers."""

from __future__ import annotations

import re

import pytest

from tests.api.desk import STAFF, Desk, code_of, desk, words
from tests.little_shop import LittleShop
from tihuo.shop.events import CodeRenewed, Delegated, DelegationRevoked
from tihuo.shop.pickups import short_code_for
from tihuo.stages import delegating, handing_over

__all__ = ["desk"]


@pytest.fixture
def ready(shop: LittleShop, desk: Desk) -> Desk:
    """Lin's rice, eggs and milk are on the shelf, and Zhao's rice."""
    shop.sell("o1", "lin", RICE=2, EGGS=1, MILK=1)
    shop.sell("o2", "zhao", RICE=1)
    shop.sort()
    return desk


def form(**fields: object) -> dict[str, object]:
    return {"once": "a-fresh-nonce", **fields}


def test_the_page_of_an_order_leads_to_its_codes(ready: Desk) -> None:
    staff = ready.client(STAFF)
    assert "/staff/codes/orders/1" in staff.get("/staff/pickup/orders/1").text
    page = words(staff.get("/staff/codes/orders/1").text)
    digits = short_code_for(1, ready.shop.house.code_key)
    assert f"{digits[:4]} {digits[4:]}" in page and "林*" in page and "林小树" not in page
    assert staff.get("/staff/codes/orders/99").status_code == 404


def test_a_code_is_renewed_once_however_often_it_is_tapped(ready: Desk) -> None:
    staff = ready.client(STAFF, "en")
    for _ in range(2):
        answer = staff.post("/staff/codes/orders/1/renew", data=form(reason="The phone is lost"))
        assert "The order has a new code" in words(answer.text)
    (renewed,) = ready.shop.events(CodeRenewed)
    assert (renewed.turn, renewed.reason) == (1, "The phone is lost")
    old = short_code_for(1, ready.shop.house.code_key)
    assert f"{old[:4]} {old[4:]}" not in words(answer.text)
    assert "New labels are coming" in words(staff.post("/staff/codes/orders/1/labels", data=form()).text)
    told = staff.post("/staff/pickup/find", data={"text": old})
    assert told.status_code == 409 and "replaced by another" in words(told.text)
    assert (
        code_of(staff.post("/staff/codes/orders/1/renew", data=form(reason=" ", once="another-nonce")).text)
        == "no_reason"
    )


def test_a_neighbours_code_is_read_out_and_taken_back(ready: Desk) -> None:
    staff = ready.client(STAFF, "en")
    milk = ready.shop.value("SELECT line_no FROM order_line l JOIN sku s ON s.id = l.sku_id WHERE s.code = 'MILK'")
    page = words(staff.post("/staff/codes/orders/1/neighbours", data=form(hours=6, name="李阿姨", line=milk)).text)
    found = re.search(r"李\* (\d{4}) (\d{4})", page)
    assert found and "鲜牛奶" in page
    digits = found[1] + found[2]
    counter = words(staff.post("/staff/pickup/find", data={"text": digits}).text)
    assert "李* collects for her" in counter and "Only these: 鲜牛奶" in counter
    given = staff.post("/staff/pickup/code", data={"code": digits, "once": "hand-over-nonce"})
    assert given.status_code == 200
    assert ready.shop.line("o1", "MILK")["handed_over"] == 1
    assert "handed_over" not in ready.shop.line("o1", "RICE")
    name = ready.shop.events(Delegated)[-1].delegation_id
    staff.post(f"/staff/codes/orders/1/neighbours/{name}/revoke", data=form())
    assert [event.delegation_id for event in ready.shop.events(DelegationRevoked)] == [name]
    assert "taken back" in words(staff.get("/staff/codes/orders/1").text)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"hours": 6, "line": [99]}, "unknown_line"),
        ({"hours": 0}, ""),
        ({"hours": 999}, ""),
        ({"hours": "soon"}, ""),
        ({"hours": 2, "name": "x" * 41}, ""),
    ],
)
def test_nonsense_makes_no_code(ready: Desk, fields: dict[str, object], code: str) -> None:
    answer = ready.client(STAFF).post("/staff/codes/orders/1/neighbours", data=form(**fields))
    assert answer.status_code in (409, 422)
    assert code_of(answer.text) == code or not code
    assert ready.shop.events(Delegated) == []


def test_a_sixth_neighbour_is_one_too_many(ready: Desk) -> None:
    staff = ready.client(STAFF)
    answers = [
        staff.post("/staff/codes/orders/1/neighbours", data=form(hours=2, once=f"nonce-{n}-xx")) for n in range(6)
    ]
    assert [answer.status_code for answer in answers] == [200] * 5 + [409]
    assert code_of(answers[-1].text) == "too_many_neighbours"


def test_wrong_digits_on_a_phone_run_out(ready: Desk) -> None:
    staff = ready.client(STAFF, "en")
    told = [words(staff.post("/staff/pickup/find", data={"text": "00000000"}).text) for _ in range(21)]
    assert "No order has this code." in told[0] and "Too many wrong codes." in told[-1]
    refused = staff.post("/staff/pickup/code", data={"code": "00000000", "once": "hand-over-nonce"})
    assert code_of(refused.text) == "too_many_tries"
    assert "The phone of 小安" in words(staff.get("/staff/codes").text)


def test_a_code_shown_again_stands_on_the_page_of_alarms(ready: Desk) -> None:
    staff = ready.client(STAFF, "en")
    assert "Nothing is wrong with the codes" in words(staff.get("/staff/codes").text)
    ready.shop.do(handing_over.hand_over_by_code, ready.shop.code("o2"))
    ready.shop.clock.tick(3_600_000)
    ready.shop.do(handing_over.check_in, "k1", ready.shop.code("o2"))
    page = staff.get("/staff/codes").text
    assert "赵*" in words(page) and "/staff/pickup/orders/2" in page


def test_a_delegated_code_with_a_plus_survives_the_way_through_an_address(ready: Desk) -> None:
    codes = ready.shop.do(delegating.delegate, 1, ready.shop.clock.now + 3_600_000)
    staff = ready.client(STAFF, "en")
    sent = staff.post("/staff/scan", data={"text": codes.code, "once": "a-scan-nonce", "at": "pickup"})
    there = sent.headers["hx-redirect"]
    assert "collects for her" in words(staff.get(there).text)


@pytest.mark.parametrize(
    ("text", "code"), [("134567890123456789", "payment_code"), ("https://example.org/a?b=1", "web_page")]
)
def test_a_payment_code_reaches_no_address_and_no_search(ready: Desk, text: str, code: str) -> None:
    staff = ready.client(STAFF, "en")
    scanned = staff.post("/staff/scan", data={"text": text, "once": "a-scan-nonce", "at": "pickup"})
    assert (scanned.status_code, code_of(scanned.text)) == (409, code)
    found = staff.post("/staff/pickup/find", data={"text": text})
    assert found.status_code == 409 and text not in found.text
    assert ("payment code" if code == "payment_code" else "web page") in words(found.text)
