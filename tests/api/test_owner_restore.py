"""恢复 on the pages: a restored box says what it waits for, and the owner may go on in her own name."""

from __future__ import annotations

from tests.api.desk import OWNER, STAFF, Desk, code_of, desk, words
from tihuo.api.door import Part
from tihuo.shop.fence import look_again, standing
from tihuo.shop.work import Work
from tihuo.stages import handing_over, restoring

__all__ = ["desk"]


def put_back(desk: Desk) -> None:
    desk.shop.do(restoring.raise_fence, "restored", 1_000)
    desk.parts.append(Part("restore", "restoring"))


def test_a_box_that_was_never_restored_says_so(desk: Desk) -> None:
    assert "从未恢复过" in words(desk.client(OWNER).get("/owner/restore").text)


def test_the_owner_sees_what_the_box_waits_for(desk: Desk) -> None:
    put_back(desk)
    owner = desk.client(OWNER, "en")
    assert "/owner/restore" in owner.get("/owner").text
    page = words(owner.get("/owner/restore").text)
    assert "The box waits for the cloud" in page
    desk.shop.do(told, 7)
    assert "Still to be told" in words(owner.get("/owner/restore/board").text)
    desk.shop.do(stuck, "cloud_forgot")
    assert "lost a part of its memory" in words(owner.get("/owner/restore/board").text)
    desk.shop.do(stuck, "cloud_cannot_tell")
    assert "does not know how to tell" in words(owner.get("/owner/restore/board").text)


def test_staff_and_kiosk_are_told_to_wait(desk: Desk) -> None:
    desk.shop.sell("o1", RICE=1)
    desk.shop.sort()
    put_back(desk)
    code = desk.shop.code("o1")
    refused = desk.client(STAFF).post("/staff/pickup/code", data={"code": code, "once": "wish-00000001"}, headers=HX)
    assert code_of(refused.text) == "restoring"
    assert desk.shop.line("o1", "RICE") == {"quantity": 1, "put": 1}
    desk.shop.do(handing_over.check_in, "k1", code)
    kiosk = desk.client(STAFF).get("/kiosk?k=k1")
    assert "自提暂停" in words(kiosk.text)


def test_the_owner_goes_on_in_her_own_name_and_only_after_the_warning(desk: Desk) -> None:
    put_back(desk)
    owner = desk.client(OWNER)
    assert owner.post("/owner/restore/pass", data={"once": "wish-00000001"}, headers=HX).status_code == 422
    assert (
        desk.client(STAFF).post("/owner/restore/pass", data={"once": "wish-00000002", "sure": "true"}).status_code
        == 403
    )
    fence = desk.shop.read(standing)
    assert fence is not None
    assert not fence.passed
    answer = owner.post("/owner/restore/pass", data={"once": "wish-00000003", "sure": "true"}, headers=HX)
    assert OWNER in words(answer.text)
    assert desk.shop.value("SELECT passed_by FROM fence") == OWNER
    assert (
        owner.post("/owner/restore/pass", data={"once": "wish-00000003", "sure": "true"}, headers=HX).status_code == 200
    )


def test_what_must_be_counted_is_ticked_off_once(desk: Desk) -> None:
    desk.shop.do(look_again, "minted", "s1", "RICE", 3)
    owner = desk.client(OWNER)
    assert "大米" in words(owner.get("/owner/restore/board").text)
    number = desk.shop.value("SELECT id FROM recount")
    for once in ("wish-00000001", "wish-00000001"):
        answer = owner.post("/owner/restore/counted", data={"once": once, "recount_id": number}, headers=HX)
        assert "大米" not in words(answer.text)
    assert desk.shop.value("SELECT settled_by FROM recount") == OWNER
    again = owner.post("/owner/restore/counted", data={"once": "wish-00000002", "recount_id": number}, headers=HX)
    assert code_of(again.text) == "unknown_recount"


HX = {"hx-request": "true"}


def told(work: Work, left: int) -> None:
    work.sql("UPDATE fence SET to_tell = ?", (left,))


def stuck(work: Work, trouble: str) -> None:
    work.sql("UPDATE fence SET trouble = ?", (trouble,))
