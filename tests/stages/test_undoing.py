"""撤销 and 拿错: a mistake is taken back once, in time, by who may; both orders of a mix-up are right again."""

from __future__ import annotations

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import HOUR, HOUSE, LittleShop
from tihuo.boards.balance import imbalances
from tihuo.boards.handed import HandOver, astray, handover, last_handovers
from tihuo.boards.kiosk import kiosk_picture
from tihuo.boards.lamps import pulses
from tihuo.boards.pickup import on_the_shelf
from tihuo.shop.events import OrderHandoverUndone, OrderShort, ParcelAstray, ParcelMoved
from tihuo.shop.words import Role, Zone
from tihuo.stages import delegating, handing_over, undoing

MINUTE = 60_000


def listed(shop: LittleShop) -> list[HandOver]:
    moment = (shop.clock(), shop.clock.sure, shop.clock.ticks())
    found: list[HandOver] = shop.read(last_handovers, moment, shop.house.undo_within_ms)
    return found


def test_a_second_undo_of_somebody_else_takes_back_nothing_more(full: LittleShop) -> None:
    rice = full.sku("RICE")
    full.do(handing_over.hand_over_parcel, 1, {rice: 1})
    second = full.do(handing_over.hand_over_parcel, 1, {rice: 1})
    assert full.do(undoing.undo_hand_over, 1, "mistake", second.handover) == 1
    assert full.refusal(undoing.undo_hand_over, 1, "mistake", second.handover).code == "already_undone"
    assert full.line("o1", "RICE").get("handed_over", 0) == 1


def test_two_hand_overs_in_one_commit_are_two(full: LittleShop) -> None:
    rice, eggs = full.sku("RICE"), full.sku("EGGS")
    both = [full.writer.write(handing_over.hand_over_parcel, 1, {sku: 1}) for sku in (rice, eggs)]
    numbers = [answer.result(10).handover for answer in both]
    full.do(undoing.undo_hand_over, 1, "mistake", numbers[0])
    assert (full.line("o1", "RICE").get("handed_over", 0), full.line("o1", "EGGS").get("handed_over", 0)) == (0, 1)


def test_a_whole_hand_over_comes_back_in_one_step(full: LittleShop) -> None:
    given = full.do(handing_over.hand_over_by_code, full.code("o1"))
    shelf = full.read(on_the_shelf)
    assert full.do(undoing.undo_whole, given.handover, "changed_mind") == 4
    assert len(full.read(on_the_shelf)) == len(shelf) + 2
    assert full.refusal(undoing.undo_whole, given.handover, "changed_mind").code == "already_undone"
    assert {event.reason for event in full.events(OrderHandoverUndone)} == {"changed_mind"}
    assert full.read(imbalances) == {}


def test_staff_takes_back_for_half_an_hour_and_then_only_the_owner(full: LittleShop) -> None:
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    full.clock.tick(30 * MINUTE)
    assert listed(full)[0].undoable
    full.clock.tick(1)
    full.clock.off = -30 * MINUTE  # somebody sets the clock back: the count goes on
    assert not listed(full)[0].undoable
    assert full.refusal(undoing.undo_hand_over, 1, "mistake").code == "too_late_to_take_back"
    assert full.do(undoing.undo_hand_over, 1, "mistake", 0, Role.OWNER) == 3


def test_the_time_to_take_back_is_the_shops_own(make_shop: Make) -> None:
    shop = make_shop(house=msgspec.structs.replace(HOUSE, undo_within_ms=MINUTE))
    shop.sell("o1", RICE=1)
    shop.sort()
    shop.do(handing_over.hand_over_by_code, shop.code("o1"))
    shop.clock.tick(MINUTE + 1)
    assert shop.refusal(undoing.undo_hand_over, 1, "mistake").code == "too_late_to_take_back"


@pytest.mark.parametrize(("sure", "minutes", "may"), [(True, 29, True), (True, 31, False), (False, 1, False)])
def test_after_a_start_the_clock_decides_if_somebody_vouches_for_it(
    full: LittleShop, sure: bool, minutes: int, may: bool
) -> None:
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    full.do(handing_over.go_on)
    full.clock.tick(minutes * MINUTE)
    full.clock.sure = sure
    assert listed(full)[0].undoable is may
    if may:
        assert full.do(undoing.undo_hand_over, 1, "mistake") == 3
    else:
        assert full.refusal(undoing.undo_hand_over, 1, "mistake").code == "too_late_to_take_back"
    full.do(handing_over.hand_over_by_code, full.code("o2"))
    assert full.do(undoing.undo_hand_over, 3, "mistake") == 1  # what went since is counted again


