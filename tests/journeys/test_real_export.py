"""An evening from a real export of 快团团: import, sort, print, hand over, every unit accounted for."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.little_shop import LittleShop
from tihuo.boards import balance, sorting
from tihuo.cli.importing import Booked, book
from tihuo.intake.orders import products_of, read_orders
from tihuo.stages import handing_over
from tihuo.stages import sorting as sorting_stage


@pytest.fixture
def evening(make_shop: object, exports: Path) -> tuple[LittleShop, dict[str, object]]:
    shop: LittleShop = make_shop(seeded=False)  # type: ignore[operator]
    reading = read_orders(exports / "ktt_export_fruit.xlsx")
    assert reading.bookable
    assert book(shop.writer, reading, "fruit") == Booked(len(reading.orders), 0, 0, [])
    expected = json.loads((exports / "expected.json").read_text("utf-8"))
    return shop, expected


def test_the_sorting_views_agree_with_the_lists_another_program_printed(
    evening: tuple[LittleShop, dict[str, object]],
) -> None:
    shop, expected = evening
    wave = shop.sort("fruit")
    rows = shop.read(sorting.by_product, wave)
    by_product = expected["pick_by_product"]
    assert isinstance(by_product, dict)
    titles = {f"{row.name}({row.spec})" if row.spec else row.name: row.wanted for row in rows}
    assert titles == by_product["product_totals"]
    parcels = shop.read(sorting.by_customer, wave, 0, 1000)
    assert (
        sum(row.wanted for row in rows) == sum(parcel.wanted for parcel in parcels) == by_product["total_units"] == 119
    )


def test_the_doors_agree_with_the_lists_another_program_printed(evening: tuple[LittleShop, dict[str, object]]) -> None:
    shop, expected = evening
    doors: Counter[str] = Counter()
    for door, units in shop.sql(
        "SELECT c.door, sum(l.quantity) FROM customer c JOIN shop_order o ON o.customer_id = c.id "
        "JOIN order_line l ON l.order_no = o.no GROUP BY o.no"
    ):
        doors[door] += units
    by_customer = expected["pick_by_customer"]
    assert isinstance(by_customer, dict)
    assert doors == by_customer["units_by_door"]
    assert len(doors) == by_customer["doors"] == 75


def test_every_unit_of_a_real_evening_is_handed_over_once(evening: tuple[LittleShop, dict[str, object]]) -> None:
    shop, _ = evening
    wave = shop.sort("fruit")
    parcels = shop.read(sorting.by_customer, wave, 0, 1000)
    assert len(shop.queued("label", 1000)) == len(parcels)
    orders = [row[0] for row in shop.sql("SELECT order_id FROM shop_order ORDER BY no")]
    collected = 0
    for order in orders:
        visit = shop.do(handing_over.check_in, "k1", shop.code(order))
        if shop.value("SELECT outcome FROM visit WHERE id = ?", visit) == "welcome":
            collected += shop.do(handing_over.hand_over, visit).units
    assert collected == 119
    assert shop.value("SELECT sum(handed_over) FROM session_item") == 119
    assert shop.read(balance.imbalances) == {}


def test_importing_the_same_file_again_changes_nothing(
    evening: tuple[LittleShop, dict[str, object]], exports: Path
) -> None:
    shop, _ = evening
    reading = read_orders(exports / "ktt_export_fruit.xlsx")
    before = shop.value("SELECT max(entry) FROM journal")
    assert book(shop.writer, reading, "fruit") == Booked(0, len(reading.orders), 0, [])
    assert shop.value("SELECT sum(quantity) FROM order_line") == 119
    assert shop.value("SELECT max(entry) FROM journal") == before
    assert len(products_of(reading)) == 9


def test_orders_that_were_cancelled_since_the_last_export_are_cancelled_here(make_shop: object, tmp_path: Path) -> None:
    shop: LittleShop = make_shop(seeded=False)  # type: ignore[operator]
    head = "跟团号,下单人,支付时间,商品,订单金额,退款金额,订单状态,自提点,收货人,联系电话,详细地址\n"
    row = (
        "{n},阿树,2026-11-20 20:0{n}:00,荔枝(每箱四斤)+{n},60.00,0,{state},门店,林小树,19900001001,示范路1弄3号601室\n"
    )
    file = tmp_path / "orders.csv"
    file.write_text(head + row.format(n=1, state="已支付") + row.format(n=2, state="已支付"), "utf-8")
    assert book(shop.writer, read_orders(file, "g"), "s") == Booked(2, 0, 0, [])
    file.write_text(head + row.format(n=1, state="已支付") + row.format(n=2, state="已取消"), "utf-8")
    assert book(shop.writer, read_orders(file, "g"), "s") == Booked(0, 1, 1, [])
    assert book(shop.writer, read_orders(file, "g"), "s") == Booked(0, 1, 0, [])
    assert shop.sql("SELECT state FROM shop_order ORDER BY no") == [("accepted",), ("cancelled",)]
    assert shop.read(balance.imbalances) == {}


def test_the_cloud_hears_nothing_of_orders_that_it_never_sold(evening: tuple[LittleShop, dict[str, object]]) -> None:
    shop, _ = evening
    shop.sort("fruit")
    parcel, sku = shop.sql("SELECT parcel_id, sku_id FROM order_line LIMIT 1")[0]
    shop.do(sorting_stage.undo_put, parcel, sku, 1)
    shop.do(sorting_stage.short, parcel, sku, 1)
    order = shop.value(
        "SELECT o.order_id FROM shop_order o JOIN order_line l ON l.order_no = o.no WHERE l.put > 0 LIMIT 1"
    )
    shop.do(handing_over.hand_over_by_code, shop.code(order))
    told = {row[0] for row in shop.sql("SELECT DISTINCT kind FROM journal WHERE up_seq IS NOT NULL")}
    facts = {row[0] for row in shop.sql("SELECT DISTINCT kind FROM journal")}
    assert {"order.short", "order.ready", "order.handed_over"} <= facts
    assert told == set()
