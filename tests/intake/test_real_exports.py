"""Two real exports of 快团团, held against what another program and the files' own summaries made of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tihuo.intake.orders import products_of, read_orders
from tihuo.intake.records import Reading


@pytest.fixture(scope="module")
def fruit(exports: Path) -> Reading:
    return read_orders(exports / "ktt_export_fruit.xlsx")


@pytest.fixture(scope="module")
def single(exports: Path) -> Reading:
    return read_orders(exports / "ktt_export_single_product_deidentified.xlsx")


@pytest.fixture(scope="module")
def expected(exports: Path) -> dict[str, dict[str, object]]:
    return json.loads((exports / "expected.json").read_text(encoding="utf-8"))


def test_every_product_of_the_fruit_group_adds_up_as_its_printed_pick_list_says(fruit, expected):
    products = products_of(fruit)
    assert {product.title: product.quantity for product in products} == expected["pick_by_product"]["product_totals"]
    assert len(products) == 9
    assert fruit.totals.units == 119
    assert len(fruit.orders) == 78


def test_every_door_of_the_fruit_group_gets_as_many_pieces_as_its_printed_list_says(fruit, expected):
    doors: Counter[str] = Counter()
    for order in fruit.orders:
        doors[order.door] += order.units
    assert doors == expected["pick_by_customer"]["units_by_door"]
    assert len(doors) == 75


def test_names_and_phones_that_are_formulas_are_read_by_their_stored_results(fruit):
    assert all(order.name and order.phone for order in fruit.orders)
    assert fruit.orders[0].phone == "13812345678"


def test_what_was_edited_in_the_fruit_file_is_told(fruit):
    codes = {problem.code: problem for problem in fruit.problems}
    assert codes["totals_differ"].facts["units"] == [231, 119]
    assert {5, 6, 7, 8} <= set(codes["spec_differs"].rows)
    assert {3, 8} <= set(codes["amounts_differ"].rows)
    assert 42 in codes["people_differ"].rows
    assert all(problem.scope == "note" for problem in fruit.problems)
    assert fruit.bookable


def test_the_single_product_group_agrees_with_its_own_summary_to_the_fen(single):
    totals = single.totals
    assert (totals.lines, totals.units, totals.paid_fen, totals.goods_fen) == (220, 351, 385_047, 385_047)
    assert (totals.stated_orders, totals.stated_units, totals.stated_fen) == (228, 351, 385_047)
    assert totals.orders == 228
    assert single.problems == ()


def test_orders_that_the_platform_merged_keep_an_id_for_each(single):
    merged = [order for order in single.orders if len(order.numbers) > 1]
    assert len(merged) == 8
    order = next(order for order in merged if order.numbers == ("229", "230"))
    assert order.part_ids == (f"ktt:{single.group}:229", f"ktt:{single.group}:230")
    assert order.external_id == f"ktt:{single.group}:229+230"
    assert order.units == 2


def test_reading_a_file_twice_gives_the_same_orders_and_two_groups_share_no_id(exports, fruit, single):
    assert read_orders(exports / "ktt_export_fruit.xlsx") == fruit
    ours = {part for order in fruit.orders for part in order.part_ids}
    theirs = {part for order in single.orders for part in order.part_ids}
    assert len(ours) == 78
    assert len(theirs) == 228
    assert not ours & theirs


def test_the_one_product_becomes_one_catalogue_entry(single):
    (product,) = products_of(single)
    assert (product.title, product.unit_price_fen, product.quantity) == ("沙地红薯1000g±100g", 1097, 351)
    assert product.prices_fen == (1097,)
