"""打印 over HTTP: a batch is asked for once however often it is tapped; a drawer needs a right and a reason."""

from __future__ import annotations

import dataclasses

from fastapi.testclient import TestClient

from tests.api.desk import OWNER, STAFF, Desk, code_of, desk, words
from tests.little_shop import LittleShop
from tihuo.api.app import create_app
from tihuo.api.auth import SESSION, session_cookie
from tihuo.api.door import Part, PrinterPlace
from tihuo.boards import paper as board
from tihuo.boards.people import user
from tihuo.shop import paper
from tihuo.shop.words import Millis
from tihuo.stages import sorting

__all__ = ["desk"]
TAP = {"HX-Request": "true"}


def wave_of(shop: LittleShop) -> int:
    shop.sell("o1", "lin", RICE=1, MILK=1)
    shop.sell("o2", "zhao", EGGS=1)
    return int(shop.do(sorting.open_wave, "s1"))


def test_a_wave_is_printed_once_however_often_it_is_tapped(desk: Desk) -> None:
    wave, staff = wave_of(desk.shop), desk.client(STAFF, "en")
    for _ in range(2):
        answer = staff.post("/staff/paper/labels", data={"wave": wave, "once": "tap-of-her-0001"}, headers=TAP)
        assert "Labels of wave 1 0 of 3 Printing · next A01" in words(answer.text)
    assert len(desk.shop.read(board.batches)) == 1
    (batch,) = desk.shop.read(board.batches)
    for what, state in (("pause", "paused"), ("resume", "printing"), ("cancel", "cancelled")):
        done = staff.post(
            f"/staff/paper/batches/{batch.batch_id}/{what}", data={"once": f"tap-of-her-{what}"}, headers=TAP
        )
        assert done.status_code == 200
        assert desk.shop.read(board.batches)[0].state == state
    late = staff.post(f"/staff/paper/batches/{batch.batch_id}/resume", data={"once": "tap-of-her-late"}, headers=TAP)
    assert (late.status_code, code_of(late.text)) == (409, "batch_moved")
    nothing = staff.post(
        "/staff/paper/labels", data={"wave": wave, "zone": "frozen", "once": "tap-of-her-0002"}, headers=TAP
    )
    assert (nothing.status_code, code_of(nothing.text)) == (409, "nothing_to_print")


def test_a_range_of_slots_is_typed_in_any_case(desk: Desk) -> None:
    wave, staff = wave_of(desk.shop), desk.client(STAFF, "en")
    data = {"wave": wave, "first": " a02 ", "last": "a02", "once": "tap-of-her-0001"}
    assert staff.post("/staff/paper/labels", data=data, headers=TAP).status_code == 200
    assert [row.content["slot"] for row in desk.shop.queued("label")] == ["A02"]
    staff.post("/staff/paper/pick-list", data={"wave": wave, "once": "tap-of-her-0002"}, headers=TAP)
    assert len(desk.shop.queued("list")) == 1


def test_the_drawer_is_not_for_staff_and_not_without_a_reason(desk: Desk) -> None:
    def ask(client: TestClient, reason: str, once: str) -> tuple[int, str]:
        answer = client.post("/staff/paper/drawer", data={"reason": reason, "once": once}, headers=TAP)
        return answer.status_code, code_of(answer.text) if answer.status_code >= 400 else ""

    assert ask(desk.client(STAFF), "找零", "tap-of-her-0001") == (409, "no_right")
    owner = desk.client(OWNER)
    assert ask(owner, " ", "tap-of-her-0002") == (409, "no_reason")
    for _ in range(2):
        assert ask(owner, "找零", "tap-of-her-0003") == (200, "")
    assert len(desk.shop.queued("drawer")) == 1
    assert 'id="cash"' in owner.get("/staff/more").text
    assert 'id="cash"' not in desk.client(STAFF).get("/staff/more").text


def test_a_drawer_that_did_not_open_is_said_to_have_not(desk: Desk) -> None:
    owner = desk.client(OWNER, "en")
    owner.post("/staff/paper/drawer", data={"reason": "找零", "once": "tap-of-her-0001"}, headers=TAP)
    (job,) = desk.shop.queued("drawer")
    desk.shop.do(paper.take, job.job_id, "receipt")
    desk.shop.do(paper.moved, job.job_id, ("sending",), "cancelled", "printer_unreachable")
    assert "Not done 1 Cash drawer 找零" in (said := words(owner.get("/staff/paper").text))
    assert "The printer does not answer." in said


def test_the_kiosk_promises_receipts_while_one_of_their_printers_is_well(desk: Desk) -> None:
    places = [PrinterPlace(name, ("receipt",), (), "escpos", "58 mm") for name in ("receipt", "second")]
    app = create_app(dataclasses.replace(desk.door, printers=tuple(places)))
    client = TestClient(app, base_url="http://box.test")
    person = desk.shop.read(user, STAFF)
    client.cookies.set(SESSION, session_cookie(desk.door, person))
    client.cookies.set("lang", "en")
    desk.parts[:] = [Part("printer_receipt", "printer_paper_out", Millis(0)), Part("printer_second")]
    one_is_well = client.get("/kiosk/strip?k=k1").text
    desk.parts[1] = Part("printer_second", "printer_unreachable", Millis(0))
    assert client.get("/kiosk/strip?k=k1").text != one_is_well


def test_an_owner_tries_a_printer_and_a_printer_that_is_not_there_is_no_page(desk: Desk) -> None:
    place = PrinterPlace("receipt", ("receipt",), (), "escpos", "58 mm")
    desk.app = create_app(dataclasses.replace(desk.door, printers=(place,)))
    owner = desk.client(OWNER, "en")
    data = {"kind": "calibration", "once": "tap-of-her-0001"}
    assert owner.post("/owner/printers/receipt/try", data=data).status_code == 303
    (job,) = desk.shop.read(board.work_for, "receipt", ("calibration",))
    assert job.content == {"about": "春风小铺 · receipt · 58 mm"}
    kept = owner.post("/owner/printers/receipt/profile", data={"right": ["A", "B"], "once": "tap-of-her-0002"})
    assert (kept.status_code, desk.shop.read(board.lines_seen_right, "receipt")) == (303, "AB")
    for path in ("try", "profile"):
        assert owner.post(f"/owner/printers/nowhere/{path}", data=data).status_code == 404
    assert desk.client(STAFF).post("/owner/printers/receipt/try", data=data).status_code == 403


def test_paper_for_the_doors_is_a_batch_of_its_own(desk: Desk) -> None:
    wave, staff = wave_of(desk.shop), desk.client(STAFF, "en")
    asked = {"pieces": "Wave 1: a label for each piece 0 of 3", "building": "Wave 1: a list for the doors 0 of 1"}
    for which, words_of_it in asked.items():
        data = {"wave": wave, "which": which, "once": f"tap-of-her-{which}"}
        for _ in range(2):
            answer = staff.post("/staff/paper/doors", data=data, headers=TAP)
        assert words_of_it in words(answer.text)
    assert len(desk.shop.read(board.batches)) == 2
    odd = staff.post("/staff/paper/doors", data={"wave": wave, "which": "odd", "once": "tap-of-her-0009"}, headers=TAP)
    assert odd.status_code == 422
