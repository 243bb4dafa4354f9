"""称重: what was weighed is billed, and the difference goes back once; more is never taken."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.little_shop import HOUSE, LittleShop, copy_of
from tihuo.boards.balance import imbalances
from tihuo.shop.catalog import gtin_fits
from tihuo.shop.events import OrderAdjusted, OrderCancelled, OrderShort
from tihuo.shop.words import Refusal
from tihuo.stages import aftercare, handing_over, preparing, selling, sorting, weighing

APPLES = preparing.NewSku(
    code="APPLES", product="苹果", spec="500 g", unit="份", price_fen=1000, nominal_grams=500, scale_code="00123"
)
PEARS = preparing.NewSku(code="PEARS", product="梨", spec="1 kg", unit="份", price_fen=899, nominal_grams=1000)


def ean(twelve: str) -> str:
    """Twelve digits and the check digit that makes them an EAN-13."""
    return next(f"{twelve}{digit}" for digit in range(10) if gtin_fits(f"{twelve}{digit}"))


SCALES = msgspec.structs.replace(HOUSE, weight_templates=("21IIIIIWWWWWC", "22IIIIIPPPPPC"))


def with_fruit(shop: LittleShop) -> LittleShop:
    """Session `s2`: apples and pears by weight, and rice by the bag."""
    for sku in (APPLES, PEARS):
        shop.do(preparing.keep_sku, sku)
    items = [
        preparing.NewItem(sku=sku, kind="presale", quantity=30, price_fen=price, cap_set_by="店主")
        for sku, price in (("APPLES", 1000), ("PEARS", 899), ("RICE", 3990))
    ]
    shop.plan("s2", *items)
    shop.do(preparing.open_session, "s2")
    return shop


@pytest.fixture(scope="module")
def fruit_file(seeded_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = copy_of(seeded_file, tmp_path_factory.mktemp("fruit") / "shop.db")
    with_fruit(shop := LittleShop(path)).close()
    assert shop.path == path
    return path


@pytest.fixture
def open_shop(fruit_file: Path, tmp_path: Path) -> Iterator[Callable[..., LittleShop]]:
    opened: list[LittleShop] = []

    def open_one(**house: Any) -> LittleShop:
        path = copy_of(fruit_file, tmp_path / f"shop{len(opened)}.db")
        opened.append(LittleShop(path, house=msgspec.structs.replace(SCALES, **house)))
        return opened[-1]

    yield open_one
    for shop in opened:
        shop.close()


@pytest.fixture
def shop(open_shop: Callable[..., LittleShop]) -> LittleShop:
    return open_shop()


def parcel_of(shop: LittleShop, order_id: str) -> int:
    return int(
        shop.value(
            "SELECT l.parcel_id FROM order_line l JOIN shop_order o ON o.no = l.order_no WHERE o.order_id = ? LIMIT 1",
            order_id,
        )
    )


def fruit(shop: LittleShop, order_id: str, sku: str = "APPLES") -> tuple[int, int, int, int, int]:
    """(ordered, put, picked grams, billed grams, fen that are not paid for it any more)"""
    return shop.sql(
        "SELECT l.quantity, l.put, l.picked_grams, l.billed_grams, l.gone_fen FROM order_line l "
        "JOIN shop_order o ON o.no = l.order_no WHERE o.order_id = ? AND l.sku_id = ?",
        order_id,
        shop.sku(sku),
    )[0]  # type: ignore[return-value]


def refunded(shop: LittleShop, order_id: str) -> int:
    return int(shop.value("SELECT refunded_fen FROM shop_order WHERE order_id = ?", order_id))


def test_what_weighs_less_goes_back_once_when_the_parcel_is_complete(shop: LittleShop) -> None:
    shop.sell("o1", "lin", "s2", APPLES=2, RICE=1)
    shop.do(sorting.open_wave, "s2")
    parcel, apples = parcel_of(shop, "o1"), shop.sku("APPLES")
    shop.do(sorting.put, parcel, apples, 1, 480)
    shop.do(sorting.put, parcel, apples, 1, 490)
    assert fruit(shop, "o1") == (2, 2, 970, 0, 0)
    assert shop.events(OrderAdjusted) == []
    shop.do(sorting.put, parcel, shop.sku("RICE"), 1)
    assert fruit(shop, "o1") == (2, 2, 970, 970, 60)
    (told,) = shop.events(OrderAdjusted)
    assert (told.refund.refund_id, told.refund.amount_fen) == ("o1-r1", 60)
    assert [(line.reason, line.ordered_grams, line.picked_grams, line.billed_grams) for line in told.lines] == [
        ("weight", 1000, 970, 970)
    ]
    assert refunded(shop, "o1") == 60
    assert not shop.read(imbalances)


def test_what_is_heavier_is_a_gift_and_one_unit_makes_up_for_another(shop: LittleShop) -> None:
    shop.sell("o1", "lin", "s2", APPLES=2, PEARS=1)
    shop.do(sorting.open_wave, "s2")
    parcel = parcel_of(shop, "o1")
    shop.do(sorting.put, parcel, shop.sku("APPLES"), 1, 480)
    shop.do(sorting.put, parcel, shop.sku("APPLES"), 1, 540)
    shop.do(sorting.put, parcel, shop.sku("PEARS"), 1, 1200)
    assert fruit(shop, "o1") == (2, 2, 1020, 1000, 0)
    assert fruit(shop, "o1", "PEARS") == (1, 1, 1200, 1000, 0)
    assert refunded(shop, "o1") == 0 and shop.events(OrderAdjusted) == []


def test_a_unit_that_nobody_weighed_counts_as_what_it_is_sold_as(shop: LittleShop) -> None:
    shop.sell("o1", "lin", "s2", APPLES=2)
    shop.do(sorting.open_wave, "s2")
    parcel = parcel_of(shop, "o1")
    shop.do(sorting.put, parcel, shop.sku("APPLES"), 1, 480)
    shop.do(sorting.put, parcel, shop.sku("APPLES"), 1)
    assert fruit(shop, "o1") == (2, 2, 480, 480, 40)


def test_lines_of_one_order_go_back_in_one_refund(shop: LittleShop) -> None:
    shop.sell("o1", "lin", "s2", APPLES=1, PEARS=1)
    shop.do(sorting.open_wave, "s2")
    parcel = parcel_of(shop, "o1")
    shop.do(sorting.put, parcel, shop.sku("APPLES"), 1, 450)
    shop.do(sorting.put, parcel, shop.sku("PEARS"), 1, 999)
    (told,) = shop.events(OrderAdjusted)
    assert [line.line_id for line in told.lines] == ["o1-1", "o1-2"]
    assert told.refund.amount_fen == 100 + 1


def test_what_was_put_is_taken_out_with_its_grams(shop: LittleShop) -> None:
    shop.sell("o1", "lin", "s2", APPLES=3, RICE=1)
    shop.do(sorting.open_wave, "s2")
    parcel, apples = parcel_of(shop, "o1"), shop.sku("APPLES")
    for grams in (480, 490, 510):
        shop.do(sorting.put, parcel, apples, 1, grams)
    shop.do(sorting.undo_put, parcel, apples, 1, 490)
    assert fruit(shop, "o1")[1:3] == (2, 990)
    shop.do(sorting.undo_put, parcel, apples, 1)  # nobody says which: an even share
    assert fruit(shop, "o1")[1:3] == (1, 495)
    shop.do(sorting.undo_put, parcel, apples, 1)
    assert fruit(shop, "o1")[1:3] == (0, 0)


def test_units_of_which_no_gram_is_left_are_not_weighed(shop: LittleShop) -> None:
    """Else all of their price would go back."""
    shop.sell("o1", "lin", "s2", APPLES=2, RICE=1)
    shop.do(sorting.open_wave, "s2")
    parcel, apples = parcel_of(shop, "o1"), shop.sku("APPLES")
    shop.do(sorting.put, parcel, apples, 2, 960)
    shop.do(sorting.undo_put, parcel, apples, 1, 960)
    shop.do(sorting.put, parcel, apples, 1, 480)
    shop.do(sorting.put, parcel, shop.sku("RICE"), 1)
    assert fruit(shop, "o1") == (2, 2, 480, 480, 40)


def test_a_refund_that_was_told_stays_and_the_next_bill_begins_from_it(shop: LittleShop) -> None:
    shop.sell("o1", "lin", "s2", APPLES=2)
    shop.do(sorting.open_wave, "s2")
    parcel, apples = parcel_of(shop, "o1"), shop.sku("APPLES")
    shop.do(sorting.put, parcel, apples, 2, 900)
    assert refunded(shop, "o1") == 200

    shop.do(sorting.undo_put, parcel, apples, 2, 900)
    shop.do(sorting.put, parcel, apples, 2, 980)  # 40 would be due, 200 went
    assert refunded(shop, "o1") == 200 and fruit(shop, "o1")[3] == 900

    shop.do(sorting.undo_put, parcel, apples, 2, 980)
    shop.do(sorting.put, parcel, apples, 2, 850)
    assert refunded(shop, "o1") == 300 and fruit(shop, "o1")[3] == 850

    shop.do(sorting.undo_put, parcel, apples, 2)
    shop.do(sorting.short, parcel, apples, 2)
    assert refunded(shop, "o1") == 2000
    assert [event.refund.amount_fen for event in shop.events(OrderAdjusted, OrderShort)] == [200, 100, 1700]
    assert [event.refund.refund_id for event in shop.events(OrderAdjusted, OrderShort)] == ["o1-r1", "o1-r2", "o1-r3"]


def test_a_coupon_is_never_paid_out(shop: LittleShop) -> None:
    new = shop.order("o1", "lin", "s2", APPLES=1, RICE=1)
    shop.do(selling.accept_order, msgspec.structs.replace(new, paid_fen=70))
    shop.do(sorting.open_wave, "s2")
    parcel = parcel_of(shop, "o1")
    shop.do(sorting.put, parcel, shop.sku("APPLES"), 1, 450)
    shop.do(sorting.put, parcel, shop.sku("RICE"), 1)
    assert refunded(shop, "o1") == 70


def test_a_little_too_light_goes_back_only_beyond_the_tolerance(open_shop: Callable[..., LittleShop]) -> None:
    shop = open_shop(weight_tolerance_percent=2)
    shop.sell("o1", "lin", "s2", APPLES=1)
    shop.sell("o2", "zhao", "s2", APPLES=1)
    shop.do(sorting.open_wave, "s2")
    shop.do(sorting.put, parcel_of(shop, "o1"), shop.sku("APPLES"), 1, 491)
    shop.do(sorting.put, parcel_of(shop, "o2"), shop.sku("APPLES"), 1, 490)
    assert (refunded(shop, "o1"), refunded(shop, "o2")) == (0, 20)
    assert (fruit(shop, "o1")[3], fruit(shop, "o2")[3]) == (500, 490)


def test_what_lies_in_a_parcel_is_weighed_again(shop: LittleShop) -> None:
    shop.sell("o1", "lin", "s2", APPLES=2, RICE=1)
    shop.do(sorting.open_wave, "s2")
    parcel, apples = parcel_of(shop, "o1"), shop.sku("APPLES")
    with pytest.raises(Refusal, match="not_put"):
        shop.do(weighing.weigh, parcel, apples, 980)
    shop.do(sorting.put, parcel, apples, 2)
    with pytest.raises(Refusal, match="weight_far_off"):
        shop.do(weighing.weigh, parcel, apples, 98)
    with pytest.raises(Refusal, match="bad_weight"):
        shop.do(weighing.weigh, parcel, apples, 1_000_001)
    with pytest.raises(Refusal, match="not_by_weight"):
        shop.do(weighing.weigh, parcel, shop.sku("RICE"), 980)
    assert shop.do(weighing.weigh, parcel, apples, 2400, True) == 0
    assert shop.do(weighing.weigh, parcel, apples, 980) == 2400
    assert shop.do(weighing.weigh, parcel, apples, 0) == 980  # taken back
    assert fruit(shop, "o1")[:3] == (2, 2, 0)
    shop.do(weighing.weigh, parcel, apples, 980)
    shop.do(sorting.put, parcel, shop.sku("RICE"), 1)
    assert refunded(shop, "o1") == 40
    shop.do(weighing.weigh, parcel, apples, 960)
    assert refunded(shop, "o1") == 80
    shop.do(handing_over.hand_over_parcel, parcel)
    with pytest.raises(Refusal, match="already_collected"):
        shop.do(weighing.weigh, parcel, apples, 900)


def test_a_scanned_weight_goes_into_the_bag_and_is_billed(shop: LittleShop) -> None:
    shop.sell("o1", "lin", "s2", APPLES=1)
    shop.do(sorting.open_wave, "s2")
    found = shop.do(sorting.scan_item, "table 1", "2100123004805")
    assert (found.sku, found.grams, found.refusal) == ("APPLES", 480, "")
    slot = shop.value("SELECT slot FROM parcel")
    shop.do(sorting.confirm_slot, slot, "table 1")
    assert fruit(shop, "o1") == (1, 1, 480, 480, 40)


@pytest.mark.parametrize(
    ("twelve", "sku", "grams", "refusal"),
    [
        ("210012300480", "APPLES", 480, ""),
        ("220012300960", "APPLES", 480, ""),  # ¥9.60 of goods that cost ¥10.00 for 500 g
        ("210099900480", "", 0, "unknown_scale_code"),
        ("290012300480", "", 0, "unknown_template"),
    ],
)
def test_what_a_scale_printed_is_read_by_the_shops_templates(
    shop: LittleShop, twelve: str, sku: str, grams: int, refusal: str
) -> None:
    shop.sell("o1", "lin", "s2", APPLES=1)
    shop.do(sorting.open_wave, "s2")
    found = shop.do(sorting.scan_item, "table 1", ean(twelve))
    assert (found.sku, found.grams, found.refusal) == (sku, grams, refusal)
    wrong = ean(twelve)[:12] + str((int(ean(twelve)[12]) + 1) % 10)
    assert shop.do(sorting.scan_item, "table 1", wrong).refusal == "bad_check_digit"


def test_a_number_of_the_scale_is_never_a_barcode(shop: LittleShop) -> None:
    """Even if somebody wrote it into the catalog as one."""
    number = ean("290012300480")
    shop.do(lambda work: work.sql("UPDATE sku SET barcode = ? WHERE code = 'PEARS'", (number,)) and None)
    shop.sell("o1", "lin", "s2", PEARS=1)
    shop.do(sorting.open_wave, "s2")
    assert shop.do(sorting.scan_item, "table 1", number).refusal == "unknown_template"


def test_a_piece_of_an_odd_weight_is_asked_about_once(shop: LittleShop) -> None:
    shop.sell("o1", "lin", "s2", APPLES=2)
    shop.do(sorting.open_wave, "s2")
    heavy, light = ean("210012301200"), ean("210012300240")

    def scan(text: str) -> tuple[str, int]:
        found = shop.do(sorting.scan_item, "table 1", text)
        return found.refusal, found.grams

    assert scan(heavy) == ("weight_far_off", 0)
    assert scan(light) == ("weight_far_off", 0)
    assert scan(heavy) == ("weight_far_off", 0)  # another piece came between
    assert scan(heavy) == ("", 1200)
    assert scan(ean("210012300250")) == ("", 250)


def test_two_orders_of_one_customer_share_a_weight_by_their_units(shop: LittleShop) -> None:
    shop.sell("o1", "lin", "s2", APPLES=1)
    shop.sell("o2", "lin", "s2", APPLES=2)
    shop.do(sorting.open_wave, "s2")
    shop.do(sorting.put, parcel_of(shop, "o1"), shop.sku("APPLES"), 3, 1400)
    assert fruit(shop, "o1")[2] + fruit(shop, "o2")[2] == 1400
    assert (refunded(shop, "o1"), refunded(shop, "o2")) == (68, 132)
    shop.do(sorting.undo_put, parcel_of(shop, "o1"), shop.sku("APPLES"), 2, 934)  # the later order's first
    assert (fruit(shop, "o1")[2], fruit(shop, "o2")[2]) == (466, 0)
    shop.do(sorting.put, parcel_of(shop, "o1"), shop.sku("APPLES"), 2, 934)
    shop.do(sorting.undo_put, parcel_of(shop, "o1"), shop.sku("APPLES"), 3, 1400)
    assert (fruit(shop, "o1")[2], fruit(shop, "o2")[2]) == (0, 0)


def test_what_is_cancelled_later_gives_back_what_is_left_of_its_price(shop: LittleShop) -> None:
    shop.sell("o1", "lin", "s2", APPLES=2, RICE=1)
    shop.do(sorting.open_wave, "s2")
    parcel = parcel_of(shop, "o1")
    shop.do(sorting.put, parcel, shop.sku("APPLES"), 2, 900)
    shop.do(sorting.put, parcel, shop.sku("RICE"), 1)
    assert refunded(shop, "o1") == 200
    shop.do(aftercare.cancel, 1, "她不要了")
    (told,) = shop.events(OrderCancelled)
    assert told.refund.amount_fen == 2 * 1000 + 3990 - 200
    assert refunded(shop, "o1") == 2 * 1000 + 3990
    assert not shop.read(imbalances)


def test_a_restart_changes_nothing_of_it(shop: LittleShop) -> None:
    shop.sell("o1", "lin", "s2", APPLES=2)
    shop.do(sorting.open_wave, "s2")
    shop.do(sorting.put, parcel_of(shop, "o1"), shop.sku("APPLES"), 1, 480)
    shop.close()
    again = LittleShop(shop.path, house=SCALES)
    try:
        again.do(sorting.put, parcel_of(again, "o1"), again.sku("APPLES"), 1, 480)
        assert fruit(again, "o1") == (2, 2, 960, 960, 80)
        assert refunded(again, "o1") == 80
    finally:
        again.close()


STEP = st.tuples(st.sampled_from(["put", "put", "put", "undo", "short", "weigh", "damage"]), st.integers(0, 99))


@example(units=[1, 2], coupon=0, steps=[("put", 1), ("put", 1), ("weigh", 1), ("undo", 1)], grams=[1], tolerance=0)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    units=st.lists(st.integers(1, 4), min_size=2, max_size=2),
    coupon=st.integers(0, 500),
    steps=st.lists(STEP, max_size=14),
    grams=st.lists(st.integers(1, 1500), min_size=1, max_size=6),
    tolerance=st.sampled_from([0, 0, 3]),
)
def test_whatever_is_put_taken_out_weighed_and_missed_the_money_agrees(
    fruit_file: Path, units: list[int], coupon: int, steps: list[tuple[str, int]], grams: list[int], tolerance: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = msgspec.structs.replace(SCALES, weight_tolerance_percent=tolerance)
        shop = LittleShop(copy_of(fruit_file, Path(folder) / "shop.db"), house=house, running=False)
        new = shop.order("o1", "lin", "s2", APPLES=units[0], PEARS=units[1])
        shop.do(selling.accept_order, msgspec.structs.replace(new, paid_fen=new.paid_fen - coupon))
        shop.do(sorting.open_wave, "s2")
        parcel = parcel_of(shop, "o1")
        for number, (what, pick) in enumerate([*steps, *[("put", n) for n in range(8)]]):
            sku = shop.sku(("APPLES", "PEARS")[pick % 2])
            weight = grams[number % len(grams)]
            try:
                match what:
                    case "put":
                        shop.do(sorting.put, parcel, sku, 1, weight if pick % 5 else 0)
                    case "undo":
                        shop.do(sorting.undo_put, parcel, sku, 1, weight if pick % 3 else 0)
                    case "weigh":
                        shop.do(weighing.weigh, parcel, sku, weight, True)
                    case "short":
                        shop.do(sorting.short, parcel, sku, 1)
                    case "damage":
                        shop.do(sorting.damage, parcel, sku, 1)
            except Refusal:
                pass
            check_money(shop, coupon)
        shop.close()


def check_money(shop: LittleShop, coupon: int) -> None:
    """Billed and refunded make what was paid; what was told is what was booked; nobody is charged more."""
    value, gone, picked, weighed = shop.sql(
        "SELECT sum(quantity * unit_price_fen), sum(gone_fen), sum(picked_grams), sum(weighed) FROM order_line "
        "WHERE order_no = 1"
    )[0]
    paid, back = shop.sql("SELECT paid_fen, refunded_fen FROM shop_order WHERE no = 1")[0]
    assert back == min(gone, paid) and value == paid + coupon
    assert back == sum(event.refund.amount_fen for event in shop.events(OrderAdjusted, OrderShort))
    assert (picked == 0) == (weighed == 0)
    assert shop.sql("SELECT 1 FROM order_line WHERE weighed > put") == []
    for quantity, short, put, billed, line_gone, price, nominal in shop.sql(
        "SELECT l.quantity, l.short, l.put, l.billed_grams, l.gone_fen, l.unit_price_fen, s.nominal_grams "
        "FROM order_line l JOIN sku s ON s.id = l.sku_id WHERE l.quantity = l.put + l.short"
    ):
        assert line_gone >= short * price
        assert billed <= put * nominal or not put
        assert quantity * price - line_gone >= 0
    assert not shop.read(imbalances)
