"""确认: a slot is confirmed by its button or its label; an item is known by whatever was scanned, never by a guess."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import HOUSE, LittleShop
from tihuo.boards import lamps, sorting
from tihuo.boards.balance import imbalances
from tihuo.shop.events import ItemScanned, UnitsPut
from tihuo.shop.scans import sku_text
from tihuo.shop.words import Refusal
from tihuo.stages import preparing
from tihuo.stages import sorting as stage
from tihuo.stages.sorting import Confirmed, Scanned

BARCODE = "6901234567892"


def refused(shop: LittleShop, job: Any, *args: Any, **facts: object) -> None:
    """Nothing happens, and its facts are these; `code` among them."""
    entry = shop.value("SELECT max(entry) FROM journal")
    with pytest.raises(Refusal) as refusal:
        shop.do(job, *args)
    assert {"code": refusal.value.code, **refusal.value.facts} == facts
    assert shop.value("SELECT max(entry) FROM journal") == entry


@pytest.fixture
def floor(shop: LittleShop) -> LittleShop:
    """lin wants two bags of rice in A01, zhao one in A02, ou one in A03 and eggs."""
    shop.sell("o1", "lin", RICE=2)
    shop.sell("o2", "zhao", RICE=1)
    shop.sell("o3", "ou", RICE=1, EGGS=1)
    shop.do(stage.open_wave, "s1")
    return shop


# a slot


def test_a_button_puts_what_is_lit_in_its_slot(floor: LittleShop) -> None:
    floor.do(stage.scan_item, "table 1", BARCODE)
    rice = floor.sku("RICE")
    assert floor.do(stage.confirm_slot, "A01") == Confirmed(rice, "A01", ((1, 1, 2),), (1,))
    assert floor.line("o1", "RICE") == {"quantity": 2, "put": 2}
    assert floor.do(stage.confirm_slot, "A03", "table 1") == Confirmed(rice, "A03", ((3, 1, 1),), ())
    assert list(floor.read(lamps.lamps)) == ["A02"]
    assert floor.read(sorting.station_picture, "table 1").sku == "RICE"  # she has one more in her hand


def test_a_slot_with_two_bags_in_it_fills_both(floor: LittleShop) -> None:
    floor.sell("o4", "lin", RICE=3)
    floor.do(stage.open_wave, "s1")
    floor.do(stage.scan_item, "table 1", "RICE")
    confirmed = floor.do(stage.confirm_slot, "A01")
    assert (confirmed.puts, confirmed.ready) == (((1, 1, 2), (4, 2, 3)), (1, 4))


def test_a_slot_that_is_not_lit_takes_nothing(floor: LittleShop) -> None:
    refused(floor, stage.confirm_slot, "A01", code="slot_not_lit", slot="A01")
    floor.do(stage.scan_item, "table 1", "EGGS")
    refused(floor, stage.confirm_slot, "A01", code="slot_not_lit", slot="A01")
    refused(floor, stage.confirm_slot, "A03", "table 2", code="slot_not_lit", slot="A03")
    floor.do(stage.confirm_slot, "A03")
    refused(floor, stage.confirm_slot, "A03", code="slot_not_lit", slot="A03")


@pytest.mark.parametrize("slot", ["Z99", "A04", "", "'; DROP TABLE parcel", "9" * 1000])
def test_a_slot_that_does_not_exist_takes_nothing(floor: LittleShop, slot: str) -> None:
    floor.do(stage.scan_item, "table 1", "RICE")
    refused(floor, stage.confirm_slot, slot, code="unknown_slot", slot=slot[:12])


def test_a_button_that_two_people_light_asks_them(floor: LittleShop) -> None:
    floor.do(stage.scan_item, "table 1", "RICE")
    floor.do(stage.scan_item, "table 2", "EGGS")
    refused(floor, stage.confirm_slot, "A03", code="two_people_here", slot="A03")
    floor.do(stage.confirm_slot, "A01")
    assert floor.do(stage.confirm_slot, "A03", "table 2").sku_id == floor.sku("EGGS")
    assert floor.do(stage.confirm_slot, "A03").sku_id == floor.sku("RICE")


def test_two_presses_of_one_button_put_once(floor: LittleShop) -> None:
    floor.do(stage.scan_item, "table 1", "RICE")
    floor.do(stage.confirm_slot, "A01")
    refused(floor, stage.confirm_slot, "A01", code="slot_not_lit", slot="A01")
    assert [event.quantity for event in floor.events(UnitsPut)] == [2]


# an item


@pytest.fixture
def packs(floor: LittleShop) -> LittleShop:
    """A pack of two bags carries the barcode of one."""
    pack = preparing.NewSku(code="RICE2", product="大米 两袋装", barcode=BARCODE, price_fen=7500)
    with pytest.raises(Refusal, match="barcode_taken"):
        floor.do(preparing.keep_sku, pack)
    floor.do(preparing.keep_sku, msgspec.structs.replace(pack, shares_barcode=True))
    floor.do(preparing.keep_sku, msgspec.structs.replace(pack, price_fen=7600))  # said once, known from then on
    return floor


def test_a_barcode_of_two_products_lets_her_choose(packs: LittleShop) -> None:
    assert packs.do(stage.scan_item, "table 1", BARCODE) == Scanned(None, "", "choose_product")
    picture = packs.read(sorting.station_picture, "table 1")
    assert (picture.sku_id, picture.wants, picture.refusal) == (None, (), "choose_product")
    assert [(one.sku, one.left) for one in picture.choices] == [("RICE", 4), ("RICE2", 0)]
    assert packs.read(lamps.lamps) == {}
    assert packs.do(stage.scan_item, "table 1", sku_text("RICE")).refusal == ""
    assert packs.do(stage.scan_item, "table 1", sku_text("RICE2")).refusal == "not_in_wave"


def test_two_products_that_nobody_wants_are_no_question(packs: LittleShop) -> None:
    for parcel, sku, units in packs.open_units():
        packs.do(stage.put, parcel, sku, units)
    assert packs.do(stage.scan_item, "table 1", BARCODE).refusal == "not_in_wave"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("6901234567893", "bad_check_digit"),
        ("12345678", "bad_check_digit"),
        ("6900000000007", "unknown_barcode"),
        ("TH:SLOT:A01", "not_an_item"),
        ("TH:CMD:PUT", "not_an_item"),
        ("TH:SLOT:Z99", "unknown_slot"),
        ("MILK", "not_in_wave"),
        ("", "nothing_read"),
        ("🥬", "unknown_barcode"),
    ],
)
def test_what_cannot_be_right_is_stopped_by_name_and_written_down(floor: LittleShop, text: str, refusal: str) -> None:
    assert floor.do(stage.scan_item, "table 1", text).refusal == refusal
    assert floor.events(ItemScanned)[-1].refusal == refusal
    assert floor.read(sorting.station_picture, "table 1").sku_id is None


def test_an_in_store_code_is_never_looked_up_as_a_barcode(floor: LittleShop) -> None:
    """Somebody typed a scale's code into the catalog as a barcode: it names nothing all the same."""
    ham = preparing.NewSku(code="HAM", product="火腿", barcode="2100123004805", price_fen=100)
    floor.do(preparing.keep_sku, ham)
    for text in ("2100123004805", "2900000000001"):
        assert floor.do(stage.scan_item, "table 1", text).refusal in ("unknown_template", "bad_check_digit")


