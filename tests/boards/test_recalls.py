"""批次追溯: who may have got a batch, and never somebody too few."""

from __future__ import annotations

from tests.little_shop import LittleShop
from tihuo.boards.recalls import batches, recall
from tihuo.stages import receiving, selling, sorting


def got(shop: LittleShop, sku: str, batch: str) -> list[tuple[str, int, bool]]:
    return [(row.orders, row.units, row.sure) for row in shop.read(recall, shop.sku(sku), batch, "").rows]


def parcel_of(shop: LittleShop, customer: str, sku: str) -> tuple[int, int]:
    (row,) = shop.sql(
        "SELECT DISTINCT l.parcel_id, l.sku_id FROM order_line l JOIN shop_order o ON o.no = l.order_no "
        "WHERE o.customer_id = ? AND l.sku_id = ?",
        customer,
        shop.sku(sku),
    )
    return int(row[0]), int(row[1])


def begin(shop: LittleShop, sku: str) -> int:
    """lin has one of it, zhao two and ou three; the wave is open and the van is here."""
    for number, (customer, units) in enumerate((("lin", 1), ("zhao", 2), ("ou", 3)), 1):
        shop.sell(f"o{number}", customer, **{sku: units})
    shop.do(sorting.open_wave, "s1")
    return int(shop.do(receiving.open_delivery, "s1", ""))


def test_only_one_batch_has_come(shop: LittleShop) -> None:
    delivery = begin(shop, "MILK")
    shop.do(receiving.count, delivery, "MILK", 6, "good", "B1")
    shop.do(sorting.put, *parcel_of(shop, "zhao", "MILK"), 2)
    assert got(shop, "MILK", "B1") == [("o2", 2, True)]
    assert shop.read(recall, shop.sku("MILK"), "B1", "").came == 6


def test_what_was_put_before_it_was_counted_is_possible(shop: LittleShop) -> None:
    delivery = begin(shop, "MILK")
    shop.do(sorting.put, *parcel_of(shop, "lin", "MILK"), 1)
    shop.do(receiving.count, delivery, "MILK", 3, "good", "B1")
    shop.do(sorting.put, *parcel_of(shop, "zhao", "MILK"), 2)
    shop.do(receiving.count, delivery, "MILK", 3, "good", "B2")
    shop.do(sorting.put, *parcel_of(shop, "ou", "MILK"), 3)
    assert got(shop, "MILK", "B1") == [("o2", 2, True), ("o1", 1, False), ("o3", 3, False)]
    assert got(shop, "MILK", "B2") == [("o1", 1, False), ("o3", 3, False)]


def test_goods_that_were_on_hand_before_are_never_sure(shop: LittleShop) -> None:
    delivery = begin(shop, "RICE")
    shop.do(receiving.count, delivery, "RICE", 6, "good", "B1")
    shop.do(sorting.put, *parcel_of(shop, "ou", "RICE"), 3)
    assert got(shop, "RICE", "B1") == [("o3", 3, False)]


def test_what_was_taken_out_again_is_not_there_and_what_the_counter_sold_is_a_number(shop: LittleShop) -> None:
    delivery = begin(shop, "MILK")
    shop.do(receiving.count, delivery, "MILK", 9, "good", "B1")
    shop.do(sorting.put, *parcel_of(shop, "zhao", "MILK"), 2)
    shop.do(sorting.undo_put, *parcel_of(shop, "zhao", "MILK"), 2)
    shop.do(selling.sell_walk_in, "s1", "MILK", 1)
    found = shop.read(recall, shop.sku("MILK"), "B1", "")
    assert (found.rows, found.walk_in) == ((), 1)


def test_a_count_that_was_taken_back_is_no_batch(shop: LittleShop) -> None:
    delivery = begin(shop, "MILK")
    shop.do(receiving.undo_count, shop.do(receiving.count, delivery, "MILK", 6, "good", "B1"))
    assert shop.read(batches) == []
