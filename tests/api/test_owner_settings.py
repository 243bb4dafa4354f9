"""设置, 设备, 售后 and 复盘 over HTTP."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import msgspec
import pytest
from pydantic import ValidationError

from tests.api.desk import OTHER, OWNER, STAFF, Desk, code_of, desk, words
from tihuo.api.app import create_app
from tihuo.api.auth import fits
from tihuo.boards import people
from tihuo.settings import Settings
from tihuo.stages import selling, sorting

__all__ = ["desk"]
TAP = {"HX-Request": "true"}


def test_a_new_pin_ends_old_logins_but_not_the_one_that_set_it(desk: Desk) -> None:
    owner, staff = desk.client(OWNER), desk.client(STAFF)
    data = {"role": "staff", "pin": "9999", "name": STAFF, "once": "wish-of-hers-1"}
    assert owner.post("/owner/settings/users", data=data, headers=TAP).status_code == 200
    assert fits("9999", desk.shop.read(people.pin_hash, STAFF))
    assert staff.get("/staff/sorting").status_code == 303
    data = {"role": "owner", "pin": "8642", "name": OWNER, "once": "wish-of-hers-2"}
    assert owner.post("/owner/settings/users", data=data, headers=TAP).status_code == 200
    assert owner.get("/owner").status_code == 200
    assert "8642" not in owner.get("/owner/settings").text


def test_people_come_and_go(desk: Desk) -> None:
    owner = desk.client(OWNER)
    data = {"role": "staff", "pin": "1357", "name": " 小何 ", "once": "wish-of-hers-1"}
    assert "小何" in owner.post("/owner/settings/users", data=data, headers=TAP).text
    gone = owner.post("/owner/settings/users/remove", data={"name": OTHER, "once": "wish-of-hers-2"}, headers=TAP)
    assert OTHER not in gone.text
    assert {user.name for user in desk.shop.read(people.users)} == {OWNER, STAFF, "小何"}


def test_what_cannot_be_is_refused(desk: Desk) -> None:
    owner = desk.client(OWNER)
    last = owner.post("/owner/settings/users/remove", data={"name": OWNER, "once": "wish-of-hers-1"}, headers=TAP)
    assert (last.status_code, code_of(last.text)) == (409, "last_owner")
    data = {"role": "staff", "pin": "12", "name": "小何", "once": "wish-of-hers-2"}
    assert owner.post("/owner/settings/users", data=data, headers=TAP).status_code == 422
    data = {"role": "king", "pin": "1234", "name": "小何", "once": "wish-of-hers-3"}
    odd = owner.post("/owner/settings/users", data=data, headers=TAP)
    assert (odd.status_code, code_of(odd.text)) == (409, "bad_role")


def test_the_page_says_how_long_staff_may_take_a_hand_over_back(desk: Desk) -> None:
    assert "店员可撤销交付 30 分钟内" in words(desk.client(OWNER).get("/owner/settings").text)
    desk.app = create_app(replace(desk.door, house=msgspec.structs.replace(desk.door.house, undo_within_ms=60_000)))
    said = words(desk.client(OWNER, "en").get("/owner/settings").text)
    assert "Staff may take a hand-over back for 1 minute " in said
    for odd in (0, 1441, "soon"):
        with pytest.raises(ValidationError, match="undo_minutes"):
            Settings(undo_minutes=odd)  # type: ignore[arg-type]


def test_aftercare_shows_what_went_wrong_and_what_it_cost(desk: Desk) -> None:
    shop, owner = desk.shop, desk.client(OWNER, "en")
    assert "Nothing went wrong" in words(owner.get("/owner/aftercare").text)
    shop.sell("o1", "lin", RICE=2)
    shop.sell("o2", "zhao", EGGS=2)
    shop.sell("o3", "ou", BUNS=99)
    shop.do(selling.cancel_order, "o2", "customer")
    wave = shop.do(sorting.open_wave, "s1")
    parcel, sku, _ = shop.open_units(wave)[0]
    shop.do(sorting.short, parcel, sku, 1)
    page = words(owner.get("/owner/aftercare").text)
    assert "o1 林* 1001 大米 5 kg 1 袋 ¥39.90 ¥39.90" in page
    assert "o2 赵* 1002 cancelled" in page
    assert "o3 欧* 1003 refused sold out" in page
    assert "鸡蛋 30 枚 EGGS 2 盒" in page


def test_the_review_counts_what_happened(desk: Desk) -> None:
    shop, owner = desk.shop, desk.client(OWNER, "en")
    assert "Nothing was sold in this session" in words(owner.get("/owner/review").text)
    shop.sell("o1", "lin", RICE=2)
    shop.sell("o2", "lin", MILK=1)
    shop.sell("o3", "zhao", MILK=1)
    shop.do(selling.sell_walk_in, "s1", "RICE", 1)
    shop.sort()
    page = words(owner.get("/owner/review").text)
    assert "3 Orders" in page
    assert "2 Customers" in page
    assert "¥104.80 Paid" in page
    assert "¥34.93 Paid an order" in page
    assert "4 Units sold" in page
    assert "1 Sold over the counter" in page


def test_the_book_is_counted_when_somebody_asks(desk: Desk) -> None:
    owner = desk.client(OWNER, "en")
    assert "It balances" in words(owner.get("/owner/devices/balance").text)
    with sqlite3.connect(desk.shop.path) as book:
        book.execute("UPDATE grant_rights SET remaining = remaining - 1, sold = sold + 1 WHERE no = 1")
    page = words(owner.get("/owner/devices/balance").text)
    assert "It does not balance" in page