# a weighed piece


@pytest.fixture
def scale(make_shop: Make) -> LittleShop:
    """Rice by weight, number 123 of the scale; lin wants two pieces, zhao one."""
    shop = make_shop(house=msgspec.structs.replace(HOUSE, weight_templates=("21IIIIIWWWWWC",)))
    shop.do(preparing.keep_sku, preparing.NewSku(
        code="RICE", product="大米", spec="5 kg", price_fen=3990, nominal_grams=500, scale_code="123"
    ))  # fmt: skip
    shop.sell("o1", "lin", RICE=2)
    shop.sell("o2", "zhao", RICE=1)
    shop.do(stage.open_wave, "s1")
    return shop


def test_the_weight_in_a_scales_code_goes_with_its_piece(scale: LittleShop) -> None:
    assert scale.do(stage.scan_item, "table 1", "2100123004805") == Scanned(scale.sku("RICE"), "RICE", "", 480)
    assert scale.read(sorting.station_picture, "table 1").grams == 480
    assert scale.do(stage.confirm_slot, "A01").puts == ((1, 1, 1),)
    assert scale.sql("SELECT put, weighed, picked_grams FROM order_line WHERE parcel_id = 1") == [(1, 1, 480)]
    assert scale.read(sorting.station_picture, "table 1").grams == 0
    scale.do(stage.undo_put, 1, scale.sku("RICE"), 1)
    assert scale.sql("SELECT put, weighed, picked_grams FROM order_line WHERE parcel_id = 1") == [(0, 0, 0)]
    assert scale.read(imbalances) == {}
