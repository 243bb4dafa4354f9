"""到店提醒: told once, by the cloud or by a person; never by a clock that nobody vouches for."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.little_shop import EVENING, HOUR, WINDOW, LittleShop
from tihuo.boards import calls
from tihuo.ledger.journal import move_cursor
from tihuo.shop.events import CallNeeded, CustomerCalled, PhoneShown, ReminderDue, ReminderSent
from tihuo.shop.orders import NewLine
from tihuo.shop.reminders import AGAIN_MS
from tihuo.shop.words import Refusal
from tihuo.stages import handing_over, reminding, scheduling, selling, sorting, undoing
from tihuo.timetable import Timetable

MINUTE = 60_000
DUE = WINDOW[0] - 30 * MINUTE


@pytest.fixture
def full(shop: LittleShop) -> LittleShop:
    """lin has two orders on the shelf, zhao one."""
    shop.sell("o1", "lin", RICE=1)
    shop.sell("o2", "lin", MILK=1)
    shop.sell("o3", "zhao", RICE=1)
    shop.sort()
    return shop


def at(shop: LittleShop, moment: int) -> list[Any]:
    """Let the timetable look at that moment; gives what was asked of the cloud then."""
    newest = shop.value("SELECT max(entry) FROM journal")
    shop.clock.now = moment
    timetable = Timetable(shop.writer, shop.readers, shop.clock.reading)
    timetable.step()
    timetable.step()
    return shop.events(ReminderDue, after=newest)


def states(shop: LittleShop) -> list[tuple[Any, ...]]:
    return shop.sql("SELECT order_no, state, why FROM reminder ORDER BY order_no")


def to_call(shop: LittleShop, **more: bool) -> list[tuple[int, str, int, int]]:
    return [(row.order_no, row.why, row.orders, row.calls) for row in shop.read(calls.call_list, **more)]


def test_each_customer_is_reminded_once_for_all_that_she_fetches(full: LittleShop) -> None:
    assert at(full, DUE - 1) == []
    lin, zhao = at(full, DUE)
    assert (lin.order_id, lin.also, lin.window) == ("o1", ("o2",), WINDOW)
    assert (lin.due_at, lin.until) == (DUE, DUE + 5 * MINUTE)
    assert (zhao.order_id, zhao.also) == ("o3", ())
    assert at(full, DUE + MINUTE) == []
    full.do(reminding.note_result, "o1", "sent")
    full.do(reminding.note_result, "o3", "sent")
    assert at(full, DUE + 6 * MINUTE) == [] and to_call(full) == []
    assert [state for _, state, _ in states(full)] == ["sent"] * 3
    assert [event.state for event in full.events(ReminderSent)] == ["sent", "sent"]


def test_her_own_time_counts_before_the_window(full: LittleShop) -> None:
    full.do(scheduling.choose, 3, *WINDOW, WINDOW[0] + 2 * HOUR)
    assert [event.order_id for event in at(full, DUE)] == ["o1"]
    (zhao,) = at(full, DUE + 2 * HOUR)
    assert zhao.order_id == "o3" and zhao.due_at == DUE + 2 * HOUR


def test_what_is_ready_late_is_told_at_once_and_what_is_not_ready_is_shown(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    wave = shop.do(sorting.open_wave, "s1")
    assert at(shop, DUE) == []
    assert [(row.order_id, row.units) for row in shop.read(calls.late_orders, DUE)] == [("o1", 1)]
    assert shop.read(calls.late_orders, DUE - 1) == []
    for parcel, sku, units in shop.open_units(wave):
        shop.do(sorting.put, parcel, sku, units)
    assert [event.order_id for event in at(shop, DUE + HOUR)] == ["o1"]
    assert shop.read(calls.late_orders, DUE + HOUR) == []


def test_who_came_before_or_whose_window_is_over_is_not_told(full: LittleShop) -> None:
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    assert at(full, WINDOW[1]) == []
    assert [state for _, state, _ in states(full)] == ["gone"] * 3


def test_what_was_gone_when_she_should_have_been_told_is_told_when_it_is_back(full: LittleShop) -> None:
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    full.do(undoing.put_right, 3, 1, [1])
    assert [event.order_id for event in at(full, DUE)] == ["o1"], "hers is back, the neighbour's is away"
    full.do(undoing.settle_astray, 3, True)
    assert [event.order_id for event in at(full, DUE + MINUTE)] == ["o3"]
    assert at(full, DUE + 2 * MINUTE) == []


def test_a_hand_over_that_was_a_mistake_leaves_her_to_be_told(full: LittleShop) -> None:
    assert at(full, DUE - MINUTE) == []
    full.do(handing_over.hand_over_by_code, full.code("o3"))
    assert [event.order_id for event in at(full, DUE)] == ["o1"]
    full.do(undoing.undo_hand_over, 3, "mistake")
    assert [event.order_id for event in at(full, DUE + MINUTE)] == ["o3"]


def test_a_message_costs_one_of_those_she_agreed_to(full: LittleShop) -> None:
    full.do(reminding.note_credits, "o2", "", 1)
    full.do(reminding.note_credits, "", "zhao", 0)
    assert [event.order_id for event in at(full, DUE)] == ["o1"]
    assert full.sql("SELECT subject, count FROM reminder_credit ORDER BY subject") == [
        ("customer:zhao", 0),
        ("order:o2", 0),
    ]
    assert to_call(full) == [(3, "no_consent", 1, 0)]


@pytest.mark.parametrize("result", ["failed", "no_consent"])
def test_what_the_cloud_could_not_do_somebody_does(full: LittleShop, result: str) -> None:
    at(full, DUE)
    full.do(reminding.note_result, "o1", result)
    assert to_call(full) == [(1, result, 2, 0)]
    full.do(reminding.note_result, "o1", "sent")  # it was told after all
    assert to_call(full) == []


def test_an_answer_that_does_not_come_is_awaited_for_five_minutes(full: LittleShop) -> None:
    head = full.value("SELECT max(up_seq) FROM journal")
    at(full, DUE)
    full.do(move_cursor, "up", 1, head + 1)
    assert at(full, DUE + 5 * MINUTE - 1) == [] and to_call(full) == []
    at(full, DUE + 5 * MINUTE)
    assert to_call(full) == [(1, "no_answer", 2, 0), (3, "no_answer", 1, 0)]
    assert {event.why for event in full.events(CallNeeded)} == {"no_answer"}


def test_a_cloud_that_heard_nothing_was_away(full: LittleShop) -> None:
    at(full, DUE)
    at(full, DUE + 5 * MINUTE)
    assert {why for _, why, *_ in to_call(full)} == {"offline"}


def imported(number: int, phone: str) -> selling.ImportedOrder:
    """An order of a spreadsheet, of one bag of rice."""
    return selling.ImportedOrder(
        order_id=f"ktt:{number}",
        part_ids=(f"ktt:{number}",),
        customer_id=f"import-{phone}",
        customer_name="何晓",
        customer_phone=phone,
        door="",
        placed_at=EVENING,
        lines=(NewLine("l1", "RICE", 1, 3990, ""),),
        paid_fen=3990,
    )


def test_whom_the_cloud_does_not_know_somebody_calls_at_her_time(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    for number, phone in ((2, "19900001002"), (3, "19900001002"), (4, "")):
        shop.do(selling.import_order, "s1", imported(number, phone))
    shop.sort()
    assert at(shop, DUE - 1) == [] and to_call(shop) == []
    assert [event.order_id for event in at(shop, DUE)] == ["o1"], "the cloud is asked about its own alone"
    assert to_call(shop) == [(2, "imported", 2, 0)], "both of hers are one call, and nobody calls without a number"
    assert [(event.order_id, event.why) for event in shop.events(CallNeeded)] == [("ktt:2", "imported")]
    assert shop.do(reminding.show_phone, 2) == ("何晓", "19900001002")
    shop.do(reminding.note_call, 2, "reached")
    assert at(shop, DUE + HOUR) == [] and [row for row in to_call(shop) if row[1] == "imported"] == []


def test_an_imported_order_takes_no_message_of_what_she_fetches_with_it(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.do(selling.import_order, "s1", replace(imported(2, "19900001001"), customer_id="lin"))
    shop.sort()
    (asked,) = at(shop, DUE)
    assert (asked.order_id, asked.also) == ("o1", ())
    assert [(row[0], row[1]) for row in to_call(shop)] == [(2, "imported")]


def test_a_call_ends_it_and_who_does_not_answer_is_called_twice(full: LittleShop) -> None:
    at(full, DUE)
    at(full, DUE + 5 * MINUTE)
    assert full.do(reminding.show_phone, 1) == ("林小树", "19900001001")
    assert [event.order_id for event in full.events(PhoneShown)] == ["o1"]
    full.do(reminding.note_call, 1, "no_answer")
    assert to_call(full) == [(3, "offline", 1, 0), (1, "offline", 2, 1)]
    full.do(reminding.note_result, "o1", "sent")  # too late: she was called
    full.do(reminding.note_call, 1, "no_answer")
    full.do(reminding.note_call, 3, "wrong_number")
    assert to_call(full) == []
    with pytest.raises(Refusal, match="call_settled"):
        full.do(reminding.note_call, 1, "reached")
    with pytest.raises(Refusal, match="bad_answer"):
        full.do(reminding.note_call, 3, "maybe")
    with pytest.raises(Refusal, match="call_settled"):
        full.do(reminding.show_phone, 1)
    assert [event.outcome for event in full.events(CustomerCalled)] == ["no_answer", "no_answer", "wrong_number"]


def test_who_comes_meanwhile_is_on_no_list(full: LittleShop) -> None:
    at(full, DUE)
    at(full, DUE + 5 * MINUTE)
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    assert to_call(full) == [(3, "offline", 1, 0)]


def test_a_window_moved_by_minutes_is_no_news_one_moved_by_hours_is(full: LittleShop) -> None:
    full.do(scheduling.choose, 3, WINDOW[0] + HOUR, WINDOW[1])  # before she is told: simply later
    assert [event.order_id for event in at(full, DUE)] == ["o1"]
    assert [event.order_id for event in at(full, DUE + HOUR)] == ["o3"]
    full.do(scheduling.choose, 3, WINDOW[0] + HOUR + AGAIN_MS - 1, WINDOW[1] + HOUR)
    assert at(full, WINDOW[0] + HOUR + AGAIN_MS) == []
    full.do(scheduling.choose, 3, WINDOW[0] + HOUR + 24 * HOUR, WINDOW[1] + 24 * HOUR)
    assert [event.order_id for event in at(full, DUE + HOUR + 24 * HOUR)] == ["o3"]


def test_an_unsure_clock_reminds_nobody_and_people_are_called_by_hand(full: LittleShop) -> None:
    full.clock.sure = False
    for off in (0, 365 * 24 * HOUR, -EVENING):
        full.clock.off = off
        assert at(full, DUE + HOUR) == []
        assert full.do(reminding.remind) == 0
    assert to_call(full) == [] and to_call(full, also_waiting=True) == [(1, "", 2, 0), (3, "", 1, 0)]
    full.do(reminding.note_call, 1, "reached")
    assert to_call(full, also_waiting=True) == [(3, "", 1, 0)]
    full.clock.sure, full.clock.off = True, 0
    assert [event.order_id for event in at(full, DUE + HOUR)] == ["o3"]


@pytest.mark.parametrize("jump", [-20 * HOUR, -365 * 24 * HOUR, 365 * 24 * HOUR])
def test_one_reminder_although_a_sure_clock_is_put_right(full: LittleShop, jump: int) -> None:
    assert len(at(full, DUE)) == 2
    full.clock.off = jump
    assert at(full, DUE + MINUTE) == []
    full.clock.off = 0
    assert at(full, DUE + 2 * MINUTE) == []


def test_one_reminder_although_the_box_starts_again(full: LittleShop) -> None:
    assert len(at(full, DUE)) == 2
    full.do(reminding.go_on)
    assert at(full, DUE + 4 * MINUTE) == []
    full.do(reminding.go_on)  # the cloud has all of its time again
    assert at(full, DUE + 8 * MINUTE) == [] and to_call(full) == []
    at(full, DUE + 9 * MINUTE)
    assert len(to_call(full)) == 2


def test_a_restored_box_reminds_nobody_before_it_knows_what_it_said(full: LittleShop) -> None:
    full.do(lambda work: work.sql(
        "INSERT INTO fence(why, raised_at, backup_at, epoch, seq, acked_epoch, acked_seq, said_again, told_epoch, "
        "told_seq, stock_told, down_epoch, down_seq, down_first, state, trouble, passed_by) "
        "VALUES ('restored', 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'asking', '', '')"
    ) and None)  # fmt: skip
    assert at(full, DUE) == []
    assert full.do(reminding.remind) == 0 and not full.read(calls.reminders_due, DUE, DUE).waiting
    full.do(reminding.told_again, ["o1", "o2", "unknown"])
    full.do(reminding.ready_again, "o3")
    full.do(lambda work: work.sql("UPDATE fence SET lifted_at = 1") and None)
    assert [event.order_id for event in at(full, DUE + MINUTE)] == ["o3"]


def test_an_idle_shop_writes_nothing(full: LittleShop) -> None:
    at(full, DUE - 1)
    newest = full.value("SELECT max(entry) FROM journal")
    version = full.value("PRAGMA data_version")
    timetable = Timetable(full.writer, full.readers, full.clock.reading)
    for _ in range(5):
        timetable.step()
    assert full.value("SELECT max(entry) FROM journal") == newest
    assert full.value("PRAGMA data_version") == version
