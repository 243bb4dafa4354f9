"""库存 and 更多 over HTTP: goods that come in, sales over the counter, paper that is in doubt."""

from __future__ import annotations

from tests.api.desk import STAFF, Desk, code_of, desk, words
from tihuo.boards import paper as board
from tihuo.shop import paper

__all__ = ["desk"]
TAP = {"HX-Request": "true"}


def test_goods_are_received_once_however_often_it_is_tapped(desk: Desk) -> None:
    staff, data = desk.client(STAFF, "en"), {"sku": "MILK", "quantity": 6, "once": "tap-of-her-0001"}
    for _ in range(2):
        assert "6 received" in words(staff.post("/staff/stock/receive", data=data, headers=TAP).text)
    assert desk.shop.value("SELECT on_hand FROM sku WHERE code = 'MILK'") == 6


def test_a_barcode_a_code_and_a_part_of_the_name_find_goods(desk: Desk) -> None:
    staff = desk.client(STAFF, "en")
    for text in ("6901234567892", "RICE", "大米"):
        assert "大米" in staff.get("/staff/stock/goods", params={"text": text}).text
    assert "Nothing in the catalog fits “%”" in words(staff.get("/staff/stock/goods", params={"text": "%"}).text)


def test_more_than_is_free_cannot_be_sold_over_the_counter(desk: Desk) -> None:
    staff, free = desk.client(STAFF, "en"), desk.shop.item("EGGS")["free"]
    data = {"session_id": "s1", "sku": "EGGS", "quantity": free + 1, "once": "tap-of-her-0001"}
    late = staff.post("/staff/stock/walk-in", data=data, headers=TAP)
    assert (late.status_code, code_of(late.text)) == (409, "sold_out")
    fine = staff.post("/staff/stock/walk-in", data=data | {"quantity": free, "once": "tap-of-her-0002"}, headers=TAP)
    assert fine.status_code == 200
    assert desk.shop.item("EGGS").get("free", 0) == 0


def test_doubtful_paper_waits_for_a_person(desk: Desk) -> None:
    desk.shop.sell("o1", "lin", RICE=1)
    desk.shop.sort()
    job = desk.shop.queued("label")[0].job_id
    desk.shop.do(paper.moved, job, ("queued",), "sending")
    desk.shop.do(paper.moved, job, ("sending",), "doubtful", "printer_silent")
    staff = desk.client(STAFF, "en")
    assert "Did it come out?" in words(staff.get("/staff/more").text)
    data = {"once": "tap-of-her-0001"}
    for _ in range(2):
        assert staff.post(f"/staff/paper/jobs/{job}/reprint", data=data, headers=TAP).status_code == 200
    states = [(row.copy_no, row.state) for row in desk.shop.read(board.paper_of, f"parcel:{desk.shop.parcels()[0][0]}")]
    assert states == [(1, "cancelled"), (2, "queued")]
    gone = staff.post(f"/staff/paper/jobs/{job}/settle", data={"how": "came_out", "once": "tap-of-her-2"}, headers=TAP)
    assert (gone.status_code, code_of(gone.text)) == (409, "job_moved")


def test_a_test_print_is_queued(desk: Desk) -> None:
    desk.client(STAFF, "en").post("/staff/paper/test", data={"once": "tap-of-her-0001"}, headers=TAP)
    assert [job.kind for job in desk.shop.queued("test")] == ["test"]


def test_a_trouble_stands_with_its_next_step(desk: Desk) -> None:
    staff = desk.client(STAFF, "en")
    assert "The printer is out of paper. Put in a new roll" in words(staff.get("/staff/more").text)
    desk.parts[:] = [part for part in desk.parts if not part.trouble]
    assert "All parts of the box are well." in words(staff.get("/staff/more/parts").text)
