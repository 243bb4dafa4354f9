"""排队 over HTTP: taking numbers, calling them, and a television that shows nothing of anybody."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from fastapi.testclient import TestClient

from tests.api.desk import OWNER, STAFF, Desk
from tests.conftest import Make
from tests.little_shop import HOUSE
from tihuo.api.app import create_app
from tihuo.stages import queueing

NUMBERED = msgspec.structs.replace(HOUSE, numbers=True, kiosks=("k1", "k2"), calls_by_themselves=False)


def numbered(desk: Desk) -> Desk:
    from dataclasses import replace

    desk.door = replace(desk.door, house=NUMBERED, kiosks=("k1", "k2"))
    desk.app = create_app(desk.door)
    return desk


@pytest.fixture
def desk(make_shop: Make) -> Desk:
    shop = make_shop(house=NUMBERED)
    shop.sell("o1", "lin", RICE=2)
    shop.sort()
    return numbered(Desk(shop))


def numbers(desk: Desk) -> list[tuple[int, str]]:
    return desk.shop.sql("SELECT number, state FROM turn ORDER BY id")


def test_a_kiosk_gives_one_number_for_two_taps(desk: Desk) -> None:
    kiosk = desk.client(STAFF)
    page = kiosk.get("/kiosk?k=k1").text
    assert "取号" in page
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)
    assert nonce is not None
    for _ in range(2):
        answer = kiosk.post("/kiosk/number?k=k1", data={"nonce": nonce[1]})
        assert answer.status_code == 200 and "您的号码" in answer.text and "下一位就是您" in answer.text
    assert numbers(desk) == [(1, "waiting")]
    assert desk.shop.sql("SELECT kiosk FROM turn") == [("k1",)]


def test_a_child_that_plays_with_the_button_does_not_empty_the_roll(desk: Desk) -> None:
    kiosk = desk.client(STAFF)
    answers = [kiosk.post("/kiosk/number?k=k1", data={"nonce": f"nonce-{n:04d}"}).text for n in range(12)]
    assert len(numbers(desk)) == 8
    assert "稍等" in answers[-1]
    desk.shop.clock.tick(60_000)
    assert "您的号码" in kiosk.post("/kiosk/number?k=k1", data={"nonce": "nonce-later"}).text


def test_where_nobody_takes_numbers_there_is_no_trace_of_them(make_shop: Make) -> None:
    desk = Desk(make_shop())
    assert "/kiosk/number" not in desk.client(STAFF).get("/kiosk?k=k1").text
    assert desk.client().get("/now").status_code == 404
    assert desk.client(STAFF).get("/staff/turns").status_code == 404


def test_the_television_needs_no_login_and_shows_nobody(desk: Desk) -> None:
    desk.shop.do(queueing.take_by_code, desk.shop.code("o1"))
    desk.shop.do(queueing.take_number)
    desk.shop.do(queueing.call_next, "k2")
    television = TestClient(desk.app, base_url="http://box.test", follow_redirects=False)
    page = television.get("/now").text
    assert ">1</b>" in page and "k2" in page and ">2</li>" in page
    assert "林" not in page and "o1" not in page and "A01" not in page
    seen = re.search(r'data-seen="(\w+)"', page)
    assert seen is not None
    assert television.get(f"/now/board?seen={seen[1]}").status_code == 204
    desk.shop.do(queueing.call_next, "k1")
    again = television.get(f"/now/board?seen={seen[1]}")
    assert again.status_code == 200 and 'data-cue="1x1.2x1"' in again.text
    assert television.get("/staff/turns").status_code in (303, 401, 403)


def test_an_empty_door(desk: Desk) -> None:
    page = desk.client().get("/now", headers={"accept-language": "zh"}).text
    assert "现在没有人排队" in page and "等候时间" not in page


def test_staff_take_call_and_pass_over(desk: Desk) -> None:
    staff = desk.client(STAFF)
    said = staff.post("/staff/turns/code", data={"code": desk.shop.code("o1"), "once": "first wish"}).text
    assert "1 号" in said and "林*" in said and "A01" in said
    for _ in range(2):
        assert "2 号" in staff.post("/staff/turns/take", data={"once": "second wish"}).text
    assert staff.post("/staff/turns/next", data={"once": "third wish", "to": "k9"}).status_code == 404
    assert "正在叫 1 号" in staff.post("/staff/turns/next", data={"once": "fourth wish", "to": "counter"}).text
    assert staff.post("/staff/turns/1/came", data={"once": "fifth wish"}).status_code == 200
    assert staff.post("/staff/turns/2/skip", data={"once": "sixth wish"}).status_code == 200
    assert numbers(desk) == [(1, "served"), (2, "gone")]
    assert "正在叫 2 号" in staff.post("/staff/turns/2/recall", data={"once": "seventh wish", "to": "k1"}).text
    assert staff.post("/staff/turns/1/skip", data={"once": "eighth wish"}).status_code == 409
    assert staff.post("/staff/turns/code", data={"code": "rubbish", "once": "ninth wish"}).status_code == 409


def test_whoever_guesses_digits_for_a_number_is_noticed(desk: Desk) -> None:
    staff = desk.client(STAFF)
    for turn in range(3):
        wrong = staff.post("/staff/turns/code", data={"code": f"0000 000{turn}", "once": f"guess number {turn}"})
        assert wrong.status_code == 409
    assert desk.shop.value("SELECT wrong FROM guess_door WHERE door = 'logins'") == 3


def test_the_owner_sees_how_long_people_waited(desk: Desk, tmp_path: Path) -> None:
    owner = desk.client(OWNER)
    assert "门口排队" not in owner.get("/owner").text
    desk.shop.do(queueing.take_number)
    desk.shop.clock.tick(240_000)
    desk.shop.do(queueing.call_next, "k1")
    page = owner.get("/owner").text
    assert "门口排队" in page and "4.0 分钟" in page
    answer = owner.get("/owner/turns/waits.xlsx")
    assert answer.status_code == 200 and answer.content.startswith(b"PK")
