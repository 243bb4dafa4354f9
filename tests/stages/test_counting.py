"""盘点: counting by scan, several people at once, while the shop goes on selling and sorting."""

from __future__ import annotations

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import GOODS, LittleShop
from tihuo.boards.balance import imbalances
from tihuo.boards.counting import CountedRow, count_sheet, counted_row, counts, stock_count, suppliers
from tihuo.boards.sku_ledger import units
from tihuo.shop import arrival
from tihuo.shop.events import OrderShort, StockCorrected, StockCountMoved
from tihuo.shop.words import Refusal
from tihuo.stages import counting, preparing, receiving, selling, sorting
from tihuo.stages.counting import Applied, Said

RICE = "6901234567892"


def refusal(shop: LittleShop, stage: object, *args: object) -> str:
    with pytest.raises(Refusal) as refused:
        shop.do(stage, *args)
    return refused.value.code


def rows(shop: LittleShop, count: int) -> dict[str, CountedRow]:
    return {row.sku: row for row in shop.read(count_sheet, count)}


@pytest.fixture
def count(shop: LittleShop) -> int:
    return int(shop.do(counting.open_count, "all", actor="小李"))


def test_each_scan_counts_one_whoever_scans(shop: LittleShop, count: int) -> None:
    assert shop.do(counting.open_count, "all", actor="小王") == count, "she helps"
    for number, actor in enumerate(("小李", "小王", "小李"), 1):
        assert shop.do(counting.count_scan, count, RICE, actor=actor) == Said("RICE", number)
    assert shop.do(counting.count_scan, count, "TH:SKU:EGGS") == Said("EGGS", 1)
    assert shop.do(counting.count_scan, count, RICE, -1) == Said("RICE", 2)
    assert refusal(shop, counting.count_scan, count, "EGGS", -2) == "bad_quantity"
    assert (shop.read(stock_count, count).skus, shop.read(stock_count, count).units) == (2, 3)


def test_nobody_sees_what_should_be_there_before_hers_is_complete(shop: LittleShop, count: int) -> None:
    shop.do(counting.count_scan, count, RICE)
    row = shop.read(counted_row, count, "RICE")
    assert (row.counted, row.complete, row.expected) == (1, False, None)
    shop.do(counting.confirm_line, count, "RICE")
    row = shop.read(counted_row, count, "RICE")
    assert (row.complete, row.expected, row.over) == (True, 20, -19)
    assert rows(shop, count)["EGGS"].counted is None
    assert "MILK" not in rows(shop, count), "nothing of a pre-sale has come"


def test_one_more_scan_makes_a_complete_thing_incomplete(shop: LittleShop, count: int) -> None:
    shop.do(counting.count_type, count, "RICE", 19)
    assert shop.do(counting.count_scan, count, RICE) == Said("RICE", 20)
    assert shop.read(counted_row, count, "RICE").expected is None


def test_what_is_sold_and_put_after_a_thing_was_complete_makes_no_difference(shop: LittleShop, count: int) -> None:
    shop.sell("o1", "lin", RICE=3)
    shop.do(counting.count_type, count, "RICE", 19)
    shop.do(sorting.open_wave, "s1")
    for parcel, sku, wanted in shop.open_units():
        shop.do(sorting.put, parcel, sku, wanted)
    shop.do(selling.sell_walk_in, "s1", "RICE", 2)
    assert shop.do(counting.apply_count, count) == Applied(skus=1, more=0, less=1, short=0)
    assert shop.read(units, "RICE").there == 20 - 2 - 1
    assert shop.read(imbalances) == {}


def test_what_was_put_before_is_not_expected_on_the_shelf(shop: LittleShop, count: int) -> None:
    shop.sell("o1", "lin", RICE=3)
    shop.sort()
    assert shop.do(counting.count_type, count, "RICE", 17) == Said("RICE", 17, 17)
    assert shop.read(counted_row, count, "RICE").over == 0


def test_differences_are_applied_in_one_step_with_a_reason(shop: LittleShop, count: int) -> None:
    shop.do(counting.count_type, count, "RICE", 18)
    shop.do(counting.count_type, count, "EGGS", 12)
    assert shop.do(counting.apply_count, count, "月底盘点", actor="店主") == Applied(2, more=2, less=2, short=0)
    told = shop.events(StockCorrected)
    assert [(one.sku, one.quantity, one.reason, one.note, one.count_id) for one in told] == [
        ("RICE", -2, "count", "月底盘点", count),
        ("EGGS", 2, "count", "月底盘点", count),
    ]
    assert [row.change for row in shop.read(count_sheet, count)] == [-2, 2]
    assert shop.events(StockCountMoved)[-1].state == "applied"
    assert (shop.read(units, "RICE").there, shop.read(units, "EGGS").there) == (18, 12)
    assert shop.read(imbalances) == {}
    for stage, more in (
        (counting.apply_count, ()),
        (counting.drop_count, ()),
        (counting.confirm_all, ()),
        (counting.recount, ()),
        (counting.count_scan, (RICE,)),
        (counting.confirm_line, ("RICE",)),
    ):
        assert refusal(shop, stage, count, *more) == "count_over"


def test_what_nobody_counted_stays_and_nothing_happens_while_somebody_counts(shop: LittleShop, count: int) -> None:
    shop.do(counting.count_scan, count, "EGGS")
    assert refusal(shop, counting.apply_count, count) == "not_complete"
    assert shop.do(counting.confirm_all, count) == 1
    assert shop.read(counted_row, count, "EGGS").over == -9
    assert shop.do(counting.apply_count, count) == Applied(1, more=0, less=9, short=0)
    assert shop.read(units, "RICE").there == 20


