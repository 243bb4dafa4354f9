"""分拣: bags of one person, window and zone; each unit is put, short or damaged once; then labels and news."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import EVENING, HOUR, HOUSE, WINDOW, LittleShop
from tihuo.boards.balance import imbalances
from tihuo.shop import paper
from tihuo.shop.events import (
    GrantRevokeRequested,
    ItemScanned,
    LineQuantity,
    OrderReady,
    OrderShort,
    PaperQueued,
    ParcelPlace,
    ParcelReady,
    PutUndone,
    Refund,
    UnitsDamaged,
    UnitsPut,
    WaveDone,
    WaveOpened,
)
from tihuo.shop.pickups import code_for, short_code_for
from tihuo.shop.words import Refusal, Zone
from tihuo.stages import allocating, handing_over, preparing, selling, sorting
from tihuo.stages.sorting import Scanned


def labels(shop: LittleShop, parcel: int = 1) -> list[tuple[str, int]]:
    """(state, copy) of the labels of a parcel."""
    return shop.sql("SELECT state, copy_no FROM print_job WHERE subject = ? ORDER BY id", f"parcel:{parcel}")


def label(shop: LittleShop, parcel: int = 1) -> dict[str, Any]:
    return dict(json.loads(shop.sql("SELECT content FROM print_job WHERE subject = ?", f"parcel:{parcel}")[-1][0]))


def state(shop: LittleShop, parcel: int = 1) -> str:
    return str(shop.value("SELECT state FROM parcel WHERE id = ?", parcel))


# 分拣波次


def test_a_parcel_is_one_person_one_window_one_zone(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1, MILK=1, BUNS=1)
    shop.sell("o2", "zhao", RICE=2)
    shop.sell("o3", "lin", EGGS=1, MILK=1)
    evening = msgspec.structs.replace(shop.order("o4", "lin", EGGS=1), window=(EVENING, EVENING + HOUR))
    shop.do(selling.accept_order, evening)
    wave = shop.do(sorting.open_wave, "s1")
    assert [(customer, zone, number, of) for _, customer, zone, _, number, of, _ in shop.parcels()] == [
        ("lin", "ambient", 1, 3),
        ("lin", "chilled", 2, 3),
        ("lin", "frozen", 3, 3),
        ("zhao", "ambient", 1, 1),
        ("lin", "ambient", 1, 1),
    ]
    assert shop.sql("SELECT order_no, sum(quantity) FROM order_line WHERE parcel_id = 1 GROUP BY 1") == [(1, 1), (3, 1)]
    assert shop.events(WaveOpened) == [WaveOpened(wave_id=wave, session_id="s1", parcels=5, units=8)]


def test_each_parcel_gets_the_emptiest_slot_of_its_zone(shop: LittleShop) -> None:
    for number in range(7):
        shop.sell(f"o{number}", f"c{number}", RICE=1)
    shop.sell("o8", "c8", MILK=1)
    shop.do(sorting.open_wave, "s1")
    places = shop.sql("SELECT slot, place FROM parcel ORDER BY id")
    assert places == [("A01", 1), ("A02", 1), ("A03", 1), ("A01", 2), ("A02", 2), ("A03", 2), ("A01", 3), ("C01", 1)]


def test_a_slot_that_was_emptied_is_filled_first_and_its_free_place_again(shop: LittleShop) -> None:
    for number in range(6):
        shop.sell(f"o{number}", f"c{number}", RICE=1)
    shop.sort()
    for order in ("o1", "o4"):  # both lie in A02
        shop.do(handing_over.hand_over_by_code, shop.code(order))
    shop.do(handing_over.hand_over_by_code, shop.code("o0"))
    for number in range(6, 9):
        shop.sell(f"o{number}", f"c{number}", RICE=1)
    shop.do(sorting.open_wave, "s1")
    assert shop.sql("SELECT slot, place FROM parcel WHERE id > 6 ORDER BY id") == [("A02", 1), ("A01", 1), ("A02", 2)]


def test_a_wave_takes_what_no_wave_has_yet(shop: LittleShop) -> None:
    assert shop.refusal(sorting.open_wave, "s1").code == "nothing_to_sort"
    shop.sell("o1", "lin", RICE=1)
    shop.sell("o2", "zhao", RICE=99)
    shop.sell("o3", "ou", RICE=1)
    shop.do(selling.cancel_order, "o3", "")
    first = shop.do(sorting.open_wave, "s1")
    assert shop.refusal(sorting.open_wave, "s1").code == "nothing_to_sort"
    shop.sell("o4", "lin", RICE=1)
    second = shop.do(sorting.open_wave, "s1")
    assert shop.sql("SELECT wave_id, customer_id FROM parcel ORDER BY id") == [(first, "lin"), (second, "lin")]


def test_goods_of_a_zone_without_a_shelf_open_no_wave(make_shop: Make) -> None:
    shop = make_shop(house=msgspec.structs.replace(HOUSE, slots={**HOUSE.slots, Zone.FROZEN: ()}))
    shop.sell("o1", "lin", RICE=1, BUNS=1)
    refused = shop.refusal(sorting.open_wave, "s1")
    assert (refused.code, refused.facts) == ("no_slots", {"zone": "frozen"})
    assert shop.parcels() == []


# scanning


def test_an_item_that_is_wanted_is_in_the_hand_of_its_station(shop: LittleShop) -> None:
    shop.sell("o1", RICE=1)
    shop.do(sorting.open_wave, "s1")
    found = shop.do(sorting.scan_item, "table 1", " 6901234567892\n", actor="小李")
    assert found == Scanned(shop.sku("RICE"), "RICE", "")
    row = shop.sql("SELECT name, wave_id, picker, sku_id, actor, refusal FROM station")
    assert row == [("table 1", None, 0, 1, "小李", "")]
    assert shop.events(ItemScanned) == [ItemScanned(station="table 1", sku="RICE", text="6901234567892")]


def test_goods_without_a_barcode_are_scanned_by_their_code(shop: LittleShop) -> None:
    shop.sell("o1", EGGS=1)
    shop.do(sorting.open_wave, "s1")
    assert shop.do(sorting.scan_item, "table 1", "EGGS").sku == "EGGS"


def test_an_american_barcode_is_found_however_it_is_read(shop: LittleShop) -> None:
    tea = preparing.NewSku(code="TEA", product="茶", barcode="036000291452", price_fen=1)
    shop.do(preparing.keep_sku, tea)
    for text in ("036000291452", "0036000291452"):
        assert shop.do(sorting.scan_item, "table 1", text).refusal == "not_in_wave"


def test_a_wrong_item_is_a_fact_and_says_why(shop: LittleShop) -> None:
    assert shop.do(sorting.scan_item, "table 1", "6901234567892") == Scanned(None, "RICE", "not_in_wave")
    shop.sell("o1", RICE=1, EGGS=1)
    shop.do(sorting.open_wave, "s1")
    shop.do(sorting.put, 1, shop.sku("EGGS"), 1)
    assert shop.do(sorting.scan_item, "table 1", "4006381333931").refusal == "unknown_barcode"
    assert shop.do(sorting.scan_item, "table 1", "MILK").refusal == "not_in_wave"
    assert shop.do(sorting.scan_item, "table 1", "EGGS").refusal == "nobody_wants_it"
    assert [event.refusal for event in shop.events(ItemScanned)] == [
        "not_in_wave", "unknown_barcode", "not_in_wave", "nobody_wants_it",
    ]  # fmt: skip
    assert shop.sql("SELECT sku_id, refusal FROM station") == [(None, "nobody_wants_it")]


def test_a_text_without_end_is_kept_short(shop: LittleShop) -> None:
    shop.do(sorting.scan_item, "table 1", "9" * 1_000_000)
    assert shop.value("SELECT length(text) FROM station") == 64


def test_putting_the_item_away_is_told_once(shop: LittleShop) -> None:
    shop.sell("o1", RICE=1)
    shop.do(sorting.open_wave, "s1")
    shop.do(sorting.scan_item, "table 1", "RICE")
    for _ in range(2):
        shop.do(sorting.lay_down, "table 1")
    assert shop.sql("SELECT sku_id FROM station") == [(None,)]
    assert [event.sku for event in shop.events(ItemScanned)] == ["RICE", ""]


# 分货入格


def test_the_unit_that_completes_a_parcel_queues_its_label_in_the_same_transaction(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2, EGGS=1)
    shop.do(sorting.open_wave, "s1")
    rice, eggs = shop.sku("RICE"), shop.sku("EGGS")
    assert shop.do(sorting.put, 1, rice, 2) == "sorting"
    assert labels(shop) == []
    entry = shop.value("SELECT max(entry) FROM journal")
    assert shop.do(sorting.put, 1, eggs, 1) == "ready"
    assert labels(shop) == [("queued", 1)]
    assert shop.events(after=entry) == [
        UnitsPut(parcel_id=1, sku="EGGS", quantity=1),
        PaperQueued(job_id=1, copy=1),
        ParcelReady(parcel_id=1, slot="A01"),
        OrderReady(order_id="o1", parcels=(ParcelPlace("p1", "ambient", "A01"),), window=WINDOW),
        WaveDone(wave_id=1),
    ]
    assert shop.sql("SELECT state, done_at FROM wave") == [("done", shop.clock.now)]


def test_units_go_to_the_oldest_order_first(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.sell("o2", "lin", RICE=3)
    shop.do(sorting.open_wave, "s1")
    shop.do(sorting.put, 1, shop.sku("RICE"), 3)
    assert shop.line("o1", "RICE") == {"quantity": 2, "put": 2}
    assert shop.line("o2", "RICE") == {"quantity": 3, "put": 1}


@pytest.mark.parametrize("stage", [sorting.put, sorting.short, sorting.damage])
def test_no_more_than_is_wanted_can_be_put_short_or_damaged(shop: LittleShop, stage: object) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.do(sorting.open_wave, "s1")
    rice = shop.sku("RICE")
    refused = shop.refusal(stage, 1, rice, 3)
    assert (refused.code, refused.facts) == ("more_than_wanted", {"wanted": 2})
    for quantity in (0, -1):
        assert shop.refusal(stage, 1, rice, quantity).code == "bad_quantity"
    assert shop.refusal(stage, 1, shop.sku("MILK"), 1).code == "more_than_wanted"
    assert shop.refusal(stage, 99, rice, 1).code == "more_than_wanted"
    shop.do(sorting.put, 1, rice, 2, actor="小李")
    late = shop.refusal(stage, 1, rice, 1)
    assert (late.code, late.facts) == ("already_put", {"by": "小李"})


def test_of_two_people_who_put_the_same_unit_one_did_and_the_other_hears_who(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.do(sorting.open_wave, "s1")
    first = shop.writer.write(sorting.put, 1, shop.sku("RICE"), 1, actor="小李")
    second = shop.writer.write(sorting.put, 1, shop.sku("RICE"), 1, actor="小安")
    assert first.result(10) == "ready"
    with pytest.raises(Refusal, match="already_put") as late:
        second.result(10)
    assert late.value.facts["by"] == "小李"


def test_the_label_says_what_is_inside_and_nobodys_name(shop: LittleShop) -> None:
    shop.sell("o1", "zhao", EGGS=1)
    shop.sell("o2", "lin", MILK=1, RICE=2, EGGS=1)
    shop.sell("o3", "lin", RICE=1)
    shop.sort()
    assert label(shop, 2) == {
        "slot": "A02",
        "place": 1,
        "in_slot": [1, 1],
        "in_wave": [2, 3],
        "use_by": "",
        "zone": "ambient",
        "number": 1,
        "of": 2,
        "window": list(WINDOW),
        "name": "林*",
        "phone": "199****1001",
        "tail": "1001",
        "lines": [
            {"name": "大米", "spec": "5 kg", "unit": "袋", "quantity": 3},
            {"name": "鸡蛋", "spec": "30 枚", "unit": "盒", "quantity": 1},
        ],
        "code": code_for("S01", 2, HOUSE.code_key),
        "short_code": short_code_for(2, HOUSE.code_key),
    }
    assert label(shop, 3)["number"] == 2


def test_an_order_is_ready_only_when_all_of_its_parcels_are(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1, MILK=1, BUNS=1)
    shop.do(sorting.open_wave, "s1")
    for parcel, sku in ((1, "RICE"), (2, "MILK")):
        assert shop.do(sorting.put, parcel, shop.sku(sku), 1) == "ready"
    assert shop.events(OrderReady) == []
    shop.do(sorting.put, 3, shop.sku("BUNS"), 1)
    (ready,) = shop.events(OrderReady)
    assert [place.zone for place in ready.parcels] == ["ambient", "chilled", "frozen"]


def test_an_order_of_which_nothing_came_is_not_ready_though_its_parcel_is(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.sell("o2", "lin", EGGS=1)
    shop.do(sorting.open_wave, "s1")
    shop.do(sorting.short, 1, shop.sku("RICE"), 1)
    shop.do(sorting.put, 1, shop.sku("EGGS"), 1)
    assert [event.order_id for event in shop.events(OrderReady)] == ["o2"]


# taking back out


def test_a_unit_taken_back_out_calls_off_a_label_that_is_not_printed_yet(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    wave = shop.sort()
    assert shop.do(sorting.undo_put, 1, shop.sku("RICE"), 1) == "sorting"
    assert labels(shop) == [("cancelled", 1)]
    assert shop.sql("SELECT state, done_at FROM wave WHERE id = ?", wave) == [("open", None)]
    assert shop.events(PutUndone) == [PutUndone(parcel_id=1, sku="RICE", quantity=1)]
    shop.do(sorting.put, 1, shop.sku("RICE"), 1)
    assert labels(shop) == [("cancelled", 1), ("queued", 1)]


def test_a_label_that_may_be_on_paper_already_makes_the_next_a_copy(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.sort()
    shop.do(paper.moved, 1, ("queued",), "doubtful")
    shop.do(paper.moved, shop.do(paper.reprint, 1), ("queued",), "printed")
    shop.do(sorting.undo_put, 1, shop.sku("RICE"), 1)
    shop.do(sorting.put, 1, shop.sku("RICE"), 1)
    assert labels(shop) == [("cancelled", 1), ("printed", 2)]  # the one on the bag says it all
    shop.do(sorting.undo_put, 1, shop.sku("RICE"), 1)
    shop.do(sorting.short, 1, shop.sku("RICE"), 1)
    assert labels(shop) == [("cancelled", 1), ("printed", 2), ("queued", 3)]


def test_units_are_taken_back_from_the_newest_order(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.sell("o2", "lin", RICE=2)
    shop.sort()
    shop.do(sorting.undo_put, 1, shop.sku("RICE"), 3)
    assert shop.line("o1", "RICE") == {"quantity": 2, "put": 1}
    assert shop.line("o2", "RICE") == {"quantity": 2}


def test_only_what_lies_in_the_slot_can_be_taken_back(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.sell("o2", "zhao", RICE=1)
    shop.sort()
    rice = shop.sku("RICE")
    assert shop.refusal(sorting.undo_put, 1, rice, 3).code == "not_put"
    assert shop.refusal(sorting.undo_put, 1, shop.sku("MILK"), 1).code == "not_put"
    assert shop.refusal(sorting.undo_put, 1, rice, 0).code == "bad_quantity"
    assert shop.refusal(sorting.undo_put, 99, rice, 1).code == "bad_quantity"
    shop.do(handing_over.hand_over_parcel, 1, {rice: 1})
    assert shop.refusal(sorting.undo_put, 1, rice, 2).code == "not_put"
    shop.do(handing_over.hand_over_parcel, 2)
    assert shop.refusal(sorting.undo_put, 2, rice, 1).code == "already_collected"


# 缺货


def test_a_shortage_voids_its_rights_and_gives_the_money_back(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=3)
    shop.do(sorting.open_wave, "s1")
    assert shop.do(sorting.short, 1, shop.sku("RICE"), 1) == "sorting"
    assert shop.item("RICE") == {"minted": 20, "free": 8, "granted": 9, "ordered": 2, "void": 1}
    assert shop.events(OrderShort) == [
        OrderShort(order_id="o1", lines=(LineQuantity("o1-1", 1, "short"),), refund=Refund("o1-r1", 3990))
    ]
    shop.do(sorting.short, 1, shop.sku("RICE"), 2)
    assert [event.refund for event in shop.events(OrderShort)] == [Refund("o1-r1", 3990), Refund("o1-r2", 7980)]
    assert shop.value("SELECT refunded_fen FROM shop_order") == 3 * 3990


def test_a_refund_never_exceeds_what_was_paid(shop: LittleShop) -> None:
    cheap = msgspec.structs.replace(shop.order("o1", RICE=3), paid_fen=5000)
    shop.do(selling.accept_order, cheap)
    shop.do(sorting.open_wave, "s1")
    for _ in range(3):
        shop.do(sorting.short, 1, shop.sku("RICE"), 1)
    assert [event.refund.amount_fen for event in shop.events(OrderShort)] == [3990, 1010, 0]
    assert shop.sql("SELECT paid_fen, refunded_fen FROM shop_order") == [(5000, 5000)]


def test_a_parcel_with_nothing_in_it_is_empty_and_needs_no_label(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.do(sorting.open_wave, "s1")
    assert shop.do(sorting.short, 1, shop.sku("RICE"), 1) == "empty"
    assert labels(shop) == []
    assert shop.events(OrderReady, ParcelReady) == []
    assert shop.events(WaveDone) == [WaveDone(wave_id=1)]


def test_a_shortage_can_complete_a_parcel(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1, EGGS=1)
    shop.do(sorting.open_wave, "s1")
    shop.do(sorting.put, 1, shop.sku("EGGS"), 1)
    assert shop.do(sorting.short, 1, shop.sku("RICE"), 1) == "ready"
    assert [line["name"] for line in label(shop)["lines"]] == ["鸡蛋"]


def test_the_last_unit_may_prove_short_when_the_rest_was_taken_already(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.sort()
    rice = shop.sku("RICE")
    shop.do(handing_over.hand_over_parcel, 1, {rice: 1})
    shop.do(sorting.undo_put, 1, rice, 1)
    assert shop.do(sorting.short, 1, rice, 1) == "handed_over"
    assert shop.read(imbalances) == {}
    assert shop.refusal(handing_over.hand_over_parcel, 1).facts == {"at": shop.clock.now}
    assert labels(shop) == [("cancelled", 1)]


# 破损


def test_damage_is_made_good_from_what_is_free(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.do(sorting.open_wave, "s1")
    assert shop.do(sorting.damage, 1, shop.sku("RICE"), 2) == "sorting"
    assert shop.item("RICE") == {"minted": 20, "free": 6, "granted": 10, "ordered": 2, "void": 2}
    assert shop.events(UnitsDamaged) == [UnitsDamaged(sku="RICE", quantity=2, replaced=2)]
    assert shop.events(OrderShort) == []
    assert shop.do(sorting.put, 1, shop.sku("RICE"), 2) == "ready"


def test_after_the_cutoff_damage_is_made_good_from_the_shops_stock(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.do(preparing.close_session, "s1")
    shop.do(sorting.open_wave, "s1")
    shop.do(sorting.damage, 1, shop.sku("RICE"), 1)
    assert shop.events(UnitsDamaged) == [UnitsDamaged(sku="RICE", quantity=1, replaced=1)]
    assert shop.item("RICE") == {"minted": 13, "granted": 10, "ordered": 2, "void": 1}
    assert shop.value("SELECT on_hand FROM sku WHERE code = 'RICE'") == 7


def test_a_presale_is_not_made_good_from_stock_that_it_never_came_from(shop: LittleShop) -> None:
    shop.sell("o1", "lin", MILK=1)
    shop.do(preparing.close_session, "s1")
    shop.do(preparing.receive, "MILK", 30)
    shop.do(sorting.open_wave, "s1")
    shop.do(selling.close_grant, "g1-3")
    shop.do(sorting.damage, 1, shop.sku("MILK"), 1)
    assert shop.events(UnitsDamaged) == [UnitsDamaged(sku="MILK", quantity=1, replaced=0)]
    assert shop.value("SELECT on_hand FROM sku WHERE code = 'MILK'") == 30


def test_what_the_cloud_holds_makes_damage_good_if_it_comes_back(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.do(selling.sell_walk_in, "s1", "RICE", 8)
    shop.do(sorting.open_wave, "s1")
    assert shop.do(sorting.damage, 1, shop.sku("RICE"), 2) == "sorting"
    assert shop.events(GrantRevokeRequested) == [GrantRevokeRequested(grant_id="g1-1", session_id="s1", quantity=2)]
    assert shop.do(sorting.put, 1, shop.sku("RICE"), 2) == "ready"
    shop.do(selling.take_back, "g1-1", 2)
    assert shop.item("RICE") == {"minted": 20, "granted": 8, "ordered": 2, "handed_over": 8, "void": 2}
    assert shop.read(imbalances) == {}


def test_damage_that_nothing_makes_good_is_a_shortage(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.sell("o2", "lin", RICE=2)
    shop.do(allocating.set_reserve, "s1", "RICE", 16)
    shop.do(selling.close_grant, "g1-1")
    shop.do(selling.sell_walk_in, "s1", "RICE", 15)
    shop.do(sorting.open_wave, "s1")
    shop.do(sorting.damage, 1, shop.sku("RICE"), 4)
    assert shop.events(UnitsDamaged) == [UnitsDamaged(sku="RICE", quantity=4, replaced=1)]
    assert [(event.order_id, event.lines[0].quantity, event.lines[0].reason) for event in shop.events(OrderShort)] == [
        ("o1", 2, "damage"),
        ("o2", 1, "damage"),
    ]
    assert shop.item("RICE") == {"minted": 20, "ordered": 1, "handed_over": 15, "void": 4}
    assert shop.sql("SELECT quantity, covered, short, reason, policy FROM shortage") == [
        (4, 1, 3, "damage", "first_paid")
    ]
    assert state(shop) == "sorting"
    assert shop.read(imbalances) == {}