def test_lamp_page_and_cloud_agree_after_an_undo(full: LittleShop) -> None:
    visit = full.do(handing_over.check_in, "k1", full.code("o1"))
    full.do(handing_over.hand_over, visit, [1])
    assert full.read(pulses) == {"C01": "blink"}
    full.do(undoing.undo_hand_over, 1, "mistake")
    assert full.read(pulses) == {"A01": "blink", "C01": "blink"}
    assert [bag.taken for bag in full.read(kiosk_picture, "k1").parcels] == [False, False]
    assert [event.order_id for event in full.events(OrderHandoverUndone) if event.goes_to_cloud] == ["o1"]


def test_a_bag_whose_place_is_taken_is_put_where_somebody_says(make_shop: Make) -> None:
    shop = make_shop(house=msgspec.structs.replace(HOUSE, slots={**HOUSE.slots, Zone.AMBIENT: ("A01", "A02")}))
    shop.sell("o1", "lin", RICE=1)
    shop.sort()
    shop.do(handing_over.hand_over_by_code, shop.code("o1"))
    shop.sell("o2", "zhao", RICE=1)
    shop.sort()
    shop.do(undoing.undo_hand_over, 1, "mistake")
    assert [(bag.parcel_id, bag.slot, bag.place) for bag in shop.read(on_the_shelf)] == [(2, "A01", 1), (1, "A01", 2)]
    for slot, code in (("C01", "wrong_zone"), ("Z99", "unknown_slot")):
        assert shop.refusal(undoing.put_elsewhere, 1, slot).code == code
    shop.do(undoing.put_elsewhere, 1, "A02")
    assert shop.value("SELECT place FROM parcel WHERE id = 1") == 1
    assert shop.events(ParcelMoved) == [ParcelMoved(parcel_id=1, slot="A02", before="A01")]
    label = "SELECT content ->> 'slot' FROM print_job WHERE subject = 'parcel:1' AND state = 'queued' ORDER BY id"
    assert [slot for (slot,) in shop.sql(label)][-1] == "A02"
    shop.do(undoing.put_elsewhere, 1, "A02")
    assert len(shop.events(ParcelMoved)) == 1
    assert shop.refusal(undoing.put_elsewhere, 99, "A02").code == "not_ready"


# 拿错


def test_she_was_given_somebody_elses_and_both_are_right_in_one_step(full: LittleShop) -> None:
    """The counter scanned Lin's code, and put Zhao's bag into her hands instead of hers."""
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    assert full.do(undoing.put_right, 3, 1, [1], actor="小李") == [1]
    assert full.line("o1", "RICE").get("handed_over", 0) == 0
    assert full.line("o1", "MILK").get("handed_over", 0) == 1
    (row,) = full.read(astray)
    assert (row.parcel_id, row.name, row.holder, row.actor) == (3, "赵*", "林*", "小李")
    assert full.events(ParcelAstray) == [ParcelAstray(parcel_id=3, holder_no=1)]
    assert full.events(OrderHandoverUndone)[0].reason == "wrong_person"
    assert full.refusal(undoing.put_right, 3, 1).code == "already_astray"
    assert full.refusal(handing_over.hand_over_by_code, full.code("o2")).code == "being_looked_for"
    assert full.refusal(handing_over.hand_over_parcel, 3).code == "being_looked_for"
    full.do(handing_over.check_in, "k1", full.code("o2"))
    assert full.read(kiosk_picture, "k1").state == "being_looked_for"
    full.do(undoing.settle_astray, 3, True)
    assert full.read(astray) == []
    assert full.refusal(undoing.settle_astray, 3, True).code == "not_astray"
    assert full.do(handing_over.hand_over_by_code, full.code("o2")).units == 1


