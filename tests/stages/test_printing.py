"""Paper that somebody asks for: a wave's labels, the shelf's, a pick list; who may open the drawer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import HOUSE, LittleShop
from tihuo.boards.door_paper import door_paper
from tihuo.boards.paper import (
    batches,
    lines_seen_right,
    paper_counts,
    paper_in_state,
    work_for,
)
from tihuo.shop import paper, print_batch
from tihuo.shop.events import BatchMoved, DrawerAsked
from tihuo.shop.paper import LONGEST_WAIT
from tihuo.shop.words import Refusal
from tihuo.stages import printing, receiving, sorting

LABELS = ("label", "slot")


def refusal(shop: LittleShop, stage: object, *args: object, **how: object) -> str:
    with pytest.raises(Refusal) as refused:
        shop.do(lambda work: stage(work, *args, **how))  # type: ignore[operator]
    return refused.value.code


@pytest.fixture
def wave(shop: LittleShop) -> int:
    """Three people, four parcels: A01 lin, C01 lin, A02 zhao, A03 ou; nothing is sorted yet."""
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.sell("o2", "zhao", EGGS=1)
    shop.sell("o3", "ou", RICE=1)
    return int(shop.do(sorting.open_wave, "s1"))


def ask(shop: LittleShop, wave: int, **how: Any) -> printing.Begun:
    begun: printing.Begun = shop.do(lambda work: printing.print_labels(work, wave, **how))
    return begun


def slots(shop: LittleShop) -> list[str]:
    return [row.content["slot"] for row in shop.queued("label")]


def test_the_labels_of_a_wave_say_before_sorting_what_will_be_in_it(shop: LittleShop, wave: int) -> None:
    begun = ask(shop, wave)
    assert begun.pieces == 4
    rows = shop.queued("label")
    assert [row.content["slot"] for row in rows] == ["A01", "A02", "A03", "C01"]
    assert [line["quantity"] for line in rows[0].content["lines"]] == [2]
    assert rows[0].content["in_wave"][1] == 4
    (progress,) = shop.read(batches)
    assert (progress.total, progress.waiting, progress.at, progress.state) == (4, 4, "A01", "printing")


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"zone": "chilled"}, ["C01"]),
        ({"first": "A02", "last": "A03"}, ["A02", "A03"]),
        ({"first": "A03"}, ["A03", "C01"]),
    ],
)
def test_a_part_of_a_wave_can_be_printed(shop: LittleShop, wave: int, how: dict[str, Any], expected: list[str]) -> None:
    ask(shop, wave, **how)
    assert slots(shop) == expected


def test_what_cannot_be_printed_is_refused(shop: LittleShop, wave: int) -> None:
    assert refusal(shop, printing.print_labels, 99) == "unknown_wave"
    assert refusal(shop, printing.print_labels, wave, zone="frozen") == "nothing_to_print"
    assert refusal(shop, printing.print_pick_list, 99) == "unknown_wave"
    assert refusal(shop, printing.print_slots, "moon") == "nothing_to_print"
    assert shop.read(batches) == []


def test_a_label_that_is_on_paper_is_not_printed_again_unless_asked(shop: LittleShop, wave: int) -> None:
    ask(shop, wave, zone="chilled")
    (job,) = shop.queued("label")
    shop.do(paper.moved, job.job_id, ("queued",), "printed")
    assert refusal(shop, printing.print_labels, wave, zone="chilled") == "nothing_to_print"
    shop.do(sorting.put, 2, shop.sku("MILK"), 1)
    assert slots(shop) == [], "what was promised is in it: the label is right"
    assert ask(shop, wave, zone="chilled", again=True).pieces == 1
    assert [row.copy_no for row in shop.queued("label")] == [2]


def test_a_label_that_turns_out_wrong_is_printed_anew_when_the_parcel_is_complete(shop: LittleShop, wave: int) -> None:
    ask(shop, wave, first="A01", last="A01")
    shop.do(paper.moved, shop.queued("label")[0].job_id, ("queued",), "printed")
    shop.do(sorting.put, 1, shop.sku("RICE"), 1)
    shop.do(sorting.short, 1, shop.sku("RICE"), 1)
    (again,) = shop.queued("label")
    assert (again.copy_no, again.content["lines"][0]["quantity"]) == (2, 1)


def test_a_label_that_waits_is_taken_into_the_batch_and_printed_once(shop: LittleShop, wave: int) -> None:
    shop.do(sorting.put, 2, shop.sku("MILK"), 1)
    assert slots(shop) == ["C01"]
    assert ask(shop, wave).pieces == 4
    assert sorted(slots(shop)) == ["A01", "A02", "A03", "C01"]
    assert {row.copy_no for row in shop.queued("label")} == {1}


def test_a_batch_rests_goes_on_and_is_called_off(shop: LittleShop, wave: int) -> None:
    batch = ask(shop, wave).batch_id
    first, second, *_ = shop.queued("label")
    shop.do(paper.take, first.job_id, "label")
    shop.do(print_batch.pause, batch)
    assert shop.read(work_for, "label", LABELS) == []
    assert refusal(shop, paper.take, second.job_id, "label") == "job_moved"
    assert refusal(shop, print_batch.pause, batch) == "batch_moved"
    shop.do(paper.moved, first.job_id, ("sending",), "printed")
    shop.do(print_batch.resume, batch)
    assert len(shop.read(work_for, "label", LABELS)) == 3
    assert shop.do(print_batch.cancel, batch) == 3
    assert refusal(shop, print_batch.resume, batch) == "batch_moved"
    (progress,) = shop.read(batches)
    assert (progress.printed, progress.waiting, progress.state) == (1, 0, "cancelled")
    assert [event.state for event in shop.events(BatchMoved)] == ["paused", "printing", "cancelled"]


def test_what_was_asked_for_singly_does_not_wait_for_a_batch(shop: LittleShop, wave: int) -> None:
    ask(shop, wave, zone="ambient")
    shop.do(sorting.put, 2, shop.sku("MILK"), 1)
    assert [row.content["slot"] for row in shop.read(work_for, "label", LABELS)] == ["C01", "A01", "A02", "A03"]


def test_each_printer_gets_the_labels_of_its_zones(shop: LittleShop, wave: int) -> None:
    ask(shop, wave)
    cold = shop.read(work_for, "freezer", LABELS, ("chilled", "frozen"))
    warm = shop.read(work_for, "label", LABELS, ("ambient",))
    assert [row.content["slot"] for row in cold] == ["C01"]
    assert [row.content["slot"] for row in warm] == ["A01", "A02", "A03"]
    assert shop.read(work_for, "receipt", ("receipt",)) == []


def test_a_job_for_one_printer_goes_to_no_other_even_after_a_fault(shop: LittleShop) -> None:
    job = shop.do(printing.try_printer, "calibration", "receipt", "58 mm")
    assert shop.read(work_for, "label", ("calibration",)) == []
    shop.do(paper.take, job, "receipt")
    shop.do(paper.give_back, job, "printer_paper_out")
    assert shop.read(work_for, "label", ("calibration",)) == []
    (row,) = shop.read(work_for, "receipt", ("calibration",))
    assert (row.printer, row.trouble) == ("receipt", "printer_paper_out")


def test_every_slot_gets_a_label_that_a_scanner_reads(shop: LittleShop) -> None:
    begun = shop.do(printing.print_slots)
    rows = shop.queued("slot", 99)
    assert begun.pieces == len(rows) == 6
    assert rows[0].content == {"slot": "A01", "zone": "ambient", "text": "TH:SLOT:A01"}


def test_a_pick_list_says_what_is_missing_and_where_it_goes(shop: LittleShop, wave: int) -> None:
    shop.do(sorting.put, 1, shop.sku("RICE"), 1)
    shop.do(printing.print_pick_list, wave)
    (row,) = shop.queued("list")
    assert row.content["rows"] == [
        {"text": "大米 5 kg", "note": "A01×1  A03×1", "count": "×2"},
        {"text": "鸡蛋 30 枚", "note": "A02×1", "count": "×1"},
        {"text": "鲜牛奶 950 ml", "note": "C01×1", "count": "×1"},
    ]
    assert row.content["subtitle"] == "3 种，共 4 件"


def test_paper_that_waited_a_day_is_asked_for_again_and_never_lost(shop: LittleShop) -> None:
    old = shop.do(paper.queue, "test", "test", {"about": ""})
    shop.clock.tick(LONGEST_WAIT - 1)
    assert shop.do(paper.expire) == 0
    young = shop.do(paper.queue, "test", "test:2", {"about": ""})
    shop.clock.tick(1)
    assert shop.do(paper.expire) == 1
    assert [row.job_id for row in shop.read(paper_in_state, "expired")] == [old]
    assert [row.job_id for row in shop.queued("test")] == [young]
    assert shop.do(paper.reprint, old) == old
    assert shop.do(paper.expire) == 0
    assert [row.copy_no for row in shop.queued("test")] == [1, 1]


def test_a_box_that_was_off_for_a_day_counts_that_day_too(shop: LittleShop) -> None:
    shop.do(paper.queue, "test", "test", {"about": ""})
    sending = shop.do(paper.queue, "test", "test:2", {"about": ""})
    shop.do(paper.take, sending, "receipt")
    shop.do(lambda work: work.sql("UPDATE print_job SET queued_ticks = 7, queued_at = queued_at - ?", (LONGEST_WAIT,)))
    shop.do(paper.wake)
    assert shop.do(paper.expire) == 1
    assert shop.read(paper_counts) == {"expired": 1, "doubtful": 1}


def test_the_drawer_opens_for_who_may_and_says_why(make_shop: Make) -> None:
    shop = make_shop()
    assert refusal(shop, printing.open_drawer, "staff", "找零") == "no_right"
    assert refusal(shop, printing.open_drawer, "owner", "  ") == "no_reason"
    assert shop.read(paper_counts) == {}
    job = shop.do(printing.open_drawer, "owner", " 找零 ", actor="老板")
    assert shop.events(DrawerAsked) == [DrawerAsked(job_id=job, role="owner", reason="找零")]
    shop.do(paper.take, job, "receipt")
    shop.do(paper.doubt, job, "printer_silent")
    assert shop.read(paper_counts) == {"cancelled": 1}, "a drawer is seen: nobody needs to say whether it opened"
    assert refusal(shop, paper.reprint, job) == "no_reprint"


def test_a_shop_may_let_its_staff_open_the_drawer(make_shop: Make) -> None:
    shop = make_shop(house=msgspec.structs.replace(HOUSE, drawer_roles=("owner", "staff")))
    assert shop.do(printing.open_drawer, "staff", "找零")


def test_what_the_owner_saw_of_a_printer_is_kept(shop: LittleShop) -> None:
    assert shop.read(lines_seen_right, "receipt") is None
    shop.do(paper.keep_profile, "receipt", "BA")
    shop.do(paper.keep_profile, "receipt", "ABD")
    assert shop.read(lines_seen_right, "receipt") == "ABD"
    assert refusal(shop, paper.keep_profile, "receipt", "AX") == "unknown_ticket_row"


def test_a_label_says_by_when_the_first_of_it_must_be_eaten(shop: LittleShop) -> None:
    shop.sell("o1", "lin", MILK=2)
    delivery = shop.do(receiving.open_delivery, "s1", "")
    shop.do(receiving.count, delivery, "MILK", 1, "good", "", "2026-11-27")
    shop.do(receiving.count, delivery, "MILK", 1, "good", "", "2026-11-25")
    ask(shop, int(shop.do(sorting.open_wave, "s1")))
    (label,) = shop.queued("label")
    assert label.content["use_by"] == "11-25"


def test_labels_for_the_doors_are_printed_once_and_further_ones_say_that_they_are_copies(
    shop: LittleShop, wave: int
) -> None:
    pieces = shop.read(door_paper, wave, "pieces", HOUSE)
    numbers = [(piece.content["number"], piece.content["of"]) for piece in pieces]
    assert numbers == [(1, 3), (2, 3), (3, 3), (1, 1), (1, 1)]
    assert {piece.zone for piece in pieces} == {"ambient", "chilled"}
    assert shop.do(printing.print_pieces, f"pieces:{wave}", pieces).pieces == 5
    assert refusal(shop, printing.print_pieces, f"pieces:{wave}", pieces) == "nothing_to_print"
    assert shop.do(printing.print_pieces, f"pieces:{wave}", pieces, True).pieces == 5
    assert [row.copy_no for row in shop.queued("label")] == [1] * 5 + [2] * 5
    assert [row.total for row in shop.read(batches)] == [5, 5], "a refused batch leaves nothing"


def test_a_label_for_a_household_holds_all_zones_and_what_is_short_is_on_no_paper(shop: LittleShop, wave: int) -> None:
    assert [home.content["zone"] for home in shop.read(door_paper, wave, "homes", HOUSE)] == ["", "ambient", "ambient"]
    shop.do(sorting.short, 1, shop.sku("RICE"), 2)
    (first, *_) = shop.read(door_paper, wave, "homes", HOUSE)
    assert [line["name"] for line in first.content["lines"]] == ["2-鲜牛奶"]
    (sheet,) = shop.read(door_paper, wave, "household", HOUSE)
    assert sheet.content["subtitle"] == "全部 3 件 · 第 1/1 张"


def test_a_long_list_goes_on_under_its_heading_and_too_much_paper_is_not_begun(
    shop: LittleShop, wave: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.read(door_paper, 99, "product", HOUSE) == []
    monkeypatch.setattr("tihuo.boards.door_paper.ROWS_OF_A_SHEET", 3)
    sheets = [sheet.content for sheet in shop.read(door_paper, wave, "product", HOUSE)]
    assert [sheet["rows"][0]["text"] for sheet in sheets[:2]] == ["1-大米 5 kg"] * 2
    assert all(len(sheet["rows"]) <= 3 and sheet["rows"][0]["head"] == 1 for sheet in sheets)
    assert sum("big" in row for sheet in sheets for row in sheet["rows"]) == 4
    much = [print_batch.Piece("list", "x", {})] * (printing.MOST_PIECES + 1)
    assert refusal(shop, printing.print_pieces, "product:1", much) == "too_much_paper"
