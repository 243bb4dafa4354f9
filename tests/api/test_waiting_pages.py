"""Windows, calls and what nobody fetched over HTTP: who may do what, a repeated tap, forms that make no sense."""

from __future__ import annotations

import pytest

from tests.api.desk import OWNER, STAFF, Desk
from tests.little_shop import HOUR, WINDOW, LittleShop
from tihuo.boards.balance import imbalances
from tihuo.boards.windows import window_loads
from tihuo.shop.events import CustomerCalled, PhoneShown
from tihuo.timetable import Timetable

ONCE = {"once": "a-wish-of-a-page"}


@pytest.fixture
def desk(shop: LittleShop) -> Desk:
    """lin and zhao have rice on the shelf, and nobody answers for the cloud."""
    shop.sell("o1", "lin", RICE=1)
    shop.sell("o2", "zhao", RICE=1)
    shop.sort()
    return Desk(shop)


def at(desk: Desk, moment: int) -> None:
    desk.shop.clock.now = moment
    timetable = Timetable(desk.shop.writer, desk.shop.readers, desk.shop.clock.reading)
    for _ in range(4):
        timetable.step()


def test_the_owner_cuts_the_evening_and_a_second_tap_changes_nothing(desk: Desk) -> None:
    owner = desk.client(OWNER)
    form = {"session_id": "s1", "start": "2027-01-16T12:00", "end": "2027-01-16T13:00", "each": "30", "capacity": "5"}
    for _ in range(2):
        answer = owner.post("/owner/windows/add", data={**form, **ONCE})
        assert answer.headers["hx-redirect"] == "/owner/windows?session=s1"
    loads = [row for row in desk.shop.read(window_loads, "s1") if row.capacity]
    assert [row.window_from for row in loads] == [WINDOW[0], WINDOW[0] + HOUR // 2]
    wrong = owner.post("/owner/windows/add", data={**form, "each": "25", "once": "another-wish"})
    assert wrong.status_code == 409 and "重叠" in wrong.text
    assert owner.post("/owner/windows/add", data={**form, "capacity": "0", "once": "a-third-wish"}).status_code == 422
    assert owner.post("/owner/windows/drop", data={"session_id": "s1", "start": WINDOW[0], "once": "drop-it-now"})
    assert len([row for row in desk.shop.read(window_loads, "s1") if row.capacity]) == 1


def test_deciding_is_the_owners_and_calling_anybodys(desk: Desk) -> None:
    at(desk, WINDOW[1] + 72 * HOUR)
    staff, owner = desk.client(STAFF), desk.client(OWNER)
    for path in ("/owner/windows", "/owner/uncollected", "/owner/windows/board"):
        assert staff.get(path).status_code == 403
    give_up = {"how": "refund", **ONCE}
    assert staff.post("/owner/uncollected/1/give-up", data=give_up).status_code == 403
    assert desk.client().get("/staff/calls").status_code in (303, 401)
    assert owner.post("/owner/uncollected/1/give-up", data=give_up).status_code == 200
    assert owner.post("/owner/uncollected/1/give-up", data=give_up).status_code == 200  # the tap again
    assert owner.post("/owner/uncollected/1/give-up", data={**give_up, "once": "another-wish"}).status_code == 409
    assert owner.post("/owner/uncollected/2/give-up", data={"how": "eat", **ONCE}).status_code == 422
    assert desk.shop.line("o1", "RICE") == {"quantity": 1, "cancelled": 1}
    assert owner.post("/owner/uncollected/2/keep", data={"until": "tomorrow", **ONCE}).status_code == 409
    assert desk.shop.read(imbalances) == {}


def test_a_number_is_shown_to_who_asks_and_a_call_is_noted_once(desk: Desk) -> None:
    at(desk, WINDOW[0] - HOUR // 2)
    at(desk, WINDOW[0])
    staff = desk.client(STAFF)
    page = staff.get("/staff/calls").text
    assert "林*" in page and "199****1001" in page and "19900001001" not in page and "林小树" not in page
    shown = staff.post("/staff/calls/1/phone").text
    assert "tel:19900001001" in shown and "林小树" in shown
    assert len(desk.shop.events(PhoneShown)) == 1
    for _ in range(2):
        assert staff.post("/staff/calls/1/outcome", data={"said": "no_answer", **ONCE}).status_code == 200
    assert len(desk.shop.events(CustomerCalled)) == 1
    assert staff.post("/staff/calls/1/outcome", data={"said": "maybe", **ONCE}).status_code == 422
    assert staff.post("/staff/calls/9/phone").status_code == 409
    assert "1" in staff.get("/staff/calls/errands").text


def test_a_parcel_is_moved_by_what_the_scanner_types(desk: Desk) -> None:
    at(desk, WINDOW[1] + 72 * HOUR)
    staff = desk.client(STAFF)
    assert "A01" in staff.get("/staff/calls/parcels/1").text
    assert staff.get("/staff/calls/parcels/9").status_code == 404
    assert staff.post("/staff/calls/parcels/1/move", data={"text": "TH:SLOT:C01"}).status_code == 409
    assert staff.post("/staff/calls/parcels/1/move", data={"text": "TH:SLOT:A03"}).status_code == 204
    assert desk.shop.value("SELECT slot FROM parcel WHERE id = 1") == "A03"


def test_a_window_that_is_none_is_refused(desk: Desk) -> None:
    staff = desk.client(STAFF)
    assert "o1" in staff.get("/staff/calls/orders/1/window").text
    assert staff.get("/staff/calls/orders/9/window").status_code == 404
    for form in ({}, {"window": "now-then"}, {"window": f"{WINDOW[1]}-{WINDOW[0]}"}, {"start": "x", "end": "y"}):
        assert staff.post("/staff/calls/orders/1/window", data={**form, **ONCE}).status_code == 409
    good = {"window": f"{WINDOW[0]}-{WINDOW[0] + HOUR}", **ONCE}
    assert staff.post("/staff/calls/orders/1/window", data=good).status_code == 204
    assert desk.shop.value("SELECT window_to FROM shop_order WHERE no = 1") == WINDOW[0] + HOUR
