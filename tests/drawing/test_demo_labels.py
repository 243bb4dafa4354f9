"""The invented shop, and everything in it on paper."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import islice

import pytest

from tihuo.demo import shop
from tihuo.drawing.label import LABEL_40X30, LABEL_60X40, LabelLine, draw_label
from tihuo.drawing.shelf import ShelfMap, Unit
from tihuo.shop.catalog import gtin_fits
from tihuo.shop.words import SLOT_PATTERN, Zone, mask_name, phone_tail


@pytest.fixture
def demo_shelf() -> ShelfMap:
    return ShelfMap(tuple(Unit.grid(**asdict(shelf)) for shelf in shop.SHELVES))


def test_every_demo_product_has_a_barcode_that_a_scanner_takes():
    barcodes = [product.barcode for product in shop.PRODUCTS]
    assert len(barcodes) == len(set(barcodes)) == 40
    assert all(gtin_fits(barcode) and barcode.startswith("6990000") for barcode in barcodes)


def test_the_shelf_map_of_the_demo_shop_has_its_24_slots(demo_shelf):
    assert tuple(demo_shelf.slots()) == shop.slots()
    assert len(set(shop.slots())) == 24
    assert all(SLOT_PATTERN.fullmatch(slot) for slot in shop.slots())
    assert demo_shelf.zone_of("F04") is Zone.FROZEN
    with pytest.raises(KeyError):
        demo_shelf.zone_of("F05")


def test_invented_customers_look_invented_and_two_share_their_last_four_digits():
    phones = [customer.phone for customer in shop.CUSTOMERS]
    assert len(set(phones)) == 60
    assert all(len(phone) == 11 and phone.startswith("199000") for phone in phones)
    assert len({phone_tail(phone) for phone in phones}) == 59


def test_baskets_are_the_same_for_the_same_seed_and_lean_towards_a_few_goods():
    evening = list(islice(shop.baskets(7), 300))
    assert evening == list(islice(shop.baskets(7), 300))
    assert evening != list(islice(shop.baskets(8), 300))
    assert {len(basket.lines) for basket in evening} == {2, 3, 4}
    units = {product.code: 0 for product in shop.PRODUCTS}
    for basket in evening:
        assert basket.paid_fen == sum(shop.product(code).price_fen * quantity for code, quantity in basket.lines)
        for code, quantity in basket.lines:
            units[code] += quantity
    best = sorted(units.values(), reverse=True)
    assert sum(best[:8]) > 0.4 * sum(best)
    assert {code for basket in islice(shop.baskets(7, ("tudou", "doufu")), 20) for code, _ in basket.lines} == {
        "tudou",
        "doufu",
    }


@pytest.mark.parametrize("size", [LABEL_60X40, LABEL_40X30], ids=["60x40", "40x30"])
def test_every_product_name_of_the_demo_shop_can_be_drawn(label, demo_shelf, size):
    for product, customer in zip(shop.PRODUCTS, shop.CUSTOMERS, strict=False):
        line = LabelLine(f"{product.name} {product.spec}", 1)
        content = replace(label, lines=(line,), name=mask_name(customer.name))
        assert draw_label(content, size, shelf=demo_shelf).missing == ()
