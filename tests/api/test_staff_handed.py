"""What was not right, over HTTP: taken back by who may, tickets on the spot, calls answered, each tap once."""

from __future__ import annotations

import pytest

from tests.api.desk import OWNER, STAFF, Desk, code_of, desk, words
from tihuo.boards.balance import imbalances
from tihuo.stages import handing_over, reporting, undoing

__all__ = ["desk"]
TAP = {"HX-Request": "true"}
MINUTE = 60_000


@pytest.fixture
def given(desk: Desk) -> Desk:
    """林's two parcels (1 ambient, 2 chilled) have just been handed over; 赵's (3) is on the shelf."""
    desk.shop.sell("o1", "lin", RICE=2, MILK=3)
    desk.shop.sell("o2", "zhao", EGGS=1)
    desk.shop.sort()
    desk.shop.do(handing_over.hand_over_by_code, desk.shop.code("o1"), actor=STAFF)
    return desk


def test_the_list_of_hand_overs_takes_one_back_once(given: Desk) -> None:
    staff = given.client(STAFF, "en")
    page = words(staff.get("/staff/pickup/handed").text)
    assert "林* 1001" in page and "by code at the counter" in page
    data = {"reason": "wrong_person", "once": "tap-of-hers-1"}
    answers = [staff.post("/staff/pickup/handed/1/undo", data=data, headers=TAP) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    again = staff.post("/staff/pickup/handed/1/undo", data=data | {"once": "tap-of-hers-2"}, headers=TAP)
    assert (again.status_code, code_of(again.text)) == (409, "already_undone")
    assert "wrong person" in words(staff.get("/staff/pickup/handed/rows").text)
    assert given.shop.read(imbalances) == {}


def test_after_half_an_hour_only_the_owner_takes_back(given: Desk) -> None:
    given.shop.clock.tick(30 * MINUTE + 1)
    data = {"reason": "mistake", "once": "tap-of-hers-1"}
    late = given.client(STAFF, "en").post("/staff/pickup/parcels/1/undo", data=data, headers=TAP)
    assert (late.status_code, code_of(late.text)) == (409, "too_late_to_take_back")
    assert "only the owner takes a hand-over back" in words(given.client(STAFF, "en").get("/staff/pickup/handed").text)
    own = given.client(OWNER, "en").post(
        "/staff/pickup/parcels/1/undo", data=data | {"once": "of-owner-2"}, headers=TAP
    )
    assert own.status_code == 200
    assert given.shop.line("o1", "RICE").get("handed_over", 0) == 0


def test_a_call_is_answered_and_seen_to(given: Desk) -> None:
    visit = given.shop.do(handing_over.check_in, "k1", given.shop.code("o2"))
    given.shop.do(reporting.report_parcels, visit, [3])
    staff = given.client(STAFF, "en")
    assert "She cannot find her parcel" in words(staff.get("/staff/pickup/shelf").text)
    coming = staff.post("/staff/pickup/calls/1", data={"word": "coming", "once": "tap-coming"}, headers=TAP)
    assert coming.status_code == 200
    kiosk = given.client(STAFF, "en")
    assert "Somebody is on the way to you" in words(kiosk.get("/kiosk/reported?k=k1").text)
    staff.post("/staff/pickup/calls/1", data={"word": "over", "once": "tap-seen-to"}, headers=TAP)
    late = staff.post("/staff/pickup/calls/1", data={"word": "over", "once": "tap-again-1"}, headers=TAP)
    assert (late.status_code, code_of(late.text)) == (409, "call_over")


def test_a_kiosk_speaks_for_its_own_visit_alone(given: Desk) -> None:
    visit = given.shop.do(handing_over.check_in, "k1", given.shop.code("o2"))
    kiosk = given.client(STAFF, "en")
    eggs = given.shop.sku("EGGS")
    data = {"visit": visit, "nonce": "a-nonce-of-hers", "parcel": 1, "kind": "exchange", "missing": eggs}
    assert "took a little long" in words(kiosk.post("/kiosk/report/goods?k=k1", data=data | {"visit": 99}).text)
    foreign = kiosk.post("/kiosk/report/goods?k=k1", data=data)
    assert foreign.status_code == 200
    beside = given.shop.do(handing_over.check_in, "k2", given.shop.code("o2"))
    told = {"visit": beside, "parcel": 3}
    assert "took a little long" in words(kiosk.post("/kiosk/report/goods?k=k1", data=data | told).text)
    assert "took a little long" in words(kiosk.post("/kiosk/report/parcel?k=k1", data=told | {"what": "parcel"}).text)
    assert given.shop.value("SELECT count(*) FROM service_ticket") == 0
    assert given.shop.value("SELECT count(*) FROM staff_call") == 0
    for _ in range(3):
        kiosk.post("/kiosk/report/goods?k=k1", data=data | {"parcel": 3})
    assert given.shop.sql("SELECT request_id, kind FROM service_ticket") == [("box-t1-1", "exchange")]


def test_missing_brought_back_and_put_right_are_taken_once(given: Desk) -> None:
    staff, rice = given.client(STAFF, "en"), given.shop.sku("RICE")
    missing = {"sku": rice, "quantity": 1, "kind": "refund_only", "reason": "not there", "once": "tap-missing"}
    back = {"line": 2, "quantity": 1, "fate": "quarantine", "reason": "sour", "once": "tap-back-1"}
    wrong = {"holder": 1, "hers": 1, "once": "tap-wrong-1"}
    for path, data in (
        ("/staff/pickup/parcels/1/missing", missing),
        ("/staff/pickup/orders/1/back", back),
        ("/staff/pickup/parcels/3/wrong", wrong),
    ):
        assert [staff.post(path, data=data, headers=TAP).status_code for _ in range(2)] == [200, 200], path
    assert given.shop.sql("SELECT kind FROM service_ticket ORDER BY no") == [("refund_only",), ("return",)]
    assert given.shop.sql("SELECT parcel_id, holder_no FROM astray") == [(3, 1)]
    nothing = staff.post("/staff/pickup/orders/1/back", data=back | {"quantity": 0, "once": "tap-back-2"}, headers=TAP)
    assert (nothing.status_code, code_of(nothing.text)) == (409, "bad_quantity")
    for path in ("parcels/99/missing", "parcels/99/wrong", "orders/99/back"):
        assert staff.get(f"/staff/pickup/{path}").status_code == 404
    assert given.shop.read(imbalances) == {}


def test_who_looks_at_a_number_to_call_is_kept(given: Desk) -> None:
    shown = given.client(STAFF, "en").post("/staff/pickup/orders/1/phone", headers=TAP)
    assert "19900001001" in shown.text
    assert given.shop.value("SELECT count(*) FROM journal WHERE kind = 'phone.shown'") == 1
    given.shop.do(undoing.put_right, 3, 1)
    assert "19900001001" not in given.client(STAFF, "en").get("/staff/pickup").text
