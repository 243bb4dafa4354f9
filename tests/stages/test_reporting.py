"""少了东西, 退回 and 小票: what a customer says on the spot, at the kiosk or at the counter, and what becomes of it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import HOUSE, LittleShop
from tihuo.boards.balance import imbalances
from tihuo.boards.counter import counter_parcel, out_there
from tihuo.boards.pickup import call_at, open_calls, who_stands
from tihuo.boards.sku_ledger import sku_ledger
from tihuo.boards.tickets import tickets
from tihuo.shop.calls import CALL_MS
from tihuo.shop.events import (
    GoodsBroughtBack,
    LineQuantity,
    MissedSettled,
    OrderShort,
    StaffCalled,
    TicketOpened,
    TicketUpdated,
)
from tihuo.stages import aftercare, caring, handing_over, receipting, reporting, selling, sorting, undoing


def missing(shop: LittleShop, parcel: int, kind: str = "exchange", **wanted: int) -> list[int]:
    skus = {shop.sku(code): units for code, units in wanted.items()}
    numbers: list[int] = shop.do(caring.report_missing, parcel, skus, kind, "not in the bag")
    return numbers


# 少了


def test_what_is_missing_is_a_ticket_and_the_rest_is_handed_over(full: LittleShop) -> None:
    assert missing(full, 1, EGGS=1) == [1]
    assert full.events(TicketOpened) == [
        TicketOpened(
            order_id="o1",
            ticket_id="t1-1",
            request_id="box-t1-1",
            wants="exchange",
            reason="not in the bag",
            lines=(LineQuantity("o1-2", 1),),
        )
    ]
    given = full.do(handing_over.hand_over_by_code, full.code("o1"))
    assert (given.units, given.left) == (3, 1)
    assert full.line("o1", "EGGS") == {"quantity": 1, "put": 1}
    assert full.refusal(handing_over.hand_over_by_code, full.code("o1")).code == "being_looked_for"
    shown = full.read(counter_parcel, 1)
    assert [(line.name, line.here, line.missed) for line in shown.lines] == [("大米", 0, 0), ("鸡蛋", 0, 1)]
    assert [(units.ticket_no, units.kind, units.quantity) for units in shown.missing] == [(1, "exchange", 1)]


def test_what_is_found_is_handed_over_and_its_ticket_is_done(full: LittleShop) -> None:
    (number,) = missing(full, 1, EGGS=1)
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    assert full.do(caring.settle_missing, number, True) == 1
    assert [event.state for event in full.events(TicketUpdated)] == ["in_progress", "done"]
    assert [event.outcome for event in full.events(MissedSettled)] == ["found"]
    assert full.do(handing_over.hand_over_by_code, full.code("o1")).units == 1
    full.do(caring.bring_back, 1, {2: 1}, "void", "and it was broken")
    assert full.refusal(caring.settle_missing, number, True).code == "nothing_missed"


def test_who_wants_the_goods_gets_others_if_there_are_any(full: LittleShop) -> None:
    (number,) = missing(full, 1, EGGS=1)
    full.do(caring.settle_missing, number, False)
    assert full.value("SELECT state FROM parcel WHERE id = 1") == "sorting"
    assert full.do(sorting.put, 1, full.sku("EGGS"), 1) == "ready"
    assert full.events(OrderShort) == []
    assert full.do(handing_over.hand_over_by_code, full.code("o1")).units == 4
    assert full.read(imbalances) == {}


def test_who_wants_her_money_gets_it_by_her_own_rule(full: LittleShop) -> None:
    (number,) = missing(full, 1, "refund_only", EGGS=1)
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    full.do(caring.settle_missing, number, False)
    (short,) = full.events(OrderShort)
    assert (short.order_id, short.lines[0].quantity, short.refund.amount_fen) == ("o1", 1, 2680)
    assert full.value("SELECT state FROM parcel WHERE id = 1") == "handed_over"
    assert full.read(imbalances) == {}


def test_what_she_notices_when_it_is_in_her_hands_is_a_ticket_alone(full: LittleShop) -> None:
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    (number,) = missing(full, 1, "refund_only", EGGS=1)
    assert full.line("o1", "EGGS")["handed_over"] == 1
    assert full.refusal(caring.settle_missing, number, False).code == "nothing_missed"
    assert full.read(tickets, "s1")[0].kind == "refund_only"


def test_nobody_misses_more_than_there_was_nor_twice(full: LittleShop) -> None:
    eggs, milk = full.sku("EGGS"), full.sku("MILK")
    assert full.refusal(caring.report_missing, 1, {eggs: 2}, "exchange", "x").code == "more_than_bought"
    assert full.refusal(caring.report_missing, 1, {milk: 1}, "exchange", "x").code == "more_than_bought"
    assert full.refusal(caring.report_missing, 1, {}, "exchange", "x").code == "bad_quantity"
    assert full.refusal(caring.report_missing, 1, {eggs: 0}, "exchange", "x").code == "bad_quantity"
    assert full.refusal(caring.report_missing, 1, {eggs: 1}, "return", "x").code == "bad_reason"
    assert full.refusal(caring.report_missing, 1, {eggs: 1}, "exchange", " ").code == "no_reason"
    assert full.refusal(caring.report_missing, 99, {eggs: 1}, "exchange", "x").code == "not_ready"
    missing(full, 1, EGGS=1)
    assert full.refusal(caring.report_missing, 1, {eggs: 1}, "exchange", "x").code == "more_than_bought"


def test_one_parcel_of_two_orders_gives_two_tickets(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.sell("o2", "lin", RICE=1)
    shop.sort()
    assert missing(shop, 1, RICE=2) == [1, 2]
    assert [event.order_id for event in shop.events(TicketOpened)] == ["o1", "o2"]
    assert shop.refusal(handing_over.hand_over_by_code, shop.code("o1")).code == "being_looked_for"


def test_the_cloud_hears_nothing_of_an_order_that_it_never_sold(shop: LittleShop) -> None:
    shop.do(
        selling.import_order,
        "s1",
        selling.ImportedOrder(
            order_id="k1",
            part_ids=("k1",),
            customer_id="lin",
            customer_name="林小树",
            customer_phone="19900001001",
            door="3-601",
            placed_at=1,
            lines=(selling.NewLine("l1", "RICE", 1, 500, ""),),
            paid_fen=500,
        ),
    )
    shop.sort()
    (number,) = missing(shop, 1, RICE=1)
    shop.do(caring.settle_missing, number, True)
    assert [event.goes_to_cloud for event in shop.events(TicketOpened, TicketUpdated)] == [False] * 3


@pytest.mark.parametrize("before", [(), ("in_progress",), ("in_progress", "done")])
def test_who_cancels_the_order_ends_the_search_for_what_was_missing(full: LittleShop, before: tuple[str, ...]) -> None:
    (number,) = missing(full, 1, EGGS=1)
    for state in before:
        full.do(caring.move_ticket, number, state, "we looked" if state == "done" else "")
    out = full.do(aftercare.cancel, 1, "sorry")
    assert {(one.slot, one.product): one.quantity for one in out} == {("A01", "大米"): 2, ("C01", "鲜牛奶"): 1}
    assert full.sql("SELECT * FROM missed_line") == []
    outcome = "we looked" if "done" in before else "已随订单取消"
    assert full.sql("SELECT state, outcome, missed FROM service_ticket") == [("done", outcome, "cancelled")]
    assert [event.state for event in full.events(TicketUpdated)] == ["in_progress", "done"]
    assert full.read(tickets, "s1")[0].missing == []
    assert full.read(counter_parcel, 1).missing == ()
    assert full.refusal(caring.settle_missing, number, True).code == "nothing_missed"
    assert full.read(imbalances) == {}


def test_what_was_missing_in_a_parcel_that_never_comes_back_is_settled_with_it(full: LittleShop) -> None:
    missing(full, 1, "refund_only", EGGS=1)
    full.do(undoing.put_right, 1, 2)
    full.do(undoing.settle_astray, 1, False)
    assert full.sql("SELECT * FROM missed_line") == []
    assert [event.outcome for event in full.events(MissedSettled)] == ["gone"]
    assert [(event.order_id, event.lines[0].line_id) for event in full.events(OrderShort)] == [("o1", "o1-2")]
    assert full.line("o1", "RICE") == {"quantity": 2}  # others are to be put
    assert full.read(imbalances) == {}


# 退回


def test_what_she_brings_back_is_set_aside_and_stays_in_the_ledger(full: LittleShop) -> None:
    full.do(handing_over.hand_over_by_code, full.code("o1"), actor="小李")
    assert full.do(caring.bring_back, 1, {1: 1}, "quarantine", "a hole in the bag", actor="小李") == 1
    item = full.item("RICE")
    assert (item["handed_over"], item["quarantine"]) == (1, 1)
    assert full.line("o1", "RICE")["handed_over"] == 2  # that she was given it stays true
    (told,) = full.events(GoodsBroughtBack)
    assert (told.sku, told.quantity, told.fate, told.ticket_id) == ("RICE", 1, "quarantine", "t1-1")
    assert full.events(TicketOpened)[0].wants == "return"
    moves = full.read(sku_ledger, "RICE", limit=None)
    assert moves.faults == ()
    assert (moves.movements[0].what, moves.movements[0].actor) == ("brought_back", "小李")
    assert [(line.line_no, line.out) for line in full.read(out_there, 1)] == [(1, 1), (2, 1), (3, 1)]
    full.do(aftercare.resell, "s1", "RICE", 1)
    assert full.read(imbalances) == {}


def test_what_is_not_fit_to_be_sold_leaves_the_book(full: LittleShop) -> None:
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    full.do(caring.bring_back, 1, {2: 1, 3: 1}, "void", "all broken")
    assert (full.item("EGGS")["void"], full.item("MILK")["void"]) == (1, 1)
    assert full.read(sku_ledger, "EGGS", limit=None).faults == ()
    assert full.read(imbalances) == {}


def test_who_asked_before_she_came_has_one_ticket(full: LittleShop) -> None:
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    asked = full.do(caring.request_aftersales, "r1", "o1", "return", [("o1-1", 1)], "a hole in the bag")
    assert full.do(caring.bring_back, 1, {1: 1}, "quarantine", "a hole") == asked
    assert full.do(caring.bring_back, 1, {1: 1}, "quarantine", "the other one too") == asked + 1
    assert full.events(GoodsBroughtBack)[0].ticket_id == "t1-1"
    assert full.read(imbalances) == {}


def test_only_what_is_with_her_can_come_back(full: LittleShop) -> None:
    assert full.refusal(caring.bring_back, 1, {1: 1}, "void", "x").code == "not_handed_over"
    full.do(handing_over.hand_over_by_code, full.code("o1"))
    assert full.refusal(caring.bring_back, 1, {1: 3}, "void", "x").code == "not_handed_over"
    assert full.refusal(caring.bring_back, 1, {9: 1}, "void", "x").code == "not_handed_over"
    assert full.refusal(caring.bring_back, 99, {1: 1}, "void", "x").code == "not_handed_over"
    assert full.refusal(caring.bring_back, 1, {1: 1}, "free", "x").code == "bad_reason"
    assert full.refusal(caring.bring_back, 1, {}, "void", "x").code == "bad_quantity"
    full.do(caring.bring_back, 1, {1: 2}, "void", "x")
    assert full.refusal(caring.bring_back, 1, {1: 1}, "void", "x").code == "not_handed_over"
    assert full.refusal(undoing.undo_hand_over, 1, "mistake").code == "brought_back"
    assert full.do(undoing.undo_hand_over, 2, "mistake") == 1


# at the kiosk


def test_a_customer_says_at_the_kiosk_that_a_parcel_is_not_there(full: LittleShop) -> None:
    visit = full.do(handing_over.check_in, "k1", full.code("o1"))
    call = full.do(reporting.report_parcels, visit, [1])
    (shown,) = full.read(open_calls, full.clock.ticks())
    assert (shown.call_id, shown.kiosk, shown.what, shown.name, shown.tail) == (call, "k1", "parcel", "林*", "1001")
    assert [(one.slot, one.missing) for one in shown.about] == [("A01", ())]
    full.do(reporting.answer_call, call, actor="小李")
    assert full.read(call_at, "k1", full.clock.ticks()).by == "小李"
    full.do(reporting.answer_call, call, True, actor="小李")
    assert full.read(open_calls, full.clock.ticks()) == []
    assert full.refusal(reporting.answer_call, call).code == "call_over"
    assert [row.slots for row in full.read(who_stands)] == ["A01 C01"]


def test_a_customer_says_at_the_kiosk_what_is_not_in_a_parcel(full: LittleShop) -> None:
    visit = full.do(handing_over.check_in, "k1", full.code("o1"))
    before = full.value("SELECT ends_at FROM visit")
    full.do(reporting.report_goods, visit, 1, {full.sku("EGGS"): 1}, "refund_only")
    assert full.value("SELECT ends_at FROM visit") > before
    (shown,) = full.read(open_calls, full.clock.ticks())
    assert (shown.what, [one.missing for one in shown.about]) == ("goods", [("鸡蛋 ×1",)])
    assert full.do(handing_over.hand_over, visit).units == 3
    assert full.events(StaffCalled)[0].parcels == (1,)
    assert full.read(imbalances) == {}


def test_nobody_says_anything_about_parcels_of_others_or_when_she_has_gone(full: LittleShop) -> None:
    visit = full.do(handing_over.check_in, "k1", full.code("o1"))
    assert full.refusal(reporting.report_parcels, visit, [3]).code == "not_ready"
    assert full.refusal(reporting.report_parcels, visit, []).code == "not_ready"
    assert full.refusal(reporting.report_parcels, visit, [1], "other").code == "bad_reason"
    assert full.refusal(reporting.report_goods, visit, 3, {full.sku("RICE"): 1}, "exchange").code == "not_ready"
    full.do(handing_over.leave, visit)
    assert full.refusal(reporting.report_parcels, visit, [1]).code == "visit_over"
    unknown = full.do(handing_over.check_in, "k1", "12345678")
    assert full.refusal(reporting.report_parcels, unknown, [1]).code == "visit_over"


def test_a_call_said_twice_is_one_and_goes_quiet_by_itself(full: LittleShop) -> None:
    for _ in range(2):
        full.do(handing_over.call_staff, "k1")
    assert [call.what for call in full.read(open_calls, full.clock.ticks())] == ["call"]
    full.clock.tick(CALL_MS)
    assert full.read(open_calls, full.clock.ticks()) == []
    full.do(handing_over.call_staff, "k1")
    full.do(handing_over.go_on)  # whoever called before the box was off has gone
    assert full.read(open_calls, full.clock.ticks()) == []


# 小票


@pytest.fixture
def on_wish(make_shop: Make) -> LittleShop:
    shop = make_shop(house=msgspec.structs.replace(HOUSE, receipts_on_wish=True))
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.sort()
    return shop


def papers(shop: LittleShop) -> list[dict[str, Any]]:
    rows = shop.sql("SELECT content, copy_no FROM print_job WHERE kind = 'receipt' ORDER BY id")
    return [{**json.loads(content), "copy": copy} for content, copy in rows]


def test_a_visit_has_one_receipt_and_only_if_she_asks(on_wish: LittleShop) -> None:
    visit = on_wish.do(handing_over.check_in, "k1", on_wish.code("o1"))
    assert on_wish.refusal(receipting.of_visit, visit).code == "nothing_handed_over"
    on_wish.do(handing_over.hand_over, visit, [1])
    on_wish.clock.tick(9_000)
    on_wish.do(handing_over.hand_over, visit, [2])
    assert papers(on_wish) == []
    assert len({on_wish.do(receipting.of_visit, visit) for _ in range(2)}) == 1
    (paper,) = papers(on_wish)
    assert [(line["name"], line["quantity"]) for line in paper["taken"]] == [("大米", 2), ("鲜牛奶", 1)]
    assert (paper["left"], paper["method"], paper["copy"]) == ([], "kiosk", 1)


def test_staff_prints_a_receipt_and_a_second_says_so(on_wish: LittleShop) -> None:
    given = on_wish.do(handing_over.hand_over_parcel, 1)
    at = on_wish.clock.now
    on_wish.clock.tick(60_000)
    for _ in range(2):
        on_wish.do(receipting.of_handover, given.handover)
    first, second = papers(on_wish)
    assert (first["at"], first["copy"], second["copy"]) == (at, 1, 2)
    assert [line["name"] for line in first["left"]] == ["鲜牛奶"]
    on_wish.do(undoing.undo_hand_over, 1, "mistake")
    assert on_wish.refusal(receipting.of_handover, 4711).code == "nothing_handed_over"


def test_a_shop_without_receipts_prints_none(make_shop: Make) -> None:
    shop = make_shop(house=msgspec.structs.replace(HOUSE, print_receipts=False, receipts_on_wish=True))
    shop.sell("o1", RICE=1)
    shop.sort()
    given = shop.do(handing_over.hand_over_parcel, 1)
    assert shop.refusal(receipting.of_handover, given.handover).code == "no_receipts"