def test_customers_go_without_what_is_not_there(shop: LittleShop, count: int) -> None:
    shop.sell("o1", "lin", RICE=5)
    shop.do(preparing.close_session, "s1")
    shop.do(selling.close_grant, shop.grant("RICE"))
    shop.do(counting.count_type, count, "RICE", 3)
    assert shop.do(counting.apply_count, count).short == 2
    assert shop.read(stock_count, count).short == 2
    assert set(rows(shop, count)) == {"RICE"}, "what was not counted is of no interest any more"
    assert [event.order_id for event in shop.events(OrderShort)] == ["o1"]


def test_only_what_differs_is_counted_again(shop: LittleShop, count: int) -> None:
    shop.do(counting.count_type, count, "RICE", 17)
    shop.do(counting.count_type, count, "EGGS", 10)
    assert shop.do(counting.recount, count) == 1
    found = rows(shop, count)
    assert (found["RICE"].counted, found["RICE"].complete, found["RICE"].rounds) == (0, False, 1)
    assert (found["EGGS"].counted, found["EGGS"].complete) == (10, True)
    assert refusal(shop, counting.recount, count) == "nothing_differs"
    shop.do(counting.count_type, count, "RICE", 20)
    assert shop.do(counting.apply_count, count) == Applied(0, 0, 0, 0)


def test_a_place_is_a_zone_or_a_supplier_or_all(shop: LittleShop) -> None:
    shop.do(preparing.keep_sku, msgspec.structs.replace(GOODS[1], supplier="青禾农场"))
    assert shop.read(suppliers) == ["青禾农场"]
    cold = shop.do(counting.open_count, "zone", "chilled")
    farm = shop.do(counting.open_count, "supplier", "青禾农场")
    assert refusal(shop, counting.count_scan, cold, RICE) == "not_in_this_place"
    assert refusal(shop, counting.count_scan, farm, RICE) == "not_in_this_place"
    assert shop.do(counting.count_scan, farm, "EGGS") == Said("EGGS", 1)
    assert shop.do(counting.count_scan, cold, "MILK") == Said("MILK", 1)
    assert set(rows(shop, farm)) == {"EGGS"}
    assert [(row.place, row.name) for row in shop.read(counts)] == [("supplier", "青禾农场"), ("zone", "chilled")]
    for place, name in (("zone", "warm"), ("supplier", "nobody"), ("supplier", ""), ("shelf", "A01")):
        assert refusal(shop, counting.open_count, place, name) == "bad_place"


def test_what_nobody_knows_is_not_counted(shop: LittleShop, count: int) -> None:
    assert refusal(shop, counting.count_scan, count, "4006381333931") == "unknown_barcode"
    assert refusal(shop, counting.count_type, count, "TEA", 1) == "unknown_sku"
    assert refusal(shop, counting.confirm_line, count, "RICE") == "not_counted"
    assert refusal(shop, counting.apply_count, count) == "not_counted"


def test_a_count_goes_on_after_the_box_was_switched_off(make_shop: Make) -> None:
    shop = make_shop()
    count = shop.do(counting.open_count, "all")
    shop.do(counting.count_scan, count, RICE)
    shop.close()
    again = LittleShop(shop.path)
    try:
        assert again.do(counting.open_count, "all") == count
        assert again.do(counting.count_scan, count, RICE) == Said("RICE", 2)
    finally:
        again.close()


def test_a_count_that_is_given_up_changes_nothing(shop: LittleShop, count: int) -> None:
    shop.do(counting.count_type, count, "RICE", 1)
    shop.do(counting.drop_count, count)
    assert shop.read(units, "RICE").there == 20
    assert shop.do(counting.open_count, "all") != count


def test_goods_that_came_and_were_not_received_are_left_alone(shop: LittleShop, count: int) -> None:
    shop.sell("o1", "lin", MILK=2)
    shop.do(counting.count_type, count, "MILK", 31)
    row = shop.read(counted_row, count, "MILK")
    assert (row.expected, row.to_come, row.over, row.change) == (0, 30, 31, 1)
    assert shop.do(counting.apply_count, count) == Applied(1, more=1, less=0, short=0)
    assert shop.value("SELECT on_hand FROM sku WHERE code = 'MILK'") == 1


def test_a_presale_that_was_received_is_counted_like_everything_else(make_shop: Make) -> None:
    shop = make_shop()
    shop.do(preparing.keep_sku, msgspec.structs.replace(GOODS[2], supplier="牧场"))
    shop.sell("o1", "lin", MILK=4)
    shop.do(preparing.close_session, "s1")
    shop.do(selling.close_grant, shop.grant("MILK"))
    assert (shop.read(units, "MILK").there, shop.read(units, "MILK").to_come) == (0, 4)
    delivery = shop.do(receiving.open_delivery, "s1", "牧场")
    shop.do(receiving.count, delivery, "MILK", 4)
    with shop.readers.look() as look:
        seen = arrival.fingerprint(arrival.plan(look.rows, delivery))
    shop.do(receiving.close_delivery, delivery, seen, {})
    assert (shop.read(units, "MILK").there, shop.read(units, "MILK").to_come) == (4, 0)
    count = shop.do(counting.open_count, "zone", "chilled")
    assert shop.do(counting.count_type, count, "MILK", 3) == Said("MILK", 3, 4)
    assert shop.do(counting.apply_count, count) == Applied(1, more=0, less=1, short=1)
    assert (shop.read(units, "MILK").there, shop.line("o1", "MILK")["short"]) == (3, 1)
    assert shop.read(imbalances) == {}