def test_a_parcel_that_somebody_else_carries_is_offered_to_nobody(full: LittleShop) -> None:
    """Lin has two bags on the shelf; Zhao went home with the chilled one."""
    full.do(undoing.put_right, 2, 2)
    visit = full.do(handing_over.check_in, "k1", full.code("o1"))
    assert [parcel.parcel_id for parcel in full.read(kiosk_picture, "k1").parcels] == [1]
    assert full.do(handing_over.hand_over, visit).left == 0
    assert full.read(kiosk_picture, "k1").state == "done"


def test_a_neighbour_does_not_get_what_somebody_else_carries(full: LittleShop) -> None:
    (milk,) = [
        line
        for line, sku in full.sql("SELECT l.line_no, s.code FROM order_line l JOIN sku s ON s.id = l.sku_id "
                                  "WHERE l.order_no = 1")
        if sku == "MILK"
    ]  # fmt: skip
    codes = full.do(delegating.delegate, 1, full.clock.now + HOUR, [milk])
    full.do(undoing.put_right, 2, 2)
    assert full.refusal(handing_over.hand_over_by_code, codes.code).code == "being_looked_for"
    full.do(handing_over.check_in, "k1", codes.code)
    assert full.read(kiosk_picture, "k1").state == "being_looked_for"
    assert "handed_over" not in full.line("o1", "MILK")


def test_a_parcel_that_the_book_gave_to_its_owner_and_that_somebody_else_carries(full: LittleShop) -> None:
    full.do(handing_over.hand_over_by_code, full.code("o2"))
    assert full.do(undoing.put_right, 3, 1) == [3]
    assert full.line("o2", "RICE").get("handed_over", 0) == 0
    assert full.read(imbalances) == {}


def test_a_mix_up_needs_two_people_and_two_parcels(full: LittleShop) -> None:
    assert full.refusal(undoing.put_right, 3, 2).code == "her_own"
    assert full.refusal(undoing.put_right, 99, 1).code == "not_ready"
    assert full.refusal(undoing.put_right, 3, 99).code == "unknown_order"
    assert full.refusal(undoing.put_right, 3, 1, [3]).code == "not_handed_over"
    assert full.refusal(undoing.put_right, 3, 1, [1]).code == "not_handed_over"
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    full.clock.tick(HOUR)
    assert full.refusal(undoing.put_right, 3, 1, [1]).code == "too_late_to_take_back"
    assert full.do(undoing.put_right, 3, 1, [1], Role.OWNER) == [1]


def test_a_parcel_that_never_comes_back_is_put_once_more_from_what_nobody_bought(full: LittleShop) -> None:
    free = full.item("RICE")["free"]
    full.do(undoing.put_right, 3, 1)
    full.do(undoing.settle_astray, 3, False)
    assert full.value("SELECT state FROM parcel WHERE id = 3") == "sorting"
    assert (full.line("o2", "RICE"), full.item("RICE")["void"]) == ({"quantity": 1}, 1)
    assert free == 0 or full.item("RICE")["free"] < free
    assert full.events(OrderShort) == []
    assert full.read(imbalances) == {}


# the record


def test_who_took_what_by_which_code_and_who_took_it_back(full: LittleShop) -> None:
    visit = full.do(handing_over.check_in, "k1", full.code("o1"))
    full.do(handing_over.hand_over, visit, actor="kiosk k1")
    full.clock.tick(MINUTE)
    full.do(handing_over.hand_over_by_code, full.code("o2"), actor="小李")
    counter, kiosk = listed(full)
    assert (counter.method, counter.actor, counter.kiosk, counter.shown) == ("staff_code", "小李", "", "o2")
    assert (kiosk.actor, kiosk.kiosk, kiosk.shown, kiosk.name, kiosk.tail) == ("kiosk k1", "k1", "o1", "林*", "1001")
    assert [(bag.slot, bag.goods, bag.units) for bag in kiosk.parcels] == [
        ("A01", "大米 ×2　鸡蛋 ×1", 3),
        ("C01", "鲜牛奶 ×1", 1),
    ]
    full.do(undoing.undo_hand_over, 3, "wrong_person", actor="小王")
    moment = (full.clock(), True, full.clock.ticks())
    back: HandOver = full.read(handover, counter.number, moment, HOUR)
    assert [(bag.undone_by, bag.undone_why) for bag in back.parcels] == [("小王", "wrong_person")]
    assert not back.out
    assert full.read(handover, 4711, moment, HOUR) is None
