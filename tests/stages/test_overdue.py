"""逾期未取: what nobody fetched is always somebody's, and its units are always somewhere."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from tests.little_shop import HOUR, WINDOW, LittleShop
from tihuo.boards import balance, counter, lamps, pickup, scanned, uncollected
from tihuo.shop.events import (
    MissedSettled,
    NoShowMarked,
    OrderCancelled,
    OrderUncollected,
    ParcelMoved,
    UncollectedMoved,
    UnitsLost,
)
from tihuo.shop.words import Refusal
from tihuo.stages import caring, handing_over, overdue, scheduling, undoing
from tihuo.timetable import Timetable

END = WINDOW[1]
DAY = 24 * HOUR
RICE, MILK, BUNS = 1, 2, 3
"""The parcels of lin: shelf, fridge, freezer."""


@pytest.fixture
def late(shop: LittleShop) -> LittleShop:
    """Everything is ready in time, and nobody came: lin has rice, milk and buns, zhao has rice."""
    shop.sell("o1", "lin", RICE=2, MILK=1, BUNS=1)
    shop.sell("o2", "zhao", RICE=1)
    shop.sort()
    return shop


def at(shop: LittleShop, moment: int) -> None:
    """Let the timetable look often enough at that moment."""
    shop.clock.now = moment
    timetable = Timetable(shop.writer, shop.readers, shop.clock.reading)
    for _ in range(4):
        timetable.step()


def steps(shop: LittleShop) -> dict[int, str]:
    return dict(shop.sql("SELECT parcel_id, step FROM uncollected ORDER BY parcel_id"))


def refused(shop: LittleShop, *what: Any, **how: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        shop.do(*what, **how)
    return refusal.value.code


def give_up(shop: LittleShop, parcel: int, *, money_back: bool = True, spoiled: bool = False) -> Any:
    return shop.do(lambda work: overdue.give_up(work, parcel, money_back=money_back, spoiled=spoiled), actor="老板")


def test_a_parcel_on_the_shelf_is_hers_while_her_window_lasts(late: LittleShop) -> None:
    at(late, END - 1)
    assert steps(late) == {1: "window", 2: "window", 3: "window", 4: "window"}
    assert late.read(uncollected.uncollected) == []
    assert late.read(uncollected.uncollected_counts, END - 1).window == 4


def test_the_window_ends_with_one_notice_for_each_order_and_a_mark(late: LittleShop) -> None:
    at(late, END)
    assert set(steps(late).values()) == {"told"}
    told = late.events(OrderUncollected)
    assert [(event.order_id, event.step, sum(line.quantity for line in event.lines)) for event in told] == [
        ("o1", 1, 4),
        ("o2", 1, 1),
    ]
    assert [event.order_id for event in late.events(NoShowMarked)] == ["o1", "o2"]
    at(late, END + HOUR)
    assert len(late.events(OrderUncollected)) == 2


def test_what_fails_at_the_kiosk_does_not_keep_the_ladder_waiting(late: LittleShop) -> None:
    late.do(handing_over.check_in, "k1", late.code("o1"))
    late.do(lambda work: work.sql("CREATE TRIGGER ill BEFORE UPDATE ON visit BEGIN SELECT RAISE(ABORT, 'ill'); END"))
    late.clock.now = END
    late.clock.tick(60_000)
    timetable = Timetable(late.writer, late.readers, late.clock.reading)
    with pytest.raises(sqlite3.IntegrityError, match="ill"):
        timetable.step()
    assert set(steps(late).values()) == {"told"}


def test_each_zone_has_its_own_time(late: LittleShop) -> None:
    """The window ends at four in the afternoon: frozen goods have until eight, chilled ones until four at night."""
    at(late, END + 2 * HOUR)
    assert steps(late) == {1: "told", 2: "told", 3: "task", 4: "told"}
    at(late, END + 4 * HOUR)  # half of the milk's time is over when nobody is there: before the shop closes, then
    assert steps(late) == {1: "told", 2: "task", 3: "decide", 4: "told"}
    at(late, END + 12 * HOUR)
    assert steps(late) == {1: "told", 2: "decide", 3: "decide", 4: "told"}
    at(late, END + 72 * HOUR)
    assert set(steps(late).values()) == {"decide"}
    rows = {row.parcel_id: row for row in late.read(uncollected.uncollected)}
    assert rows[BUNS].limit_at == rows[BUNS].due_at == END + 4 * HOUR
    assert {row.owner for row in rows.values()} == {"owner"}


def test_a_box_that_was_off_goes_on_where_the_food_is(late: LittleShop) -> None:
    at(late, END + 5 * DAY)
    assert set(steps(late).values()) == {"decide"}
    assert late.value("SELECT limit_at FROM uncollected WHERE parcel_id = ?", BUNS) == END + 4 * HOUR


def test_nobody_is_sent_to_call_at_night(late: LittleShop) -> None:
    """Half of three days is over at four at night; the staff's turn begins when the shop opens at eight."""
    at(late, END + 36 * HOUR)
    assert steps(late)[RICE] == "told"
    at(late, END + 40 * HOUR)
    assert steps(late)[RICE] == "task"


