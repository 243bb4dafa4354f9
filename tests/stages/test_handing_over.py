"""核销交付: a customer is recognised, asked, and given her goods once, whoever else is at it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import HOUR, HOUSE, WINDOW, LittleShop
from tihuo.boards.balance import imbalances
from tihuo.boards.kiosk import KioskPicture, kiosk_picture
from tihuo.boards.lamps import pulses
from tihuo.boards.pickup import on_the_shelf
from tihuo.shop.events import (
    CheckedIn,
    LineQuantity,
    OrderHandedOver,
    OrderHandoverUndone,
    StaffCalled,
    VisitEnded,
)
from tihuo.shop.pickups import code_for, short_code_for
from tihuo.shop.words import Zone
from tihuo.stages import handing_over, selling, sorting, undoing
from tihuo.stages.handing_over import CONFIRM_MS, DONE_MS, PARTLY_MS, REFUSED_MS, WELCOME_MS, Given


def check_in(shop: LittleShop, code: str, kiosk: str = "k1") -> int:
    return int(shop.do(handing_over.check_in, kiosk, code))


def picture(shop: LittleShop, kiosk: str = "k1") -> KioskPicture:
    found: KioskPicture = shop.read(kiosk_picture, kiosk)
    return found


def came_to(given: Given) -> tuple[list[int], int, int]:
    """The parcels of a hand-over, how many units, and how many parcels are left."""
    return given.parcels, given.units, given.left


def receipts(shop: LittleShop) -> list[dict[str, Any]]:
    return [json.loads(content) for (content,) in shop.sql("SELECT content FROM print_job WHERE kind = 'receipt'")]


# 登记


@pytest.mark.parametrize("short", [False, True])
def test_a_code_opens_a_visit_that_shows_where_everything_is(full: LittleShop, short: bool) -> None:
    code = short_code_for(1, HOUSE.code_key) if short else full.code("o1")
    visit = check_in(full, f" {code[:4]}{' ' if short else ''}{code[4:]}\n")
    shown = picture(full)
    assert (shown.state, shown.visit_id, shown.name, shown.ends_at) == (
        "welcome",
        visit,
        "林*",
        full.clock.now + WELCOME_MS,
    )
    assert [(bag.slot, bag.letter, bag.units, bag.taken) for bag in shown.parcels] == [
        ("A01", "A", 3, False),
        ("C01", "C", 1, False),
    ]
    by = "digits" if short else "qr"
    assert full.events(CheckedIn) == [CheckedIn(visit_id=visit, kiosk="k1", order_no=1, by=by)]


def test_a_code_finds_everything_that_waits_for_its_customer(full: LittleShop) -> None:
    full.sell("o3", "lin", BUNS=1)
    full.sort()
    check_in(full, full.code("o3"))
    assert [bag.slot for bag in picture(full).parcels] == ["A01", "C01", "F01"]


def test_what_was_taken_on_another_day_is_not_shown_again(full: LittleShop) -> None:
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    full.clock.tick(HOUR)
    full.sell("o3", "lin", BUNS=1)
    full.sort()
    check_in(full, full.code("o3"))
    assert [bag.slot for bag in picture(full).parcels] == ["F01"]


def test_a_code_that_helps_nobody_is_a_fact_that_says_why(full: LittleShop) -> None:
    def outcome(code: str) -> tuple[str, dict[str, Any]]:
        check_in(full, code)
        shown = picture(full)
        assert (shown.name, shown.parcels, shown.ends_at) == ("", (), full.clock.now + REFUSED_MS)
        assert full.events(CheckedIn)[-1].refusal == shown.state
        return shown.state, shown.facts

    forged = code_for("S01", 1, b"a guess")
    assert outcome(forged) == ("unknown_code", {})
    assert outcome("https://example.org") == ("web_page", {})
    assert outcome("12345678901") == ("unknown_code", {})
    assert outcome(short_code_for(4711, HOUSE.code_key)) == ("unknown_code", {})
    assert outcome(code_for("S02", 1, HOUSE.code_key)) == ("other_shop", {"store": "S02"})

    full.sell("o3", "ou", RICE=1)
    assert outcome(full.code("o3")) == ("not_ready", {"window": list(WINDOW)})
    full.do(sorting.open_wave, "s1")
    assert outcome(full.code("o3")) == ("not_ready", {"window": list(WINDOW)})
    full.do(sorting.short, 4, full.sku("RICE"), 1)
    assert outcome(full.code("o3")) == ("nothing_left", {})

    full.sell("o4", "ou", RICE=1)
    full.do(selling.cancel_order, "o4", "")
    assert outcome(full.code("o4")) == ("cancelled", {})
    full.sell("o5", "ou", RICE=99)
    assert outcome(full.code("o5")) == ("refused_order", {})

    taken_at = full.clock.now
    full.do(handing_over.hand_over_by_code, full.code("o2"))
    full.clock.tick(60_000)
    assert outcome(full.code("o2")) == ("already_collected", {"at": taken_at, "slots": ["A02"]})


def test_a_code_without_end_is_unknown_and_not_kept(full: LittleShop) -> None:
    check_in(full, "9" * 10_000_000)
    assert picture(full).state == "damaged_code"
    assert len(full.sql("SELECT * FROM visit")[0].__repr__()) < 300


def test_the_next_code_at_a_kiosk_replaces_the_visit(full: LittleShop) -> None:
    first = check_in(full, full.code("o1"))
    elsewhere = check_in(full, full.code("o1"), "k2")
    second = check_in(full, full.code("o2"))
    assert full.events(VisitEnded) == [VisitEnded(visit_id=first, kiosk="k1", how="replaced")]
    assert (picture(full).visit_id, picture(full, "k2").visit_id) == (second, elsewhere)
    assert full.refusal(handing_over.hand_over, first).code == "visit_over"


# 核销交付 at the kiosk


def test_everything_is_handed_over_at_once(full: LittleShop) -> None:
    visit = check_in(full, full.code("o1"))
    given = full.do(handing_over.hand_over, visit)
    assert (given.visit_id, *came_to(given)) == (visit, [1, 2], 4, 0)
    assert picture(full).state == "done"
    assert [bag.taken for bag in picture(full).parcels] == [True, True]
    assert full.events(OrderHandedOver) == [
        OrderHandedOver(
            order_id="o1",
            lines=(LineQuantity("o1-1", 2), LineQuantity("o1-2", 1), LineQuantity("o1-3", 1)),
            handed_over_at=full.clock.now,
            method="kiosk",
            complete=True,
            by="qr",
        )
    ]
    assert full.item("RICE")["handed_over"] == 2
    assert full.refusal(handing_over.hand_over, visit).code == "visit_over"
    assert full.refusal(handing_over.hand_over_by_code, full.code("o1")).code == "already_collected"


def test_a_part_may_be_taken_now_and_the_rest_later(full: LittleShop) -> None:
    visit = check_in(full, full.code("o1"))
    assert came_to(full.do(handing_over.hand_over, visit, [2, 3, 99])) == ([2], 1, 1)  # 3 is not hers
    shown = picture(full)
    assert (shown.state, shown.ends_at) == ("partly", full.clock.now + PARTLY_MS)
    assert [(bag.slot, bag.taken) for bag in shown.parcels] == [("A01", False), ("C01", True)]
    assert not full.events(OrderHandedOver)[0].complete
    assert came_to(full.do(handing_over.hand_over, visit)) == ([1], 3, 0)
    assert full.events(OrderHandedOver)[1].complete
    assert full.read(imbalances) == {}


def test_what_went_over_the_counter_meanwhile_is_not_given_again(full: LittleShop) -> None:
    visit = check_in(full, full.code("o1"))
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    refused = full.refusal(handing_over.hand_over, visit)
    assert (refused.code, refused.facts) == ("already_collected", {"at": full.clock.now, "slots": ["A01", "C01"]})
    shown = picture(full)
    assert (shown.state, shown.facts) == (refused.code, refused.facts)
    assert [bag.taken for bag in shown.parcels] == [True, True]
    again = check_in(full, full.code("o1"), "k2")
    assert full.refusal(handing_over.hand_over, again).code == "visit_over"


def test_a_choice_of_nothing_hands_nothing_over(full: LittleShop) -> None:
    visit = check_in(full, full.code("o1"))
    assert full.refusal(handing_over.hand_over, visit, [3]).code == "already_collected"
    assert full.refusal(handing_over.hand_over, 999).code == "visit_over"
    assert full.events(OrderHandedOver) == []


def test_an_order_is_complete_when_what_did_not_come_is_settled(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.do(sorting.open_wave, "s1")
    shop.do(sorting.put, 2, shop.sku("MILK"), 1)
    shop.do(handing_over.hand_over_by_code, shop.code("o1"))
    shop.do(sorting.put, 1, shop.sku("RICE"), 1)
    shop.do(sorting.short, 1, shop.sku("RICE"), 1)
    shop.do(handing_over.hand_over_by_code, shop.code("o1"))
    assert [event.complete for event in shop.events(OrderHandedOver)] == [False, True]


# at the counter


def test_staff_hand_over_by_code_in_one_step(full: LittleShop) -> None:
    given = full.do(handing_over.hand_over_by_code, short_code_for(1, HOUSE.code_key), actor="小李")
    assert (given.parcels, given.units, given.left) == ([1, 2], 4, 0)
    assert full.sql("SELECT DISTINCT method, actor, visit_id FROM handover_line") == [("staff_code", "小李", None)]


@pytest.mark.parametrize("code", ["nonsense", code_for("S02", 1, HOUSE.code_key)])
def test_staff_hand_nothing_over_for_a_wrong_code(full: LittleShop, code: str) -> None:
    assert full.refusal(handing_over.hand_over_by_code, code).code in ("unknown_code", "other_shop")


def test_staff_hand_over_one_parcel_or_a_part_of_it(full: LittleShop) -> None:
    rice, eggs = full.sku("RICE"), full.sku("EGGS")
    assert came_to(full.do(handing_over.hand_over_parcel, 1, {rice: 1})) == ([1], 1, 2)
    assert full.value("SELECT state FROM parcel WHERE id = 1") == "ready"
    assert full.refusal(handing_over.hand_over_parcel, 1, {rice: 2}).code == "more_than_ready"
    assert full.refusal(handing_over.hand_over_parcel, 1, {rice: 1, full.sku("MILK"): 1}).code == "more_than_ready"
    assert full.refusal(handing_over.hand_over_parcel, 1, {}).code == "more_than_ready"
    for quantity in (0, -1):
        assert full.refusal(handing_over.hand_over_parcel, 1, {rice: quantity}).code == "bad_quantity"
    check_in(full, full.code("o1"))
    assert [bag.units for bag in picture(full).parcels] == [2, 1]
    full.do(handing_over.hand_over_parcel, 1, {rice: 1, eggs: 1})
    refused = full.refusal(handing_over.hand_over_parcel, 1)
    assert (refused.code, refused.facts) == ("already_collected", {"at": full.clock.now})
    assert full.read(imbalances) == {}


def test_a_parcel_that_is_not_ready_stays(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.do(sorting.open_wave, "s1")
    assert shop.refusal(handing_over.hand_over_parcel, 1).code == "not_ready"
    assert shop.refusal(handing_over.hand_over_parcel, 99).code == "not_ready"
    shop.do(sorting.short, 1, shop.sku("RICE"), 1)
    assert shop.refusal(handing_over.hand_over_parcel, 1).code == "not_ready"


# 撤销


def test_a_hand_over_made_by_mistake_is_taken_back(full: LittleShop) -> None:
    before, shelf = full.item("RICE"), full.read(on_the_shelf)
    full.do(handing_over.hand_over_by_code, full.code("o1"), actor="小李")
    full.clock.tick(60_000)
    assert full.do(undoing.undo_hand_over, 1, " 拿错了 ", actor="小李") == 3
    assert full.item("RICE") == before
    assert [bag for bag in full.read(on_the_shelf) if bag.parcel_id != 2] == [
        bag for bag in shelf if bag.parcel_id != 2
    ]
    assert full.events(OrderHandoverUndone) == [
        OrderHandoverUndone(
            order_id="o1",
            lines=(LineQuantity("o1-1", 2), LineQuantity("o1-2", 1)),
            reason="拿错了",
            at=full.clock.now,
        )
    ]
    assert full.read(imbalances) == {}
    assert full.do(handing_over.hand_over_by_code, full.code("o1")).units == 3
    assert full.line("o1", "RICE") == {"quantity": 2, "put": 2, "handed_over": 2}
    assert full.sql("SELECT quantity, undone_at FROM handover_line WHERE line_no = 1 AND order_no = 1") == [
        (2, full.clock.now),
        (2, None),
    ]


def test_only_what_went_last_is_taken_back(full: LittleShop) -> None:
    rice, eggs = full.sku("RICE"), full.sku("EGGS")
    for units in ({rice: 1}, {rice: 1, eggs: 1}):
        full.do(handing_over.hand_over_parcel, 1, units)
        full.clock.tick(1)
    assert full.do(undoing.undo_hand_over, 1, "x") == 2
    assert full.line("o1", "RICE") == {"quantity": 2, "put": 2, "handed_over": 1}
    assert full.value("SELECT state FROM parcel WHERE id = 1") == "ready"
    assert full.do(undoing.undo_hand_over, 1, "x") == 1
    assert full.refusal(undoing.undo_hand_over, 1, "x").code == "not_handed_over"
    assert full.read(imbalances) == {}


def test_taking_back_needs_a_hand_over_and_a_reason(full: LittleShop) -> None:
    assert full.refusal(undoing.undo_hand_over, 1, "x").code == "not_handed_over"
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    assert full.refusal(undoing.undo_hand_over, 1, " ").code == "no_reason"
    assert full.refusal(undoing.undo_hand_over, 3, "x").code == "not_handed_over"


def test_whose_place_was_taken_meanwhile_gets_another_and_a_new_label(make_shop: Make) -> None:
    shop = make_shop(house=msgspec.structs.replace(HOUSE, slots={**HOUSE.slots, Zone.AMBIENT: ("A01",)}))
    shop.sell("o1", "lin", RICE=1)
    shop.sort()
    shop.do(handing_over.hand_over_by_code, shop.code("o1"))
    shop.sell("o2", "zhao", RICE=1)
    shop.sort()
    shop.do(undoing.undo_hand_over, 1, "x")
    assert [(bag.parcel_id, bag.place) for bag in shop.read(on_the_shelf)] == [(2, 1), (1, 2)]
    labels = shop.sql("SELECT copy_no, content ->> 'place' FROM print_job WHERE subject = 'parcel:1' ORDER BY id")
    assert labels == [(1, 1), (2, 2)]


def test_a_bag_that_left_without_a_label_has_one_when_it_is_back(full: LittleShop) -> None:
    rice, eggs = full.sku("RICE"), full.sku("EGGS")
    full.do(handing_over.hand_over_parcel, 1, {rice: 2})
    full.do(sorting.undo_put, 1, eggs, 1)
    full.do(sorting.short, 1, eggs, 1)
    assert full.value("SELECT state FROM parcel WHERE id = 1") == "handed_over"
    queued = "SELECT count(*) FROM print_job WHERE subject = 'parcel:1' AND state = 'queued'"
    assert full.value(queued) == 0
    full.do(undoing.undo_hand_over, 1, "x")
    assert full.value(queued) == 1


def test_the_kiosk_sees_a_bag_again_that_came_back(full: LittleShop) -> None:
    visit = check_in(full, full.code("o1"))
    full.do(handing_over.hand_over, visit, [1])
    full.do(undoing.undo_hand_over, 1, "x")
    assert [(bag.slot, bag.taken) for bag in picture(full).parcels] == [("A01", False), ("C01", False)]
    assert full.read(pulses) == {"A01": "blink", "C01": "blink"}
    full.do(handing_over.hand_over_by_code, full.code("o2"))
    full.do(undoing.undo_hand_over, 3, "x")
    check_in(full, full.code("o2"))
    assert picture(full).state == "welcome"


# 小票


def test_the_receipt_says_what_was_taken_and_what_is_left(full: LittleShop) -> None:
    visit = check_in(full, full.code("o1"))
    full.do(handing_over.hand_over, visit, [1])
    (receipt,) = receipts(full)
    assert (receipt["name"], receipt["phone"], receipt["method"], receipt["at"]) == (
        "林*",
        "199****1001",
        "kiosk",
        full.clock.now,
    )
    assert [(line["name"], line["quantity"]) for line in receipt["taken"]] == [("大米", 2), ("鸡蛋", 1)]
    assert [(line["name"], line["quantity"]) for line in receipt["left"]] == [("鲜牛奶", 1)]


def test_each_hand_over_has_a_receipt_of_its_own_even_in_one_commit(full: LittleShop) -> None:
    rice, eggs = full.sku("RICE"), full.sku("EGGS")
    both = [full.writer.write(handing_over.hand_over_parcel, 1, {sku: 1}) for sku in (rice, eggs)]
    assert [answer.result(10).units for answer in both] == [1, 1]
    assert len({subject for (subject,) in full.sql("SELECT subject FROM print_job WHERE kind = 'receipt'")}) == 2


def test_a_shop_may_do_without_receipts(make_shop: Make) -> None:
    shop = make_shop(house=msgspec.structs.replace(HOUSE, print_receipts=False))
    shop.sell("o1", RICE=1)
    shop.sort()
    shop.do(handing_over.hand_over_by_code, shop.code("o1"))
    assert receipts(shop) == []


# the clock


def test_an_unanswered_welcome_asks_once_more_and_hands_nothing_over(full: LittleShop) -> None:
    visit = check_in(full, full.code("o1"))
    full.clock.tick(WELCOME_MS - 1)
    assert full.do(handing_over.ask_again) == 0
    full.clock.tick(1)
    assert full.do(handing_over.ask_again) == 1
    assert (picture(full).state, picture(full).ends_at) == ("confirm", full.clock.now + CONFIRM_MS)
    full.clock.tick(CONFIRM_MS)
    assert full.do(handing_over.ask_again) == 1
    assert picture(full).state == "idle"
    assert full.events(VisitEnded) == [VisitEnded(visit_id=visit, kiosk="k1", how="walked_away")]
    assert full.events(OrderHandedOver) == []
    assert full.do(handing_over.ask_again) == 0


def test_whoever_is_asked_again_can_still_take_her_goods(full: LittleShop) -> None:
    visit = check_in(full, full.code("o1"))
    full.clock.tick(WELCOME_MS)
    full.do(handing_over.ask_again)
    assert full.do(handing_over.hand_over, visit).units == 4


@pytest.mark.parametrize("ending", ["done", "partly", "refused"])
def test_every_other_page_goes_back_to_idle_by_itself(full: LittleShop, ending: str) -> None:
    visit = check_in(full, "nonsense" if ending == "refused" else full.code("o1"))
    if ending != "refused":
        full.do(handing_over.hand_over, visit, [1] if ending == "partly" else None)
    full.clock.tick({"done": DONE_MS, "partly": PARTLY_MS, "refused": REFUSED_MS}[ending])
    full.do(handing_over.ask_again)
    assert picture(full).state == "idle"
    assert full.events(VisitEnded)[-1].how == "over"


def test_a_visit_ends_once(full: LittleShop) -> None:
    visit = check_in(full, full.code("o1"))
    for _ in range(2):
        full.do(handing_over.leave, visit)
    full.do(handing_over.leave, 999)
    assert full.events(VisitEnded) == [VisitEnded(visit_id=visit, kiosk="k1", how="left")]
    assert full.refusal(handing_over.hand_over, visit).code == "visit_over"


def test_somebody_can_be_called(full: LittleShop) -> None:
    full.do(handing_over.call_staff, "k1")
    full.do(handing_over.call_staff, "k1", 7)
    assert full.events(StaffCalled) == [StaffCalled(kiosk="k1"), StaffCalled(kiosk="k1", visit_id=7)]
