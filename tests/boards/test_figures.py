"""What the boards say of one evening (see `evening`)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Make
from tests.little_shop import LittleShop
from tihuo.boards import kiosk, lamps, orders, paper, pickup, sorting, stock, tonight
from tihuo.boards.sorting import Want
from tihuo.boards.tonight import Decision
from tihuo.shop.calls import CALL_MS
from tihuo.stages import handing_over, preparing, selling
from tihuo.stages import sorting as stages


def facts(row: Any, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


def test_an_order_is_as_far_as_its_lines_are(evening: LittleShop) -> None:
    found = {row.order_id: row.progress for row in evening.read(orders.orders)}
    assert found == {
        "o7": "waiting",
        "o6": "refused",
        "o5": "cancelled",
        "o4": "nothing_left",
        "o3": "sorting",
        "o2": "collected",
        "o1": "partly",
    }
    assert list(found) == ["o7", "o6", "o5", "o4", "o3", "o2", "o1"]


def test_an_order_that_lies_on_the_shelf_is_ready(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1, MILK=1)
    shop.sort()
    row = shop.read(orders.order_row, 1)
    assert facts(row, "progress", "slots", "units", "put", "handed_over") == ("ready", "A01,C01", 2, 2, 0)
    assert shop.read(orders.order_row, 99) is None


def test_orders_are_read_page_by_page(evening: LittleShop) -> None:
    seen: list[int] = []
    while page := evening.read(orders.orders, "s1", seen[-1] if seen else None, 3):
        seen += [row.order_no for row in page]
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    assert evening.read(orders.orders, "s2") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1001", ["o4", "o1"]),
        ("00001002", ["o7", "o5", "o2"]),
        ("19900001003", ["o6", "o3"]),
        ("001", []),
        ("o3", ["o3"]),
        ("欧阳", ["o6", "o3"]),
        (" 林小树 ", ["o4", "o1"]),
        ("小树", []),
    ],
)
def test_an_order_is_found_by_the_end_of_a_phone_its_id_or_the_beginning_of_a_name(
    evening: LittleShop, text: str, found: list[str]
) -> None:
    assert [row.order_id for row in evening.read(orders.find_orders, text)] == found


def test_a_wave_by_product_and_by_customer(evening: LittleShop) -> None:
    products = {row.sku: facts(row, "wanted", "put", "short", "left") for row in evening.read(sorting.by_product, 1)}
    assert products == {"RICE": (6, 4, 0, 2), "EGGS": (2, 1, 1, 0), "MILK": (1, 1, 0, 0)}
    bags = [
        facts(row, "slot", "name", "tail", "state", "wanted", "put", "short")
        for row in evening.read(sorting.by_customer, 1)
    ]
    assert bags == [
        ("A01", "林*", "1001", "ready", 3, 2, 1),
        ("C01", "林*", "1001", "ready", 1, 1, 0),
        ("A02", "赵*", "1002", "handed_over", 2, 2, 0),
        ("A03", "欧*", "1003", "sorting", 3, 1, 0),
    ]
    (wave,) = evening.read(sorting.waves)
    assert facts(wave, "state", "parcels", "parcels_done", "units", "units_put", "units_short") == (
        "open",
        4,
        3,
        9,
        6,
        1,
    )
    assert evening.read(sorting.waiting_orders) == [("s1", "今晚的直播", 1, 2)]


def test_bags_are_read_page_by_page(evening: LittleShop) -> None:
    pages = [evening.read(sorting.by_customer, 1, after, 2) for after in (0, 2, 4)]
    assert [[row.parcel_id for row in page] for page in pages] == [[1, 2], [3, 4], []]
    assert evening.read(sorting.parcel_row, 3).name == "赵*"
    assert evening.read(sorting.parcel_row, 99) is None
    assert [facts(line, "parcel_id", "name", "put") for line in evening.read(sorting.parcel_lines, [2, 1])] == [
        (1, "大米", 2), (1, "鸡蛋", 0), (2, "鲜牛奶", 1),
    ]  # fmt: skip


def test_a_station_shows_who_wants_the_item_in_the_hand(evening: LittleShop) -> None:
    picture = evening.read(sorting.station_picture, "table 1")
    assert facts(picture, "sku", "name", "left", "refusal") == ("RICE", "大米", 2, "")
    assert picture.wants == (Want(4, "A03", 1, "ambient", 2, 1),)
    wrong = evening.read(sorting.station_picture, "table 2")
    assert facts(wrong, "sku_id", "refusal", "text", "wants") == (None, "unknown_barcode", "4006381333931", ())
    assert (picture.color, picture.rhythm, wrong.color, wrong.rhythm) == ("green", "on", "blue", "double")
    unknown = evening.read(sorting.station_picture, "table 3")
    assert unknown == sorting.StationPicture(station="table 3", picker=2, color="violet", rhythm="fast")


def test_lamps_are_lit_where_the_item_belongs_and_blink_where_a_customer_stands(evening: LittleShop) -> None:
    white = (lamps.CUSTOMER,)
    assert evening.read(lamps.lamps) == {"A03": (lamps.Glow("green", "on"),), "A01": white, "C01": white}
    assert evening.read(lamps.pulses) == {"A03": "on", "A01": "blink", "C01": "blink"}
    evening.do(stages.lay_down, "table 1")
    evening.do(handing_over.hand_over, evening.read(kiosk.kiosk_picture, "k1").visit_id, [1])
    assert evening.read(lamps.lamps) == {"C01": white}
    evening.do(handing_over.leave, evening.read(kiosk.kiosk_picture, "k1").visit_id)
    assert evening.read(lamps.lamps) == {}


def test_a_slot_shows_in_turn_the_customer_before_it_and_everybody_whose_item_belongs_there(shop: LittleShop) -> None:
    shop.sell("o1", "lin", BUNS=1)
    shop.sort()
    shop.sell("o2", "zhao", BUNS=1)
    shop.do(stages.open_wave, "s1")
    shop.do(stages.scan_item, "table 1", "BUNS")
    green = lamps.Glow("green", "on")
    assert shop.read(lamps.lamps) == {"F01": (green,)}
    shop.do(handing_over.check_in, "k1", shop.code("o1"))
    assert shop.read(lamps.lamps) == {"F01": (lamps.CUSTOMER, green)}
    shop.do(stages.scan_item, "table 2", "BUNS")
    assert shop.read(lamps.lamps) == {"F01": (lamps.CUSTOMER, green, lamps.Glow("blue", "double"))}


def test_a_lamp_goes_out_with_the_last_unit(evening: LittleShop) -> None:
    evening.do(stages.put, 4, evening.sku("RICE"), 2)
    assert "A03" not in evening.read(lamps.lamps)


def test_a_slot_is_as_full_as_the_bags_in_it_and_on_their_way(evening: LittleShop) -> None:
    assert evening.read(lamps.full_slots) == {"A01": 1, "A03": 1, "C01": 1}


def test_what_lies_on_the_shelf_is_found_by_slot_phone_or_name(evening: LittleShop) -> None:
    bags = evening.read(pickup.on_the_shelf)
    assert [facts(bag, "parcel_id", "slot", "name", "tail", "units") for bag in bags] == [
        (1, "A01", "林*", "1001", 1), (2, "C01", "林*", "1001", 1),
    ]  # fmt: skip
    for text, found in {"a01": [1], "1001": [1, 2], "001": [], "林": [1, 2], "树": [], "A02": [], "1002": []}.items():
        assert [bag.parcel_id for bag in evening.read(pickup.on_the_shelf, text)] == found


def test_a_call_for_staff_is_shown_while_it_is_fresh(evening: LittleShop) -> None:
    now = evening.clock.now
    assert [(call.kiosk, call.what, call.at) for call in evening.read(pickup.open_calls, now)] == [("k1", "call", now)]
    assert evening.read(pickup.open_calls, now + CALL_MS) == []


def test_the_kiosk_shows_its_own_customer_only(evening: LittleShop) -> None:
    shown = evening.read(kiosk.kiosk_picture, "k1")
    assert (shown.state, shown.name) == ("welcome", "林*")
    assert [facts(bag, "slot", "letter", "units") for bag in shown.parcels] == [("A01", "A", 1), ("C01", "C", 1)]
    assert evening.read(kiosk.kiosk_picture, "k2").state == "unknown_code"
    assert evening.read(kiosk.kiosk_picture, "k3") == kiosk.KioskPicture(kiosk="k3", state="idle")


def test_the_evening_at_a_glance(evening: LittleShop) -> None:
    glance = evening.read(tonight.tonight)
    assert facts(glance, "session_id", "state", "orders", "refused", "cancelled") == ("s1", "open", 5, 1, 1)
    assert facts(glance, "units", "units_put", "units_short", "units_handed_over") == (11, 6, 1, 3)
    assert facts(glance, "parcels", "parcels_sorting", "parcels_ready", "parcels_handed_over") == (4, 1, 2, 1)
    assert glance.refunded_fen == 2680
    assert evening.read(tonight.decisions) == [
        Decision("doubtful_paper", 1), Decision("parked_message", 1), Decision("quarantine", 1), Decision("ticket", 1),
        Decision("failed_refund", 1), Decision("short_pick", 1), Decision("to_put_away", 1),
    ]  # fmt: skip
    assert [row.message_id for row in evening.read(tonight.parked_messages)] == ["m7"]


def test_nothing_to_decide_is_shown_as_nothing(shop: LittleShop) -> None:
    assert shop.read(tonight.decisions) == []


def test_tonight_is_the_newest_session_that_has_begun(evening: LittleShop) -> None:
    evening.do(preparing.open_session, "s2")
    assert evening.read(tonight.tonight).session_id == "s2"


def test_where_the_rights_of_a_session_are(evening: LittleShop) -> None:
    items = {row.sku: row for row in evening.read(stock.session_items, "s1")}
    assert facts(items["RICE"], "minted", "free", "granted", "ordered", "handed_over", "void") == (20, 8, 6, 4, 2, 0)
    assert facts(items["EGGS"], "minted", "ordered", "handed_over", "void") == (10, 0, 1, 1)
    assert facts(items["BUNS"], "ordered", "quarantine") == (2, 1)
    sessions = {row.session_id: facts(row, "state", "items", "orders") for row in evening.read(stock.sessions)}
    assert sessions == {"s1": ("open", 4, 5), "s2": ("draft", 1, 0)}
    assert [row.sku for row in evening.read(stock.catalog)] == ["RICE", "EGGS", "MILK", "BUNS"]


def test_the_cloud_is_told_what_changed_since_it_last_heard_and_nothing_of_drafts(make_shop: Make) -> None:
    shop = make_shop(running=False)
    shop.plan("s2", *preparing_milk())
    everything = shop.read(stock.changed_items, 0)
    assert {row["session_id"] for row in everything} == {"s1"}
    assert [row["version"] for row in everything] == sorted(row["version"] for row in everything)
    heard = everything[-1]["version"]
    assert shop.read(stock.changed_items, heard) == []
    shop.sell("o1", RICE=2)
    shop.do(selling.sell_walk_in, "s1", "MILK", 1)
    changed = {row["sku"]: row for row in shop.read(stock.changed_items, heard)}
    assert set(changed) == {"RICE", "MILK"}
    rice = changed["RICE"]
    assert (rice["free"], rice["granted"], rice["ordered"], rice["remaining_to_sell"]) == (8, 10, 2, 18)


def preparing_milk() -> list[preparing.NewItem]:
    return [preparing.NewItem(sku="MILK", kind="presale", quantity=5, price_fen=1000)]


def test_paper_is_counted_by_how_far_it_got(evening: LittleShop) -> None:
    assert evening.read(paper.paper_counts) == {"printed": 1, "doubtful": 1, "queued": 5, "sending": 1, "cancelled": 1}
    assert [row.subject for row in evening.queued("label")] == ["parcel:1"]