def test_what_was_ready_too_late_is_no_fault_of_hers(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.clock.now = END - HOUR // 4
    shop.sort()
    at(shop, END)
    assert steps(shop) == {1: "window"}  # she has two hours from when it was ready
    at(shop, END - HOUR // 4 + 2 * HOUR)
    assert steps(shop) == {1: "told"} and shop.events(NoShowMarked) == []


def test_a_mark_goes_when_she_comes_that_day_and_stays_when_she_comes_later(late: LittleShop) -> None:
    at(late, END)
    assert {(row.customer_id, row.count) for row in late.read(uncollected.no_shows)} == {("zhao", 1), ("lin", 1)}
    late.clock.now = END + 12 * HOUR  # four in the morning
    late.do(handing_over.hand_over_parcel, 4)
    late.clock.now = END + 12 * HOUR + 1
    late.do(handing_over.hand_over_parcel, 1)
    assert [row.customer_id for row in late.read(uncollected.no_shows)] == ["lin"]
    late.do(scheduling.choose, 1, END + 20 * HOUR, END + 21 * HOUR)
    at(late, END + 30 * HOUR)
    assert [row.count for row in late.read(uncollected.no_shows)] == [1]  # one order, one mark
    assert {row.no_shows for row in late.read(uncollected.uncollected)} == {1}


def test_who_took_a_part_came(late: LittleShop) -> None:
    late.clock.now = WINDOW[0]
    late.do(handing_over.hand_over_parcel, 1)
    at(late, END)
    assert [event.order_id for event in late.events(NoShowMarked)] == ["o2"]
    assert [line.quantity for line in late.events(OrderUncollected)[0].lines] == [1, 1]


def test_staff_call_and_move_it_then_it_is_the_owners(late: LittleShop) -> None:
    at(late, END + 2 * HOUR)
    assert late.do(overdue.show_phone, BUNS) == ("林小树", "19900001001")
    late.do(overdue.note_call, BUNS, "no_answer")
    assert steps(late)[BUNS] == "task"
    row = late.read(uncollected.uncollected_one, BUNS)
    assert (row.calls, row.said, row.moved, row.owner) == (1, "no_answer", False, "staff")
    late.do(overdue.leave_in_place, BUNS)
    assert steps(late)[BUNS] == "held"
    at(late, END + 4 * HOUR)
    assert steps(late)[BUNS] == "decide"


def test_one_call_is_about_all_of_hers(late: LittleShop) -> None:
    at(late, END + 2 * HOUR)
    late.do(overdue.note_call, RICE, "reached")
    assert late.sql("SELECT parcel_id, calls FROM uncollected") == [(1, 1), (2, 1), (3, 1), (4, 0)]


def test_a_parcel_moves_by_a_scan_and_lamp_and_label_follow(late: LittleShop) -> None:
    at(late, END + DAY + 12 * HOUR)
    assert late.do(overdue.move_parcel, RICE, "TH:SLOT:A03") == "A03"
    assert late.sql("SELECT slot, place FROM parcel WHERE id = ?", RICE) == [("A03", 1)]
    label = "SELECT json_extract(content, '$.slot') FROM print_job WHERE subject = 'parcel:1' AND state = 'queued'"
    assert late.sql(label) == [("A03",)]
    assert [(event.before, event.slot) for event in late.events(ParcelMoved)] == [("A01", "A03")]
    late.do(overdue.move_parcel, 4, "a03")
    assert late.sql("SELECT slot, place FROM parcel WHERE id = 4") == [("A03", 2)]
    assert refused(late, overdue.move_parcel, RICE, "F01") == "wrong_zone"
    assert refused(late, overdue.move_parcel, RICE, "X9") == "unknown_slot"
    late.do(handing_over.hand_over_parcel, 4)
    assert refused(late, overdue.move_parcel, 4, "A01") == "not_on_the_shelf"
    assert late.read(balance.imbalances) == {}


def test_the_owner_keeps_it_and_is_asked_again(late: LittleShop) -> None:
    at(late, END + 4 * HOUR)
    late.do(overdue.keep, BUNS, END + DAY)
    assert late.events(OrderUncollected)[-1].until == END + DAY
    at(late, END + DAY - 1)
    assert steps(late)[BUNS] == "kept"
    at(late, END + DAY)
    assert steps(late)[BUNS] == "decide"
    assert refused(late, overdue.keep, BUNS, END) == "bad_times"
    assert refused(late, overdue.keep, BUNS, END + 60 * DAY) == "bad_times"


def test_money_back_and_the_goods_wait_for_a_decision(late: LittleShop) -> None:
    at(late, END + 72 * HOUR)
    out = give_up(late, RICE)
    assert [(one.slot, one.quantity) for one in out] == [("A01", 2)]
    assert late.item("RICE")["quarantine"] == 2
    cancelled = late.events(OrderCancelled)[-1]
    assert (cancelled.order_id, cancelled.reason, cancelled.refund) == ("o1", "uncollected", None)
    assert late.line("o1", "RICE") == {"quantity": 2, "cancelled": 2}
    assert late.line("o1", "MILK") == {"quantity": 1, "put": 1}  # what lies in the fridge is another decision
    assert late.value("SELECT state FROM shop_order WHERE no = 1") == "accepted"
    assert RICE not in steps(late)
    give_up(late, MILK)
    give_up(late, BUNS)
    assert late.value("SELECT state FROM shop_order WHERE no = 1") == "cancelled"
    assert late.read(balance.imbalances) == {}


def test_spoiled_goods_are_a_loss_with_or_without_her_money(late: LittleShop) -> None:
    at(late, END + 72 * HOUR)
    give_up(late, BUNS, money_back=False, spoiled=True)
    assert late.item("BUNS")["void"] == 1
    cancelled = late.events(OrderCancelled)[-1]
    assert cancelled.refund is not None and cancelled.refund.amount_fen == 0
    give_up(late, MILK, money_back=True, spoiled=True)
    assert late.item("MILK")["void"] == 1 and late.events(OrderCancelled)[-1].refund is None
    assert late.events(UnitsLost) or late.sql("SELECT reason FROM shortage") == [("uncollected",)] * 2
    assert late.read(balance.imbalances) == {}


def test_nothing_is_given_up_while_her_window_lasts(late: LittleShop) -> None:
    late.clock.now = WINDOW[0]
    assert refused(late, lambda work: overdue.give_up(work, RICE, money_back=True, spoiled=False)) == "window_runs"
    assert refused(late, overdue.keep, RICE, END + DAY) == "window_runs"
    assert refused(late, overdue.take_up, RICE) == "window_runs"


def test_who_comes_after_the_decision_is_told_so(late: LittleShop) -> None:
    at(late, END + 72 * HOUR)
    for parcel in (RICE, MILK):
        give_up(late, parcel)
    give_up(late, BUNS, money_back=False, spoiled=True)
    give_up(late, 4)
    late.do(handing_over.check_in, "k1", late.code("o1"))
    late.do(handing_over.check_in, "k2", late.code("o2"))
    outcomes = late.sql("SELECT kiosk, outcome, json_extract(facts, '$.at') FROM visit ORDER BY id")
    assert [row[:2] for row in outcomes] == [("k1", "given_up_void"), ("k2", "given_up_refund")]
    assert outcomes[0][2] == late.clock.now


def test_a_part_that_was_given_up_does_not_keep_the_rest_from_her(late: LittleShop) -> None:
    at(late, END + 4 * HOUR)
    give_up(late, BUNS)
    late.do(handing_over.check_in, "k1", late.code("o1"))
    assert late.value("SELECT outcome FROM visit") == "welcome"


def test_an_unsure_clock_calls_nothing_late_and_people_may(late: LittleShop) -> None:
    late.clock.sure = False
    at(late, END + 10 * DAY)
    assert set(steps(late).values()) == {"window"} and late.read(uncollected.uncollected) == []
    assert len(late.read(uncollected.uncollected, also_waiting=True)) == 4
    late.do(overdue.take_up, BUNS)
    late.do(overdue.take_up, BUNS)
    assert steps(late)[BUNS] == "task"
    give_up(late, MILK)
    assert late.item("MILK")["quarantine"] == 1
    late.do(overdue.keep, RICE, late.clock() + DAY)
    assert late.read(uncollected.uncollected_one, RICE).limit_at > late.clock()
    assert late.do(overdue.move_on) == 0


def test_who_names_a_new_time_is_expected_again(late: LittleShop) -> None:
    at(late, END + 2 * HOUR)
    late.do(scheduling.choose, 1, END + 20 * HOUR, END + 22 * HOUR)
    assert steps(late) == {1: "window", 2: "window", 3: "window", 4: "told"}
    at(late, END + 22 * HOUR)
    assert steps(late)[BUNS] == "told"


def test_undone_by_mistake_she_has_two_hours(late: LittleShop) -> None:
    at(late, END + 72 * HOUR)
    late.do(handing_over.hand_over_parcel, 4)
    assert 4 not in steps(late)
    late.do(undoing.undo_hand_over, 4, "wrong customer")
    at(late, END + 73 * HOUR)
    assert steps(late)[4] == "window"


def test_a_parcel_that_is_sorted_again_is_not_waited_for(late: LittleShop) -> None:
    late.do(lambda work: work.sql("UPDATE parcel SET state = 'sorting' WHERE id = 1") and None)
    assert 1 not in steps(late)
    late.do(lambda work: work.sql("UPDATE parcel SET state = 'ready' WHERE id = 1") and None)
    assert steps(late)[1] == "window"


def test_what_is_sorted_again_is_not_told_again(late: LittleShop) -> None:
    at(late, END)
    late.do(lambda work: work.sql("UPDATE parcel SET state = 'sorting' WHERE id = 4") and None)
    late.do(lambda work: work.sql("UPDATE parcel SET state = 'ready' WHERE id = 4") and None)
    assert steps(late)[4] == "window"
    at(late, END + HOUR)
    assert steps(late)[4] == "told"
    assert [event.order_id for event in late.events(OrderUncollected)] == ["o1", "o2"]


def test_who_took_a_part_hears_what_became_of_the_rest(late: LittleShop) -> None:
    late.do(handing_over.hand_over_parcel, RICE)
    at(late, END + 72 * HOUR)
    give_up(late, MILK)
    give_up(late, BUNS)
    late.do(handing_over.check_in, "k1", late.code("o1"))
    assert late.value("SELECT outcome FROM visit") == "given_up_refund"


def test_every_step_is_a_fact(late: LittleShop) -> None:
    at(late, END + 4 * HOUR)
    give_up(late, BUNS)
    assert [event.step for event in late.events(UncollectedMoved) if event.parcel_id == BUNS] == [
        "told",
        "task",
        "decide",
        "refund",
    ]


# 拿错: what somebody else carries


def test_nobody_waits_for_who_cannot_come_because_somebody_else_has_her_parcel(late: LittleShop) -> None:
    """Lin went home with Zhao's rice; Zhao is no no-show, and nobody calls her or asks the owner about it."""
    late.do(undoing.put_right, 4, 1)
    assert steps(late) == {1: "window", 2: "window", 3: "window"}
    at(late, END + 72 * HOUR)
    assert {event.order_id for event in late.events(NoShowMarked, OrderUncollected)} == {"o1"}
    assert 4 not in {row.parcel_id for row in late.read(uncollected.uncollected, also_waiting=True)}
    counts = late.read(uncollected.uncollected_counts, late.clock.now)
    assert (counts.owner, counts.overdue) == (3, 3)
    for stage, *how in ((overdue.take_up,), (overdue.show_phone,), (overdue.note_call, "reached"),
                        (overdue.leave_in_place,), (overdue.keep, END + 80 * HOUR)):  # fmt: skip
        assert refused(late, stage, 4, *how) == "not_on_the_shelf"
    assert refused(late, lambda work: overdue.give_up(work, 4, money_back=True, spoiled=False)) == "not_on_the_shelf"
    assert late.read(balance.imbalances) == {}


def test_when_it_is_back_the_ladder_begins_again(late: LittleShop) -> None:
    at(late, END + 40 * HOUR)
    assert steps(late)[4] == "task"
    late.do(undoing.put_right, 4, 1)
    assert 4 not in steps(late)
    late.clock.now = END + 50 * HOUR
    late.do(undoing.settle_astray, 4, True)
    assert late.sql("SELECT step, due_at FROM uncollected WHERE parcel_id = 4") == [("window", END + 52 * HOUR)]
    at(late, END + 52 * HOUR)
    row = late.read(uncollected.uncollected_one, 4)
    assert (row.step, row.limit_at, row.no_shows) == ("told", END + (52 + 72) * HOUR, 0)
    assert [event.order_id for event in late.events(OrderUncollected)] == ["o1", "o2"]  # told once


def test_who_did_not_get_it_in_her_window_is_no_no_show_when_it_is_back(late: LittleShop) -> None:
    late.do(undoing.put_right, 4, 1)
    late.clock.now = END - HOUR // 4
    late.do(undoing.settle_astray, 4, True)
    at(late, END + 2 * HOUR)
    assert steps(late)[4] == "told"
    assert [event.order_id for event in late.events(NoShowMarked)] == ["o1"]


def test_a_mark_goes_when_it_shows_that_her_parcel_was_not_there(late: LittleShop) -> None:
    at(late, END)
    assert {row.customer_id for row in late.read(uncollected.no_shows)} == {"lin", "zhao"}
    late.do(undoing.put_right, 4, 1)
    assert {row.customer_id for row in late.read(uncollected.no_shows)} == {"lin"}


def test_what_is_sorted_again_while_somebody_else_carries_it_is_not_waited_for(late: LittleShop) -> None:
    late.do(undoing.put_right, 4, 1)
    late.do(lambda work: work.sql("UPDATE parcel SET state = 'sorting' WHERE id = 4") and None)
    late.do(lambda work: work.sql("UPDATE parcel SET state = 'ready' WHERE id = 4") and None)
    assert 4 not in steps(late)
    assert late.read(balance.imbalances) == {}


def test_nothing_says_that_it_stands_in_its_slot(late: LittleShop) -> None:
    """Zhao has Lin's milk. She takes her rice; what is left for her are the buns."""
    late.do(undoing.put_right, MILK, 2)
    late.do(handing_over.check_in, "k1", late.code("o1"))
    (stander,) = late.read(pickup.who_stands)
    assert (stander.parcels, stander.slots) == (2, "A01 F01")
    assert [bag.parcel_id for bag in late.read(pickup.on_the_shelf)] == [1, 4, 3]
    assert late.read(counter.counter_parcel, RICE).others == ("F01",)
    assert late.read(scanned.parcels_in, "C01") == []
    assert "C01" not in late.read(lamps.pulses)
    late.do(handing_over.hand_over_parcel, RICE)
    left = "SELECT x.value ->> 'name' FROM print_job, json_each(content, '$.left') x WHERE kind = 'receipt'"
    assert late.sql(left) == [("速冻包子",)]


# 少了


def test_nobody_looks_for_what_is_missing_in_a_parcel_that_is_given_up(late: LittleShop) -> None:
    at(late, END + 72 * HOUR)
    (number,) = late.do(caring.report_missing, RICE, {late.sku("RICE"): 1}, "exchange", "not in the bag")
    (kept,) = late.do(caring.report_missing, MILK, {late.sku("MILK"): 1}, "exchange", "not in the bag")
    assert [(one.slot, one.quantity) for one in give_up(late, RICE)] == [("A01", 1)]  # the other one is not there
    assert late.sql("SELECT ticket_no FROM missed_line") == [(kept,)]
    assert late.sql("SELECT state, outcome, missed FROM service_ticket ORDER BY no") == [
        ("done", "已随订单取消", "cancelled"),
        ("open", "", ""),
    ]
    assert [event.outcome for event in late.events(MissedSettled)] == ["cancelled"]
    assert refused(late, caring.settle_missing, number, True) == "nothing_missed"
    assert late.item("RICE")["quarantine"] == 2
    assert give_up(late, MILK) == []
    assert late.sql("SELECT * FROM missed_line") == []
    assert late.read(balance.imbalances) == {}
