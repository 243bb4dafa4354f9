"""库存校准 and 盘点 over HTTP: two taps and a reason, a photograph, undo, and a count of several people."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from tests.api.desk import OTHER, OWNER, STAFF, Desk, code_of, desk, words
from tihuo.boards.sku_ledger import units

__all__ = ["desk"]
TAP = {"HX-Request": "true"}
NO_FILE = ("", b"", "application/octet-stream")


def correct(desk: Desk, says: str, quantity: int = 1, once: str = "tap-of-her-0001", **more: Any) -> Any:
    """What a tap on a reason sends: a browser sends the empty file as well."""
    files = {"picture": more.pop("picture", NO_FILE)}
    data = {"sku": "RICE", "quantity": quantity, "says": says, "once": once, "session_id": "", "note": "", **more}
    return desk.client(STAFF, "en").post("/staff/stock/correct", data=data, files=files, headers=TAP)


def photograph() -> bytes:
    taken = io.BytesIO()
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(taken, "JPEG", quality=90)
    return taken.getvalue()


def test_a_reason_is_a_tap_however_often_it_is_sent(desk: Desk) -> None:
    for _ in range(2):
        assert "3 units taken off" in words(correct(desk, "-broken", 3).text)
    assert desk.shop.item("RICE")["void"] == 3
    assert desk.shop.sql("SELECT quantity, reason, actor FROM correction") == [(-3, "broken", STAFF)]


def test_more_of_it_is_added_and_may_be_sold_at_once(desk: Desk) -> None:
    assert "2 units added" in words(correct(desk, "+more", 2).text)
    assert "1 unit added" in words(correct(desk, "+other", 1, once="tap-of-her-0002", session_id="s1").text)
    assert desk.shop.read(units, "RICE").there == 23


def test_it_can_be_taken_back_and_a_refund_that_was_told_cannot(desk: Desk) -> None:
    staff = desk.client(STAFF, "en")
    assert "/staff/stock/correct/undo" in correct(desk, "-fewer", 2).text
    undone = staff.post("/staff/stock/correct/undo", data={"correction": 1, "once": "tap-of-her-0002"}, headers=TAP)
    assert "Taken back: 2 units" in words(undone.text)
    assert desk.shop.read(units, "RICE").there == 20
    desk.shop.sell("o1", "lin", RICE=4)
    told = correct(desk, "-fewer", 18, once="tap-of-her-0003").text
    assert "2 are short: these customers are refunded and told." in words(told)
    assert "/staff/stock/correct/undo" not in told
    late = staff.post("/staff/stock/correct/undo", data={"correction": 2, "once": "tap-of-her-0004"}, headers=TAP)
    assert (late.status_code, code_of(late.text)) == (409, "refund_told")


@pytest.mark.parametrize("says", ["broken", "-", "+broken", "-dream", "-count"])
def test_a_reason_that_is_none_is_refused(desk: Desk, says: str) -> None:
    answer = correct(desk, says)
    assert (answer.status_code, code_of(answer.text)) == (409, "bad_reason")


def test_a_photograph_is_made_small_kept_and_shown(desk: Desk) -> None:
    picture = ("IMG_1.jpg", photograph(), "image/jpeg")
    assert "The photograph is kept." in words(correct(desk, "-broken", picture=picture).text)
    shown = desk.client(OWNER).get("/staff/stock/correct/1/photo")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert len(shown.content) <= 60_000
    assert Image.open(io.BytesIO(shown.content)).size[0] > 300
    assert desk.client(OWNER).get("/staff/stock/correct/2/photo").status_code == 404
    assert desk.client().get("/staff/stock/correct/1/photo").status_code in (303, 401, 403)


def test_what_is_no_picture_corrects_nothing(desk: Desk) -> None:
    answer = correct(desk, "-broken", picture=("IMG_1.jpg", b"no picture", "image/jpeg"))
    assert (answer.status_code, code_of(answer.text)) == (409, "picture_unreadable")
    assert desk.shop.read(units, "RICE").there == 20


def test_a_card_says_where_the_units_are(desk: Desk) -> None:
    desk.shop.sell("o1", "lin", RICE=2, MILK=1)
    desk.shop.sort()
    page = words(desk.client(STAFF, "en").get("/staff/stock/goods", params={"text": "RICE"}).text)
    assert "20 in the shop" in page
    assert "2 ordered 2 of them in parcels" in page
    assert "29 still to come" in words(desk.client(STAFF, "en").get("/staff/stock/goods?text=MILK").text)


def test_two_people_count_a_place_together_and_one_puts_the_book_right(desk: Desk) -> None:
    one, two = desk.client(STAFF, "en"), desk.client(OTHER, "en")
    data = {"place": "zone", "name": "ambient", "once": "tap-of-her-0001"}
    began = one.post("/staff/stock/counts", data=data)
    assert (began.status_code, began.headers["location"]) == (303, "/staff/stock/counts/1")
    assert two.post("/staff/stock/counts", data=data | {"once": "tap-of-his-0001"}).headers["location"].endswith("/1")
    for number, client in enumerate((one, two, one)):
        said = client.post(
            "/staff/stock/counts/1/scan", data={"text": "6901234567892", "once": f"scan-{number}-0000"}, headers=TAP
        )
    assert "大米 5 kg: 3 袋" in words(said.text)
    wrong = one.post("/staff/stock/counts/1/scan", data={"text": "MILK", "once": "scan-of-milk"}, headers=TAP)
    assert (wrong.status_code, code_of(wrong.text)) == (409, "not_in_this_place")
    said = two.post("/staff/stock/counts/1/say", data={"sku": "EGGS", "counted": 10, "once": "said-eggs"}, headers=TAP)
    assert "all there" in words(said.text)
    early = one.post("/staff/stock/counts/1/apply", data={"once": "apply-early", "note": ""}, headers=TAP)
    assert (early.status_code, code_of(early.text)) == (409, "not_complete")
    whole = one.post("/staff/stock/counts/1/complete", data={"once": "that-is-all"}, headers=TAP)
    assert "17 missing" in words(whole.text)
    said = two.post("/staff/stock/counts/1/say", data={"sku": "RICE", "counted": 19, "once": "said-rice"}, headers=TAP)
    assert "1 missing" in words(said.text)
    page = words(one.get("/staff/stock/counts/1").text)
    assert "2 of 2 kinds complete" in page
    assert "What would change 大米 5 kg -1 袋" in page
    for _ in range(2):
        done = one.post("/staff/stock/counts/1/apply", data={"once": "apply-it-now", "note": "月底"}, headers=TAP)
        assert "The book was put right: 0 more, 1 fewer" in words(done.text)
    assert desk.shop.read(units, "RICE").there == 19
    assert "put right" in words(one.get("/staff/stock/counts").text)
    assert one.get("/staff/stock/counts/9").status_code == 404


def test_a_count_can_be_done_again_or_given_up(desk: Desk) -> None:
    staff = desk.client(STAFF, "en")
    staff.post("/staff/stock/counts", data={"place": "all", "name": "", "once": "tap-of-her-0001"})
    staff.post("/staff/stock/counts/1/say", data={"sku": "RICE", "counted": 3, "once": "said-rice"}, headers=TAP)
    again = staff.post("/staff/stock/counts/1/recount", data={"once": "count-again"}, headers=TAP)
    assert "being counted · again" in words(again.text)
    gone = staff.post("/staff/stock/counts/1/drop", data={"once": "give-it-up-1"})
    assert gone.headers["location"] == "/staff/stock/counts"
    assert "This count was given up" in words(staff.get("/staff/stock/counts/1").text)
