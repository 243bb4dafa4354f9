"""Print jobs, customers and users: the nouns that stages and other rooms share."""

from __future__ import annotations

import pytest

from tests.little_shop import LittleShop
from tihuo.boards.paper import paper_counts, paper_in_state, paper_of
from tihuo.boards.people import pin_hash, user, users
from tihuo.shop import customers, paper, staff
from tihuo.shop.events import PaperMoved, PaperQueued, SettingChanged
from tihuo.shop.words import Refusal


def refusal(shop: LittleShop, stage: object, *args: object) -> str:
    with pytest.raises(Refusal) as refused:
        shop.do(stage, *args)  # type: ignore[arg-type]
    return refused.value.code


def test_a_job_is_queued_with_what_it_says(shop: LittleShop) -> None:
    job = shop.do(paper.queue, "test", "test:1", {"text": "中文 ¥"})
    (row,) = shop.queued("test")
    assert (row.job_id, row.subject, row.copy_no, row.state, row.content) == (
        job,
        "test:1",
        1,
        "queued",
        {"text": "中文 ¥"},
    )
    assert shop.events(PaperQueued) == [PaperQueued(job_id=job, copy=1)]
    assert shop.queued("label") == []


def test_a_job_moves_only_from_where_it_was_thought_to_be(shop: LittleShop) -> None:
    job = shop.do(paper.queue, "test", "test:1", {})
    shop.do(paper.moved, job, ("queued",), "sending")
    assert refusal(shop, paper.moved, job, ("queued",), "sending") == "job_moved"
    shop.do(paper.moved, job, ("sending", "queued"), "doubtful", "printer_silent")
    (row,) = shop.read(paper_in_state, "doubtful")
    assert (row.state, row.trouble) == ("doubtful", "printer_silent")
    assert [event.state for event in shop.events(PaperMoved)] == ["sending", "doubtful"]
    assert shop.read(paper_counts) == {"doubtful": 1}


def test_a_reprint_says_which_copy_it_is_and_settles_a_doubt(shop: LittleShop) -> None:
    job = shop.do(paper.queue, "test", "test:1", {"text": "a"})
    shop.do(paper.moved, job, ("queued",), "doubtful")
    second = shop.do(paper.reprint, job)
    third = shop.do(paper.reprint, second)
    assert [(row.job_id, row.copy_no, row.state, row.content) for row in shop.read(paper_of, "test:1")] == [
        (job, 1, "cancelled", {"text": "a"}),
        (second, 2, "queued", {"text": "a"}),
        (third, 3, "queued", {"text": "a"}),
    ]
    assert refusal(shop, paper.reprint, 999) == "unknown_job"


def test_an_empty_value_never_wipes_what_is_known_of_a_customer(shop: LittleShop) -> None:
    def known() -> tuple[object, ...]:
        return shop.sql("SELECT name, phone, door, first_seen FROM customer WHERE id = 'lin'")[0]

    shop.do(customers.keep_all, [("lin", "林小树", "19900001001", "3-601"), ("zhao", "", "", "")])
    first = shop.clock.now
    shop.clock.tick(1000)
    shop.do(customers.keep_all, [("lin", "", "", "")])
    assert known() == ("林小树", "19900001001", "3-601", first)
    shop.do(customers.keep_all, [("lin", "林树", "", "")])
    assert known() == ("林树", "19900001001", "3-601", first)


def test_a_user_is_added_renewed_and_removed_but_never_the_last_owner(shop: LittleShop) -> None:
    shop.do(staff.keep_user, " 老板 ", "owner", "hash 1")
    shop.do(staff.keep_user, "小李", "staff", "hash 2")
    shop.do(staff.keep_user, "小李", "staff", "hash 3")
    assert [(row.name, row.role, row.renewed) for row in shop.read(users)] == [
        ("老板", "owner", 0),
        ("小李", "staff", 1),
    ]
    assert shop.read(pin_hash, "小李") == "hash 3"
    assert refusal(shop, staff.remove_user, "老板") == "last_owner"
    shop.do(staff.remove_user, "小李")
    assert (shop.read(user, "小李"), shop.read(pin_hash, "小李")) == (None, None)
    assert refusal(shop, staff.remove_user, "小李") == "unknown_user"
    shop.do(staff.keep_user, "老板娘", "owner", "hash 4")
    shop.do(staff.remove_user, "老板")
    assert not any("hash" in str(event) for event in shop.events(SettingChanged))


@pytest.mark.parametrize(
    ("name", "role", "code"),
    [
        ("", "owner", "bad_name"),
        ("  ", "staff", "bad_name"),
        ("x" * 41, "staff", "bad_name"),
        ("小李", "guest", "bad_role"),
    ],
)
def test_a_user_without_a_proper_name_or_role_is_refused(shop: LittleShop, name: str, role: str, code: str) -> None:
    assert refusal(shop, staff.keep_user, name, role, "hash") == code
